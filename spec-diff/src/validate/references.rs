//! Local references resolve, and to something of the right kind.

use std::collections::HashSet;

use serde_json::Value;

use super::Problem;
use crate::wire::{Place, address, escape, follow, named};

pub(super) fn problems(document: &Value) -> Vec<Problem> {
    let mut references = References::new(document);
    references.look_into(Place::Object, document, &mut Vec::new());
    // A reference may lead into an extension, or to data.
    while let Some((place, target, mut at)) = references.open.pop() {
        references.look_into(place, target, &mut at);
    }
    references.problems
}

struct References<'a> {
    root: &'a Value,
    /// The objects and lists that were looked into.
    seen: HashSet<usize>,
    /// The targets of references, each with its place.
    open: Vec<(Place, &'a Value, Vec<String>)>,
    problems: Vec<Problem>,
}

impl<'a> References<'a> {
    fn new(root: &'a Value) -> Self {
        Self { root, seen: HashSet::new(), open: Vec::new(), problems: Vec::new() }
    }

    fn look_into(&mut self, place: Place, value: &'a Value, at: &mut Vec<String>) {
        if place == Place::Data || !self.seen.insert(address(Some(value))) {
            return;
        }
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    return self.reference(place, (value, reference), at);
                }
                if place == Place::Object {
                    self.mapping(map.get("discriminator"), at);
                }
                for (key, value) in map {
                    at.push(key.clone());
                    self.look_into(place.of(key), value, at);
                    at.pop();
                }
            }
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    at.push(index.to_string());
                    self.look_into(place.of_members(), value, at);
                    at.pop();
                }
            }
            _ => {}
        }
    }

    fn reference(&mut self, place: Place, (value, reference): (&'a Value, &str), at: &[String]) {
        let location: String = at.iter().map(|key| format!("/{}", escape(key))).collect();
        if let Some(text) = self.problem(reference, value, at) {
            self.problems.push(Problem::new(format!("{location}/$ref"), text));
            return;
        }
        if place == Place::PathItem {
            self.next_to(value, &location);
        }
        self.open.push((place, follow(Some(self.root), value), steps(reference)));
    }

    /// A discriminator leads to schemas without `$ref`: by a reference, or by the name of a component.
    fn mapping(&mut self, discriminator: Option<&'a Value>, at: &[String]) {
        let mapping = discriminator.and_then(|discriminator| discriminator.get("mapping"));
        for (key, target) in mapping.and_then(Value::as_object).into_iter().flatten() {
            let Some(target) = target.as_str() else { continue };
            let location: String = at.iter().map(|key| format!("/{}", escape(key))).collect();
            match named(self.root, target) {
                Some(schema) => self.open.push((Place::Object, schema, steps(target))),
                None => self.problems.push(Problem::new(
                    format!("{location}/discriminator/mapping/{}", escape(key)),
                    format!(
                        "`{target}` is neither a place in this document nor the name of a schema"
                    ),
                )),
            }
        }
    }

    /// What is wrong with a reference.
    fn problem(&self, reference: &str, value: &Value, at: &[String]) -> Option<String> {
        if !reference.starts_with('#') {
            return Some(format!(
                "`{reference}` is in another file; bundle the description into one"
            ));
        }
        if follow(Some(self.root), value).get("$ref").is_some_and(Value::is_string) {
            return Some(format!("`{reference}` does not exist"));
        }
        let kind = expected(at)?;
        let (found, _) = reference.strip_prefix("#/components/")?.split_once('/')?;
        (found != kind).then(|| format!("`{reference}` is in `{found}`; refer to one in `{kind}`"))
    }

    /// Only text may be next to the reference of a path item: by the specification, the effect of anything else is
    /// undefined.
    fn next_to(&mut self, item: &Value, location: &str) {
        for key in item.as_object().into_iter().flatten().map(|(key, _)| key) {
            let is_text = matches!(key.as_str(), "$ref" | "summary" | "description");
            if !is_text && !key.starts_with("x-") {
                let text = format!(
                    "`{key}` is next to a `$ref`, and its effect is undefined; move it to the path item that is \
                     referred to"
                );
                self.problems.push(Problem::new(format!("{location}/{}", escape(key)), text));
            }
        }
    }
}

