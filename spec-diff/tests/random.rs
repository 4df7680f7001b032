//! Random edits of the description: the comparison never panics, reports every edit, and reports the inverse when the
//! two sides are swapped.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use openapi_review::{Document, Format, Level, review, wire};
use proptest::prelude::*;
use proptest::sample::Index;
use purge_openapi::codegen;
use serde_json::{Map, Value, json};

/// One edit at one place.
#[derive(Debug, Clone)]
enum Edit {
    Remove,
    Replace(Value),
    Insert(String, Value),
    Rename(String),
    /// Puts a copy of another place here.
    Copy(Index),
    Reverse,
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..300_i64).prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "string",
            "integer",
            "uuid",
            "int32",
            "form",
            "header",
            "^/a",
            "#/components/schemas/PurgeRequest",
            "#",
            "/"
        ])
        .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!(["status"])),
        Just(json!({ "type": "string" })),
        Just(json!({ "$ref": "#/components/schemas/PurgeRequest" })),
        Just(json!({ "$ref": "#/components/schemas/ListPurgeRequestsResponse" })),
        Just(json!({ "$ref": "#/nowhere" })),
        Just(json!({ "propertyName": "status" })),
        Just(json!([{ "$ref": "#/components/schemas/PurgeRequest" }, { "type": "object" }])),
    ]
}

fn key() -> impl Strategy<Value = String> {
    let keys = [
        "type",
        "format",
        "enum",
        "pattern",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minItems",
        "uniqueItems",
        "nullable",
        "default",
        "items",
        "properties",
        "required",
        "additionalProperties",
        "allOf",
        "oneOf",
        "not",
        "title",
        "description",
        "deprecated",
        "readOnly",
        "style",
        "explode",
        "content",
        "headers",
        "schema",
        "204",
        "2XX",
        "4XX",
        "default",
        "*/*",
        "Application/JSON",
        "discriminator",
        "put",
        "/other/{a}",
        "parameters",
        "security",
        "servers",
        "$ref",
        "x-note",
        "unknown",
        "a~b/c",
    ];
    prop::sample::select(keys.to_vec()).prop_map(str::to_owned)
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        Just(Edit::Remove),
        scalar().prop_map(Edit::Replace),
        (key(), scalar()).prop_map(|(key, value)| Edit::Insert(key, value)),
        key().prop_map(Edit::Rename),
        any::<Index>().prop_map(Edit::Copy),
        Just(Edit::Reverse),
    ]
}

fn edits() -> impl Strategy<Value = Vec<(Index, Edit)>> {
    prop::collection::vec((any::<Index>(), edit()), 1..4)
}

fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut visit = |key: &str, child: &Value| {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        found.push(at.clone());
        places(child, &at, found);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, child)| visit(key, child)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, child)| visit(&index.to_string(), child))
        }
        _ => {}
    }
}

fn apply(document: &Value, edits: &[(Index, Edit)]) -> Value {
    let mut document = document.clone();
    for (place, edit) in edits {
        let mut all = Vec::new();
        places(&document, "", &mut all);
        if all.is_empty() {
            break;
        }
        let place = place.get(&all).clone();
        let (parent, key) = place.rsplit_once('/').expect("a pointer");
        let key = key.replace("~1", "/").replace("~0", "~");
        match edit {
            Edit::Remove | Edit::Rename(_) => {
                let to = if let Edit::Rename(to) = edit { Some(to) } else { None };
                match document.pointer_mut(parent) {
                    Some(Value::Object(map)) => {
                        let taken = map.remove(&key);
                        if let (Some(to), Some(value)) = (to, taken) {
                            map.insert(to.clone(), value);
                        }
                    }
                    Some(Value::Array(list)) => drop(list.remove(key.parse().expect("an index"))),
                    _ => unreachable!("the parent of a place holds it"),
                }
            }
            Edit::Replace(value) => {
                *document.pointer_mut(&place).expect("the place exists") = value.clone()
            }
            Edit::Insert(key, value) => {
                match document.pointer_mut(&place).expect("the place exists") {
                    Value::Object(map) => drop(map.insert(key.clone(), value.clone())),
                    Value::Array(list) => list.push(value.clone()),
                    other => *other = value.clone(),
                }
            }
            Edit::Copy(from) => {
                let copy =
                    document.pointer(from.get::<String>(&all)).expect("the place exists").clone();
                *document.pointer_mut(&place).expect("the place exists") = copy;
            }
            Edit::Reverse => {
                if let Some(Value::Array(list)) = document.pointer_mut(&place) {
                    list.reverse();
                }
            }
        }
    }
    document
}

