//! The wire axis: what changes in requests and responses.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::Change;

mod direction;
mod family;
mod pair;
mod place;
mod docs;
mod template;
mod subtypes;
mod same;
mod questions;
mod shape;
mod walk;
mod schema;
mod parameter;
mod media_type;
mod encoding;
mod body;
mod security;
mod servers;
mod operation;
mod operations;
mod paths;
mod root;
mod respelled;
mod reach;
mod pointers;
mod subject;

pub(crate) use pair::{address, escape, follow};
pub(crate) use place::Place;
pub(crate) use pointers::nearest;
pub(crate) use subtypes::named;
pub(crate) use template::parameter_names;

use pair::Pair;
use subtypes::Subtypes;
use walk::{Found, Walk};

/// Compares two OpenAPI 3.0 documents on the wire. The changes are in the order in which they are found.
#[must_use]
pub fn wire(old: &Value, new: &Value) -> Vec<Change> {
    let root = Pair { old: Some(old), new: Some(new) };
    let subtypes = [Subtypes::new(root.old), Subtypes::new(root.new)];
    let mut walk = Walk::new(root, [&subtypes[0], &subtypes[1]]);
    walk.document();
    walk.schemas();
    walk.respelled();
    let reached = walk.reached();
    let sides = [(old, &walk), (new, &walk)].map(|(root, walk)| pointers::of(root, walk));
    walk.found
        .iter()
        .map(|(found, units)| {
            let operations: BTreeSet<&String> =
                units.iter().filter_map(|unit| reached.get(unit)).flatten().copied().collect();
            change(root, found, &sides, operations.into_iter().cloned().collect())
        })
        .collect()
}

fn change(
    root: Pair<'_>,
    found: &Found<'_>,
    pointers: &[pointers::Pointers; 2],
    operations: Vec<String>,
) -> Change {
    let [old, new] = pointers;
    let (old, new) = (old.get(found.place.old), new.get(found.place.new));
    let subject = match (&new, &old) {
        (Some(pointer), _) => subject::of(root.new, pointer, found.direction),
        (None, Some(pointer)) => subject::of(root.old, pointer, found.direction),
        (None, None) => String::new(),
    };
    Change::new(found.rule, (old, new), operations, format!("{subject}{}", found.text))
}
