//! A review as a comment, as plain text and as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use super::report::Level;
use super::review::Review;

/// Lets the workflow find its own earlier comment.
const MARK: &str = "<!-- purge: spec-diff -->";
const LEVELS: [Level; 4] = [Level::Breaking, Level::Unclassified, Level::Additive, Level::Docs];

/// How a review is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A comment for a pull request
    Markdown,
    /// Lines for a terminal
    Text,
    /// For programs
    Json,
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
        writeln!(out, "**{headline}** {explanation}")?;
        let rows = self.rows();
        if !rows.is_empty() {
            writeln!(
                out,
                "\n| level | operation | what changes on the wire | where |\n|---|---|---|---|"
            )?;
        }
        for row in rows {
            let level =
                if row.level == Level::Breaking { "**breaking**" } else { row.level.name() };
            let operations = row
                .operations
                .iter()
                .map(|name| name.as_ref().map_or("–".to_owned(), |name| format!("`{name}`")));
            let operations: Vec<_> = operations.collect();
            let message = row.message.replace('|', "\\|").replace(['\n', '\r'], " ");
            let places: Vec<_> =
                row.places.iter().map(|place| format!("`{}`", place.replace('|', "\\|"))).collect();
            let more = places.len().saturating_sub(2);
            let mut place = places.iter().take(2).cloned().collect::<Vec<_>>().join("<br>");
            if more > 0 {
                place.push_str(&format!("<br>and {more} more"));
            }
            writeln!(out, "| {level} | {} | {message} | {place} |", operations.join("<br>"))?;
        }
        let rust = &self.rust;
        if let Some(error) = &rust.codegen_error {
            writeln!(
                out,
                "\nRust: {} {}",
                if rust.broken { "**no bindings can be generated any more**:" } else { "" },
                error.replace('\n', " ")
            )?;
        }
        if !rust.added.is_empty() || !rust.removed.is_empty() {
            let (removed, added) = (rust.removed.len(), rust.added.len());
            writeln!(
                out,
                "\n<details><summary>Rust bindings: {removed} removed, {added} added (a changed item is both)</summary>\n\n```diff"
            )?;
            self.items(out)?;
            writeln!(out, "```\n\n</details>")?;
        }
        writeln!(out, "\n{MARK}")
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let (headline, explanation) = self.verdict();
        writeln!(out, "{headline} {}", explanation.replace('`', ""))?;
        for change in &self.changes {
            let operation =
                change.operation.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            writeln!(
                out,
                "{:<12} {operation}{}\n{:<12} at {}",
                change.level.name(),
                change.message,
                "",
                change.location
            )?;
        }
        if let Some(error) = &self.rust.codegen_error {
            writeln!(out, "rust         {error}")?;
        }
        self.items(out)
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let changes: Vec<_> = self
            .changes
            .iter()
            .map(|change| json!({ "level": change.level.name(), "location": change.location, "message": change.message }))
            .collect();
        let rust = &self.rust;
        let document = json!({
            "schema": 1,
            "changes": changes,
            "rust": { "added": rust.added, "removed": rust.removed, "codegen_error": rust.codegen_error },
        });
        writeln!(out, "{document:#}")
    }

    /// Items with the old spelling of a thing above the new one.
    fn items(&self, out: &mut dyn Write) -> io::Result<()> {
        let removed = self.rust.removed.iter().map(|item| (item, '-'));
        let mut lines: Vec<_> =
            removed.chain(self.rust.added.iter().map(|item| (item, '+'))).collect();
        lines.sort();
        for (item, sign) in lines {
            writeln!(out, "{sign} {item}")?;
        }
        Ok(())
    }

    fn verdict(&self) -> (&'static str, String) {
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
                "The description means the same to callers, and its bindings are the same."
                    .to_owned(),
            );
        }
        let (old, new) = &self.versions;
        if self.is_breaking() && self.is_announced() {
            return (
                "Breaking, and announced.",
                format!("`info.version` rises from {old} to {new}. {axes}"),
            );
        }
        if self.is_breaking() {
            let mend = format!(
                "Keep what callers rely on, or raise the major number of `info.version` ({new})."
            );
            return ("Breaking.", format!("{axes} {mend}"));
        }
        let headline = match self.changes.first().map(|change| change.level) {
            Some(Level::Unclassified) => "To be judged by a person.",
            Some(Level::Docs) if self.rust.is_empty() => "Documentation only.",
            _ => "Additive.",
        };
        (headline, axes)
    }

    /// The changes with those that say the same of several operations put together.
    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows: Vec<Row<'_>> = Vec::new();
        let mut known: BTreeMap<(Level, &str), usize> = BTreeMap::new();
        for change in &self.changes {
            let index = *known.entry((change.level, &change.message)).or_insert_with(|| {
                rows.push(Row {
                    level: change.level,
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
                row.places.push(&change.location);
            }
        }
        rows
    }
}

struct Row<'a> {
    level: Level,
    message: &'a str,
    operations: Vec<Option<String>>,
    places: Vec<&'a str>,
}
