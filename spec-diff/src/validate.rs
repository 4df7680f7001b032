//! Checks that a document is OpenAPI 3.0: its form in `form`, against the OpenAPI Initiative's own JSON Schema, and its
//! meaning below.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::METHODS;
use crate::wire::{escape, follow, parameter_names};

mod form;

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) pointer: String,
    text: String,
}

impl Problem {
    fn new(pointer: impl Into<String>, text: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(f, "{pointer}: {}", self.text)
    }
}

/// Everything that is wrong, each with its location, most general first.
pub(crate) fn problems(document: &Value) -> Vec<Problem> {
    if let Some(problem) = version(document) {
        return vec![problem];
    }
    let problems = form::problems(document);
    // The meaning of something malformed cannot be judged.
    if problems.is_empty() { meaning(document) } else { problems }
}

/// Another version of the specification has another form, so this is the only problem to report.
fn version(document: &Value) -> Option<Problem> {
    if let Some(version) = document.get("swagger") {
        let text = format!("Swagger {} is not supported; write OpenAPI 3.0", shown(version));
        return Some(Problem::new("/swagger", text));
    }
    let version = document.get("openapi")?;
    let known = version.as_str().is_some_and(|version| version.starts_with("3.0."));
    let text = || {
        format!(
            "OpenAPI {} is not supported; write 3.0.3: the generators of Rust support no other version",
            shown(version)
        )
    };
    (!known).then(|| Problem::new("/openapi", text()))
}

fn shown(version: &Value) -> String {
    version.as_str().map_or_else(|| version.to_string(), str::to_owned)
}

fn meaning(document: &Value) -> Vec<Problem> {
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
                problems.push(Problem::new(
                    format!("{at}/operationId"),
                    format!("`{id}` is already used by another operation"),
                ));
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
    problems: &mut Vec<Problem>,
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
                let text = format!("the {place} parameter `{name}` is declared twice");
                problems.push(Problem::new(format!("{at}/parameters"), text));
            }
            if place == "path" {
                declared.insert(name);
            }
        }
    }
    let named: BTreeSet<_> = parameter_names(path).into_iter().collect();
    for name in named.difference(&declared) {
        let text = format!("the path has `{{{name}}}`, but no parameter declares it");
        problems.push(Problem::new(format!("{at}/parameters"), text));
    }
    for name in declared.difference(&named) {
        let text = format!("the path parameter `{name}` is not in the path");
        problems.push(Problem::new(format!("{at}/parameters"), text));
    }
}

fn requirements(owner: &Value, at: &str, schemes: Option<&Value>, problems: &mut Vec<Problem>) {
    let list = owner.get("security").and_then(Value::as_array);
    for (index, alternative) in list.into_iter().flatten().enumerate() {
        for name in alternative.as_object().into_iter().flatten().map(|(name, _)| name) {
            if schemes.is_none_or(|schemes| schemes.get(name).is_none()) {
                let text = format!("there is no security scheme `{name}`");
                problems.push(Problem::new(format!("{at}/security/{index}"), text));
            }
        }
    }
}

/// Local references resolve, and to something of the right kind.
fn references<'a>(
    root: &'a Value,
    value: &'a Value,
    at: &mut Vec<String>,
    problems: &mut Vec<Problem>,
) {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        let location: String = at.iter().map(|key| format!("/{}", escape(key))).collect();
        let target = follow(Some(root), value);
        if reference.starts_with('#') && target.get("$ref").is_some_and(Value::is_string) {
            problems.push(Problem::new(
                format!("{location}/$ref"),
                format!("`{reference}` does not exist"),
            ));
        } else if !reference.starts_with('#') {
            let text = format!("`{reference}` is in another file; bundle the description into one");
            problems.push(Problem::new(format!("{location}/$ref"), text));
        } else if let Some(kind) = expected(at) {
            let components =
                reference.strip_prefix("#/components/").and_then(|rest| rest.split_once('/'));
            if let Some((found, _)) = components.filter(|(found, _)| *found != kind) {
                let text = format!("`{reference}` is in `{found}`; refer to one in `{kind}`");
                problems.push(Problem::new(format!("{location}/$ref"), text));
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

/// The kind of component that a reference must lead to, by the place of the reference.
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
