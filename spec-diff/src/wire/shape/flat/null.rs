//! Whether a conjunction allows null, with all alternatives that it offers.

use serde_json::Value;

use crate::wire::pair::{address, follow, list};
use crate::wire::questions::{Needs, Questions};
use crate::wire::shape::{Conjunction, Pick};

/// How many levels of `not` are considered.
const LEVELS: u8 = 4;

/// A conjunction allows null unless one of its schemas refuses it.
pub(super) fn allows_null<'a>(root: Option<&'a Value>, conjunction: &Conjunction<'a>) -> bool {
    allows(root, conjunction, LEVELS)
}

fn allows<'a>(root: Option<&'a Value>, conjunction: &Conjunction<'a>, levels: u8) -> bool {
    let mut questions = Questions::default();
    !conjunction.nodes.iter().any(|node| {
        questions.answer(Refusal(node), |Refusal(place)| match place.as_array() {
            Some(members) => list_refuses(members, conjunction.picked(place)),
            None => schema_refuses(root, follow(root, place), levels),
        })
    })
}

/// The question whether a schema, or a list of alternatives, refuses null.
#[derive(Debug, Clone, Copy)]
struct Refusal<'a>(&'a Value);

impl PartialEq for Refusal<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Refusal<'_> {}

impl std::hash::Hash for Refusal<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        address(Some(self.0)).hash(state);
    }
}

fn list_refuses(members: &[Value], picked: Option<Pick>) -> Needs<Refusal<'_>> {
    match picked {
        Some(Pick::Rest) => Needs::Never,
        Some(Pick::Member(index)) => {
            Needs::All(members.get(index).map(Refusal).into_iter().collect())
        }
        None => Needs::All(members.iter().map(Refusal).collect()),
    }
}

fn schema_refuses<'a>(root: Option<&'a Value>, node: &'a Value, levels: u8) -> Needs<Refusal<'a>> {
    match own_null(node) {
        // `nullable` next to `allOf` counts as its author meant it, although by the specification it affects only
        // `type`.
        Some(true) => Needs::Never,
        Some(false) => Needs::All(Vec::new()),
        None if excludes(root, node, levels) => Needs::All(Vec::new()),
        None => {
            let lists = ["oneOf", "anyOf"].iter().filter_map(|keyword| node.get(keyword));
            let lists = lists.filter(|list| list.is_array());
            Needs::Any(list(node, "allOf").into_iter().chain(lists).map(Refusal).collect())
        }
    }
}

fn excludes<'a>(root: Option<&'a Value>, node: &'a Value, levels: u8) -> bool {
    let excluded = node.get("not").zip(levels.checked_sub(1));
    excluded.is_some_and(|(not, levels)| allows(root, &Conjunction::of(root, Some(not)), levels))
}

/// What a schema itself says about null.
fn own_null(node: &Value) -> Option<bool> {
    if node.get("nullable").and_then(Value::as_bool) == Some(true) {
        return Some(true);
    }
    let values = node.get("enum").and_then(Value::as_array);
    match (node.get("type").and_then(Value::as_str), values) {
        (None, Some(values)) => Some(values.iter().any(Value::is_null)),
        (None, None) => None,
        (Some(_), _) => Some(false),
    }
}
