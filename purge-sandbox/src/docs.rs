//! The documentation at `/docs`: rendered from the descriptions, with a form for each operation.

mod answers;
mod schema;

use std::fmt::{self, Write};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use purge_openapi::{DESCRIPTIONS, Description};
use serde_json::Value;

use crate::html::{self, Text};
use crate::lock::lock;
use crate::refusal::Refusal;
use crate::resource::ResourceType;
use crate::state::Shared;

const METHODS: [&str; 7] = ["post", "get", "put", "patch", "delete", "head", "options"];

/// A description as YAML or as JSON, by the name of the file.
pub(crate) async fn file(Path(name): Path<String>, head: Parts) -> Response {
    let named = name.rsplit_once('.').and_then(|(name, form)| {
        Some((DESCRIPTIONS.iter().find(|description| description.name == name)?, form))
    });
    match named {
        Some((description, "yaml")) => html::asset("application/yaml", description.yaml),
        Some((description, "json")) => json(description),
        _ => Refusal::nothing(head.uri.path()).into_response(),
    }
}

/// A description as JSON that lists only this server, so that a tool that reads it calls the sandbox and not a
/// production CDN.
fn json(description: &Description) -> Response {
    match parse(description) {
        Ok(mut spec) => {
            spec["servers"] = serde_json::json!([{ "url": "/", "description": "This sandbox." }]);
            html::asset("application/json", spec.to_string())
        }
        Err(refusal) => refusal.into_response(),
    }
}

pub(crate) async fn show(State(shared): State<Arc<Shared>>) -> Response {
    let mut main = String::new();
    for (place, description) in DESCRIPTIONS.iter().enumerate() {
        let spec = match parse(description) {
            Ok(spec) => spec,
            Err(refusal) => return refusal.into_response(),
        };
        // Writing to a string cannot fail.
        let _ = write_heading(&mut main, description.name, &spec);
        if place == 0 {
            let _ = write_token(&mut main, &shared);
        }
        let _ = write_spec(&mut main, &spec, &shared);
    }
    let _ = answers::write_refusals(&mut main);
    html::page("API documentation", "/docs", "docs.js", &main)
}

fn parse(description: &Description) -> Result<Value, Refusal> {
    purge_openapi::parse(description.yaml)
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

/// The value itself, or what it refers to.
fn follow<'a>(spec: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|to| spec.pointer(to.strip_prefix('#')?));
    target.unwrap_or(value)
}

fn text(value: &Value) -> String {
    Text(value.as_str().unwrap_or_default().trim()).to_string()
}

/// Text in which backticks mark code.
fn prose(value: &Value) -> String {
    let mut marked = String::new();
    for (place, part) in text(value).split('`').enumerate() {
        let tag = if place == 0 {
            ""
        } else if place % 2 == 1 {
            "<code>"
        } else {
            "</code>"
        };
        marked.push_str(tag);
        marked.push_str(part);
    }
    marked
}

fn write_heading(out: &mut String, name: &str, spec: &Value) -> fmt::Result {
    writeln!(
        out,
        "<p>{} <a href=\"/docs/{name}.yaml\">{name}.yaml</a>, <a href=\"/docs/{name}.json\">{name}.json</a></p>",
        prose(&spec["info"]["description"]),
    )
}

/// The token that all forms send.
fn write_token(out: &mut String, shared: &Shared) -> fmt::Result {
    writeln!(
        out,
        "<p><label for=\"token\">Bearer token</label> <input id=\"token\" autocomplete=\"off\" spellcheck=\"false\" value=\"{}\"></p>\n\
         <noscript><p>Only the forms on this page need JavaScript.</p></noscript>",
        Text(lock(&shared.account).fixed_token()),
    )
}

fn write_spec(out: &mut String, spec: &Value, shared: &Shared) -> fmt::Result {
    for (path, item) in spec["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                write_operation(out, spec, shared, path, item, method, operation)?;
            }
        }
    }
    writeln!(out, "<h2>Schemas of {}</h2>", text(&spec["info"]["title"]))?;
    for (name, schema) in spec["components"]["schemas"].as_object().into_iter().flatten() {
        schema::write(out, name, schema)?;
    }
    Ok(())
}

fn pretty(value: &Value) -> String {
    Text(&serde_json::to_string_pretty(value).unwrap_or_default()).to_string()
}

