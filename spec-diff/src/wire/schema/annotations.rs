//! The parts of a schema that are not constraints: text, defaults, flags, extensions, and keywords that no rule covers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compare::Flats;
use crate::rules::Rule;
use crate::wire::direction::Direction;
use crate::wire::docs;
use crate::wire::pair::Pair;
use crate::wire::shape::flat::Flat;
use crate::wire::shape::{Job, Role};
use crate::wire::walk::Walk;

/// The keywords that `flat` reads and other modules judge.
const CONSTRAINTS: [&str; 27] = [
    "type",
    "nullable",
    "enum",
    "format",
    "pattern",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "multipleOf",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "allOf",
    "oneOf",
    "anyOf",
    "not",
    "discriminator",
    "$ref",
];

impl<'a> Walk<'a> {
    pub(super) fn annotations(&mut self, both: Flats<'_, 'a>, job: &Job<'a>) {
        let role = job.role;
        let mut keys: BTreeSet<&'a str> = BTreeSet::new();
        for part in both.old.parts.iter().chain(&both.new.parts) {
            keys.extend(
                part.as_object().into_iter().flat_map(|map| map.keys()).map(String::as_str),
            );
        }
        // Of several defaults, the outermost one counts.
        let default = Pair { old: both.old.default, new: both.new.default };
        let same_text =
            job.texts > 0 && text(default.old).is_some_and(|old| text(default.new) == Some(old));
        if keys.remove("default") && !same_text && !self.same(default) {
            self.annotation("default", default, both.place(), role);
        }
        for key in keys.into_iter().filter(|key| !CONSTRAINTS.contains(key)) {
            let (old, new) = (stated(both.old, key), stated(both.new, key));
            // Schemas are wrapped from outside, so the inner ones correspond.
            let longer = old.len().max(new.len());
            for index in 0..longer {
                let at = |list: &[&'a Value]| {
                    list.len().checked_sub(index + 1).and_then(|index| list.get(index)).copied()
                };
                let pair = Pair { old: at(&old), new: at(&new) };
                if !self.same(pair) {
                    self.annotation(key, pair, both.place(), role);
                }
            }
        }
    }

    fn annotation(&mut self, key: &str, pair: Pair<'a>, schema: Pair<'a>, role: Role) {
        let direction = self.direction.unwrap_or(Direction::Request);
        let flag = pair.flags();
        let rule = match key {
            "readOnly" | "writeOnly" | "deprecated" if flag.0 == flag.1 => Rule::SameMeaning,
            "readOnly" => Rule::ReadOnlyChanged,
            "writeOnly" => Rule::WriteOnlyChanged,
            "deprecated" => return self.at(pair, |walk| walk.deprecated(pair)),
            "default" => role.default_rule(direction, pair),
            "title" => Rule::TitleChanged,
            key if key.starts_with("x-") => return self.extension(key, pair),
            key if docs::holds(docs::Kind::Schema, key) => Rule::DocumentationChanged,
            _ => Rule::Unclassified,
        };
        let place = Pair { old: pair.old.or(schema.old), new: pair.new.or(schema.new) };
        self.changed_at(place, rule, key, pair);
    }
}

/// A single value as the text that serializes it.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        _ => None,
    }
}

fn stated<'a>(flat: &Flat<'a>, key: &str) -> Vec<&'a Value> {
    flat.parts.iter().filter_map(|part| part.get(key)).collect()
}
