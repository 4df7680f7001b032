//! Both axes together, and the verdict.

use serde_json::Value;

use super::report::{Change, Level};
use super::rules::Rule;
use super::rust::{RustDiff, depends_on_titles, rust};
use super::wire;

/// Everything that there is to say about a change to the description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What changes on the wire, the worst first.
    pub changes: Vec<Change>,
    /// What changes in the bindings.
    pub rust: RustDiff,
    /// `info.version` of both sides.
    pub versions: (String, String),
}

/// Reviews the change from one OpenAPI 3.0 document to another.
///
/// ```
/// let old = purge_openapi::parse(purge_openapi::YAML)?;
/// let mut new = old.clone();
/// new["components"]["parameters"]["limit"]["schema"]["maximum"] = 50.into();
/// let review = xtask::spec_diff::review(&old, &new);
/// assert_eq!(review.changes[0].level, xtask::spec_diff::Level::Breaking);
/// assert!(review.rust.is_empty(), "the bindings do not check a maximum");
/// # Ok::<(), purge_openapi::ParseError>(())
/// ```
#[must_use]
pub fn review(old: &Value, new: &Value) -> Review {
    let mut changes = wire(old, new);
    let titled = changes.iter().any(|change| change.rule == Rule::TitleChanged);
    if titled && (depends_on_titles(old) || depends_on_titles(new)) {
        for change in changes.iter_mut().filter(|change| change.rule == Rule::TitleChanged) {
            change.level = Level::Unclassified;
            change.message.push_words("; the bindings make names of titles");
        }
    }
    changes.sort_by(|a, b| {
        (a.level, &a.operation, &a.location).cmp(&(b.level, &b.operation, &b.location))
    });
    let version = |document: &Value| {
        let version = document.pointer("/info/version").and_then(Value::as_str);
        version.unwrap_or_default().to_owned()
    };
    Review { changes, rust: rust(old, new), versions: (version(old), version(new)) }
}

impl Review {
    /// Whether callers may break on either axis.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.rust.is_breaking() || self.count(Level::Breaking) > 0
    }

    /// Whether the major number of `info.version` rises, which announces breaking changes.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        matches!((major(&self.versions.0), major(&self.versions.1)), (Some(old), Some(new)) if new > old)
    }

    /// How many changes of a level there are.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.changes.iter().filter(|change| change.level == level).count()
    }
}

fn major(version: &str) -> Option<u64> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}
