//! A review as a comment, as plain text and as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use super::change::{Change, Level};
use super::markdown::{block, code};
use super::message::{Message, Piece, word};
use super::review::Review;
use super::rules::Rule;
use crate::text::{lines, plain};

#[cfg(test)]
mod tests;

/// Lets the workflow find its own earlier comment.
const MARK: &str = "<!-- purge: spec-diff -->";
const LEVELS: [Level; 4] = [Level::Breaking, Level::Unclassified, Level::Additive, Level::Docs];

/// How a review is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A comment for a pull request.
    Markdown,
    /// Lines for a terminal.
    Text,
    /// For programs.
    Json,
}

impl Format {
    /// Every format, with its name and what it is for.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Markdown, "markdown", "A comment for a pull request"),
        (Self::Text, "text", "Lines for a terminal"),
        (Self::Json, "json", "For programs"),
    ];
}

impl Review {
    /// Writes the review.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn render(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Markdown => self.markdown(out),
            Format::Text => self.text(out),
            Format::Json => self.json(out),
        }
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        let (headline, explanation) = self.verdict();
        writeln!(out, "**{headline}** {}", cell(&explanation))?;
        let rows = self.rows();
        if !rows.is_empty() {
            writeln!(
                out,
                "\n| level | operation | what changes on the wire | where | rule |\n|---|---|---|---|---|"
            )?;
        }
        for row in rows {
            let level =
                if row.level == Level::Breaking { "**breaking**" } else { row.level.name() };
            let operations = row.operations.iter();
            let operations: Vec<_> = operations
                .map(|name| name.as_ref().map_or("–".to_owned(), |name| code(name)))
                .collect();
            let places: Vec<_> = row.places.iter().map(|place| code(place)).collect();
            let (message, places) = (cell(row.message), places.join("<br>"));
            let operations = operations.join("<br>");
            writeln!(
                out,
                "| {level} | {operations} | {message} | {places} | `{}` |",
                row.rule.name()
            )?;
        }
        let rust = &self.rust;
        if let Some(error) = &rust.codegen_error {
            writeln!(
                out,
                "\nRust: {} {}",
                if rust.broken { "**no bindings can be generated any more**:" } else { "" },
                code(error)
            )?;
        }
        if !rust.added.is_empty() || !rust.removed.is_empty() {
            let (removed, added) = (rust.removed.len(), rust.added.len());
            writeln!(
                out,
                "\n<details><summary>Rust bindings: {removed} removed, {added} added (a changed item is both)</summary>\n"
            )?;
            writeln!(out, "{}\n\n</details>", block("diff", &self.items()))?;
        }
        writeln!(out, "\n{MARK}")
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let (headline, explanation) = self.verdict();
        let explanation = explanation.shown(|piece| match piece {
            Piece::Words(words) => words.replace('`', ""),
            Piece::Quoted(text) => plain(text),
        });
        writeln!(out, "{headline} {explanation}")?;
        for change in &self.changes {
            let operation = change.operation.as_ref().map(|name| format!("{}: ", plain(name)));
            writeln!(
                out,
                "{:<12} {}{}\n{:<12} at {}",
                change.level.name(),
                operation.unwrap_or_default(),
                plain(&change.message.to_string()),
                "",
                plain(&change.location)
            )?;
        }
        if let Some(error) = &self.rust.codegen_error {
            writeln!(out, "rust         {}", plain(error))?;
        }
        write!(out, "{}", self.items())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let changes: Vec<_> = self
            .changes
            .iter()
            .map(|change| json!({ "level": change.level.name(), "location": change.location, "message": change.message.to_string() }))
            .collect();
        let rust = &self.rust;
        let document = json!({
            "schema": 1,
            "changes": changes,
            "rust": { "added": rust.added, "removed": rust.removed, "codegen_error": rust.codegen_error },
        });
        writeln!(out, "{}", lines(&format!("{document:#}")))
    }

    /// Items, one a line, with the old spelling of a thing above the new one.
    fn items(&self) -> String {
        let removed = whole(&self.rust.removed).into_iter().map(|item| (item, '-'));
        let added = whole(&self.rust.added).into_iter().map(|item| (item, '+'));
        let mut items: Vec<_> = removed.chain(added).collect();
        items.sort();
        items.into_iter().map(|(item, sign)| format!("{sign} {}\n", plain(&item))).collect()
    }

    fn verdict(&self) -> (&'static str, Message) {
        let counts: Vec<_> = LEVELS
            .iter()
            .filter(|level| self.count(**level) > 0)
            .map(|level| format!("{} {}", self.count(*level), level.name()))
            .collect();
        let wire = if counts.is_empty() { "no change".to_owned() } else { counts.join(", ") };
        let rust = match (&self.rust.codegen_error, self.rust.removed.len(), self.rust.added.len())
        {
            (Some(_), ..) if self.rust.broken => "no bindings any more".to_owned(),
            (_, 0, 0) => "no change".to_owned(),
            (_, removed, added) => format!("{removed} removed, {added} added"),
        };
        let axes = format!("Wire: {wire}. Rust: {rust}.");
        if self.changes.is_empty() && self.rust.is_empty() {
            return (
                "No change.",
                Message::new(
                    "The description means the same to callers, and its bindings are the same.",
                ),
            );
        }
        let (old, new) = (word(&self.versions.0), word(&self.versions.1));
        if self.is_breaking() && self.is_announced() {
            return (
                "Breaking, and announced.",
                Message::new(format!("`info.version` rises from {old} to {new}. {axes}")),
            );
        }
        if self.is_breaking() {
            let headline = match (self.count(Level::Breaking) > 0, self.rust.is_breaking()) {
                (true, true) => "Breaking on the wire and in Rust.",
                (true, false) => "Breaking on the wire.",
                (false, _) => "Breaking in Rust.",
            };
            let advice = format!(
                "Keep what callers rely on, or raise the major number of `info.version` ({new})."
            );
            return (headline, Message::new(format!("{axes} {advice}")));
        }
        let headline = match self.changes.first().map(|change| change.level) {
            Some(Level::Unclassified) => "To be judged by a person.",
            Some(Level::Docs) if self.rust.is_empty() => "Documentation only.",
            _ => "Additive.",
        };
        (headline, Message::new(axes))
    }

    /// The changes with those that say the same of several operations put together.
    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows: Vec<Row<'_>> = Vec::new();
        let mut known: BTreeMap<(Level, Rule, &Message), usize> = BTreeMap::new();
        for change in &self.changes {
            let index =
                *known.entry((change.level, change.rule, &change.message)).or_insert_with(|| {
                    rows.push(Row {
                        level: change.level,
                        rule: change.rule,
                        message: &change.message,
                        operations: Vec::new(),
                        places: Vec::new(),
                    });
                    rows.len() - 1
                });
            if let Some(row) = rows.get_mut(index) {
                if !row.operations.contains(&change.operation) {
                    row.operations.push(change.operation.clone());
                }
                let place = local(change);
                if !row.places.contains(&place) {
                    row.places.push(place);
                }
            }
        }
        rows
    }
}