/// The keys of a JSON pointer.
fn steps(reference: &str) -> Vec<String> {
    let steps = reference.split('/').skip(1);
    steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// The kind of component that a reference must lead to, by the place of the reference.
fn expected(at: &[String]) -> Option<&'static str> {
    let (last, parent) = (at.last()?, at.len().checked_sub(2).and_then(|index| at.get(index)));
    match (parent.map_or("", String::as_str), last.as_str()) {
        ("properties" | "allOf" | "oneOf" | "anyOf", _)
        | (_, "schema" | "items" | "additionalProperties" | "not") => Some("schemas"),
        ("parameters", _) => Some("parameters"),
        ("responses", _) => Some("responses"),
        ("headers", _) => Some("headers"),
        ("examples", _) => Some("examples"),
        (_, "requestBody") => Some("requestBodies"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(key: &str, value: &Value) -> Vec<String> {
        let mut document = json!({
            "paths": { "/a": { "get": { "responses": { "200": { "description": "A." } } } } },
            "components": { "schemas": { "A": { "type": "string" } } },
            "x-schemas": { "B": { "items": { "$ref": "b.yaml" } }, "C": { "type": "string" } },
        });
        document["paths"]["/a"]["get"][key] = value.clone();
        problems(&document).iter().map(ToString::to_string).collect()
    }

    /// A field such as `default` holds data, but a name that the author chose may be the same word.
    #[test]
    fn references_are_checked_under_every_name() {
        let other = json!({ "$ref": "errors.yaml#/E" });
        let missing = json!({ "$ref": "#/components/schemas/No" });
        let schema = json!({ "content": { "x-a/b": { "schema": missing } } });
        for (key, value) in [
            ("responses", json!({ "default": other })),
            ("responses", json!({ "default": schema })),
            ("responses", json!({ "200": { "headers": { "value": other } } })),
            ("requestBody", schema.clone()),
            (
                "requestBody",
                json!({ "content": { "multipart/form-data": { "encoding": {
                "default": { "headers": { "enum": other } },
            } } } }),
            ),
            (
                "callbacks",
                json!({ "default": { "{$url}": { "post": { "requestBody": schema } } } }),
            ),
            ("parameters", json!([{ "examples": { "example": other } }])),
            ("schema", json!({ "properties": { "x-a": missing } })),
            ("schema", json!({ "discriminator": { "mapping": { "a": "a.yaml", "A": "A" } } })),
            (
                "schema",
                json!({ "discriminator": { "mapping": { "a": "#/components/schemas/No" } } }),
            ),
            ("schema", json!({ "discriminator": { "mapping": { "b": "#/x-schemas/B" } } })),
            // Not checked where it is, but used.
            ("schema", json!({ "$ref": "#/x-schemas/B" })),
        ] {
            assert_eq!(found(key, &value).len(), 1, "{key}: {value}");
        }
        for (key, value) in [
            ("schema", json!({ "default": other, "enum": [other], "example": other })),
            (
                "schema",
                json!({ "discriminator": { "mapping": { "a": "#/components/schemas/A" } } }),
            ),
            ("schema", json!({ "properties": { "discriminator": { "mapping": { "a": "no" } } } })),
            ("schema", json!({ "x-a": other, "items": { "$ref": "#/x-schemas/C" } })),
            ("responses", json!({ "x-a": other })),
            ("parameters", json!([{ "examples": { "a": { "value": missing } } }])),
        ] {
            assert_eq!(found(key, &value), [""; 0], "{key}: {value}");
        }
    }

    #[test]
    fn only_text_is_next_to_the_reference_of_a_path_item() {
        let document = |item: Value| json!({ "paths": { "/a": { "get": {} }, "/b": item } });
        let shared = json!({ "$ref": "#/paths/~1a", "summary": "B", "x-b": 1 });
        assert_eq!(problems(&document(shared)), []);
        let shared = json!({ "$ref": "#/paths/~1a", "post": {} });
        let found = problems(&document(shared));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].pointer, "/paths/~1b/post");
    }
}
