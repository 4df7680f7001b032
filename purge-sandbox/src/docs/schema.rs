//! Schemas as tables, a row for each property.

use std::fmt::{self, Write};

use serde_json::Value;

use super::{prose, reference};
use crate::html::Text;

/// The details of a component, which open when a link leads to them.
pub(super) fn write(out: &mut String, name: &str, schema: &Value) -> fmt::Result {
    let name = Text(name);
    writeln!(
        out,
        "<details id=\"schema-{name}\"><summary><code>{name}</code></summary><p>{}</p>\n\
         <div class=\"wide\" role=\"region\" aria-label=\"Properties of {name}\" tabindex=\"0\">\n\
         <table class=\"schema\"><thead><tr><th scope=\"col\">Property</th><th scope=\"col\">Type</th>\
         <th scope=\"col\">Meaning</th></tr></thead>\n<tbody>",
        prose(&schema["description"]),
    )?;
    write_properties(out, "", schema)?;
    out.write_str("</tbody></table></div></details>\n")
}

/// Includes the properties of nested objects; other components are links.
fn write_properties(out: &mut String, prefix: &str, schema: &Value) -> fmt::Result {
    let required = schema["required"].as_array();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.is_some_and(|names| names.iter().any(|n| n == name));
        let path = format!("{prefix}{name}");
        writeln!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}{}</td><td>{}</td></tr>",
            Text(&path),
            kind(property),
            if is_required { ", required" } else { "" },
            prose(&property["description"]),
        )?;
        let (inner, mark) =
            if property["type"] == "array" { (&property["items"], "[]") } else { (property, "") };
        write_properties(out, &format!("{path}{mark}."), inner)?;
    }
    Ok(())
}

/// The type of a value and its limits, such as `integer, 1 to 100`.
pub(super) fn kind(schema: &Value) -> String {
    if schema.get("$ref").is_some() {
        return reference(schema);
    }
    let mut kind = match schema["type"].as_str() {
        Some("array") => format!("array of {}", kind(&schema["items"])),
        Some(name) => Text(name).to_string(),
        None => "any value".to_owned(),
    };
    if let Some(format) = schema["format"].as_str() {
        kind.push_str(&format!(" ({})", Text(format)));
    }
    let range = |least: &str, most: &str| match (schema[least].as_i64(), schema[most].as_i64()) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("from {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    };
    let values = range("minimum", "maximum");
    let items = range("minItems", "maxItems").map(|range| format!("{range} of them"));
    let length = range("minLength", "maxLength").map(|range| format!("{range} characters"));
    let pattern =
        schema["pattern"].as_str().map(|text| format!("matches <code>{}</code>", Text(text)));
    let null = (schema["nullable"] == Value::Bool(true)).then(|| "or null".to_owned());
    for limit in [values, items, length, pattern, null].into_iter().flatten() {
        kind.push_str(&format!(", {limit}"));
    }
    kind
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn type_and_limits_are_described() {
        let check = |schema: Value, expected: &str| assert_eq!(kind(&schema), expected, "{schema}");
        check(json!({ "type": "integer", "minimum": 1, "maximum": 100 }), "integer, 1 to 100");
        check(json!({ "type": "integer", "minimum": 1 }), "integer, from 1");
        check(
            json!({ "type": "string", "format": "uuid", "nullable": true }),
            "string (uuid), or null",
        );
        check(
            json!({ "type": "array", "maxItems": 9, "items": { "type": "string", "pattern": "^/<" } }),
            "array of string, matches <code>^/&lt;</code>, at most 9 of them",
        );
        check(
            json!({ "type": "array", "items": { "$ref": "#/components/schemas/A" } }),
            "array of <a href=\"#schema-A\"><code>A</code></a>",
        );
        check(json!({}), "any value");
    }

    #[test]
    fn properties_of_nested_objects_have_their_own_rows() {
        let schema = json!({ "required": ["data"], "properties": { "data": { "type": "object", "properties": {
            "requests": { "type": "array", "items": { "type": "object", "properties": { "url": { "type": "string" } } } }
        } } } });
        let mut out = String::new();
        write_properties(&mut out, "", &schema).expect("a text");
        let rows: Vec<_> =
            out.lines().filter_map(|l| l.split("<code>").nth(1)?.split('<').next()).collect();
        assert_eq!(rows, ["data", "data.requests", "data.requests[].url"]);
        assert!(out.contains("<td>object, required</td>"), "{out}");
    }
}
