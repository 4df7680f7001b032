//! The responses of the operations: those in the description, and the refusals of this server, which are not in it.

use std::fmt::{self, Write};

use serde_json::{Map, Value};

use super::{follow, pretty, reference, text};
use crate::html::Text;
use crate::refusal::{REFUSALS, headers};

/// A response in the description, with its examples.
pub(super) fn write_described(
    out: &mut String,
    spec: &Value,
    status: &str,
    response: &Value,
) -> fmt::Result {
    let content = &response["content"]["application/json"];
    writeln!(
        out,
        "<dt>{}</dt><dd>{} {}</dd>",
        Text(status),
        text(&response["description"]),
        reference(&content["schema"]),
    )?;
    for (summary, value) in examples(spec, content) {
        writeln!(
            out,
            "<dd><details><summary>Example: {}</summary><pre tabindex=\"0\">{}</pre></details></dd>",
            Text(&summary),
            pretty(&value),
        )?;
    }
    Ok(())
}

/// The examples of a media type, each with its summary. If there are none, one is generated from the schema.
pub(super) fn examples(spec: &Value, content: &Value) -> Vec<(String, Value)> {
    let described = content["examples"].as_object().into_iter().flatten().map(|(name, example)| {
        let example = follow(spec, example);
        let summary = example["summary"].as_str().unwrap_or(name);
        (summary.to_owned(), example["value"].clone())
    });
    let mut examples: Vec<_> = described.collect();
    if examples.is_empty() && !content["schema"].is_null() {
        examples.push(("generated from the schema".to_owned(), sample(spec, &content["schema"])));
    }
    examples
}

/// A value that matches a schema.
fn sample(spec: &Value, schema: &Value) -> Value {
    let schema = follow(spec, schema);
    if let Some(value) = schema.get("example").or_else(|| schema.get("default")) {
        return value.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let sampled = properties.map(|(name, schema)| (name.clone(), sample(spec, schema)));
            Value::Object(sampled.collect::<Map<_, _>>())
        }
        Some("array") => Value::Array(vec![sample(spec, &schema["items"])]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
        Some("boolean") => Value::Bool(true),
        _ => {
            let first = schema["enum"].as_array().and_then(|values| values.first());
            first.cloned().unwrap_or_else(|| "text".into())
        }
    }
}

/// The refusals of this server. The description has none, since the service does not publish its own.
pub(super) fn write_refusals(out: &mut String) -> fmt::Result {
    out.write_str(
        "<section aria-labelledby=\"refusals\">\n<h2 id=\"refusals\">Refusals of this sandbox</h2>\n\
         <p>The service documents only status 200, so these refusals are the sandbox's own; those of the real service \
         may differ. Each has a body such as \
         <code>{ &quot;status&quot;: false, &quot;message&quot;: &quot;the token is not valid&quot; }</code>.</p>\n\
         <div class=\"wide\" role=\"region\" aria-label=\"Refusals\" tabindex=\"0\">\n\
         <table><thead><tr><th scope=\"col\">Status</th><th scope=\"col\">When</th><th scope=\"col\">Headers</th></tr></thead>\n<tbody>\n",
    )?;
    for (status, when) in REFUSALS {
        let headers: Vec<_> = headers(status)
            .into_iter()
            .map(|(name, value)| format!("<code>{}: {value}</code>", train_case(name.as_str())))
            .collect();
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            status.as_u16(),
            Text(when),
            headers.join(" ")
        )?;
    }
    out.write_str("</tbody></table></div>\n</section>\n")
}

/// `retry-after` as `Retry-After`.
fn train_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(if word == "www" { 3 } else { 1 });
        format!("{}{rest}", first.to_uppercase())
    });
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_without_examples_gets_one_from_its_schema() {
        let spec = json!({ "components": { "schemas": { "Mode": { "type": "string", "enum": ["soft"] } } } });
        let content = json!({ "schema": { "type": "object", "properties": {
            "mode": { "$ref": "#/components/schemas/Mode" },
            "paths": { "type": "array", "items": { "type": "string", "example": "/a" } },
            "page": { "type": "integer", "minimum": 1 },
            "dry": { "type": "boolean" },
            "note": { "type": "string" }
        } } });
        let made =
            json!({ "mode": "soft", "paths": ["/a"], "page": 1, "dry": true, "note": "text" });
        assert_eq!(examples(&spec, &content), [("generated from the schema".to_owned(), made)]);
        let content = json!({ "schema": {}, "examples": { "one": { "value": 1 }, "two": { "summary": "Two", "value": 2 } } });
        assert_eq!(
            examples(&spec, &content),
            [("one".to_owned(), json!(1)), ("Two".to_owned(), json!(2))]
        );
        assert!(examples(&spec, &Value::Null).is_empty());
    }
}
