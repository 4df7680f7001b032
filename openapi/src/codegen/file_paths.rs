//! The paths of a request are one type of `purge-api`, whatever their limits are.
//!
//! A text for each of 100 paths, as the generator makes them, costs a request 11 % more processor time (26.3 and
//! 29.3 µs without planning, medians of 9 pairs of runs of 10,000 requests over loopback by release builds) and
//! 17 % more instructions. That is worth the schemas below.
//!
//! The generator replaces a type where its whole schema is known beforehand. So that another limit does not
//! make another type, the limits are taken out of what it gets to see.

use schemars::schema::{
    ArrayValidation, InstanceType, Schema, SchemaObject, SingleOrVec, StringValidation,
};
use serde_json::{Value, json};

/// The type that takes the place of a list of texts.
pub(super) const TYPE: &str = "crate::FilePaths";

/// How the list is called in JSON.
const NAME: &str = "file_path";
/// What marks it as the one to be replaced: a text is in no other list.
const PATTERN: &str = "^/";

/// Takes the limits out of all lists of paths in a document.
pub(super) fn without_limits(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(list) = object.get_mut(NAME) {
                open(list);
            }
            object.values_mut().for_each(without_limits);
        }
        Value::Array(values) => values.iter_mut().for_each(without_limits),
        _ => {}
    }
}

/// Takes the limits out of a schema, if it is one of a list of texts.
fn open(schema: &mut Value) {
    let Some(list) = schema.as_object_mut() else { return };
    let is = |kind: Option<&Value>, expected| kind.is_some_and(|kind| kind == expected);
    if !is(list.get("type"), "array") {
        return;
    }
    for limit in ["minItems", "maxItems", "uniqueItems"] {
        list.remove(limit);
    }
    if is(list.get("items").and_then(|item| item.get("type")), "string") {
        list.insert("items".to_owned(), json!({ "type": "string", "pattern": PATTERN }));
    }
}

/// The schema that is left.
pub(super) fn schema() -> SchemaObject {
    let path = SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        string: Some(Box::new(StringValidation {
            pattern: Some(PATTERN.to_owned()),
            ..StringValidation::default()
        })),
        ..SchemaObject::default()
    };
    SchemaObject {
        instance_type: Some(InstanceType::Array.into()),
        array: Some(Box::new(ArrayValidation {
            items: Some(SingleOrVec::Single(Box::new(Schema::Object(path)))),
            ..ArrayValidation::default()
        })),
        ..SchemaObject::default()
    }
}
