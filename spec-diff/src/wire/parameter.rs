//! One parameter, and one response header, which is described like one.

use serde_json::Value;

use super::direction::Direction;
use super::docs::Kind;
use super::pair::Pair;
use super::shape::Role;
use super::walk::Walk;
use crate::message::{quote, word};
use crate::rules::Rule;

impl<'a> Walk<'a> {
    pub(super) fn parameter(&mut self, place: &str, pair: Pair<'a>) {
        let required = pair.get("required").flags();
        match (pair.old, pair.new) {
            (None, _) if required.1 => {
                return self.report(Rule::RequiredParameterAdded, "added, and it is required");
            }
            (None, _) => return self.report(Rule::OptionalParameterAdded, "added, optional"),
            (_, None) if required.0 => {
                return self.report(Rule::RequiredParameterRemoved, "removed; it was required");
            }
            (_, None) => {
                return self.report(Rule::OptionalParameterRemoved, "removed; it was optional");
            }
            _ => {}
        }
        let style = |side: Option<&Value>| {
            let style = side.and_then(|side| side.get("style")).and_then(Value::as_str);
            let default = if matches!(place, "query" | "cookie") { "form" } else { "simple" };
            style.unwrap_or(default).to_owned()
        };
        let styles = pair.map(style);
        let explodes = pair.map(|side| {
            let explode = side.and_then(|side| side.get("explode")).and_then(Value::as_bool);
            explode.unwrap_or_else(|| style(side) == "form")
        });
        let serialized_otherwise = pair.get("content").map(|side| side.is_some());
        self.fields(Kind::Parameter, pair, |walk, key, field| match key {
            // `in` and `name` are equal, or renamed with the path, or differ in case only.
            "in" => walk.settle(),
            "name" if place == "path" => walk.settle(),
            "name" => walk.report(Rule::SameMeaning, "header names have no case"),
            "required" => match required {
                (false, true) => walk.report(Rule::ParameterBecameRequired, "optional → required"),
                (true, false) => walk.report(Rule::ParameterBecameOptional, "required → optional"),
                _ => walk.report(Rule::SameMeaning, "`required: false` is the default"),
            },
            "deprecated" => walk.deprecated(field),
            "schema" | "content" if serialized_otherwise.0 != serialized_otherwise.1 => {
                walk.changed(Rule::ParameterContentChanged, key, field);
            }
            "schema" => walk.schema_as(field, Direction::Request, Role::parameter(place)),
            "content" => walk.content(field, Direction::Request),
            "style" if styles.0 != styles.1 => {
                walk.report(
                    Rule::ParameterStyleChanged,
                    &format!("style {} → {}", word(&styles.0), word(&styles.1)),
                );
            }
            "explode" if explodes.0 != explodes.1 => {
                walk.report(
                    Rule::ParameterExplodeChanged,
                    &format!("explode {} → {}", explodes.0, explodes.1),
                );
            }
            "allowReserved" if field.flags().0 != field.flags().1 => {
                walk.changed(Rule::ParameterReservedChanged, key, field);
            }
            "allowEmptyValue" if field.flags() == (false, true) => {
                walk.report(Rule::ParameterEmptyAllowed, "an empty value is accepted now");
            }
            "allowEmptyValue" if field.flags() == (true, false) => {
                walk.report(
                    Rule::ParameterEmptyForbidden,
                    "an empty value is not accepted any more",
                );
            }
            "style" | "explode" | "allowReserved" | "allowEmptyValue" => {
                walk.report(Rule::SameMeaning, &format!("`{key}` is the default"));
            }
            _ => {}
        });
    }

    pub(super) fn header(&mut self, name: &str, pair: Pair<'a>) {
        match (pair.old, pair.new) {
            (None, _) => {
                return self.report(Rule::HeaderAdded, &format!("header {} added", quote(name)));
            }
            (_, None) => {
                return self
                    .report(Rule::HeaderRemoved, &format!("header {} removed", quote(name)));
            }
            _ => {}
        }
        self.at(pair, |walk| {
            walk.fields(Kind::Header, pair, |walk, key, field| match key {
                "required" => match field.flags() {
                    (false, true) => {
                        walk.report(Rule::HeaderBecameRequired, "optional → always there")
                    }
                    (true, false) => {
                        walk.report(Rule::HeaderBecameOptional, "always there → optional")
                    }
                    _ => walk.report(Rule::SameMeaning, "`required: false` is the default"),
                },
                "deprecated" => walk.deprecated(field),
                "explode" => match field.flags() {
                    (false, false) | (true, true) => {
                        walk.report(Rule::SameMeaning, "`explode: false` is the default");
                    }
                    _ => walk.changed(Rule::HeaderExplodeChanged, key, field),
                },
                "style" => walk.report(Rule::SameMeaning, "headers have one style"),
                "schema" => walk.schema(field, Direction::Response),
                "content" => walk.content(field, Direction::Response),
                _ => {}
            });
        });
    }
}
