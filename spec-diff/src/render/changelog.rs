//! A review as a proposal for a changelog, in the form of <https://keepachangelog.com>.

use std::io::{self, Write};

use crate::change::Change;
use crate::level::Level;
use crate::render::comment::cell;
use crate::render::markdown::code;
use crate::review::Review;

pub(super) fn write(reviews: &[&Review], out: &mut dyn Write) -> io::Result<()> {
    let entries = reviews.iter().map(|review| entries(review));
    let (added, changed): (Vec<_>, Vec<_>) = entries.unzip();
    section("Added", &added.concat(), out)?;
    section("Changed", &changed.concat(), out)
}

/// The entries of a review under each heading.
fn entries(review: &Review) -> (Vec<String>, Vec<String>) {
    let of = |levels: &[Level]| -> Vec<&Change> {
        let changes = review.changes.iter().filter(|change| levels.contains(&change.level));
        changes.collect()
    };
    let mut changed: Vec<String> = of(&[Level::Breaking, Level::Unclassified])
        .into_iter()
        .map(|change| match change.level {
            Level::Breaking => format!("**Breaking:** {}", entry(change)),
            _ => entry(change),
        })
        .collect();
    changed.extend(review.rust.breaking.iter().map(|item| {
        let how = if review.rust.removed.contains(item) { "is gone or changed" } else { "is new" };
        format!("**Breaking** in the bindings: {} {how}.", code(item))
    }));
    let library = review.library.iter().flat_map(|library| &library.breaking);
    changed.extend(library.map(|line| format!("**Breaking** in a library: {}.", code(line))));
    (of(&[Level::Additive]).into_iter().map(entry).collect(), changed)
}

fn section(heading: &str, entries: &[String], out: &mut dyn Write) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(out, "### {heading}\n")?;
    for entry in entries {
        writeln!(out, "- {entry}")?;
    }
    writeln!(out)
}

fn entry(change: &Change) -> String {
    let operations: Vec<String> = change.operations.iter().take(3).map(|name| code(name)).collect();
    let more = change.operations.len().saturating_sub(operations.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let operations = if operations.is_empty() {
        String::new()
    } else {
        format!(" ({}{more})", operations.join(", "))
    };
    format!("{}{operations}.", cell(&change.message))
}
