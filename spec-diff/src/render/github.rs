//! Annotations: commands that GitHub's runner reads from the output of a step, and shows at the lines of the pull
//! request.

use std::io::{self, Write};

use crate::change::Change;
use crate::level::Level;
use crate::render::items::whole;
use crate::review::Review;
use crate::text::plain;

/// The runner shows ten of each kind for a step; the comment has the others.
const EACH: usize = 10;

pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    let announced = review.is_announced();
    for (level, command) in [
        (Level::Breaking, if announced { "warning" } else { "error" }),
        (Level::Unclassified, "warning"),
        (Level::Additive, "notice"),
    ] {
        let changes = review.changes.iter().filter(|change| change.level == level);
        for change in changes.take(EACH) {
            annotation(review, change, command, out)?;
        }
    }
    // A break in Rust or in a library has no line in the description.
    let file = property(&review.names.1);
    let added = review.rust.added.iter().filter(|item| review.rust.breaking.contains(item));
    let lost = review.rust.codegen_error.iter().filter(|_| review.rust.broken);
    let mut of_rust: Vec<String> = lost.map(|error| format!("no bindings: {error}")).collect();
    of_rust.extend(whole(&review.rust.removed));
    of_rust.extend(added.cloned());
    let command = if announced { "warning" } else { "error" };
    listed("bindings", of_rust.iter().map(String::as_str), command, &file, out)?;
    if let Some(library) = &review.library {
        let command = if library.fails() { "error" } else { "warning" };
        listed("library", library.breaking.iter().map(String::as_str), command, &file, out)?;
    }
    let (headline, _) = review.verdict();
    writeln!(out, "{headline}")
}

/// One annotation for a list of breaks.
fn listed<'i>(
    title: &str,
    items: impl Iterator<Item = &'i str>,
    command: &str,
    file: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let items: Vec<&str> = items.collect();
    if items.is_empty() {
        return Ok(());
    }
    let shown: Vec<&str> = items.iter().take(EACH).copied().collect();
    let more = items.len() - shown.len();
    let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
    let message = data(&format!("breaks programs:\n{}{more}", shown.join("\n")));
    writeln!(out, "::{command} file={file},title={title}::{message}")
}

fn annotation(
    review: &Review,
    change: &Change,
    command: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut properties = vec![format!("file={}", property(&review.names.1))];
    if let Some(at) = change.seen {
        properties.push(format!("line={},col={}", at.line, at.column));
    }
    properties.push(format!("title={}", property(change.rule.name())));
    let operations = if change.operations.is_empty() {
        String::new()
    } else {
        format!(" ({})", change.operations.join(", "))
    };
    let message = data(&format!("{}{operations}", change.message));
    writeln!(out, "::{command} {}::{message}", properties.join(","))
}

pub(super) fn refusal(error: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "::error title=spec-diff::{}", data(error))
}

/// A text in a command: one line, in the runner's own escapes.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| plain(line).replace('%', "%25")).collect();
    lines.join("%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
