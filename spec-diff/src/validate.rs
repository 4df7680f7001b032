//! Checks that a document is OpenAPI 3.0: its form in `form`, against the OpenAPI Initiative's own JSON Schema, and its
//! meaning below.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::METHODS;
use crate::wire::{escape, follow, parameter_names};

mod form;
mod references;

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
    let mut problems = references::problems(document);
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
