//! Is it OpenAPI 3.0 at all? The form is checked against the OpenAPI Initiative's own JSON Schema
//! (<https://spec.openapis.org/oas/3.0/schema/2021-09-28>, Apache-2.0), the meaning below.

use std::collections::BTreeSet;

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use super::METHODS;
use super::paths::parameter_names;
use super::walk::{escape, follow};

const FORM: &str = include_str!("openapi-3.0.schema.json");

/// Everything that is wrong, each with its location, most general first.
pub(super) fn problems(document: &Value) -> Vec<String> {
    let problems = form(document);
    // The meaning of something malformed cannot be judged.
    if problems.is_empty() { meaning(document) } else { problems }
}

fn form(document: &Value) -> Vec<String> {
    let schema: Value = match serde_json::from_str(FORM) {
        Ok(schema) => schema,
        Err(e) => return vec![format!("the schema of OpenAPI 3.0 cannot be read: {e}")],
    };
    match jsonschema::draft4::new(&schema) {
        Ok(validator) => {
            let mut problems: Vec<_> =
                validator.iter_errors(document).map(|error| deepest(&error).1).collect();
            problems.dedup();
            problems
        }
        Err(e) => vec![format!("the schema of OpenAPI 3.0 cannot be used: {e}")],
    }
}

/// A place that is wrong makes every choice around it wrong: the innermost error is the one to mend.
fn deepest(error: &ValidationError<'_>) -> (usize, String) {
    let location = error.instance_path().to_string();
    let depth = location.matches('/').count();
    let mut text = error.to_string();
    if text.len() > 200 {
        // The value fills the line; where it stands says enough.
        text = error.masked().to_string();
    }
    let mut best =
        (depth, format!("{}: {text}", if location.is_empty() { "/" } else { &location }));
    if let ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } =
        error.kind()
    {
        let inner = context.iter().flatten().filter(|inner| !misses_reference(inner));
        // Of equally deep ones the first: it belongs to the choice that is meant most often.
        for (index, candidate) in inner.map(deepest).enumerate() {
            if index == 0 || candidate.0 > best.0 {
                best = candidate;
            }
        }
    }
    best
}

/// "It could also have been a reference" is no help.
fn misses_reference(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Required { property } if property == "$ref")
}

fn meaning(document: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    references(document, document, &mut Vec::new(), &mut problems);
    let schemes = document.pointer("/components/securitySchemes");
    requirements(document, "", schemes, &mut problems);
    let mut ids = BTreeSet::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten().filter(|(path, _)| path.starts_with('/')) {
        let item = follow(Some(document), item);
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let at = format!("/paths/{}/{method}", escape(path));
            if let Some(id) = operation.get("operationId").and_then(Value::as_str)
                && !ids.insert(id)
            {
                problems.push(format!("{at}/operationId: `{id}` is taken by another operation"));
            }
            requirements(operation, &at, schemes, &mut problems);
            parameters(document, path, &at, [item, operation], &mut problems);
        }
    }
    problems
}

/// Every `{name}` of a path is declared, and every parameter once.
fn parameters(
    document: &Value,
    path: &str,
    at: &str,
    owners: [&Value; 2],
    problems: &mut Vec<String>,
) {
    let mut declared = BTreeSet::new();
    for owner in owners {
        let mut here = BTreeSet::new();
        let list = owner.get("parameters").and_then(Value::as_array);
        for parameter in list.into_iter().flatten() {
            let parameter = follow(Some(document), parameter);
            let text = |key| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
            let (place, name) = (text("in"), text("name"));
            if !here.insert((place, name)) {
                problems.push(format!(
                    "{at}/parameters: the {place} parameter `{name}` is declared twice"
                ));
            }
            if place == "path" {
                declared.insert(name);
            }
        }
    }
    let named: BTreeSet<_> = parameter_names(path).into_iter().collect();
    for name in named.difference(&declared) {
        problems.push(format!(
            "{at}/parameters: the path has `{{{name}}}`, and no parameter declares it"
        ));
    }
    for name in declared.difference(&named) {
        problems.push(format!("{at}/parameters: the path parameter `{name}` is not in the path"));
    }
}

fn requirements(owner: &Value, at: &str, schemes: Option<&Value>, problems: &mut Vec<String>) {
    let list = owner.get("security").and_then(Value::as_array);
    for (index, alternative) in list.into_iter().flatten().enumerate() {
        for name in alternative.as_object().into_iter().flatten().map(|(name, _)| name) {
            if schemes.is_none_or(|schemes| schemes.get(name).is_none()) {
                problems
                    .push(format!("{at}/security/{index}: there is no security scheme `{name}`"));
            }
        }
    }
}

/// Local references lead somewhere, and to something of the right kind.
fn references<'a>(
    root: &'a Value,
    value: &'a Value,
    at: &mut Vec<String>,
    problems: &mut Vec<String>,
) {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        let location: String = at.iter().map(|key| format!("/{}", escape(key))).collect();
        let target = follow(Some(root), value);
        if reference.starts_with('#') && target.get("$ref").is_some_and(Value::is_string) {
            problems.push(format!("{location}/$ref: `{reference}` leads nowhere"));
        } else if let Some(kind) = expected(at) {
            let components =
                reference.strip_prefix("#/components/").and_then(|rest| rest.split_once('/'));
            if let Some((found, _)) = components.filter(|(found, _)| *found != kind) {
                problems.push(format!(
                    "{location}/$ref: `{reference}` is one of the {found}, not of the {kind}"
                ));
            }
        }
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if payload(at, key) {
                    continue;
                }
                at.push(key.clone());
                references(root, value, at, problems);
                at.pop();
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                at.push(index.to_string());
                references(root, value, at, problems);
                at.pop();
            }
        }
        _ => {}
    }
}

/// Values that are not OpenAPI, where `$ref` would be just a name.
fn payload(at: &[String], key: &str) -> bool {
    let named = at
        .last()
        .is_some_and(|parent| matches!(parent.as_str(), "properties" | "schemas" | "headers"));
    !named && (key.starts_with("x-") || matches!(key, "example" | "default" | "enum" | "value"))
}

/// The kind of component that a reference has to lead to, by the place where it stands.
fn expected(at: &[String]) -> Option<&'static str> {
    let (last, parent) = (at.last()?, at.len().checked_sub(2).and_then(|index| at.get(index)));
    match (parent.map_or("", String::as_str), last.as_str()) {
        ("properties" | "allOf" | "oneOf" | "anyOf", _)
        | (_, "schema" | "items" | "additionalProperties" | "not") => Some("schemas"),
        ("parameters", _) => Some("parameters"),
        ("responses", _) => Some("responses"),
        ("headers", _) => Some("headers"),
        ("examples", _) => Some("examples"),
        (_, "requestBody") => Some("requestBodies"),
        _ => None,
    }
}
