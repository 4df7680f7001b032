use serde_json::Value;

/// Finds the first component that refers to itself through references or composition alone. The generator
/// follows such a cycle until its stack overflows, which no caller can catch.
///
/// A schema that contains itself in a property or an array is not such a cycle, because its values are finite.
pub(super) fn find(document: &Value) -> Option<String> {
    let components = document.get("components")?.as_object()?;
    components
        .iter()
        .flat_map(|(kind, map)| {
            map.as_object().into_iter().flatten().map(move |(name, _)| (kind, name))
        })
        .map(|(kind, name)| format!("#/components/{}/{}", escape(kind), escape(name)))
        .find(|reference| leads_back(document, reference))
}

fn leads_back(document: &Value, start: &str) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut open = references(document, start);
    while let Some(reference) = open.pop() {
        if reference == start {
            return true;
        }
        if !seen.contains(&reference) {
            seen.push(reference);
            open.extend(references(document, reference));
        }
    }
    false
}

/// The components that a component refers to, directly or by composition.
fn references<'a>(document: &'a Value, reference: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
    let mut open: Vec<&Value> = target.into_iter().collect();
    while let Some(value) = open.pop() {
        found.extend(value.get("$ref").and_then(Value::as_str));
        for key in ["allOf", "oneOf", "anyOf"] {
            open.extend(value.get(key).and_then(Value::as_array).into_iter().flatten());
        }
    }
    found
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::codegen::generate;

    #[test]
    fn a_cycle_is_an_error_and_not_a_crash() {
        let document = crate::parse(crate::PURGE.yaml).expect("the description parses");
        let record = json!({ "$ref": "#/components/schemas/PurgeRequest" });
        let cycles = [
            ("parameters", "limit", json!({ "$ref": "#/components/parameters/limit" })),
            ("schemas", "PurgeRequest", json!({ "allOf": [record, { "type": "object" }] })),
            (
                "schemas",
                "PurgeRequest",
                json!({ "allOf": [{ "oneOf": [record, { "type": "object" }] }] }),
            ),
        ];
        for (kind, name, component) in cycles {
            let mut circular = document.clone();
            circular["components"][kind][name] = component;
            let error = generate(&circular).expect_err("it never ends");
            assert_eq!(error.to_string(), format!("`#/components/{kind}/{name}` refers to itself"));
        }
    }

    #[test]
    fn a_recursive_property_is_not_a_cycle() {
        let mut document = crate::parse(crate::PURGE.yaml).expect("the description parses");
        document["components"]["schemas"]["PurgeRequest"]["properties"]["parts"] =
            json!({ "type": "array", "items": { "$ref": "#/components/schemas/PurgeRequest" } });
        assert!(generate(&document).is_ok());
    }
}
