//! References that now lead to another component with the same content, and fields next to a reference, which have no
//! effect. Nothing changes on the wire, but readers want to know.

use serde_json::Value;

use super::pair::Pair;
use super::walk::{Walk, change_of};
use crate::message::quote;
use crate::rules::Rule;

/// The fields that are maps whose keys the author chose, unless they are lists.
const MAPS: [&str; 14] = [
    "callbacks",
    "content",
    "encoding",
    "examples",
    "headers",
    "links",
    "parameters",
    "paths",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "securitySchemes",
    "variables",
];

/// What an object is, which decides what `$ref` means in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An object of OpenAPI: with `$ref`, it is a reference.
    Object,
    /// A map whose keys the author chose.
    Map,
    /// Fields next to the reference of a path item may have an effect.
    PathItem,
    /// Data of any form, in which `$ref` is a key like any other.
    Data,
}

impl Kind {
    /// What the value of a key is.
    fn of(self, key: &str) -> Self {
        match (self, key) {
            (Self::Data, _) => Self::Data,
            (Self::Map, path) if path.starts_with('/') => Self::PathItem,
            (Self::Map, _) => Self::Object,
            (_, "default" | "enum" | "example" | "value") => Self::Data,
            (_, key) if key.starts_with("x-") => Self::Data,
            (_, key) if MAPS.contains(&key) => Self::Map,
            _ => Self::Object,
        }
    }

    /// What the members of a list are.
    fn of_members(self) -> Self {
        if self == Self::Data { Self::Data } else { Self::Object }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn respelled(&mut self) {
        let mut open = vec![(Kind::Object, self.root)];
        while let Some((kind, pair)) = open.pop() {
            match (pair.old, pair.new) {
                (Some(Value::Object(old)), Some(Value::Object(new))) => {
                    self.object(kind, pair);
                    let both = old.iter().filter_map(|(key, old)| Some((key, old, new.get(key)?)));
                    open.extend(both.map(|(key, old, new)| (kind.of(key), both_of(old, new))));
                }
                (Some(Value::Array(old)), Some(Value::Array(new))) => {
                    let both = old.iter().zip(new);
                    open.extend(both.map(|(old, new)| (kind.of_members(), both_of(old, new))));
                }
                _ => {}
            }
        }
    }

    fn object(&mut self, kind: Kind, pair: Pair<'a>) {
        if matches!(kind, Kind::Object | Kind::PathItem) {
            self.reference(pair);
        }
        match kind {
            Kind::Object => self.next_to_reference(pair, |change| {
                (Rule::SameMeaning, format!("{change}; next to a reference, this has no effect"))
            }),
            // Whatever it is for, the comparison has taken it for a reference.
            Kind::Data => self.next_to_reference(pair, |change| (Rule::Unclassified, change)),
            Kind::Map | Kind::PathItem => {}
        }
    }

    fn reference(&mut self, pair: Pair<'a>) {
        let place = pair.get("$ref");
        let (Some(old), Some(new)) = place.map(|side| side.and_then(Value::as_str)) else {
            return;
        };
        // A renamed component is reported as such.
        let kept = self.leads_somewhere(old).1 && self.leads_somewhere(new).0;
        if old != new && kept && self.same(pair) {
            let message =
                format!("refers to {}, which has the content of {}", quote(new), quote(old));
            self.report_at(place, Rule::SameMeaning, &message);
        }
    }

    fn next_to_reference(&mut self, pair: Pair<'a>, judge: impl Fn(String) -> (Rule, String)) {
        let reference = pair.get("$ref");
        let (Some(Value::String(_)), Some(Value::String(_))) = (reference.old, reference.new)
        else {
            return;
        };
        for key in pair.keys().into_iter().filter(|key| *key != "$ref") {
            let field = pair.get(key);
            if !self.same(field) {
                let (rule, message) = judge(change_of(key, field));
                self.report_at(field, rule, &message);
            }
        }
    }

    fn leads_somewhere(&self, reference: &str) -> (bool, bool) {
        let pointer = reference.strip_prefix('#');
        self.root.map(|root| root.zip(pointer).is_some_and(|(root, at)| root.pointer(at).is_some()))
    }
}

fn both_of<'a>(old: &'a Value, new: &'a Value) -> Pair<'a> {
    Pair { old: Some(old), new: Some(new) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::wire::wire;

    fn document(schema: &Value, example: &Value) -> Value {
        json!({
            "openapi": "3.0.3",
            "info": { "title": "Things", "version": "1" },
            "paths": {
                "/a": { "get": { "operationId": "a", "responses": { "200": {
                    "description": "A thing.",
                    "content": { "application/json": { "schema": schema, "example": example } },
                } } } },
                "/b": { "get": { "operationId": "b", "responses": { "default": { "description": "B." } } } },
            },
            "components": { "schemas": { "A": { "type": "string" } } },
        })
    }

    #[test]
    fn fields_next_to_a_reference_have_no_effect_and_are_reported_once() {
        let reference = |siblings: Value| {
            let mut schema = json!({ "$ref": "#/components/schemas/A" });
            let fields = siblings.as_object().expect("a map").clone();
            schema.as_object_mut().expect("a map").extend(fields);
            document(&schema, &json!("a"))
        };
        let found = |old: Value, new: Value| -> Vec<_> {
            let found = wire(&reference(old), &reference(new)).into_iter();
            found.map(|change| (change.rule.name(), change.message.to_string())).collect()
        };
        let expected = |change: &str| {
            let message =
                format!("response 200: {change}; next to a reference, this has no effect");
            ("same-meaning", message)
        };
        assert_eq!(
            found(json!({ "maxLength": 5, "title": "T" }), json!({ "maxLength": 6, "title": "T" })),
            [expected("`maxLength`: `5` → `6`")]
        );
        assert_eq!(
            found(json!({}), json!({ "enum": ["a"] })),
            [expected("`enum` added: `[\"a\"]`")]
        );
        assert_eq!(
            found(json!({ "title": "T" }), json!({})),
            [expected("`title` removed: `\"T\"`")]
        );
        assert_eq!(found(json!({ "title": "T" }), json!({ "title": "T" })), []);
    }

    #[test]
    fn change_of_an_example_with_a_reference_is_not_silent() {
        let schema = json!({ "type": "object" });
        let example = |title: &str| json!({ "$ref": "#/components/schemas/A", "title": title });
        let found = wire(&document(&schema, &example("S")), &document(&schema, &example("T")));
        let rules: Vec<_> = found.iter().map(|change| change.rule.name()).collect();
        assert_eq!(rules, ["unclassified"], "{found:?}");
    }
}
