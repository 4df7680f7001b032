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

/// The base document with one place set, and with other components, of which some may be only in the new one.
fn case(base: &Value, case: &Value, side: &str) -> Value {
    let at = case["at"].as_str().expect("a place");
    let mut document = with(base, at, case.get(side));
    if let Some(schemas) = case.get("schemas") {
        document["components"]["schemas"] = schemas.clone();
    }
    if let Some(added) = case.get("added").filter(|_| side == "new") {
        let schemas = document["components"]["schemas"].as_object_mut().expect("schemas");
        schemas.extend(added.as_object().expect("schemas").clone());
    }
    document
}

#[test]
fn documents_are_judged_by_what_they_allow() {
    let base = read(&folder().join("base.yaml"));
    let cases = read(&folder().with_file_name("verdicts.yaml"));
    let mut wrong = Vec::new();
    for changed in cases.as_array().expect("a list of cases") {
        let what = changed["what"].as_str().expect("a text");
        let (old, new) = (case(&base, changed, "old"), case(&base, changed, "new"));
        let names = |rules: &[Rule]| rules.iter().map(|rule| rule.name()).collect::<Vec<_>>();
        let changes = wire(&old, &new);
        // The document itself is not the place of anything in it.
        assert!(changes.iter().all(|change| !change.pointer().is_empty()), "{what}: {changes:#?}");
        let found: Vec<Rule> = changes.iter().map(|change| change.rule).collect();
        let expected: Vec<&str> = changed["found"]
            .as_array()
            .expect("a list of rules")
            .iter()
            .map(|rule| rule.as_str().expect("a rule"))
            .collect();
        if names(&found) != expected {
            wrong.push(format!("{what}: {:?} instead of {expected:?}", names(&found)));
        }
        let mut back: Vec<Rule> = wire(&new, &old).iter().map(|change| change.rule).collect();
        let mut inverses: Vec<Rule> = found.iter().map(|rule| rule.inverse()).collect();
        back.sort_unstable();
        inverses.sort_unstable();
        if back != inverses {
            wrong.push(format!("{what}, swapped: {:?}", names(&back)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Without a mapping, the names of components are the values of a discriminator.
#[test]
fn a_renamed_component_renames_the_value_of_a_discriminator() {
    let base = read(&folder().join("base.yaml"));
    let document = |name: &str| {
        let at = "/paths/~1things~1{id}/get/responses/200/content/application~1json/schema";
        let member = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let schema = json!({
            "oneOf": [member("A"), member(name)],
            "discriminator": { "propertyName": "kind" },
        });
        let mut document = with(&base, at, Some(&schema));
        let object = |property: &str| json!({ "type": "object", "properties": { property: {} } });
        document["components"]["schemas"] = json!({ "A": object("a"), name: object("b") });
        document
    };
    let found = wire(&document("B"), &document("C"));
    let rules: Vec<&str> = found.iter().map(|change| change.rule.name()).collect();
    let expected = [
        "component-removed",
        "component-added",
        "response-discriminator-value-removed",
        "response-discriminator-value-added",
    ];
    assert_eq!(rules, expected, "{found:#?}");
}

/// The members of a list are also compared with each other, in their own document.
#[test]
fn a_change_of_one_of_the_schemas_that_a_list_refers_to_is_found() {
    let base = read(&folder().join("base.yaml"));
    let at = "/paths/~1things~1{id}/put/requestBody/content/application~1json/schema";
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    for keyword in ["oneOf", "anyOf"] {
        let document = |maximum: u8| {
            let schema = json!({ keyword: [reference("A"), reference("B")] });
            let mut document = with(&base, at, Some(&schema));
            document["components"]["schemas"] = json!({
                "A": { "type": "object" },
                "B": { "type": "integer", "maximum": maximum },
            });
            document
        };
        let rules = |old, new| -> Vec<&str> {
            wire(&document(old), &document(new)).iter().map(|change| change.rule.name()).collect()
        };
        assert_eq!(rules(5, 3), ["request-maximum-narrowed"], "{keyword}");
        assert_eq!(rules(3, 5), ["request-maximum-widened"], "{keyword}");
    }
}

/// A base with a discriminator, and what its subtypes are called.
fn with_subtypes(base: &Value, used: &str, names: [&str; 2], leaf: &Value) -> Value {
    let at = "/paths/~1things~1{id}/get/responses/200/content/application~1json/schema";
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut document = with(base, at, Some(&reference(used)));
    let [child, grandchild] = names;
    document["components"]["schemas"] = json!({
        "Base": { "type": "object", "discriminator": { "propertyName": "kind" } },
        child: { "allOf": [reference("Base"), { "properties": { "child": {} } }] },
        grandchild: { "allOf": [reference(child), { "properties": { "leaf": leaf } }] },
    });
    document
}

#[test]
fn subtypes_of_all_levels_are_reached() {
    let base = read(&folder().join("base.yaml"));
    let document = |used, names, leaf| with_subtypes(&base, used, names, &leaf);
    let text = || json!({ "type": "string" });
    let rules = |old: &Value, new: &Value| -> BTreeSet<&str> {
        wire(old, new).iter().map(|change| change.rule.name()).collect()
    };
    let old = document("Base", ["Cat", "Lion"], text());
    let new = document("Base", ["Cat", "Lion"], json!({ "type": "integer" }));
    assert!(rules(&old, &new).contains("response-type-changed"), "{:?}", rules(&old, &new));
    // Without a mapping, its name is sent, also where it is used by itself.
    let new = document("Base", ["Cat", "Tiger"], text());
    assert!(rules(&old, &new).contains("response-discriminator-value-added"));
    let old = document("Lion", ["Cat", "Lion"], text());
    let new = document("Tiger", ["Cat", "Tiger"], text());
    assert!(rules(&old, &new).contains("response-discriminator-value-added"));
}

/// The document has its own security and servers, which operations may replace.
#[test]
fn what_no_operation_inherits_has_no_effect() {
    let base = read(&folder().join("base.yaml"));
    let own = |document: &mut Value, key: &str, value: &Value| {
        for method in ["get", "put"] {
            document["paths"]["/things/{id}"][method][key] = value.clone();
        }
    };
    for (key, old, new) in [
        ("security", json!([{ "key": [] }]), json!([{ "oauth": ["read"] }])),
        ("servers", json!([{ "url": "https://a.example" }]), json!([{ "url": "/b" }])),
    ] {
        let root = |value: &Value| with(&base, &format!("/{key}"), Some(value));
        let rules = |old: &Value, new: &Value| -> Vec<&str> {
            wire(old, new).iter().map(|change| change.rule.name()).collect()
        };
        // It moves into the operations.
        let (inherited, mut moved) = (root(&old), root(&new));
        own(&mut moved, key, &old);
        let found = rules(&inherited, &moved);
        assert!(found.iter().all(|rule| *rule == "same-meaning"), "{key}: {found:?}");
        // Nothing inherits it.
        let (mut one, mut other) = (root(&old), root(&new));
        own(&mut one, key, &old);
        own(&mut other, key, &old);
        assert_eq!(rules(&one, &other), ["same-meaning"], "{key}");
        // One operation still does.
        for document in [&mut one, &mut other] {
            drop(document["paths"]["/things/{id}"]["put"].as_object_mut().expect("it").remove(key));
        }
        assert!(rules(&one, &other).iter().any(|rule| *rule != "same-meaning"), "{key}");
    }
}

#[test]
fn a_security_scheme_reaches_the_operations_that_need_it() {
    let mut old = read(&folder().join("base.yaml"));
    old["paths"]["/things/{id}"]["get"]["security"] = json!([{ "oauth": ["read"] }]);
    let changed = |at: &str, value: Value| {
        let new = with(&old, &format!("/components/securitySchemes/{at}"), Some(&value));
        let found = wire(&old, &new);
        assert_eq!(found.len(), 1, "{found:#?}");
        (found[0].rule.name(), found[0].operations.clone())
    };
    let token = "oauth/flows/clientCredentials/tokenUrl";
    let (rule, operations) = changed(token, json!("https://b.example/token"));
    assert_eq!((rule, operations), ("security-scheme-changed", vec!["getThing".to_owned()]));
    let (rule, operations) = changed("key/name", json!("X-Other"));
    assert_eq!((rule, operations), ("security-scheme-changed", vec!["putThing".to_owned()]));
    assert_eq!(changed("key/name", json!("x-key")).0, "same-meaning");
    old["paths"]["/things/{id}"]["get"]["security"] = json!([]);
    let new = with(&old, &format!("/components/securitySchemes/{token}"), Some(&json!("/t")));
    let rules: Vec<&str> = wire(&old, &new).iter().map(|change| change.rule.name()).collect();
    assert_eq!(rules, ["unused-component-changed"]);
}

#[test]
fn a_renamed_security_scheme_may_be_described_differently() {
    let old = read(&folder().join("base.yaml"));
    let renamed = |scheme: Value| {
        let mut new = old.clone();
        new["security"] = json!([{ "token": [] }]);
        let schemes = new["components"]["securitySchemes"].as_object_mut().expect("a map");
        drop(schemes.remove("key"));
        drop(schemes.insert("token".to_owned(), scheme));
        let levels: BTreeSet<&str> =
            wire(&old, &new).iter().map(|change| change.level.name()).collect();
        levels
    };
    let scheme = json!({ "type": "apiKey", "in": "header", "name": "X-Key", "description": "A" });
    assert_eq!(renamed(scheme), BTreeSet::from(["docs"]));
    let other = json!({ "type": "apiKey", "in": "header", "name": "X-Token" });
    assert!(renamed(other).contains("breaking"));
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
