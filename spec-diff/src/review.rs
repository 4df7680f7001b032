//! Both axes together, and the verdict.

use serde_json::Value;

use super::change::{Change, Level};
use super::rust::RustDiff;
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

/// Reviews the change from one OpenAPI 3.0 document to another. The Rust axis is added by
/// [`Review::with_bindings`].
#[must_use]
pub fn review(old: &Value, new: &Value) -> Review {
    let mut changes = wire(old, new);
    changes.sort_by(|a, b| {
        (a.level, &a.operation, &a.location).cmp(&(b.level, &b.operation, &b.location))
    });
    let version = |document: &Value| {
        let version = document.pointer("/info/version").and_then(Value::as_str);
        version.unwrap_or_default().to_owned()
    };
    Review { changes, rust: RustDiff::default(), versions: (version(old), version(new)) }
}

impl Review {
    /// Adds what changes in the bindings that a generator makes of the two documents: their texts, or why there are
    /// none.
    #[must_use]
    pub fn with_bindings(mut self, old: Result<&str, &str>, new: Result<&str, &str>) -> Self {
        self.rust = RustDiff::between(old, new);
        self
    }

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
