//! Turns a text into a document that can be compared.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::change::Position;
use crate::text::plain;
use crate::validate::{self, Problem};

mod positions;
mod json;

use positions::Node;

/// The maximum number of problems of one document that a message lists.
const SHOWN: usize = 5;

/// An OpenAPI 3.0 document, with the text that it was read from.
#[derive(Debug)]
pub struct Document {
    name: String,
    text: String,
    value: Value,
    is_json: bool,
    positions: OnceLock<Option<Arc<Node>>>,
}

/// The reason why a text cannot be compared. It is safe to print as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

impl Document {
    /// Reads a document, and refuses it unless it is OpenAPI 3.0.
    ///
    /// # Errors
    ///
    /// When the text is not YAML or JSON, or is not OpenAPI 3.0. The message begins with `name`, and says what is wrong
    /// and on which line.
    pub fn parse(name: &str, text: &str) -> Result<Self, Invalid> {
        let name = plain(name);
        // JSON has escapes that YAML lacks.
        let json = text.trim_start().starts_with('{').then(|| serde_json::from_str(text));
        let (value, is_json) = match json {
            Some(Ok(value)) => (value, true),
            _ => (yaml(&name, text)?, false),
        };
        let positions = OnceLock::new();
        let document = Self { name, text: text.to_owned(), value, is_json, positions };
        let problems = validate::problems(&document.value);
        if problems.is_empty() { Ok(document) } else { Err(document.refuse(&problems)) }
    }

    /// The name of the document in messages, which is safe to print.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The document as JSON.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The line and column of the value at a JSON pointer; for an entry of a map, those of its key.
    #[must_use]
    pub fn position(&self, pointer: &str) -> Option<Position> {
        let root = self.positions.get_or_init(|| {
            if self.is_json { json::of_json(&self.text) } else { positions::of_yaml(&self.text) }
        });
        root.as_ref()?.find(pointer)
    }

    fn refuse(&self, problems: &[Problem]) -> Invalid {
        let shown = problems.iter().take(SHOWN).map(|problem| {
            let position = self.position(crate::wire::nearest(&self.value, &problem.pointer));
            let line = position.map(|at| format!("{}:{}: ", at.line, at.column));
            format!("  {}{}", line.unwrap_or_default(), plain(&problem.to_string()))
        });
        let shown: Vec<String> = shown.collect();
        let more = problems.len().saturating_sub(shown.len());
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let name = &self.name;
        Invalid(format!("{name} is not a valid OpenAPI 3.0 document:\n{}{more}", shown.join("\n")))
    }
}

fn yaml(name: &str, text: &str) -> Result<Value, Invalid> {
    if let Some(Position { line, column }) = positions::too_deep(text) {
        let levels = positions::LEVELS;
        return Err(Invalid(format!(
            "{name}: nested more than {levels} levels deep at line {line} column {column}; move inner schemas to \
             `components`"
        )));
    }
    yaml_serde::from_str(text).map_err(|e| {
        Invalid(format!("{name}: {}", plain(&format!("not a YAML or JSON document: {e}"))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every place of a document has the position of its text, in YAML as in JSON.
    #[test]
    fn places_are_found_in_yaml_and_in_json() {
        let yaml = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a/b:\n    x-list:\n      - \u{e9}: 1\n        b: &b { c: 2 }\n      - *b\n";
        let document = Document::parse("a.yaml", yaml).expect("a document");
        let at = |document: &Document, pointer: &str| {
            document.position(pointer).map(|at| (at.line, at.column))
        };
        assert_eq!(at(&document, "/info/version"), Some((2, 18)));
        assert_eq!(at(&document, "/paths/~1a~1b/x-list/0/b"), Some((7, 9)));
        assert_eq!(at(&document, "/paths/~1a~1b/x-list/1"), Some((8, 9)));
        assert_eq!(at(&document, "/paths/~1a~1b/x-list/1/c"), Some((7, 17)));
        assert_eq!(at(&document, "/nowhere"), None);

        let json = "{\"openapi\": \"3.0.3\",\n \"info\": {\"title\": \"\\ud83d\\ude00 \\\" {\", \"version\": \"1\"},\n \"paths\": {\"/\\u0061\": {\"x-n\": [-1.5e3, [], {\"\u{e9}\": null, \"k\": true}]}}}";
        let document = Document::parse("a.json", json).expect("a document");
        assert_eq!(document.value["info"]["title"], "\u{1f600} \" {");
        assert_eq!(at(&document, "/info/version"), Some((2, 41)));
        assert_eq!(at(&document, "/paths/~1a/x-n/1"), Some((3, 40)));
        assert_eq!(at(&document, "/paths/~1a/x-n/2/k"), Some((3, 56)));
    }
}
