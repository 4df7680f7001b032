//! The flat form of schemas: see `flat`.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::direction::Direction;
use super::pair::{address, follow};
use super::questions::Questions;

pub(super) mod types;
pub(super) mod numbers;
pub(super) mod bounds;
mod listed;
pub(super) mod flat;
pub(super) mod values;

use flat::{Flat, Group};

/// Schemas that a value must all match: a single one, or the parts that describe one property. An empty conjunction
/// allows everything.
#[derive(Debug, Clone, Default)]
pub(super) struct Conjunction<'a> {
    pub(super) nodes: Vec<&'a Value>,
    /// The alternatives that were chosen, each with what offers it: a list, or a schema that has subtypes.
    pub(super) picks: Vec<(&'a Value, Pick)>,
}

/// Which alternative of a schema is considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Pick {
    /// A member of the list.
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

    pub(super) fn picking(&self, offer: &'a Value, pick: Pick) -> Self {
        let mut chosen = self.clone();
        chosen.picks.push((offer, pick));
        chosen
    }

    /// The rest, without some of the lists of alternatives.
    fn without<'g>(&self, groups: impl IntoIterator<Item = &'g Group<'a>>) -> Self
    where
        'a: 'g,
    {
        groups.into_iter().fold(self.clone(), |rest, group| rest.picking(group.offer(), Pick::Rest))
    }

    pub(super) fn picked(&self, offer: &Value) -> Option<Pick> {
        self.picks.iter().find(|(known, _)| std::ptr::eq(*known, offer)).map(|(_, pick)| *pick)
    }

    pub(super) fn first(&self) -> Option<&'a Value> {
        self.nodes.first().copied()
    }
}

impl PartialEq for Conjunction<'_> {
    fn eq(&self, other: &Self) -> bool {
        let mut nodes = self.nodes.iter().zip(&other.nodes);
        let mut picks = self.picks.iter().zip(&other.picks);
        self.nodes.len() == other.nodes.len()
            && self.picks.len() == other.picks.len()
            && nodes.all(|(one, other)| std::ptr::eq(*one, *other))
            && picks.all(|(one, other)| std::ptr::eq(one.0, other.0) && one.1 == other.1)
    }
}

impl Eq for Conjunction<'_> {}

impl std::hash::Hash for Conjunction<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.nodes.len().hash(state);
        self.nodes.iter().for_each(|node| address(Some(node)).hash(state));
        self.picks.iter().for_each(|(offer, pick)| (address(Some(offer)), pick).hash(state));
    }
}

/// What a schema describes, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// A body, a header, or a part of any schema.
    Value,
    /// A parameter: its default is what the service uses if a caller leaves it out.
    Parameter,
    /// Something that is required on one side at least, so that nobody relies on its default.
    AlwaysSent,
}

/// Two schemas that are to be compared in a direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Job<'a> {
    pub(super) old: Conjunction<'a>,
    pub(super) new: Conjunction<'a>,
    pub(super) direction: Direction,
    pub(super) role: Role,
    /// For how many levels the values are serialized as texts, so that the number 5 is the text `5`.
    pub(super) texts: u8,
    /// Whether a difference without an effect is not reported, because it is reported where the schemas are referred
    /// to.
    pub(super) quiet: bool,
}

impl<'a> Job<'a> {
    /// Both schemas without some of their lists of alternatives.
    pub(super) fn rest<'g, I>(&self, (old, new): (I, I)) -> Self
    where
        'a: 'g,
        I: IntoIterator<Item = &'g Group<'a>>,
    {
        Job { old: self.old.without(old), new: self.new.without(new), ..self.clone() }
    }
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
    /// The side of the inner one.
    pub(super) side: Side,
    pub(super) outer_side: Side,
    /// `None` if only the values count, and not which properties are known.
    pub(super) direction: Option<Direction>,
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
