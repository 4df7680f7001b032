use super::message::Message;
use super::rules::Rule;

/// What a change means for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Callers that worked may stop working.
    Breaking,
    /// No rule knows it: a person has to judge it.
    Unclassified,
    /// Callers may do or get more than before.
    Additive,
    /// Nothing that is sent or answered changes.
    Docs,
}

impl Level {
    /// The name in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Unclassified => "unclassified",
            Self::Additive => "additive",
            Self::Docs => "docs",
        }
    }
}

/// One difference between two documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The rule that judged it.
    pub rule: Rule,
    /// What it means for callers.
    pub level: Level,
    /// A JSON pointer into the document in which the place exists, with references followed and
    /// parameters named by `in` and `name` instead of a number.
    pub location: String,
    /// The `operationId`, or method and path, of the operation that it belongs to.
    pub operation: Option<String>,
    /// What changed, from what to what.
    pub message: Message,
}
