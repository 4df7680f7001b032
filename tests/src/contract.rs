//! Checks requests and responses against the descriptions.

use serde_json::{Value, json};

/// The descriptions.
#[derive(Debug)]
pub struct Contract {
    documents: Vec<Document>,
}

/// One description, with its schemas as JSON Schema.
#[derive(Debug)]
struct Document(Value);

/// One operation of a description.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    document: &'a Document,
    path: &'a str,
    item: &'a Value,
    operation: &'a Value,
}

impl Contract {
    /// Reads the descriptions.
    #[must_use]
    pub fn read() -> Self {
        let parse = |description: purge_openapi::Description| {
            Document(purge_openapi::parse(description.yaml).expect("a description is YAML"))
        };
        Self { documents: purge_openapi::DESCRIPTIONS.map(parse).into() }
    }

    /// All operations in the descriptions.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.documents.iter().flat_map(Document::operations)
    }

    /// The operation of a request; panics if none is described.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Operation<'_> {
        let mut operations = self.operations().filter(|operation| {
            operation.path_values(path).is_some()
                && operation.item[method.to_lowercase()] == *operation.operation
        });
        operations.next().unwrap_or_else(|| panic!("{method} {path} is not described"))
    }
}

impl Document {
    fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths.flat_map(move |(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods
                .filter(|(_, operation)| operation.get("operationId").is_some())
                .map(move |(_, operation)| Operation { document: self, path, item, operation })
        })
    }

    fn follow<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().map(|to| to.trim_start_matches('#'));
        pointer.map_or(value, |pointer| self.0.pointer(pointer).expect(pointer))
    }

    /// Panics unless `value` is valid for a schema. `what` names it in the message.
    fn check(&self, what: &str, schema: &Value, value: &Value) {
        let mut schema = json_schema(schema.clone());
        schema["components"] = json_schema(self.0["components"].clone());
        let validator = jsonschema::draft4::options()
            .should_validate_formats(true)
            .build(&schema)
            .expect("a JSON Schema");
        let errors =
            validator.iter_errors(value).map(|error| match error.instance_path().as_str() {
                "" => error.to_string(),
                place => format!("{place}: {error}"),
            });
        let errors: Vec<_> = errors.collect();
        let errors = errors.join("; ");
        assert!(errors.is_empty(), "{what} breaks the contract: {errors}\n{value:#}");
    }
}

impl<'a> Operation<'a> {
    /// Its `operationId`.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.operation["operationId"].as_str().expect("a text")
    }

    /// Whether it requires a token.
    #[must_use]
    pub fn requires_a_token(&self) -> bool {
        let own = self.operation.get("security");
        let required = own.or_else(|| self.document.0.get("security"));
        required.and_then(Value::as_array).is_some_and(|schemes| !schemes.is_empty())
    }

    /// Panics unless the path and the query of a request hold what is described, and nothing else.
    pub fn check_parameters(&self, path: &str, query: &str) {
        let path = self
            .path_values(path)
            .unwrap_or_else(|| panic!("{path} is not a path of {}", self.id()));
        let query: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        for (place, given) in [("path", path), ("query", query)] {
            let described: Vec<_> = self.parameters().filter(|p| p["in"] == place).collect();
            for (name, text) in &given {
                let parameter = described.iter().find(|parameter| parameter["name"] == *name);
                let what = format!("the parameter {name} of {}", self.id());
                let parameter = parameter.unwrap_or_else(|| panic!("{what} is not described"));
                self.check_text(&what, self.document.follow(&parameter["schema"]), text);
            }
            for parameter in described.iter().filter(|parameter| parameter["required"] == true) {
                let name = parameter["name"].as_str().expect("a text");
                let is_given = given.iter().any(|(given, _)| name == *given);
                assert!(is_given, "the parameter {name} of {} is required", self.id());
            }
        }
    }

    /// Panics unless the body of a request is as described.
    pub fn check_body(&self, body: &[u8]) {
        let described = self.document.follow(&self.operation["requestBody"]);
        match &described["content"]["application/json"]["schema"] {
            Value::Null => assert!(body.is_empty(), "{} takes no body", self.id()),
            schema => {
                let what = format!("the body of {}", self.id());
                self.document.check(&what, schema, &serde_json::from_slice(body).expect("JSON"));
            }
        }
    }

    /// Panics unless a parameter is valid for its schema. `what` names it in the message.
    fn check_text(&self, what: &str, schema: &Value, text: &str) {
        let value = match schema["type"].as_str() {
            Some("integer") => json!(text.parse::<i64>().expect(what)),
            Some("string") => json!(text),
            other => panic!("{what} has the type {other:?}"),
        };
        self.document.check(what, schema, &value);
    }

    /// Panics unless the body of a response with status 200 is as described.
    pub fn check_answer(&self, body: &Value) {
        let described = self.document.follow(&self.operation["responses"]["200"]);
        let what = format!("the response to {}", self.id());
        self.document.check(&what, &described["content"]["application/json"]["schema"], body);
    }

    /// The parameters, those of the path first.
    fn parameters(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        let document = self.document;
        let lists = [&self.item["parameters"], &self.operation["parameters"]];
        let all = lists.into_iter().filter_map(Value::as_array).flatten();
        all.map(move |parameter| document.follow(parameter))
    }

    /// The parameter names in the template with their values in `path`, if `path` matches the template.
    fn path_values<'p>(&self, path: &'p str) -> Option<Vec<(&'a str, &'p str)>> {
        let (template, segments) = (self.path.split('/'), path.split('/'));
        if template.clone().count() != segments.clone().count() {
            return None;
        }
        let mut values = Vec::new();
        for (expected, given) in template.zip(segments) {
            match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => values.push((name, given)),
                None if expected == given => {}
                None => return None,
            }
        }
        Some(values)
    }
}

