//! The envelope of a page, and what it says about the page.

use serde_json::Value;

use super::member::{self, Form};
use crate::doctor::evidence::{Evidence, kind};
use crate::doctor::seen::{Asked, Operation, Query, Seen, UNKNOWN_OPERATION};

/// A page is an object. Nothing says what a refusal has in its place.
pub(crate) fn data(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    if seen.bodies(Operation::List).next().is_some() {
        evidence.is_silent("only refusals");
    }
    for body in seen.granted(Operation::List) {
        match body.get("data") {
            Some(Value::Object(_)) => evidence.matches("an object"),
            None => evidence.contradicts("absent, although `status` is true"),
            Some(Value::Null) => evidence.contradicts("null, although `status` is true"),
            Some(other) => evidence.contradicts(kind(other)),
        }
    }
    evidence
}

/// The number in the page is the one that was requested.
pub(crate) fn echo(seen: &Seen, name: &str, requested: fn(&Query) -> u64) -> Evidence {
    let mut evidence = Evidence::default();
    for page in seen.pages() {
        let wanted = requested(page.query);
        match page.data.get(name) {
            None => evidence.is_silent("the member is absent"),
            Some(Value::Null) => evidence.is_silent(member::NULL),
            Some(value) => match value.as_u64() {
                Some(said) if said == wanted => evidence.matches("as requested"),
                Some(said) => evidence.contradicts(format!("{said} in place of {wanted}")),
                None => evidence.contradicts(kind(value)),
            },
        }
    }
    evidence
}

/// The search text is null or a string.
pub(crate) fn search(value: &Value) -> Form {
    match value {
        Value::Null => Form::Matches("null".to_owned()),
        other => member::text(other),
    }
}

pub(crate) fn records(value: &Value) -> Form {
    match value {
        Value::Null => Form::Silent(member::NULL),
        Value::Array(records) if records.is_empty() => Form::Silent("the list has no records"),
        Value::Array(records) if records.iter().all(Value::is_object) => {
            Form::Matches("an array of objects".to_owned())
        }
        Value::Array(_) => Form::Contradicts("an array with other values than objects".to_owned()),
        other => Form::Contradicts(kind(other).to_owned()),
    }
}

/// A list of one operation has no records of another.
pub(crate) fn filter(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for page in seen.pages() {
        let Some(wanted) = page.query.op_id.as_deref() else { continue };
        if page.operations().any(|id| id != wanted) {
            evidence.contradicts("records of other operations");
        } else if wanted == UNKNOWN_OPERATION {
            // That it has no records at all is a fact of its own.
        } else if page.operations().next().is_none() {
            evidence.is_silent("no list of an operation has records with its ID");
        } else if seen.knows_other_than(wanted) {
            evidence.matches("only records of the operation");
        } else {
            evidence.is_silent("all records belong to one operation");
        }
    }
    evidence
}

/// A list of an operation that does not exist is empty.
pub(crate) fn unknown_operation(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    let has_records = seen.whole_pages().any(|page| page.count() > 0);
    for exchange in seen.of(Operation::List) {
        let Asked::List(query) = &exchange.asked else { continue };
        if query.op_id.as_deref() != Some(UNKNOWN_OPERATION) {
            continue;
        }
        match exchange.status {
            // The service has looked for the operation.
            400 | 404 | 410 | 422 => {
                evidence.contradicts(exchange.status.to_string());
                continue;
            }
            _ if exchange.is_granted() => {}
            _ if exchange.is_of_service() => {
                evidence.is_silent("the list was refused");
                continue;
            }
            // A rate limit, an outage or a gateway says nothing about the operation.
            _ => {
                evidence.is_silent("no list of such an operation was answered");
                continue;
            }
        }
        let data = exchange.object().and_then(|body| body.get("data"));
        let records = data.and_then(|data| data.get("requests")).and_then(Value::as_array);
        match records {
            Some(_) if !has_records => evidence.is_silent("the list has no records at all"),
            Some(records) if records.is_empty() => evidence.matches("no records"),
            Some(_) => evidence.contradicts("records"),
            None => evidence.contradicts(format!("`data` is {}", data.map_or("absent", kind))),
        }
    }
    evidence
}