/// Says in a comment why there is no review, with the mark of one.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn refusal(error: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "**Not reviewed.**\n\n{}\n\n{MARK}", block("text", &lines(error)))
}

/// A message in Markdown, also in a cell of a table.
fn cell(message: &Message) -> String {
    message.shown(|piece| match piece {
        Piece::Words(words) => plain(words).replace('|', "\\|"),
        Piece::Quoted(text) => code(text),
    })
}

struct Row<'a> {
    level: Level,
    rule: Rule,
    message: &'a Message,
    operations: Vec<Option<String>>,
    places: Vec<&'a str>,
}

/// The place inside its operation, which has a column of its own.
fn local(change: &Change) -> &str {
    let location = change.location.as_str();
    if change.operation.is_none() || !location.starts_with("/paths/") {
        return location;
    }
    // An empty step, `paths`, the path and the method.
    location.match_indices('/').nth(3).map_or(location, |(index, _)| &location[index..])
}

/// A type that came or went as a whole takes one line; its members say nothing more.
fn whole(items: &[String]) -> Vec<String> {
    let name_of = |item: &String| {
        let name = item.strip_prefix("struct ").or_else(|| item.strip_prefix("enum "))?;
        Some(name.split('<').next().unwrap_or(name).to_owned())
    };
    let types: Vec<String> = items.iter().filter_map(name_of).collect();
    let owner = |item: &String| {
        let implemented = item.strip_prefix("impl ").and_then(|rest| rest.split_once(" for "));
        let member = ["async ", "const ", "fn "]
            .iter()
            .fold(item.as_str(), |rest, keyword| rest.strip_prefix(keyword).unwrap_or(rest));
        types.iter().find(|name| {
            let of = implemented.is_some_and(|(_, of)| of == name.as_str());
            let rest = member.strip_prefix(name.as_str());
            of || rest.is_some_and(|rest| rest.starts_with("::") || rest.starts_with('.'))
        })
    };
    items
        .iter()
        .filter(|item| owner(item).is_none())
        .map(|item| {
            let name = name_of(item);
            let members = items
                .iter()
                .filter(|other| name.is_some() && owner(other) == name.as_ref())
                .count();
            if members == 0 { item.clone() } else { format!("{item} and its {members} members") }
        })
        .collect()
}
