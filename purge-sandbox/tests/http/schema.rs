//! The descriptions as JSON Schema. OpenAPI 3.0 has `nullable` where JSON Schema has the type `null`.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The validator of a schema under `components/schemas`.
pub(crate) fn validator(name: &str) -> Validator {
    let schemas = purge_openapi::DESCRIPTIONS.into_iter().find_map(|description| {
        let spec = purge_openapi::parse(description.yaml).expect("a description is YAML");
        let schemas = &spec["components"]["schemas"];
        schemas.get(name).is_some().then(|| schemas.clone())
    });
    let schemas = schemas.expect(name);
    let schema = json!({
        "$ref": format!("#/components/schemas/{name}"),
        "components": { "schemas": convert(schemas) },
    });
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a JSON schema")
}

/// Fails with every difference between the value and its schema.
#[track_caller]
pub(crate) fn assert_valid(name: &str, value: &Value) {
    let errors: Vec<String> =
        validator(name).iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "not a {name}: {errors:#?}\n{value:#}");
}

fn convert(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(convert).collect(),
        Value::Object(map) => {
            let mut map: Map<String, Value> =
                map.into_iter().map(|(key, value)| (key, convert(value))).collect();
            if map.remove("nullable") == Some(Value::Bool(true)) {
                json!({ "anyOf": [{ "type": "null" }, map] })
            } else {
                Value::Object(map)
            }
        }
        other => other,
    }
}

#[test]
fn the_converted_schema_accepts_valid_values_and_rejects_others() {
    let page = validator("ListPurgeRequestsResponse");
    assert!(page.is_valid(&json!({ "status": true, "data": null, "unknown": 1 })));
    let record = |record: Value| json!({ "status": true, "data": { "requests": [record] } });
    assert!(page.is_valid(&record(json!({ "status": 2, "startedAt": null }))));
    assert!(!page.is_valid(&record(json!({ "status": "2" }))));
    assert!(!page.is_valid(&record(json!({ "createdAt": "yesterday" }))));
    assert!(!validator("CreatePurgeRequest").is_valid(&json!({ "file_path": ["/a"] })));
}
