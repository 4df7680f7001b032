//! What a change means.

/// What a change means for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Callers that worked may stop working.
    Breaking,
    /// No rule covers it: a person has to judge it.
    Unclassified,
    /// Callers may do or get more than before.
    Additive,
    /// Neither requests nor responses change.
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
