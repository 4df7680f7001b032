//! All axes together.

use std::collections::BTreeMap;

use crate::change::Change;
use crate::input::Document;
use crate::level::Level;
use crate::library::Library;
use crate::rules::Rule;
use crate::rust::RustDiff;
use crate::wire::{nearest, wire};

/// Everything that there is to say about a change to the description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What changes on the wire, the worst first.
    pub changes: Vec<Change>,
    /// What changes in the bindings.
    pub rust: RustDiff,
    /// What changes in the public API of libraries that are written by hand, if they were compared.
    pub library: Option<Library>,
    /// `info.version` of both sides.
    pub versions: (String, String),
    /// The names of the documents.
    pub names: (String, String),
    /// The address of the new document for readers, to which `#L1` may be added.
    pub link: Option<String>,
    /// Set if there is no new document, and so no version that could announce a break.
    pub removal: Option<Removal>,
}

/// How the removal of a document is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Whether it is announced.
    pub announced: bool,
    /// How to announce it.
    pub remedy: String,
}

/// Reviews the change from one OpenAPI 3.0 document to another. The Rust axis is added by
/// [`Review::with_bindings`].
///
/// ```
/// use openapi_review::{Document, Level, review};
///
/// let old = "openapi: 3.0.3\ninfo: { title: Things, version: 1.0.0 }\npaths:\n  /a:\n    get:\n      \
///            responses: { '200': { description: Good. } }\n";
/// let new = old.replace("get", "put");
/// let review = review(&Document::parse("a.yaml", old)?, &Document::parse("a.yaml", &new)?);
/// assert_eq!(review.changes[0].level, Level::Breaking);
/// assert_eq!(review.place(&review.changes[0]), "a.yaml:5:5 (old)");
/// # Ok::<(), openapi_review::Invalid>(())
/// ```
#[must_use]
pub fn review(old: &Document, new: &Document) -> Review {
    let mut changes = wire(old.value(), new.value());
    for change in &mut changes {
        for (place, document) in [(&mut change.old, old), (&mut change.new, new)] {
            if let Some(place) = place {
                place.position = document.position(&place.pointer);
            }
        }
        change.seen = new.position(nearest(new.value(), change.pointer()));
    }
    merge(&mut changes);
    changes.sort_by(|a, b| {
        let order = |change: &Change| (change.level, change.operations.is_empty());
        let position = |change: &Change| change.new.as_ref().or(change.old.as_ref()).cloned();
        (order(a), position(a).map(|p| (p.position, p.pointer)), a.rule, a.message.to_string()).cmp(
            &(
                order(b),
                position(b).map(|p| (p.position, p.pointer)),
                b.rule,
                b.message.to_string(),
            ),
        )
    });
    let version = |document: &Document| {
        let version =
            document.value().pointer("/info/version").and_then(|version| version.as_str());
        version.unwrap_or_default().to_owned()
    };
    Review {
        changes,
        rust: RustDiff::default(),
        library: None,
        versions: (version(old), version(new)),
        names: (old.name().to_owned(), new.name().to_owned()),
        link: None,
        removal: None,
    }
}

/// Merges changes that say the same about the same place, and differ only in where they come from.
fn merge(changes: &mut Vec<Change>) {
    let mut known: BTreeMap<(Rule, String, String), usize> = BTreeMap::new();
    let mut merged: Vec<Change> = Vec::new();
    for change in changes.drain(..) {
        let key = (change.rule, change.pointer().to_owned(), change.message.to_string());
        match known.get(&key).and_then(|index| merged.get_mut(*index)) {
            Some(first) => {
                first.operations.extend(change.operations);
                first.operations.sort();
                first.operations.dedup();
            }
            None => {
                known.insert(key, merged.len());
                merged.push(change);
            }
        }
    }
    *changes = merged;
}

impl Review {
    /// Adds what changes in the bindings that a generator makes from the two documents. The arguments are their texts,
    /// or the reasons why there are none.
    #[must_use]
    pub fn with_bindings(mut self, old: Result<&str, &str>, new: Result<&str, &str>) -> Self {
        self.rust = RustDiff::between(old, new);
        self
    }

    /// Whether callers may break, on the wire or in Rust.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.rust.is_breaking() || self.count(Level::Breaking) > 0
    }

    /// Marks the new document as one that only stands for a removed one: it has no place and no version.
    #[must_use]
    pub fn with_removal(mut self, removal: Removal) -> Self {
        self.removal = Some(removal);
        self.versions.1.clear();
        for change in &mut self.changes {
            change.seen = None;
            change.new.iter_mut().for_each(|place| place.position = None);
        }
        self
    }

    /// Whether breaking changes are announced: by a higher major number of `info.version`, or as the removal of the
    /// document.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        if let Some(removal) = &self.removal {
            return removal.announced;
        }
        matches!((major(&self.versions.0), major(&self.versions.1)), (Some(old), Some(new)) if new > old)
    }

    /// Whether something breaks callers without a version that announces it.
    #[must_use]
    pub fn fails(&self) -> bool {
        (self.is_breaking() && !self.is_announced())
            || self.library.as_ref().is_some_and(Library::fails)
    }

    /// How many changes of a level there are.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.changes.iter().filter(|change| change.level == level).count()
    }

    /// Where a change is written, as `file:line:column`: in the new document, or in the old one if the new one lacks
    /// it.
    #[must_use]
    pub fn place(&self, change: &Change) -> String {
        let (name, place, old) = match (&change.new, &change.old) {
            (Some(place), _) => (&self.names.1, place, ""),
            (None, Some(place)) => (&self.names.0, place, " (old)"),
            (None, None) => return self.names.1.clone(),
        };
        match place.position {
            Some(at) => format!("{name}:{}:{}{old}", at.line, at.column),
            None => format!("{name}{}{old}", place.pointer),
        }
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let library = self.library.as_ref().is_none_or(|library| library.breaking.is_empty());
        self.changes.is_empty() && self.rust.is_empty() && library
    }
}

fn major(version: &str) -> Option<u64> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}
