//! Schemas that list their values.

use serde_json::Value;

use super::types::Types;
use crate::wire::pair::{follow, list};

/// The values of alternatives that only list values, perhaps each with its own description; `None` if one of them does
/// anything else.
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
