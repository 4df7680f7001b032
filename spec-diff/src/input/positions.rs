//! The lines and columns of the values in a text, by JSON pointer.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, Span};

use crate::change::Position;

/// A value in a text.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) position: Position,
    pub(super) children: Vec<Child>,
}

/// An entry of a map, or a member of a list.
#[derive(Debug)]
pub(super) struct Child {
    /// The key, or the index.
    pub(super) key: String,
    /// The position of the key, or of the member.
    pub(super) position: Position,
    pub(super) node: Arc<Node>,
}

impl Node {
    /// The position of a value; for an entry of a map, that of its key.
    pub(super) fn find(&self, pointer: &str) -> Option<Position> {
        let mut position = self.position;
        let mut node = self;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            // If a key is repeated, the last one counts.
            let child = node.children.iter().rfind(|child| child.key == step)?;
            position = child.position;
            node = &child.node;
        }
        Some(position)
    }
}

/// How many levels a document can have: as many as the parser of YAML reads.
pub(super) const LEVELS: usize = 128;

/// Where a YAML text has too many levels. The parser that reads the values would find that, too, but the time that it
/// needs grows with the square of the levels: a minute for 100,000 of them.
pub(super) fn too_deep(text: &str) -> Option<Position> {
    let mut events = Parser::new_from_str(text);
    let mut levels = 0_usize;
    let at = loop {
        match events.next_event()? {
            Ok((Event::SequenceStart(..) | Event::MappingStart(..), span)) => {
                levels += 1;
                if levels > LEVELS {
                    break span.start;
                }
            }
            Ok((Event::SequenceEnd | Event::MappingEnd, _)) => levels = levels.saturating_sub(1),
            Ok(_) => {}
            // This parser has a limit of its own.
            Err(error) if error.info() == "recursion limit exceeded" => break *error.marker(),
            // The other parser says better what is wrong.
            Err(_) => return None,
        }
    };
    Some(Position { line: at.line(), column: at.col() + 1 })
}

/// The positions in a YAML text; `None` when it is not YAML.
pub(super) fn of_yaml(text: &str) -> Option<Arc<Node>> {
    let mut reader = Yaml { events: Parser::new_from_str(text), anchors: HashMap::new() };
    loop {
        let (event, span) = reader.next()?;
        if !matches!(event, Event::StreamStart | Event::DocumentStart(_) | Event::Nothing) {
            return reader.node(event, span);
        }
    }
}

struct Yaml<'t, I: saphyr_parser::Input> {
    events: Parser<'t, I>,
    anchors: HashMap<usize, Arc<Node>>,
}

impl<'t, I: saphyr_parser::Input> Yaml<'t, I> {
    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        self.events.next_event()?.ok()
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Option<Arc<Node>> {
        let position = Position { line: span.start.line(), column: span.start.col() + 1 };
        let mut node = Node { position, children: Vec::new() };
        let anchor = match event {
            Event::Alias(anchor) => return self.anchors.get(&anchor).cloned(),
            Event::Scalar(_, _, anchor, _) => anchor,
            Event::SequenceStart(anchor, _) => {
                self.members(&mut node)?;
                anchor
            }
            Event::MappingStart(anchor, _) => {
                self.entries(&mut node)?;
                anchor
            }
            _ => return None,
        };
        let node = Arc::new(node);
        if anchor > 0 {
            self.anchors.insert(anchor, Arc::clone(&node));
        }
        Some(node)
    }

    fn members(&mut self, list: &mut Node) -> Option<()> {
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Some(());
            }
            let position = Position { line: span.start.line(), column: span.start.col() + 1 };
            let node = self.node(event, span)?;
            list.children.push(Child { key: list.children.len().to_string(), position, node });
        }
    }

    fn entries(&mut self, map: &mut Node) -> Option<()> {
        loop {
            let (event, span) = self.next()?;
            let key = match &event {
                Event::MappingEnd => return Some(()),
                Event::Scalar(key, ..) => key.clone().into_owned(),
                _ => String::new(),
            };
            let key_node = self.node(event, span)?;
            let (event, span) = self.next()?;
            let node = self.node(event, span)?;
            map.children.push(Child { key, position: key_node.position, node });
        }
    }
}
