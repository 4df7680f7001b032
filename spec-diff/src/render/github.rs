//! Annotations: commands that GitHub's runner reads from the output of a step, and shows at the lines of the pull
//! request.

use std::io::{self, Write};

use crate::change::Change;
use crate::level::Level;
use crate::library::place;
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
    let file = property(&review.names.1);
    let added = review.rust.added.iter().filter(|item| review.rust.breaking.contains(item));
    let lost = review.rust.codegen_error.iter().filter(|_| review.rust.broken);
    let mut of_rust: Vec<String> = lost.map(|error| format!("no bindings: {error}")).collect();
    of_rust.extend(whole(&review.rust.removed));
    of_rust.extend(added.cloned());
    let command = if announced { "warning" } else { "error" };
    broken_bindings(&of_rust, command, &file, out)?;
    if let Some(library) = &review.library {
        let command = if library.fails() { "error" } else { "warning" };
        for text in library.breaking.iter().take(EACH) {
            broken_library(text, command, &file, out)?;
        }
    }
    let (headline, _) = review.verdict();
    writeln!(out, "{headline}")
}

/// One annotation for all items, which have no line in the description.
fn broken_bindings(
    items: &[String],
    command: &str,
    file: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let shown = &items[..items.len().min(EACH)];
    let more = items.len() - shown.len();
    let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
    let message = data(&format!("breaks programs:\n{}{more}", shown.join("\n")));
    writeln!(out, "::{command} file={file},title=bindings::{message}")
}

/// At the line of the item, or at the file that it was removed from.
fn broken_library(
    text: &str,
    command: &str,
    description: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let at = match place(text) {
        Some((file, Some(line))) => format!("{},line={line}", property(&file)),
        Some((file, None)) => property(&file),
        None => description.to_owned(),
    };
    writeln!(out, "::{command} file={at},title=library::breaks programs: {}", data(text))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_break_is_shown_at_its_own_file() {
        let check = |text: &str, expected: &str| {
            let mut out = Vec::new();
            broken_library(text, "error", "api.yaml", &mut out).expect("memory can be written");
            assert_eq!(String::from_utf8_lossy(&out), format!("::error file={expected}\n"));
        };
        check(
            "a: field added: field S.x in a/src/s,t.rs:12",
            "a/src/s%2Ct.rs,line=12,title=library::breaks programs: \
             a: field added: field S.x in a/src/s,t.rs:12",
        );
        check(
            "a: gone: fn f, previously in file a/src/f.rs:3",
            "a/src/f.rs,title=library::breaks programs: a: gone: fn f, previously in file a/src/f.rs:3",
        );
        check("a: 50%\nof it", "api.yaml,title=library::breaks programs: a: 50%25%0Aof it");
    }
}
