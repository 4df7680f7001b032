//! A review as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::change::{Change, Position};
use crate::level::Level;
use crate::review::Review;
use crate::rules::Rule;
use crate::text::lines;

mod axes;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    write_several(&[review], out)
}

/// One run for each.
pub(super) fn write_several(reviews: &[&Review], out: &mut dyn Write) -> io::Result<()> {
    log(&reviews.iter().map(|review| run(review)).collect::<Vec<_>>(), out)
}

fn run(review: &Review) -> Value {
    let used: BTreeSet<Rule> = review.changes.iter().map(|change| change.rule).collect();
    let rules: Vec<Rule> = used.into_iter().collect();
    let changes = review.changes.iter().map(|change| result(review, change, &rules));
    let further = axes::findings(review);
    let further_rules = axes::rules(&further);
    let mut described: Vec<Value> = rules.iter().map(|rule| self::described(*rule)).collect();
    let results: Vec<Value> = changes
        .chain(further.iter().map(|finding| finding.result(review, &further_rules, rules.len())))
        .collect();
    described.extend(further_rules.iter().map(|rule| rule.described()));
    json!({
        "tool": { "driver": driver(described) },
        "columnKind": "unicodeCodePoints",
        "results": results,
    })
}

/// A run that failed, and why.
pub(super) fn refusal(error: &str, out: &mut dyn Write) -> io::Result<()> {
    let notification = json!({ "level": "error", "message": { "text": error } });
    let run = json!({
        "tool": { "driver": driver(Vec::new()) },
        "invocations": [{
            "executionSuccessful": false, "toolExecutionNotifications": [notification],
        }],
    });
    log(&[run], out)
}

fn log(runs: &[Value], out: &mut dyn Write) -> io::Result<()> {
    let log = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": runs });
    writeln!(out, "{}", lines(&format!("{log:#}")))
}

fn driver(rules: Vec<Value>) -> Value {
    json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    })
}

fn described(rule: Rule) -> Value {
    json!({
        "id": rule.name(),
        "shortDescription": { "text": rule.name().replace('-', " ") },
        "fullDescription": { "text": rule.why() },
        "defaultConfiguration": { "level": level(rule.level()) },
        "properties": { "level": rule.level().name() },
    })
}

fn result(review: &Review, change: &Change, rules: &[Rule]) -> Value {
    let mut result = json!({
        "ruleId": change.rule.name(),
        "ruleIndex": rules.iter().position(|rule| *rule == change.rule),
        "level": level(change.level),
        "message": { "text": change.message.to_string() },
        "locations": [location(&review.names.1, change.pointer(), change.seen)],
        "properties": { "operations": change.operations },
    });
    if let Some(old) = &change.old {
        result["relatedLocations"] = json!([location(&review.names.0, &old.pointer, old.position)]);
    }
    result
}

fn location(file: &str, pointer: &str, position: Option<Position>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
    if let Some(at) = position {
        physical["region"] = json!({ "startLine": at.line, "startColumn": at.column });
    }
    json!({
        "physicalLocation": physical,
        "logicalLocations": [{ "fullyQualifiedName": pointer }],
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Breaking => "error",
        Level::Unclassified => "warning",
        Level::Additive | Level::Docs => "note",
    }
}

/// A file name as a reference of RFC 3986.
fn uri(name: &str) -> String {
    let mut uri = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
