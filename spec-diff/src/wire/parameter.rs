//! A parameter, and a response header, which is described in the same way.

use serde_json::Value;

use super::direction::Direction;
use super::docs::Kind;
use super::pair::Pair;
use super::shape::types::Types;
use super::shape::{Conjunction, Role, Side};
use super::walk::Walk;
use crate::message::{quote, word};
use crate::rules::Rule;

/// Header parameters that OpenAPI ignores, in lower case: other fields describe them.
const IGNORED: [&str; 3] = ["accept", "authorization", "content-type"];

impl<'a> Walk<'a> {
    pub(super) fn parameter(&mut self, (place, name): (&str, &str), pair: Pair<'a>) {
        if place == "header" && IGNORED.contains(&name) {
            return self.report(Rule::SameMeaning, "a parameter for this header is ignored");
        }
        if let Some((rule, message)) = presence(pair) {
            return self.report(rule, message);
        }
        let styles = pair.map(|side| Style::of(side, place));
        let serialized_otherwise = pair.get("content").map(|side| side.is_some());
        // If it was required, every caller sends it; if it is now, that is reported.
        let role = match pair.get("required").flags() {
            (false, false) => Role::Parameter,
            _ => Role::AlwaysSent,
        };
        self.fields(Kind::Parameter, pair, |walk, key, field| match key {
            // `in` and `name` are equal, or renamed with the path, or differ in case only.
            "in" => walk.settle(),
            "name" if place == "path" => walk.settle(),
            "name" => walk.report(Rule::SameMeaning, "header names are case-insensitive"),
            "required" => match field.flags() {
                (false, true) => walk.report(Rule::ParameterBecameRequired, "optional → required"),
                (true, false) => walk.report(Rule::ParameterBecameOptional, "required → optional"),
                _ => walk.report(Rule::SameMeaning, "`required: false` is the default"),
            },
            "deprecated" => walk.deprecated(field),
            "explode" | "allowReserved" if !walk.matters(key, pair.get("schema")) => {
                walk.report(Rule::SameMeaning, "it has no effect on values of this type");
            }
            "schema" | "content" if serialized_otherwise.0 != serialized_otherwise.1 => {
                walk.changed(Rule::ParameterContentChanged, key, field);
            }
            "schema" => walk.schema_of_text(field, Direction::Request, role),
            "content" => walk.content(field, Direction::Request, role),
            "style" | "explode" | "allowReserved" | "allowEmptyValue" => {
                walk.serialization(key, field, (&styles.0, &styles.1));
            }
            _ => {}
        });
    }

    /// Judges a keyword that says how a parameter is serialized.
    fn serialization(&mut self, key: &str, field: Pair<'a>, (old, new): (&Style, &Style)) {
        match key {
            "style" if old.name != new.name => {
                let message = format!("style {} → {}", word(&old.name), word(&new.name));
                self.report(Rule::ParameterStyleChanged, &message);
            }
            "explode" if old.explode != new.explode => {
                let message = format!("explode {} → {}", old.explode, new.explode);
                self.report(Rule::ParameterExplodeChanged, &message);
            }
            "allowReserved" if field.flags().0 != field.flags().1 => {
                self.changed(Rule::ParameterReservedChanged, key, field);
            }
            "allowEmptyValue" if field.flags() == (false, true) => {
                self.report(Rule::ParameterEmptyAllowed, "an empty value is now accepted");
            }
            "allowEmptyValue" if field.flags() == (true, false) => {
                let message = "an empty value is no longer accepted";
                self.report(Rule::ParameterEmptyForbidden, message);
            }
            _ => self.report(Rule::SameMeaning, &format!("`{key}` is the default")),
        }
    }

    /// Whether a keyword makes a difference to values of a schema.
    pub(super) fn matters(&mut self, key: &str, schema: Pair<'a>) -> bool {
        let several = Types::ARRAY.or(Types::OBJECT);
        let affected = match key {
            "explode" => several,
            // Numbers and booleans have no reserved characters.
            _ => several.or(Types::TEXT),
        };
        let types = |walk: &mut Self, side, schema| {
            let conjunction = Conjunction::of(walk.root_of(side), schema);
            walk.flat(side, &conjunction).types
        };
        types(self, Side::Old, schema.old).or(types(self, Side::New, schema.new)).meets(affected)
    }

    pub(super) fn header(&mut self, name: &str, pair: Pair<'a>) {
        if name.eq_ignore_ascii_case("content-type") {
            return self.report(Rule::SameMeaning, "the media type says it, so this is ignored");
        }
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
                        walk.report(Rule::HeaderBecameRequired, "optional → always present")
                    }
                    (true, false) => {
                        walk.report(Rule::HeaderBecameOptional, "always present → optional")
                    }
                    _ => walk.report(Rule::SameMeaning, "`required: false` is the default"),
                },
                "deprecated" => walk.deprecated(field),
                "explode" if !walk.matters(key, pair.get("schema")) => {
                    walk.report(Rule::SameMeaning, "it has no effect on values of this type");
                }
                "explode" => match field.flags() {
                    (false, false) | (true, true) => {
                        walk.report(Rule::SameMeaning, "`explode: false` is the default");
                    }
                    _ => walk.changed(Rule::HeaderExplodeChanged, key, field),
                },
                "style" => walk.report(Rule::SameMeaning, "headers have only one style"),
                "schema" => walk.schema_of_text(field, Direction::Response, Role::Value),
                "content" => walk.content(field, Direction::Response, Role::Value),
                _ => {}
            });
        });
    }
}

/// What to report about a parameter that only one side has.
fn presence(pair: Pair<'_>) -> Option<(Rule, &'static str)> {
    let (was_required, is_required) = pair.get("required").flags();
    match (pair.old, pair.new) {
        (None, _) if is_required => {
            Some((Rule::RequiredParameterAdded, "added, and it is required"))
        }
        (None, _) => Some((Rule::OptionalParameterAdded, "added, optional")),
        (_, None) if was_required => {
            Some((Rule::RequiredParameterRemoved, "removed; it was required"))
        }
        (_, None) => Some((Rule::OptionalParameterRemoved, "removed; it was optional")),
        _ => None,
    }
}

/// How the values of a parameter are serialized.
pub(super) struct Style {
    pub(super) name: String,
    pub(super) explode: bool,
}

impl Style {
    /// The style of one side, with the defaults for the place of the parameter.
    pub(super) fn of(side: Option<&Value>, place: &str) -> Self {
        let default = if matches!(place, "query" | "cookie") { "form" } else { "simple" };
        let name = side.and_then(|side| side.get("style")).and_then(Value::as_str);
        let name = name.unwrap_or(default).to_owned();
        let explode = side.and_then(|side| side.get("explode")).and_then(Value::as_bool);
        Self { explode: explode.unwrap_or(name == "form"), name }
    }
}
