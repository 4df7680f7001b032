//! The records of the list.

use serde_json::Value;

use super::member::Form;
use crate::doctor::evidence::Evidence;
use crate::doctor::seen::{Object, Seen};
use crate::doctor::time::{self, Timestamp};

/// What was purged is a full URL.
pub(crate) fn full_url(value: &Value) -> Form {
    let Some(url) = value.as_str() else { return Form::Silent("only other values than strings") };
    match url.split_once("://") {
        Some((scheme, _)) if !scheme.contains('/') => {
            Form::Matches(format!("`{}://…`", short(scheme)))
        }
        _ if url.starts_with('/') => Form::Contradicts("a path alone".to_owned()),
        _ => Form::Contradicts("neither a URL nor a path".to_owned()),
    }
}

fn short(scheme: &str) -> &str {
    match scheme {
        "http" | "https" => scheme,
        _ => "…",
    }
}

/// The path of a record's URL.
pub(crate) fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => url,
    }
}

/// A record has its completion time when it is finished.
pub(crate) fn is_finished(record: &Object) -> bool {
    let completed = record.get("completedAt").and_then(Value::as_str);
    completed.is_some_and(|text| !text.trim().is_empty() && !time::is_zero(text))
}

/// The status is 0 or 1 for finished records, and 2 for the others.
pub(crate) fn meaning(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for record in seen.records() {
        let Some(number) = record.get("status").and_then(Value::as_i64) else { continue };
        let finished = is_finished(record);
        let state = if finished { "finished" } else { "unfinished" };
        match (number, finished) {
            (0 | 1, true) | (2, false) => evidence.matches(format!("{number} for {state} records")),
            _ => evidence.contradicts(format!("{number} for {state} records")),
        }
    }
    evidence
}

/// A page like the example: with a record that is finished, and one that is not.
pub(crate) fn example(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for page in seen.pages() {
        let mut records = page.records.iter().filter_map(Value::as_object);
        let finished = records.clone().any(is_finished);
        match finished && records.any(|record| !is_finished(record)) {
            true => evidence.matches("such a page"),
            false => evidence.is_silent("no page has finished and unfinished records"),
        }
    }
    evidence
}

/// A record is created, started and completed in this order.
pub(crate) fn order_of_times(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for record in seen.records() {
        let times =
            ["createdAt", "startedAt", "completedAt"].map(|name| Some((name, at(record, name)?)));
        let times: Vec<_> = times.into_iter().flatten().collect();
        for pair in times.windows(2) {
            let ((before, earlier), (after, later)) = (&pair[0], &pair[1]);
            match earlier <= later {
                true => evidence.matches("in this order"),
                false => evidence.contradicts(format!("`{after}` before `{before}`")),
            }
        }
    }
    evidence
}

/// A time of a record in nanoseconds, if it is set and can be read.
pub(crate) fn at(record: &Object, name: &str) -> Option<i128> {
    let text = record.get(name)?.as_str().filter(|text| !time::is_zero(text))?;
    time::parse(text).map(|Timestamp { at, .. }| at)
}

/// Whether two records are the same, as far as that does not change.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    ["opID", "url", "createdAt"].iter().all(|name| one.get(name) == other.get(name))
}
