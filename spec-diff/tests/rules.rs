//! Every rule on a pair of documents, in both directions. A case is a file in `rules`: where the base document is
//! changed, from what, to what, and which rule must report it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use openapi_review::{Rule, wire};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).expect("the file is readable");
    purge_openapi::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The base document with one place set, or taken away.
fn with(base: &Value, at: &str, value: Option<&Value>) -> Value {
    let mut document = base.clone();
    let (parent, key) = at.rsplit_once('/').expect("a JSON pointer starts with a slash");
    let parent =
        document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is not in the base"));
    let key = key.replace("~1", "/").replace("~0", "~");
    match (parent, value) {
        (Value::Object(map), Some(value)) => drop(map.insert(key, value.clone())),
        (Value::Object(map), None) => drop(map.remove(&key)),
        (Value::Array(list), Some(value)) => {
            let index: usize = key.parse().expect("an index");
            list.truncate(index);
            list.push(value.clone());
        }
        (Value::Array(list), None) => list.truncate(key.parse().expect("an index")),
        (other, _) => panic!("{at} points into {other}"),
    }
    document
}

#[test]
fn every_rule_reports_its_case_and_its_inverse_the_swapped_case() {
    let base = read(&folder().join("base.yaml"));
    let mut covered = BTreeSet::new();
    for entry in fs::read_dir(folder()).expect("the folder of cases") {
        let file = entry.expect("an entry").path();
        if file.ends_with("base.yaml") {
            continue;
        }
        let name = file.display();
        let case = read(&file);
        let at = case["at"].as_str().expect("a place");
        let (old, new) = (with(&base, at, case.get("old")), with(&base, at, case.get("new")));
        // One rule, or a list where one edit has several effects.
        let rules: Vec<&str> = match &case["rule"] {
            Value::Array(list) => list.iter().map(|rule| rule.as_str().expect("a rule")).collect(),
            rule => vec![rule.as_str().expect("a rule")],
        };
        let found = wire(&old, &new);
        assert_eq!(
            found.iter().map(|change| change.rule.name()).collect::<Vec<_>>(),
            rules,
            "{name}: {found:#?}"
        );
        let levels: BTreeSet<_> = found.iter().map(|change| change.level.name()).collect();
        assert_eq!(levels, BTreeSet::from([case["level"].as_str().expect("a level")]), "{name}");
        let back = wire(&new, &old);
        let inverses: Vec<_> = found.iter().map(|change| change.rule.inverse()).collect();
        assert_eq!(
            back.iter().map(|change| change.rule).collect::<Vec<_>>(),
            inverses,
            "{name}, swapped"
        );
        covered.extend(found.into_iter().chain(back).map(|change| change.rule));
    }
    let missing: Vec<_> =
        Rule::ALL.iter().filter(|rule| !covered.contains(rule)).map(|rule| rule.name()).collect();
    assert!(missing.is_empty(), "rules without a case: {missing:?}");
}

/// Each level refers to the next one twice, so that more than a million paths lead to the last one.
#[test]
fn schemas_that_share_parts_are_compared_once() {
    let document = |leaf: &str| {
        let mut schemas = serde_json::Map::new();
        for level in 0..20 {
            let next = json!({ "$ref": format!("#/components/schemas/Level{}", level + 1) });
            let schema = json!({ "type": "object", "properties": { "a": next, "b": next } });
            schemas.insert(format!("Level{level}"), schema);
        }
        schemas.insert("Level20".to_owned(), json!({ "type": leaf }));
        let content = json!({ "schema": { "$ref": "#/components/schemas/Level0" } });
        json!({
            "openapi": "3.0.3",
            "info": { "title": "Levels", "version": "1.0.0" },
            "paths": { "/": { "get": {
                "operationId": "getLevels",
                "responses": { "200": { "description": "Levels.", "content": { "application/json": content } } }
            } } },
            "components": { "schemas": schemas }
        })
    };
    let found = wire(&document("string"), &document("integer"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].level.name(), "breaking");
}