fn write_body(
    out: &mut String,
    spec: &Value,
    shared: &Shared,
    id: &str,
    content: &Value,
) -> fmt::Result {
    let first = answers::examples(spec, content).into_iter().next();
    let mut example = first.map(|(_, value)| value).unwrap_or_default();
    fill(&mut example, shared);
    writeln!(
        out,
        "<h3>Body</h3>\n<p><label for=\"{id}-body\">application/json, {}</label></p>\n\
         <p><textarea id=\"{id}-body\" name=\"body\" rows=\"9\" spellcheck=\"false\">\n{}</textarea></p>",
        reference(&content["schema"]),
        pretty(&example),
    )
}

fn write_operation(
    out: &mut String,
    spec: &Value,
    shared: &Shared,
    path: &str,
    item: &Value,
    method: &str,
    operation: &Value,
) -> fmt::Result {
    let id = text(&operation["operationId"]);
    let verb = method.to_uppercase();
    writeln!(
        out,
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n\
         <p><strong class=\"method\">{verb}</strong> <code>{}</code></p>\n<p>{}</p>\n\
         <form novalidate data-method=\"{verb}\" data-path=\"{}\"{}>",
        text(&operation["summary"]),
        Text(path),
        prose(&operation["description"]),
        Text(path),
        if is_public(spec, operation) { " data-public" } else { "" },
    )?;
    let lists = [&item["parameters"], &operation["parameters"]];
    let parameters: Vec<_> = lists.into_iter().filter_map(Value::as_array).flatten().collect();
    if !parameters.is_empty() {
        out.write_str("<h3>Parameters</h3>\n")?;
    }
    for parameter in parameters {
        write_parameter(out, shared, &id, follow(spec, parameter))?;
    }
    let content = &follow(spec, &operation["requestBody"])["content"]["application/json"];
    if !content.is_null() {
        write_body(out, spec, shared, &id, content)?;
    }
    writeln!(
        out,
        "<p><button type=\"submit\">Try it: {}</button></p>\n\
         <div role=\"status\"><h3 hidden>Response</h3><output></output></div>\n</form>\n<h3>Responses</h3>\n<dl>",
        text(&operation["summary"]),
    )?;
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        answers::write_described(out, spec, status, follow(spec, response))?;
    }
    out.write_str(
        "<dt>4xx, 503</dt><dd><a href=\"#refusals\">Refusals of this sandbox</a></dd>\n</dl>\n</section>\n",
    )
}

/// Whether an operation needs no token.
fn is_public(spec: &Value, operation: &Value) -> bool {
    let required = operation.get("security").or_else(|| spec.get("security"));
    required.and_then(Value::as_array).is_none_or(Vec::is_empty)
}

/// Replaces values in the example of a body with those that this server accepts.
fn fill(example: &mut Value, shared: &Shared) {
    let resource = resource(shared);
    let account = lock(&shared.account);
    let known =
        [("resource_uuid", &resource), ("api_key", &account.key), ("api_secret", &account.secret)];
    for (name, value) in known {
        if let Some(member) = example.get_mut(name) {
            *member = Value::String(value.clone());
        }
    }
}

fn reference(schema: &Value) -> String {
    let name = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()).unwrap_or_default();
    let name = Text(name);
    format!("<a href=\"#schema-{name}\"><code>{name}</code></a>")
}

fn write_parameter(
    out: &mut String,
    shared: &Shared,
    operation: &str,
    parameter: &Value,
) -> fmt::Result {
    let name = text(&parameter["name"]);
    let required = parameter["required"] == Value::Bool(true);
    let schema = &parameter["schema"];
    let example = match name.as_str() {
        "organization_uuid" => shared.organization.to_string(),
        "resource_uuid" => resource(shared),
        _ if !required => String::new(),
        _ => parameter["example"].to_string().trim_matches('"').to_owned(),
    };
    // Not `type="number"`, so that you can also try values that the server refuses.
    let keyboard = if schema["type"] == "integer" { "numeric" } else { "text" };
    writeln!(
        out,
        "<p><label for=\"{operation}-{name}\"><code>{name}</code> in {}, {}, {}: {}</label><br>\n\
         <input id=\"{operation}-{name}\" name=\"{name}\" data-in=\"{}\" inputmode=\"{keyboard}\" value=\"{}\"{} autocomplete=\"off\"></p>",
        text(&parameter["in"]),
        if required { "required" } else { "optional" },
        schema::kind(schema),
        text(&parameter["description"]),
        text(&parameter["in"]),
        Text(&example),
        if required { " required" } else { "" },
    )
}

fn resource(shared: &Shared) -> String {
    shared.with_all(|resources, _| {
        let small = resources.iter().find(|resource| resource.kind == ResourceType::Small);
        small.map(|resource| resource.id.to_string()).unwrap_or_default()
    })
}
