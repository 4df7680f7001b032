//! Schemas that only a discriminator leads to: those in its mapping, and the components whose `allOf` has the schema with
//! the discriminator.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::pair::{address, follow, list};

pub(super) struct Subtypes<'a> {
    /// For each base, by its address, the components that have it in their `allOf`, or in that of a part.
    of_base: HashMap<usize, Vec<(&'a str, &'a Value)>>,
    /// For each of these, by its address, the values of the discriminators that stand for it.
    own: HashMap<usize, Vec<&'a str>>,
}

impl<'a> Subtypes<'a> {
    pub(super) fn new(root: Option<&'a Value>) -> Self {
        let mut subtypes = Self { of_base: HashMap::new(), own: HashMap::new() };
        let Some(root) = root else { return subtypes };
        let schemas = root.pointer("/components/schemas").and_then(Value::as_object);
        for (name, schema) in schemas.into_iter().flatten() {
            for base in bases(root, schema) {
                subtypes.of_base.entry(address(Some(base))).or_default().push((name, schema));
            }
        }
        for (_, base) in schemas.into_iter().flatten() {
            for (key, subtype) in subtypes.of(root, base).into_iter().filter(|_| !is_listed(base)) {
                subtypes.own.entry(address(Some(subtype))).or_default().push(key);
            }
        }
        subtypes.own.values_mut().for_each(|keys| keys.sort_unstable());
        subtypes
    }

    /// The values of discriminators that stand for a schema, wherever it is used.
    pub(super) fn own_keys(&self, schema: &Value) -> &[&'a str] {
        self.own.get(&address(Some(schema))).map_or(&[], Vec::as_slice)
    }

    /// The values of the discriminator of a schema, each with the schema that it stands for: those of the mapping, and
    /// the names of the components that it does not mention.
    pub(super) fn of(&self, root: &'a Value, schema: &'a Value) -> Vec<(&'a str, &'a Value)> {
        let Some(discriminator) = schema.get("discriminator") else { return Vec::new() };
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let mut found: Vec<(&str, &Value)> = mapping
            .into_iter()
            .flatten()
            .filter_map(|(key, target)| Some((key.as_str(), named(root, target.as_str()?)?)))
            .collect();
        let members: Vec<&Value> =
            ["oneOf", "anyOf"].iter().flat_map(|key| list(schema, key)).collect();
        let mut implied: Vec<(&str, &Value)> = if is_listed(schema) {
            let named = |member: &&'a Value| Some((component(member)?, follow(Some(root), member)));
            members.iter().filter_map(named).collect()
        } else {
            self.of_base.get(&address(Some(schema))).cloned().unwrap_or_default()
        };
        implied.sort_unstable_by_key(|(name, _)| *name);
        for (name, subtype) in implied {
            if !found.iter().any(|(_, known)| std::ptr::eq(*known, subtype)) {
                found.push((name, subtype));
            }
        }
        found
    }

    /// For each member of a list of alternatives, the values of the discriminator that stand for it.
    pub(super) fn keys(
        &self,
        root: Option<&'a Value>,
        owner: &'a Value,
        members: &[(usize, &'a Value)],
    ) -> Vec<Vec<&'a str>> {
        let Some(root) = root.filter(|_| owner.get("discriminator").is_some()) else {
            return vec![Vec::new(); members.len()];
        };
        let mapped = self.of(root, owner);
        let keys_of = |member: &'a Value| {
            let target = follow(Some(root), member);
            let keys = mapped.iter().filter(|(_, known)| std::ptr::eq(*known, target));
            keys.map(|(key, _)| *key).collect()
        };
        members.iter().map(|(_, member)| keys_of(member)).collect()
    }
}

/// Whether a schema lists its alternatives.
fn is_listed(schema: &Value) -> bool {
    ["oneOf", "anyOf"].iter().any(|key| schema.get(key).is_some())
}

/// The schemas with a discriminator that are in the `allOf` of a schema, or in that of a part.
fn bases<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let (mut found, mut seen, mut open) = (Vec::new(), HashSet::new(), vec![schema]);
    while let Some(part) = open.pop() {
        for inner in list(part, "allOf") {
            let base = follow(Some(root), inner);
            if !seen.insert(address(Some(base))) {
                continue;
            }
            if base.get("discriminator").is_some() && !std::ptr::eq(base, inner) {
                found.push(base);
            }
            open.push(base);
        }
    }
    found
}

/// The component that a reference names.
fn component(member: &Value) -> Option<&str> {
    member.get("$ref").and_then(Value::as_str)?.strip_prefix("#/components/schemas/")
}

/// The schema that a mapping names: by a reference, or by the name of a component.
pub(crate) fn named<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    let found = match target.strip_prefix('#') {
        Some(pointer) => root.pointer(pointer),
        None => root.pointer("/components/schemas").and_then(|schemas| schemas.get(target)),
    };
    found.map(|value| follow(Some(root), value))
}
