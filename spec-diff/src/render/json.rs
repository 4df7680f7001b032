//! A review for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::change::{Change, Place};
use crate::review::Review;
use crate::text::lines;

pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    line(&document(review), out)
}

pub(super) fn write_several(reviews: &[&Review], out: &mut dyn Write) -> io::Result<()> {
    let reviews: Vec<_> = reviews.iter().map(|review| document(review)).collect();
    line(&json!({ "schema": 1, "reviews": reviews }), out)
}

fn document(review: &Review) -> Value {
    let rust = &review.rust;
    let mut document = json!({
        "schema": 1,
        "files": { "old": review.names.0, "new": review.names.1 },
        "changes": review.changes.iter().map(change).collect::<Vec<_>>(),
        "rust": {
            "added": rust.added, "removed": rust.removed, "breaking": rust.breaking,
            "codegen_error": rust.codegen_error,
        },
    });
    if let Some(library) = &review.library {
        document["library"] = json!({ "breaking": library.breaking, "skipped": library.skipped });
    }
    document
}

fn line(document: &Value, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", lines(&format!("{document:#}")))
}

fn change(change: &Change) -> Value {
    json!({
        "level": change.level.name(),
        "rule": change.rule.name(),
        "location": change.pointer(),
        "old": place(change.old.as_ref()),
        "new": place(change.new.as_ref()),
        "operations": change.operations,
        "message": change.message.to_string(),
    })
}

fn place(place: Option<&Place>) -> Value {
    place.map_or(Value::Null, |place| {
        json!({
            "pointer": place.pointer,
            "line": place.position.map(|at| at.line),
            "column": place.position.map(|at| at.column),
        })
    })
}

pub(super) fn refusal(error: &str, out: &mut dyn Write) -> io::Result<()> {
    line(&json!({ "schema": 1, "error": error }), out)
}
