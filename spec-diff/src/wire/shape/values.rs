//! Schemas that list their values.

use serde_json::Value;

use super::flat::{Flat, list};
use super::types::Types;
use crate::wire::pair::follow;

/// The values of alternatives that do nothing but list values, each with words of its own; `None` when one of them does
/// something else.
pub(in crate::wire) fn all_values<'a>(
    root: Option<&'a Value>,
    members: &[(usize, &'a Value)],
) -> Option<Vec<&'a Value>> {
    if members.is_empty() {
        return None;
    }
    let mut values = Vec::new();
    for (_, member) in members {
        let member = follow(root, member);
        let plain = member.as_object()?.keys().all(|key| {
            matches!(
                key.as_str(),
                "type" | "enum" | "title" | "description" | "example" | "nullable"
            ) || key.starts_with("x-")
        });
        let found = list(member, "enum");
        let of_its_type = |value: &&Value| {
            let types = member.get("type").and_then(Value::as_str).and_then(Types::named);
            value.is_null() || types.is_none_or(|types| types.meets(Types::of(value)))
        };
        if !plain || found.is_empty() || !found.iter().all(of_its_type) {
            return None;
        }
        values.extend(found);
    }
    Some(values)
}

impl Flat<'_> {
    /// Whether a value that is not a container is surely let through.
    pub(in crate::wire) fn admits(&self, value: &Value) -> bool {
        if value.is_null() {
            return self.null;
        }
        let listed = self.values.as_ref().is_none_or(|values| values.contains(&value));
        let plain = !value.is_object() && !value.is_array();
        let unknown = !self.groups.is_empty() || !self.exclusions.is_empty();
        let texts = !value.is_string() || (self.patterns.is_empty() && self.formats.is_empty());
        listed
            && plain
            && !unknown
            && texts
            && self.types.meets(Types::of(value))
            && self.admits_size(value)
    }

    fn admits_size(&self, value: &Value) -> bool {
        let limits = self.limits.iter().flatten();
        let within = limits.clone().all(|limit| limit.admits(value));
        let multiples = self.multiples.iter().filter_map(|multiple| multiple.as_f64());
        let number = value.as_f64();
        within && multiples.into_iter().all(|m| number.is_none_or(|n| (n / m).fract() == 0.0))
    }
}
