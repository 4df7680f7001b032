//! A review as lines for a terminal.

use std::io::{self, Write};

use crate::change::Change;
use crate::message::Piece;
use crate::review::Review;
use crate::text::plain;

/// The maximum number of operations that a line lists.
const OPERATIONS: usize = 4;

pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    let (headline, explanation) = review.verdict();
    let explanation = explanation.shown(|piece| match piece {
        Piece::Words(words) => words.replace('`', ""),
        Piece::Quoted(text) => plain(text),
    });
    writeln!(out, "{headline} {explanation}")?;
    for change in &review.changes {
        let message = plain(&change.message.to_string());
        writeln!(out, "{:<12} {message}", change.level.name())?;
        let mut about = vec![plain(&review.place(change))];
        about.extend(operations(change));
        about.push(change.rule.name().to_owned());
        writeln!(out, "{:12} at {}", "", about.join(" · "))?;
    }
    if let Some(error) = &review.rust.codegen_error {
        writeln!(out, "rust         {}", plain(error))?;
    }
    write!(out, "{}", review.items())?;
    for line in review.library.iter().flat_map(|library| library.lines()) {
        writeln!(out, "library      {}", plain(&line))?;
    }
    Ok(())
}

fn operations(change: &Change) -> Option<String> {
    let all = &change.operations;
    if all.is_empty() {
        return None;
    }
    let shown: Vec<String> = all.iter().take(OPERATIONS).map(|name| plain(name)).collect();
    let more = all.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("{}{more}", shown.join(", ")))
}
