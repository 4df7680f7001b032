//! The flat form of schemas: see `flat`.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::direction::Direction;
use super::pair::{address, follow};
use super::questions::Questions;

pub(super) mod types;
pub(super) mod bounds;
mod listed;
pub(super) mod flat;
pub(super) mod values;

use flat::Flat;

/// Schemas that a value must all match: a single one, or the parts that describe one property. An empty conjunction
/// allows everything.
#[derive(Debug, Clone, Default)]
pub(super) struct Conjunction<'a> {
    pub(super) nodes: Vec<&'a Value>,
    /// The alternatives that were chosen, each by the address of the schema that offers it.
    pub(super) picks: Vec<(usize, Pick)>,
}

/// Which alternative of a schema is considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Pick {
    /// A member of its `oneOf` or `anyOf`.
    Member(usize),
    /// None: the rest of the schema.
    Rest,
}

impl<'a> Conjunction<'a> {
    pub(super) fn of(root: Option<&'a Value>, value: Option<&'a Value>) -> Self {
        Self {
            nodes: value.into_iter().map(|value| follow(root, value)).collect(),
            picks: Vec::new(),
        }
    }

    pub(super) fn all(root: Option<&'a Value>, values: &[&'a Value]) -> Self {
        Self { nodes: values.iter().map(|value| follow(root, value)).collect(), picks: Vec::new() }
    }

    pub(super) fn picking(&self, owner: &Value, pick: Pick) -> Self {
        let mut chosen = self.clone();
        chosen.picks.push((address(Some(owner)), pick));
        chosen
    }

    pub(super) fn picked(&self, owner: &Value) -> Option<Pick> {
        let owner = address(Some(owner));
        self.picks.iter().find(|(address, _)| *address == owner).map(|(_, pick)| *pick)
    }

    pub(super) fn first(&self) -> Option<&'a Value> {
        self.nodes.first().copied()
    }
}

impl PartialEq for Conjunction<'_> {
    fn eq(&self, other: &Self) -> bool {
        let mut nodes = self.nodes.iter().zip(&other.nodes);
        self.picks == other.picks
            && self.nodes.len() == other.nodes.len()
            && nodes.all(|(one, other)| std::ptr::eq(*one, *other))
    }
}

impl Eq for Conjunction<'_> {}

impl std::hash::Hash for Conjunction<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.nodes.len().hash(state);
        self.nodes.iter().for_each(|node| address(Some(node)).hash(state));
        self.picks.hash(state);
    }
}

/// What a schema describes, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// A body, a header, or a part of any schema.
    Value,
    /// A parameter: its default is what the service uses if a caller leaves it out.
    Parameter,
    /// Something that is always sent, so that its default is never used.
    AlwaysSent,
}

/// Two schemas that are to be compared in a direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Job<'a> {
    pub(super) old: Conjunction<'a>,
    pub(super) new: Conjunction<'a>,
    pub(super) direction: Direction,
    pub(super) role: Role,
    /// Whether a difference without an effect is not reported, because it is reported where the schemas are referred
    /// to.
    pub(super) quiet: bool,
}

/// The flat forms of conjunctions, and which fit into which. Each is computed once.
#[derive(Default)]
pub(super) struct Conjunctions<'a> {
    pub(super) flat: HashMap<Conjunction<'a>, Rc<Flat<'a>>>,
    pub(super) fits: Questions<Fit<'a>>,
}

/// The question whether one schema allows everything that another allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Fit<'a> {
    pub(super) inner: Conjunction<'a>,
    pub(super) outer: Conjunction<'a>,
    /// The side of the inner one; the outer one is on the other side.
    pub(super) side: Side,
    pub(super) direction: Direction,
}

/// The side of the comparison that a schema is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Old,
    New,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }
}
