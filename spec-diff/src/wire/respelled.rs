//! References that now lead to another component with the same content, and fields next to a reference, which have no
//! effect. Nothing changes on the wire, but readers want to know.

use serde_json::Value;

use super::docs;
use super::pair::Pair;
use super::place::Place;
use super::walk::{Walk, change_of};
use crate::message::quote;
use crate::rules::Rule;

impl<'a> Walk<'a> {
    pub(super) fn respelled(&mut self) {
        let mut open = vec![(Place::Object, self.root)];
        while let Some((place, pair)) = open.pop() {
            match (pair.old, pair.new) {
                (Some(Value::Object(old)), Some(Value::Object(new))) => {
                    self.object(place, pair);
                    let both = old.iter().filter_map(|(key, old)| Some((key, old, new.get(key)?)));
                    open.extend(both.map(|(key, old, new)| (place.of(key), both_of(old, new))));
                }
                (Some(Value::Array(old)), Some(Value::Array(new))) => {
                    let both = old.iter().zip(new);
                    open.extend(both.map(|(old, new)| (place.of_members(), both_of(old, new))));
                }
                _ => {}
            }
        }
    }

    fn object(&mut self, place: Place, pair: Pair<'a>) {
        if place.may_be_reference() {
            self.reference(pair);
        }
        let (old, new) = pair.get("$ref").map(|side| side.is_some_and(Value::is_string));
        let no_effect = |change| {
            (Rule::SameMeaning, format!("{change}; next to a reference, this has no effect"))
        };
        match place {
            // Operations and parameters next to the reference are not compared.
            Place::PathItem if old || new => {
                let pair = Pair { old: pair.old.filter(|_| old), new: pair.new.filter(|_| new) };
                self.next_to_reference(pair, |key, change| {
                    let is_text = docs::holds(docs::Kind::PathItem, key) || key.starts_with("x-");
                    if is_text { no_effect(change) } else { (Rule::Unclassified, change) }
                });
            }
            _ if !(old && new) => {}
            // Whatever it is for, the comparison has taken it for a reference.
            Place::Data => self.next_to_reference(pair, |_, change| (Rule::Unclassified, change)),
            _ if place.may_be_reference() => {
                self.next_to_reference(pair, |_, change| no_effect(change));
            }
            _ => {}
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

    fn next_to_reference(
        &mut self,
        pair: Pair<'a>,
        judge: impl Fn(&str, String) -> (Rule, String),
    ) {
        for key in pair.keys().into_iter().filter(|key| *key != "$ref") {
            let field = pair.get(key);
            if !self.same(field) {
                let (rule, message) = judge(key, change_of(key, field));
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

    #[test]
    fn operation_next_to_the_reference_of_a_path_is_not_silent() {
        let document = |item: Value| {
            let mut document = document(&json!({ "type": "object" }), &json!({}));
            document["paths"]["/c"] = item;
            document
        };
        let rules = |old: &Value, new: &Value| -> Vec<&str> {
            let found = wire(&document(old.clone()), &document(new.clone()));
            found.iter().map(|change| change.rule.name()).collect()
        };
        let post = json!({ "responses": { "200": { "description": "Good." } } });
        let get = json!({ "$ref": "#/paths/~1a" });
        let both = json!({ "$ref": "#/paths/~1a", "post": post });
        let text = json!({ "$ref": "#/paths/~1a", "summary": "A" });
        let moved = json!({ "post": post });
        assert_eq!(rules(&both, &get), ["unclassified"]);
        assert_eq!(rules(&get, &both), ["unclassified"]);
        assert!(rules(&both, &moved).contains(&"unclassified"));
        assert!(rules(&moved, &both).contains(&"unclassified"));
        assert_eq!(rules(&get, &text), ["same-meaning"]);
    }
}
