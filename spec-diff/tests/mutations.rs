//! A table of mutations of the description, each with its expected effect on either axis.

use std::fmt::Write as _;

use openapi_review::{Document, Review, review};
use purge_openapi::codegen;
use serde_json::Value;

const PATH: &str = "/paths/~1api~1v1~1cdn~1{organization_uuid}~1job~1{resource_uuid}~1purge";

fn expand(place: &str) -> String {
    let prefixes = [
        ("post:", format!("{PATH}/post/")),
        ("get:", format!("{PATH}/get/")),
        ("path:", format!("{PATH}/")),
        ("schema:", "/components/schemas/".to_owned()),
        ("param:", "/components/parameters/".to_owned()),
    ];
    let long = prefixes
        .iter()
        .find_map(|(short, long)| Some(format!("{long}{}", place.strip_prefix(short)?)));
    long.unwrap_or_else(|| place.to_owned()).trim_end_matches('/').to_owned()
}

/// The container that holds a place, and the key in it.
fn open<'a>(document: &'a mut Value, place: &str) -> (&'a mut Value, String) {
    let place = expand(place);
    let (parent, key) = place.rsplit_once('/').expect("a JSON pointer starts with a slash");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{place} does not exist"));
    (parent, key.replace("~1", "/").replace("~0", "~"))
}

fn take(document: &mut Value, place: &str) -> Value {
    let taken = match open(document, place) {
        (Value::Object(map), key) => map.remove(&key),
        (Value::Array(list), key) => Some(list.remove(key.parse().expect("an index"))),
        _ => None,
    };
    taken.unwrap_or_else(|| panic!("nothing at {place}"))
}

fn put(document: &mut Value, place: &str, value: Value) {
    match open(document, place) {
        (Value::Object(map), key) => drop(map.insert(key, value)),
        (Value::Array(list), key) => {
            let index: usize = key.parse().expect("an index");
            list.splice(index..(index + 1).min(list.len()), [value]);
        }
        _ => panic!("nothing can be put at {place}"),
    }
}

fn entries<'a>(mutation: &'a Value, kind: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    mutation.get(kind).and_then(Value::as_object).into_iter().flatten()
}

fn mutate(document: &Value, mutation: &Value) -> Value {
    let mut mutated = document.clone();
    for (place, name) in entries(mutation, "rename") {
        let value = take(&mut mutated, place);
        let place = expand(place);
        let (parent, _) = place.rsplit_once('/').expect("a JSON pointer starts with a slash");
        let name = name.as_str().expect("a name").replace('~', "~0").replace('/', "~1");
        put(&mut mutated, &format!("{parent}/{name}"), value);
    }
    for (place, value) in entries(mutation, "set") {
        put(&mut mutated, place, value.clone());
    }
    for place in mutation.get("remove").and_then(Value::as_array).into_iter().flatten() {
        take(&mut mutated, place.as_str().expect("a place"));
    }
    mutated
}

fn reviewed(old: &Value, new: &Value) -> Review {
    let read = |value: &Value| Document::parse("a.json", &value.to_string()).expect("OpenAPI 3.0");
    let (old, new) = (read(old), read(new));
    let [old_bindings, new_bindings] =
        [&old, &new].map(|side| codegen::generate(side.value()).map_err(|e| e.to_string()));
    review(&old, &new).with_bindings(
        old_bindings.as_deref().map_err(String::as_str),
        new_bindings.as_deref().map_err(String::as_str),
    )
}

#[test]
fn every_mutation_has_the_expected_effect() {
    let document = purge_openapi::parse(include_str!("../../xtask/tests/verbs/description.yaml"))
        .expect("it parses");
    let table = purge_openapi::parse(include_str!("mutations.yaml")).expect("the table parses");
    let mutations = table.as_array().expect("a list of mutations");
    assert!(mutations.len() >= 60);
    let mut rows =
        String::from("| mutation | wire | found | Rust | found |\n|---|---|---|---|---|\n");
    let mut wrong = Vec::new();
    for mutation in mutations {
        let text = |key| mutation[key].as_str().expect("a text");
        let review = reviewed(&document, &mutate(&document, mutation));
        let wire = review.changes.first().map_or("same", |worst| worst.level.name());
        let rust = match &review.rust {
            rust if rust.codegen_error.is_some() => "none",
            rust if rust.is_breaking() => "breaking",
            rust if rust.is_empty() => "same",
            _ => "additive",
        };
        let row =
            format!("| {} | {} | {wire} | {} | {rust} |", text("what"), text("wire"), text("rust"));
        if (wire, rust) != (text("wire"), text("rust")) {
            let error = review.rust.codegen_error.unwrap_or_default();
            wrong.push(format!("{row} {error} {:?} {:?}", review.rust.removed, review.rust.added));
        }
        writeln!(rows, "{row}").expect("a string takes everything");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The table for people; `cargo insta` shows it when it changes.
    insta::assert_snapshot!(rows);
}
