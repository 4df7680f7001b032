//! A review as a comment on a pull request.

use crate::change::Change;
use crate::level::Level;
use crate::message::{Message, Piece};
use crate::render::MARK;
use crate::render::markdown::{block, code};
use crate::review::Review;
use crate::text::{lines, plain};

/// GitHub accepts comments of up to 65,536 characters. The remaining room is for the notes on what was cut.
const LONGEST: usize = 64_000;
/// The maximum number of operations that a row lists.
const OPERATIONS: usize = 5;

pub(super) fn of(review: &Review) -> String {
    format!("{}\n{MARK}\n", body(review, LONGEST))
}

/// One comment on several documents, which share the room for it.
pub(super) fn of_several(reviews: &[&Review]) -> String {
    const HEADING: usize = 400;
    let room = (LONGEST / reviews.len().max(1)).saturating_sub(HEADING);
    let mut comment = String::new();
    let mut left = reviews.iter();
    while let Some(review) = left.clone().next() {
        let name = code(&short(&review.names.1));
        let part = format!("### {name}\n\n{}\n", body(review, room));
        if comment.len() + part.len() > LONGEST {
            break;
        }
        comment.push_str(&part);
        left.next();
    }
    let breaking = left.clone().filter(|review| review.fails()).count();
    if left.len() > 0 {
        let left = left.len();
        comment.push_str(&format!(
            "{left} more documents do not fit into a comment; {breaking} of them break callers.\n"
        ));
    }
    format!("{comment}{MARK}\n")
}

fn body(review: &Review, longest: usize) -> String {
    let (headline, explanation) = review.verdict();
    let mut comment = format!("**{headline}** {}\n", cell(&explanation));
    // Leaves room for the bindings.
    table(review, longest / 4 * 3, &mut comment);
    rust(review, longest, &mut comment);
    library(review, longest, &mut comment);
    comment
}

/// Writes why there is no review as a comment with the mark of a review.
pub(super) fn refusal(error: &str) -> String {
    format!("**Not reviewed.**\n\n{}\n\n{MARK}\n", block("text", &cut(&lines(error), LONGEST).0))
}

fn table(review: &Review, longest: usize, comment: &mut String) {
    if review.changes.is_empty() {
        return;
    }
    comment.push_str(
        "\n| level | what changes on the wire | where | operations | rule |\n|---|---|---|---|---|\n",
    );
    let mut left = review.changes.len();
    for change in &review.changes {
        let row = row(review, change);
        if comment.len() + row.len() > longest {
            break;
        }
        comment.push_str(&row);
        left -= 1;
    }
    if left > 0 {
        comment.push_str(&format!("\n{left} more changes, none of them worse than the last one above, do not fit into a comment.\n"));
    }
}

fn row(review: &Review, change: &Change) -> String {
    let level = if change.level == Level::Breaking { "**breaking**" } else { change.level.name() };
    let shown: Vec<String> =
        change.operations.iter().take(OPERATIONS).map(|name| code(&short(name))).collect();
    let more = change.operations.len().saturating_sub(shown.len());
    let more = if more > 0 { format!("<br>and {more} more") } else { String::new() };
    let operations = if shown.is_empty() { "–".to_owned() } else { shown.join("<br>") };
    format!(
        "| {level} | {} | {} | {operations}{more} | `{}` |\n",
        cell(&change.message),
        place(review, change),
        change.rule.name()
    )
}

/// Where it is written, as a link if there is an address to link to.
fn place(review: &Review, change: &Change) -> String {
    let shown = code(&short(&review.place(change)));
    match (&review.link, change.new.as_ref().and_then(|place| place.position)) {
        (Some(link), Some(at)) => format!("[{shown}]({link}#L{})", at.line),
        _ => shown,
    }
}

fn rust(review: &Review, longest: usize, comment: &mut String) {
    let rust = &review.rust;
    if let Some(error) = &rust.codegen_error {
        let how = if rust.broken { "**bindings can no longer be generated**: " } else { "" };
        comment.push_str(&format!("\nRust: {how}{}\n", code(&short(error))));
    }
    if rust.added.is_empty() && rust.removed.is_empty() {
        return;
    }
    let (removed, added) = (rust.removed.len(), rust.added.len());
    let room = longest.saturating_sub(comment.len() + 4_000);
    let (items, left) = cut(&review.items(), room);
    comment.push_str(&format!(
        "\n<details><summary>Rust bindings: {removed} removed, {added} added (a changed item counts as both; ! breaks callers)</summary>\n\n{}\n",
        block("diff", &items)
    ));
    if left > 0 {
        comment.push_str(&format!("\n{left} more lines do not fit into a comment.\n"));
    }
    comment.push_str("\n</details>\n");
}

fn library(review: &Review, longest: usize, comment: &mut String) {
    let Some(library) = &review.library else { return };
    let all: Vec<String> = library.lines().map(|line| format!("! {}", plain(&line))).collect();
    if all.is_empty() {
        return;
    }
    let (shown, left) = cut(&all.join("\n"), longest.saturating_sub(comment.len() + 500));
    comment.push_str(&format!("\nLibrary:\n\n{}\n", block("text", &shown)));
    if left > 0 {
        comment.push_str(&format!("\n{left} more lines do not fit into a comment.\n"));
    }
}

/// The first lines of a text, as many as fit, and how many were left out.
fn cut(text: &str, room: usize) -> (String, usize) {
    let mut shown = String::new();
    let mut left = text.lines().count();
    for line in text.lines() {
        if shown.len() + line.len() + 1 > room {
            break;
        }
        shown.push_str(line);
        shown.push('\n');
        left -= 1;
    }
    (shown, left)
}

/// Cuts a name or a place that would fill several lines: its beginning is enough.
fn short(text: &str) -> String {
    if text.chars().count() <= 300 {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(299).collect::<String>())
}

/// A message in Markdown, safe even in a cell of a table.
pub(super) fn cell(message: &Message) -> String {
    message.shown(|piece| match piece {
        Piece::Words(words) => plain(words).replace('|', "\\|"),
        Piece::Quoted(text) => code(&short(text)),
    })
}
