//! `purge.yaml` as a judge of what is sent and answered.

use serde_json::{Map, Value, json};

/// The schemas of the description, as JSON Schema.
#[derive(Debug)]
pub struct Contract {
    document: Value,
}

impl Contract {
    /// Reads the description.
    #[must_use]
    pub fn read() -> Self {
        let document = purge_openapi::parse(purge_openapi::YAML).expect("the description is YAML");
        Self { document }
    }

    /// Fails unless `value` is valid for a schema under `components/schemas`.
    pub fn check(&self, schema: &str, value: &Value) {
        self.check_against(json!({ "$ref": format!("#/components/schemas/{schema}") }), value);
    }

    /// Fails unless a query or path parameter has a value that is valid for `components/parameters`.
    pub fn check_parameter(&self, name: &str, text: &str) {
        let schema = &self.document["components"]["parameters"][name]["schema"];
        let value = match schema["type"].as_str() {
            Some("integer") => json!(text.parse::<i64>().expect(name)),
            Some("string") => json!(text),
            other => panic!("no parameter {name} of a type {other:?}"),
        };
        self.check_against(schema.clone(), &value);
    }

    /// The names of an operation's parameters, path-level ones included, and whether they are required.
    #[must_use]
    pub fn parameters(&self, method: &str) -> Vec<(String, bool)> {
        let path = self.document["paths"].as_object().and_then(|paths| paths.values().next());
        let path = path.expect("one path");
        let both = [&path["parameters"], &path[method]["parameters"]];
        let references = both.into_iter().filter_map(Value::as_array).flatten();
        references
            .map(|reference| {
                let pointer =
                    reference["$ref"].as_str().expect("a reference").trim_start_matches('#');
                let parameter = self.document.pointer(pointer).expect(pointer);
                let name = parameter["name"].as_str().expect("a name").to_owned();
                (name, parameter["required"].as_bool().unwrap_or(false))
            })
            .collect()
    }

    fn check_against(&self, schema: Value, value: &Value) {
        let mut schema = json_schema(schema);
        schema["components"] = json_schema(self.document["components"].clone());
        let validator = jsonschema::draft4::options()
            .should_validate_formats(true)
            .build(&schema)
            .expect("a JSON Schema");
        let errors: Vec<_> = validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{value:#} breaks the contract: {errors:#?}");
    }
}

/// OpenAPI 3.0 is JSON Schema of draft 4 with `nullable`.
fn json_schema(value: Value) -> Value {
    match value {
        Value::Object(mut object) => {
            let nullable = object.remove("nullable") == Some(Value::Bool(true));
            let mut object: Map<String, Value> =
                object.into_iter().map(|(key, value)| (key, json_schema(value))).collect();
            if !nullable {
                return Value::Object(object);
            }
            object.remove("description");
            json!({ "anyOf": [object, { "type": "null" }] })
        }
        Value::Array(items) => items.into_iter().map(json_schema).collect(),
        other => other,
    }
}
