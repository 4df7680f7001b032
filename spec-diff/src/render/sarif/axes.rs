//! Findings about the bindings and the libraries, which have no line in the description.

use serde_json::{Value, json};

use super::{level, uri};
use crate::level::Level;
use crate::library::place;
use crate::render::items::whole;
use crate::review::Review;

/// What a finding on one of the further axes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Axis {
    /// The bindings can no longer be generated, or could not be generated before.
    Bindings,
    /// An item that callers could use is gone or has changed.
    Removed,
    /// An item is new.
    Added,
    /// Hand-written code breaks programs.
    Library,
}

/// One finding that is not a change on the wire.
pub(super) struct Finding {
    axis: Axis,
    level: &'static str,
    text: String,
    /// Its item, as a Rust path.
    item: String,
    /// The file and the line, if known; otherwise the finding belongs to the description.
    place: Option<(String, Option<usize>)>,
}

/// All findings about the bindings and the libraries.
pub(super) fn findings(review: &Review) -> Vec<Finding> {
    let rust = &review.rust;
    let of_rust = |axis, breaking: bool, text: String, item: &str| Finding {
        axis,
        level: level(if breaking { Level::Breaking } else { Level::Additive }),
        text,
        item: item.to_owned(),
        place: None,
    };
    let error = rust.codegen_error.iter();
    let mut found: Vec<Finding> =
        error.map(|error| of_rust(Axis::Bindings, rust.broken, error.clone(), "")).collect();
    let removed = whole(&rust.removed).into_iter();
    found.extend(
        removed.map(|item| of_rust(Axis::Removed, true, format!("removed: {item}"), &item)),
    );
    found.extend(whole(&rust.added).into_iter().map(|item| {
        let breaking = rust.breaking.contains(&item);
        let why = if breaking { ", which breaks programs that do not name it" } else { "" };
        of_rust(Axis::Added, breaking, format!("added: {item}{why}"), &item)
    }));
    let library = review.library.iter();
    found.extend(library.flat_map(|library| {
        let level = if library.fails() { level(Level::Breaking) } else { "warning" };
        library.lines().map(move |text| {
            let place = place(&text);
            Finding { axis: Axis::Library, level, item: text.clone(), text, place }
        })
    }));
    found
}

/// The rules that some findings belong to, in order.
pub(super) fn rules(findings: &[Finding]) -> Vec<Axis> {
    let mut rules: Vec<Axis> = findings.iter().map(|finding| finding.axis).collect();
    rules.sort();
    rules.dedup();
    rules
}

impl Axis {
    fn id(self) -> &'static str {
        match self {
            Self::Bindings => "rust-bindings-not-generated",
            Self::Removed => "rust-item-removed",
            Self::Added => "rust-item-added",
            Self::Library => "library-broken",
        }
    }

    fn why(self) -> &'static str {
        match self {
            Self::Bindings => "without bindings, programs that use them do not compile",
            Self::Removed => "programs that use the item no longer compile",
            Self::Added => {
                "an item that programs may use; a new field of a struct that a literal can build, or a new variant of an \
                 enum that can be matched, breaks them"
            }
            Self::Library => {
                "programs that use the library no longer compile, or behave differently"
            }
        }
    }

    pub(super) fn described(self) -> Value {
        let of_rule = if self == Self::Added { Level::Additive } else { Level::Breaking };
        json!({
            "id": self.id(),
            "shortDescription": { "text": self.id().replace('-', " ") },
            "fullDescription": { "text": self.why() },
            "defaultConfiguration": { "level": level(of_rule) },
            "properties": { "level": of_rule.name() },
        })
    }
}

impl Finding {
    /// `first` is the index of the first of these rules.
    pub(super) fn result(&self, review: &Review, rules: &[Axis], first: usize) -> Value {
        let (file, line) = self.place.clone().unwrap_or((review.names.1.clone(), None));
        let mut physical = json!({ "artifactLocation": { "uri": uri(&file) } });
        if let Some(line) = line {
            physical["region"] = json!({ "startLine": line });
        }
        let mut location = json!({ "physicalLocation": physical });
        if !self.item.is_empty() {
            location["logicalLocations"] = json!([{ "fullyQualifiedName": self.item }]);
        }
        json!({
            "ruleId": self.axis.id(),
            "ruleIndex": rules.iter().position(|rule| *rule == self.axis).map(|index| first + index),
            "level": self.level,
            "message": { "text": self.text },
            "locations": [location],
        })
    }
}
