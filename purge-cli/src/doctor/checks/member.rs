//! Members of objects: their names and their types.

use serde_json::Value;

use crate::doctor::evidence::{Evidence, kind, quoted};
use crate::doctor::seen::Object;
use crate::doctor::time;

/// What a value says about its type.
pub(crate) enum Form {
    Matches(String),
    Contradicts(String),
    /// A value that is allowed and shows nothing, such as null, and its name.
    Silent(&'static str),
}

/// Why nulls show nothing.
pub(crate) const NULL: &str = "only null";

/// Compares a member of each object with its type.
pub(crate) fn of<'a>(
    objects: impl Iterator<Item = &'a Object>,
    name: &str,
    form: impl Fn(&Value) -> Form,
) -> Evidence {
    let mut evidence = Evidence::default();
    for object in objects {
        match object.get(name).map(&form) {
            Some(Form::Matches(what)) => evidence.matches(what),
            Some(Form::Contradicts(what)) => evidence.contradicts(what),
            Some(Form::Silent(what)) => evidence.is_silent(what),
            None => evidence.is_silent("the member is absent"),
        }
    }
    evidence
}

/// Names the members that are not described.
pub(crate) fn no_others<'a>(
    objects: impl Iterator<Item = &'a Object>,
    described: &[&str],
) -> Evidence {
    let mut evidence = Evidence::default();
    for object in objects {
        let others = object.keys().filter(|name| !described.contains(&name.as_str()));
        let mut is_any = false;
        for name in others {
            is_any = true;
            evidence.contradicts(format!("the member {}", quoted(name)));
        }
        if !is_any {
            evidence.matches("no other member");
        }
    }
    evidence
}

pub(crate) fn text(value: &Value) -> Form {
    match value {
        Value::Null => Form::Silent(NULL),
        Value::String(_) => Form::Matches("a string".to_owned()),
        other => Form::Contradicts(kind(other).to_owned()),
    }
}

/// A string that is not empty.
pub(crate) fn word(value: &Value) -> Form {
    match value {
        Value::String(text) if text.is_empty() => Form::Contradicts("an empty string".to_owned()),
        other => text(other),
    }
}

pub(crate) fn boolean(value: &Value) -> Form {
    match value {
        Value::Bool(value) => Form::Matches(value.to_string()),
        other => Form::Contradicts(kind(other).to_owned()),
    }
}

pub(crate) fn integer(value: &Value) -> Form {
    match value {
        Value::Null => Form::Silent(NULL),
        Value::Number(number) if !number.is_f64() => Form::Matches("an integer".to_owned()),
        other => Form::Contradicts(kind(other).to_owned()),
    }
}

/// A time that is always set.
pub(crate) fn time(value: &Value) -> Form {
    match value {
        Value::String(text) if time::is_zero(text) => Form::Contradicts(quoted(text)),
        Value::String(text) => match time::parse(text) {
            Some(time) => Form::Matches(format!("`{}`", time.form)),
            None => Form::Contradicts(quoted(text)),
        },
        Value::Null => Form::Silent(NULL),
        other => Form::Contradicts(kind(other).to_owned()),
    }
}

/// A time that may not be set yet: null, or the zero value of Go.
pub(crate) fn later_time(value: &Value) -> Form {
    match value {
        Value::String(text) if time::is_zero(text) => Form::Matches(quoted(text)),
        Value::Null => Form::Matches("null".to_owned()),
        other => time(other),
    }
}
