//! Where values are written: their JSON pointers, all found in one pass.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::pair::{address, escape};
use super::walk::Walk;

/// Pointers by the addresses of values.
pub(super) struct Pointers(HashMap<usize, String>);

impl Pointers {
    pub(super) fn get(&self, value: Option<&Value>) -> Option<String> {
        self.0.get(&address(value)).cloned()
    }
}

/// The pointers of everything that was found in one of the documents.
pub(super) fn of(root: &Value, walk: &Walk<'_>) -> Pointers {
    let places = walk.found.iter().flat_map(|(found, _)| [found.place.old, found.place.new]);
    let wanted: HashSet<usize> = places.flatten().map(|value| address(Some(value))).collect();
    let mut found = HashMap::new();
    if !wanted.is_empty() {
        collect(root, &mut String::new(), &wanted, &mut found);
    }
    Pointers(found)
}

fn collect(
    value: &Value,
    at: &mut String,
    wanted: &HashSet<usize>,
    found: &mut HashMap<usize, String>,
) {
    if wanted.contains(&address(Some(value))) {
        found.insert(address(Some(value)), at.clone());
    }
    let mut child = |key: &str, value: &Value| {
        let length = at.len();
        at.push('/');
        at.push_str(key);
        collect(value, at, wanted, found);
        at.truncate(length);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| child(&escape(key), value)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| child(&index.to_string(), value));
        }
        _ => {}
    }
}

/// The longest prefix of a pointer that exists in a document: the place that would contain a missing value.
pub(crate) fn nearest<'p>(document: &Value, pointer: &'p str) -> &'p str {
    let mut pointer = pointer;
    while document.pointer(pointer).is_none() {
        pointer = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    pointer
}
