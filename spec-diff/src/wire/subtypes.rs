//! Schemas that only a discriminator leads to: those in its mapping or, without a mapping, the components whose `allOf`
//! has the schema with the discriminator.

use std::collections::HashMap;

use serde_json::Value;

use super::pair::{address, follow, list};

/// For each base, by its address, the components that have it in their `allOf`.
pub(super) struct Subtypes<'a>(HashMap<usize, Vec<(&'a str, &'a Value)>>);

impl<'a> Subtypes<'a> {
    pub(super) fn new(root: Option<&'a Value>) -> Self {
        let schemas = root.and_then(|root| root.pointer("/components/schemas"));
        let mut found: HashMap<usize, Vec<(&str, &Value)>> = HashMap::new();
        for (name, schema) in schemas.and_then(Value::as_object).into_iter().flatten() {
            for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
                let base = follow(root, part);
                if base.get("discriminator").is_some() && !std::ptr::eq(base, part) {
                    found.entry(address(Some(base))).or_default().push((name, schema));
                }
            }
        }
        Self(found)
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
        let is_listed = ["oneOf", "anyOf"].iter().any(|key| schema.get(key).is_some());
        let mut implied: Vec<(&str, &Value)> = if is_listed {
            let named = |member: &&'a Value| Some((component(member)?, follow(Some(root), member)));
            members.iter().filter_map(named).collect()
        } else {
            self.0.get(&address(Some(schema))).cloned().unwrap_or_default()
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

/// The component that a reference names.
fn component(member: &Value) -> Option<&str> {
    member.get("$ref").and_then(Value::as_str)?.strip_prefix("#/components/schemas/")
}

/// The schema that a mapping names: by a reference, or by the name of a component.
fn named<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    let found = match target.strip_prefix('#') {
        Some(pointer) => root.pointer(pointer),
        None => root.pointer("/components/schemas").and_then(|schemas| schemas.get(target)),
    };
    found.map(|value| follow(Some(root), value))
}
