//! The positions in a text that is known to be JSON.

use std::sync::Arc;

use super::positions::{Child, Node};
use crate::change::Position;

pub(super) fn of_json(text: &str) -> Option<Arc<Node>> {
    let mut reader = Json { rest: text, position: Position { line: 1, column: 1 } };
    reader.space();
    reader.value()
}

struct Json<'t> {
    rest: &'t str,
    position: Position,
}

impl<'t> Json<'t> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Advances by some bytes, which must end at a character boundary.
    fn skip(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        match taken.rfind('\n') {
            Some(last) => {
                self.position.line += taken.matches('\n').count();
                self.position.column = taken[last + 1..].chars().count() + 1;
            }
            None => self.position.column += taken.chars().count(),
        }
        taken
    }

    fn space(&mut self) {
        let end = self.rest.find(|c: char| !c.is_ascii_whitespace()).unwrap_or(self.rest.len());
        self.skip(end);
    }

    /// A separator, with the space around it.
    fn take(&mut self, separator: char) -> bool {
        let found = self.peek() == Some(separator);
        if found {
            self.skip(separator.len_utf8());
        }
        self.space();
        found
    }

    fn value(&mut self) -> Option<Arc<Node>> {
        let mut node = Node { position: self.position, children: Vec::new() };
        match self.peek()? {
            '{' => {
                self.take('{');
                while self.peek()? != '}' {
                    let position = self.position;
                    let key = serde_json::from_str(self.text()?).ok()?;
                    self.space();
                    self.take(':');
                    let value = self.value()?;
                    node.children.push(Child { key, position, node: value });
                    self.take(',');
                }
                self.take('}');
            }
            '[' => {
                self.take('[');
                while self.peek()? != ']' {
                    let (key, position) = (node.children.len().to_string(), self.position);
                    let value = self.value()?;
                    node.children.push(Child { key, position, node: value });
                    self.take(',');
                }
                self.take(']');
            }
            '"' => drop(self.text()?),
            _ => {
                let end = |c: char| matches!(c, ',' | ']' | '}') || c.is_ascii_whitespace();
                self.skip(self.rest.find(end).unwrap_or(self.rest.len()));
            }
        }
        self.space();
        Some(Arc::new(node))
    }

    /// A string with its quotation marks.
    fn text(&mut self) -> Option<&'t str> {
        let mut escaped = true;
        let end = self.rest.char_indices().find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            // The first quotation mark begins the string.
            escaped = *c == '\\' && !escaped;
            ends
        });
        let (end, _) = end?;
        Some(self.skip(end + 1))
    }
}