/// The obvious slow model of "means the same": every reference is replaced by what it leads to.
fn spelled_out(root: &Value, value: &Value, key: &str, open: &mut Vec<String>) -> Value {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        if let Some(target) = target {
            if open.iter().any(|known| known == reference) {
                return json!({ "recursive": reference });
            }
            open.push(reference.to_owned());
            let result = spelled_out(root, target, key, open);
            open.pop();
            return result;
        }
    }
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), spelled_out(root, value, key, open)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(list) if key == "required" || key == "enum" => {
            let set: BTreeSet<String> = list.iter().map(ToString::to_string).collect();
            set.into_iter().map(Value::from).collect()
        }
        Value::Array(list) => list.iter().map(|value| spelled_out(root, value, "", open)).collect(),
        other => other.clone(),
    }
}

fn means_the_same(old: &Value, new: &Value) -> bool {
    spelled_out(old, old, "", &mut Vec::new()) == spelled_out(new, new, "", &mut Vec::new())
}

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    purge_openapi::parse(purge_openapi::PURGE.yaml).expect("the description parses")
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_difference_is_reported_and_nothing_else(edits in edits()) {
        let old = &*DESCRIPTION;
        let new = apply(old, &edits);
        let changes = wire(old, &new);
        if !means_the_same(old, &new) {
            prop_assert!(!changes.is_empty(), "not reported: {edits:?}");
        }
        prop_assert_eq!(wire(&new, &new), []);
    }

    #[test]
    fn swapping_the_sides_inverts_every_rule(first in edits(), second in edits()) {
        let (old, new) = (apply(&DESCRIPTION, &first), apply(&DESCRIPTION, &second));
        let mut there: Vec<_> = wire(&old, &new).iter().map(|change| change.rule.inverse().name()).collect();
        let mut back: Vec<_> = wire(&new, &old).iter().map(|change| change.rule.name()).collect();
        there.sort_unstable();
        back.sort_unstable();
        prop_assert_eq!(there, back, "{:#?}", (wire(&old, &new), wire(&new, &old)));
    }
}

proptest! {
    // Each case generates and parses bindings twice.
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_whole_review_survives_every_edit(edits in edits()) {
        let read = |value: &Value| Document::parse("a.json", &value.to_string());
        // Documents that are not OpenAPI are refused before anything is compared.
        let (Ok(old), Ok(new)) = (read(&DESCRIPTION), read(&apply(&DESCRIPTION, &edits))) else {
            return Ok(());
        };
        let bindings = [&old, &new].map(|side| codegen::generate(side.value()).map_err(|e| e.to_string()));
        let [old_bindings, new_bindings] = bindings.each_ref().map(|side| side.as_deref().map_err(String::as_str));
        let review = review(&old, &new).with_bindings(old_bindings, new_bindings);
        for (format, ..) in Format::ALL {
            let mut out = Vec::new();
            review.render(format, &mut out).expect("a vector takes everything");
            prop_assert!(std::str::from_utf8(&out).is_ok());
        }
        let worst_first = review.changes.windows(2).all(|pair| pair[0].level <= pair[1].level);
        prop_assert!(worst_first);
        prop_assert!(review.count(Level::Breaking) == 0 || review.is_breaking());
    }
}