/// OpenAPI 3.0 schemas are JSON Schema draft 4 plus `nullable`, which adds null to the `type` next to it
/// and has no effect elsewhere.
fn json_schema(value: Value) -> Value {
    match value {
        Value::Object(mut object) => {
            let nullable = object.get("nullable") == Some(&Value::Bool(true));
            if let Some(Value::String(kind)) = object.get("type").filter(|_| nullable) {
                let kinds = json!([kind, "null"]);
                object.insert("type".to_owned(), kinds);
            }
            object.into_iter().map(|(key, value)| (key, json_schema(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(json_schema).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(schema: &Value, value: &Value) -> bool {
        jsonschema::draft4::new(&json_schema(schema.clone())).expect("a schema").is_valid(value)
    }

    #[test]
    fn null_is_allowed_exactly_where_openapi_allows_it() {
        let object = json!({ "type": "object" });
        assert!(!takes(&object, &Value::Null));
        assert!(takes(&json!({ "type": "object", "nullable": true }), &Value::Null));
        assert!(!takes(&json!({ "type": "object", "nullable": false }), &Value::Null));
        // The two forms that look as if they allowed it.
        assert!(!takes(
            &json!({ "type": "object", "nullable": true, "allOf": [object] }),
            &Value::Null
        ));
        assert!(!takes(&json!({ "nullable": true, "allOf": [object] }), &Value::Null));
    }

    #[test]
    fn every_nullable_member_of_a_response_may_be_null() {
        let contract = Contract::read();
        let mut checked = Vec::new();
        for operation in contract.operations() {
            let document = operation.document;
            let described = document.follow(&operation.operation["responses"]["200"]);
            let schema = &described["content"]["application/json"]["schema"];
            members(document, schema, operation.id(), &mut checked);
        }
        assert!(checked.contains(&"listPurgeRequests.data".to_owned()), "{checked:?}");
        assert!(checked.contains(&"listPurgeRequests.data.requests".to_owned()), "{checked:?}");
        assert!(checked.contains(&"listPurgeRequests.data.requests[].opID".to_owned()));
    }

    /// Checks all members that are described as nullable, at any depth.
    fn members(document: &Document, schema: &Value, at: &str, checked: &mut Vec<String>) {
        let schema = document.follow(schema);
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}.{name}");
            if document.follow(member)["nullable"] == true {
                document.check(&at, member, &Value::Null);
                checked.push(at.clone());
            }
            members(document, member, &at, checked);
        }
        if let Some(items) = schema.get("items") {
            members(document, items, &format!("{at}[]"), checked);
        }
    }
}
