//! Schemas that list their values, and formats of values.

use serde_json::Value;

use super::numbers::contains;
use super::types::Types;
use crate::wire::pair::{follow, list};

/// The values of alternatives that only list values, perhaps each with its own description; `None` if one of them does
/// anything else. If they are `exclusive`, a value that two of them list is refused.
pub(in crate::wire) fn all_values<'a>(
    root: Option<&'a Value>,
    members: &[(usize, &'a Value)],
    exclusive: bool,
) -> Option<Vec<&'a Value>> {
    if members.is_empty() {
        return None;
    }
    let mut lists = Vec::new();
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
        lists.push(found);
    }
    let is_listed_once =
        |value: &&Value| lists.iter().filter(|list| contains(list, value)).take(2).count() == 1;
    let values = lists.iter().flatten().copied();
    Some(values.filter(|value| !exclusive || value.is_null() || is_listed_once(value)).collect())
}

/// Whether a value is one of a format; `None` if that is unknown.
pub(in crate::wire) fn is_of_format(value: &Value, format: &Value) -> Option<bool> {
    if !value.is_number() {
        return None;
    }
    match format.as_str()? {
        "int32" => Some(value.as_i64().is_some_and(|number| i32::try_from(number).is_ok())),
        "int64" => Some(value.is_i64()),
        "float" | "double" => Some(true),
        _ => None,
    }
}
