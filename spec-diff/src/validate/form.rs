//! The form of a document, by the OpenAPI Initiative's own JSON Schema
//! (<https://spec.openapis.org/oas/3.0/schema/2021-09-28>, Apache-2.0).

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::Problem;

const FORM: &str = include_str!("openapi-3.0.schema.json");

static VALIDATOR: LazyLock<Result<Validator, String>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(FORM).map_err(|e| e.to_string())?;
    // By the specification, a pattern only SHOULD be a regular expression of ECMA-262.
    let options = jsonschema::draft4::options().with_format("regex", |_: &str| true);
    options.build(&schema).map_err(|e| e.to_string())
});

pub(super) fn problems(document: &Value) -> Vec<Problem> {
    let validator = match &*VALIDATOR {
        Ok(validator) => validator,
        Err(e) => {
            return vec![Problem::new(
                "",
                format!("the schema of OpenAPI 3.0 cannot be used: {e}"),
            )];
        }
    };
    if validator.is_valid(document) {
        return Vec::new();
    }
    let mut problems: Vec<_> =
        validator.iter_errors(document).map(|error| innermost(&error).1).collect();
    problems.dedup();
    problems
}

/// How likely it is that a choice was meant: whether no field says otherwise, and how deep the error is, since more of
/// the choice is right if its error is deeper.
type Likelihood = (bool, usize);

/// A place that is wrong makes every choice around it wrong: the error to fix is inside the choice that was meant.
fn innermost(error: &ValidationError<'_>) -> (Likelihood, Problem) {
    let pointer = error.instance_path().to_string();
    let mut text = error.to_string();
    if text.len() > 200 {
        // The value would fill the line; its place is enough.
        text = error.masked().to_string();
    }
    if let ValidationErrorKind::Required { property } = error.kind() {
        text = missing(property);
    }
    let meant = !says_otherwise(error);
    let own = ((meant, pointer.matches('/').count()), Problem::new(pointer, text));
    let (ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context }) =
        error.kind()
    else {
        return own;
    };
    let mut best: Option<(Likelihood, Problem)> = None;
    for choice in context {
        let errors: Vec<_> =
            choice.iter().filter(|inner| !misses_reference(inner)).map(innermost).collect();
        let meant = errors.iter().all(|((meant, _), _)| *meant);
        let deepest = errors.into_iter().max_by_key(|((_, depth), _)| *depth);
        let Some(((_, depth), problem)) = deepest else { continue };
        let likelihood = (meant, depth);
        // Among equally likely choices, the first one: it is the one that is meant most often.
        if best.as_ref().is_none_or(|(known, _)| likelihood > *known) {
            best = Some((likelihood, problem));
        }
    }
    best.unwrap_or(own)
}

/// A field with one possible value tells choices apart: with another value, another choice was meant.
fn says_otherwise(error: &ValidationError<'_>) -> bool {
    let only = match error.kind() {
        ValidationErrorKind::Enum { options } => options.as_array().is_some_and(|o| o.len() == 1),
        ValidationErrorKind::Constant { .. } => true,
        _ => false,
    };
    let pointer = error.instance_path().to_string();
    only && (pointer.ends_with("/in") || pointer.ends_with("/type"))
}

fn missing(property: &Value) -> String {
    match property.as_str() {
        Some("required") => {
            "`required: true` is missing: a path parameter is always sent".to_owned()
        }
        name => format!("`{}` is missing", name.unwrap_or_default()),
    }
}

/// "It could also have been a reference" does not help.
fn misses_reference(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Required { property } if property == "$ref")
}
