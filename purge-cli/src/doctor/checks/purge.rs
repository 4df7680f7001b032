//! The operation that purges, and what becomes of a purged path.

use serde_json::Value;

use super::member::{self, Form};
use super::record::{is_finished, path_of};
use crate::doctor::evidence::{Evidence, quoted};
use crate::doctor::seen::{Exchange, Object, Operation, Page, Seen, op_id};

/// What was sent is accepted.
pub(crate) fn accepted(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in seen.of(Operation::Create) {
        match exchange.is_granted() {
            true => evidence.matches("accepted"),
            false => evidence.is_silent("the purge was not accepted"),
        }
    }
    evidence
}

/// The operation ID in the response to a purge that is accepted. Nothing says what a refusal has in its place.
pub(crate) fn own_id(seen: &Seen) -> Evidence {
    let mut evidence = member::of(seen.granted(Operation::Create), "opID", member::word);
    if seen.granted(Operation::Create).next().is_none() && seen.of(Operation::Create).count() > 0 {
        evidence.is_silent("the purge was not accepted");
    }
    evidence
}

/// A response like the example.
pub(crate) fn created(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for body in seen.bodies(Operation::Create) {
        let is_text = |name: &str| body.get(name).is_some_and(Value::is_string);
        match body.get("status") == Some(&true.into()) && is_text("opID") && is_text("message") {
            true => evidence.matches("such a response"),
            false => evidence.is_silent("no response has all members of the example"),
        }
    }
    evidence
}

/// A refusal with a success status.
pub(crate) fn refused(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    if seen.bodies(Operation::Create).any(|body| body.get("status") == Some(&false.into())) {
        evidence.matches("such a response");
    } else {
        evidence.is_silent("no purge was refused in this way");
    }
    evidence
}

/// An operation ID looks like those of the examples.
pub(crate) fn id_forms(seen: &Seen) -> Evidence {
    let objects = seen.granted(Operation::Create).chain(seen.records());
    member::of(objects, "opID", id_form)
}

fn id_form(value: &Value) -> Form {
    let Some(id) = value.as_str() else { return Form::Silent("only other values than strings") };
    let groups: Vec<_> = id.split('-').map(str::len).collect();
    let is_hex = id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    match is_hex && groups == [8, 4, 4, 4, 12] {
        true => Form::Matches("a UUID".to_owned()),
        false => Form::Contradicts(quoted(id)),
    }
}

/// The lists of the operation that this check created.
fn own_pages(seen: &Seen) -> impl Iterator<Item = Page<'_>> {
    let own = seen.purged.as_ref().and_then(|purged| purged.op_id.as_deref());
    seen.pages().filter(move |page| own.is_some() && page.query.op_id.as_deref() == own)
}

/// The records of the operation that this check created.
fn own_records(seen: &Seen) -> impl Iterator<Item = &Object> {
    let own = seen.purged.as_ref().and_then(|purged| purged.op_id.as_deref());
    let is_own = move |record: &&Object| own.is_some() && op_id(record).as_deref() == own;
    seen.records().filter(is_own)
}

/// The list has a record of the operation that the response to a purge names.
pub(crate) fn listed(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    if own_records(seen).next().is_some() {
        evidence.matches("a record of the operation");
    } else if own_pages(seen).next().is_some() {
        // A list may lag behind.
        evidence.is_silent("no list had a record of the operation");
    }
    evidence
}

/// An operation has one record for each of its paths.
pub(crate) fn one_record_each(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    let own = seen.purged.as_ref().and_then(|purged| purged.op_id.as_deref());
    for page in own_pages(seen) {
        match page.operations().filter(|id| Some(&**id) == own).count() {
            0 => {}
            1 => evidence.matches("one record for one path"),
            several => evidence.contradicts(format!("{several} records for one path")),
        }
    }
    if evidence.is_empty() && has_several_paths(seen) {
        evidence.matches("an operation with a record for each of several paths");
    }
    evidence
}

/// Whether a page has records of one operation with different paths.
fn has_several_paths(seen: &Seen) -> bool {
    seen.pages().any(|page| {
        page.records.windows(2).any(|pair| {
            let [id, next] = [0, 1].map(|at| op_id(pair[at].as_object()?));
            let [url, next_url] = [0, 1].map(|at| pair[at]["url"].as_str());
            id.is_some() && id == next && url.is_some() && next_url.is_some() && url != next_url
        })
    })
}

/// The response to a purge comes before its end.
pub(crate) fn asynchronous(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    let path = seen.purged.as_ref().map(|purged| purged.path.as_str());
    let is_of_path =
        |record: &&Object| record.get("url").and_then(Value::as_str).map(path_of) == path;
    for record in own_records(seen).filter(is_of_path) {
        match is_finished(record) {
            false => evidence.matches("the record was unfinished at first"),
            true => evidence.is_silent("the purge had finished when it was first listed"),
        }
    }
    evidence
}

/// The record of a path has the path as it was sent.
pub(crate) fn same_path(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    let Some(purged) = &seen.purged else { return evidence };
    for url in own_records(seen).filter_map(|record| record.get("url")?.as_str()) {
        match path_of(url) == purged.path {
            true => evidence.matches("the same path"),
            false => evidence.contradicts("another path"),
        }
    }
    evidence
}

/// A list of this resource is granted, so its identifiers are in the right form.
pub(crate) fn identifiers(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    match seen.of(Operation::List).any(Exchange::is_granted) {
        true => evidence.matches("a UUID is accepted"),
        false => evidence.is_silent("no list was granted"),
    }
    evidence
}
