use crate::level::Level;
use crate::message::Message;
use crate::rules::Rule;

/// One difference between two documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The rule that judged it.
    pub rule: Rule,
    /// What it means for callers.
    pub level: Level,
    /// Where it is written in the old document, if it is there.
    pub old: Option<Place>,
    /// Where it is written in the new document, if it is there.
    pub new: Option<Place>,
    /// Where to look in the new document. If something was removed, this is the place that contained it. `None` before
    /// [`crate::review`] looks it up.
    pub seen: Option<Position>,
    /// The operations through which it is reached, each by its `operationId`, or by its method and path. Empty if it
    /// belongs to the document as a whole.
    pub operations: Vec<String>,
    /// What changed, from what to what.
    pub message: Message,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its JSON pointer.
    pub pointer: String,
    /// Its line and column; `None` before [`crate::review`] looks them up.
    pub position: Option<Position>,
}

/// Line and column, from 1; a column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Change {
    pub(crate) fn new(
        rule: Rule,
        (old, new): (Option<String>, Option<String>),
        operations: Vec<String>,
        text: String,
    ) -> Self {
        let place = |pointer| Place { pointer, position: None };
        Self {
            rule,
            level: rule.level(),
            old: old.map(place),
            new: new.map(place),
            seen: None,
            operations,
            message: Message::new(text),
        }
    }

    /// The pointer of the place: in the new document, or in the old one if the new one lacks it.
    #[must_use]
    pub fn pointer(&self) -> &str {
        self.new.as_ref().or(self.old.as_ref()).map_or("", |place| &place.pointer)
    }
}
