//! Renders a review for people and for programs.

use std::io::{self, Write};

use crate::review::Review;

mod markdown;
mod verdict;
mod items;
mod comment;
mod terminal;
mod json;
mod github;
mod sarif;
mod changelog;

#[cfg(test)]
mod tests;

/// Lets a workflow find its own earlier comment.
const MARK: &str = "<!-- purge: spec-diff -->";

/// How a review is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A comment for a pull request, which is never longer than GitHub accepts.
    Markdown,
    /// Lines for a terminal.
    Text,
    /// For programs.
    Json,
    /// Commands for GitHub's runner, which shows them at the lines of the pull request.
    Github,
    /// Entries for a changelog.
    Changelog,
    /// SARIF 2.1.0, which code scanning and editors read.
    Sarif,
}

impl Format {
    /// Every format, with its name and what it is for.
    pub const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Markdown, "markdown", "A comment for a pull request"),
        (Self::Text, "text", "Lines for a terminal"),
        (Self::Json, "json", "For programs"),
        (Self::Github, "github", "Annotations on the lines of a pull request"),
        (Self::Changelog, "changelog", "Entries for CHANGELOG.md"),
        (Self::Sarif, "sarif", "SARIF 2.1.0, for code scanning and editors"),
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
            Format::Markdown => write!(out, "{}", comment::of(self)),
            Format::Text => terminal::write(self, out),
            Format::Json => json::write(self, out),
            Format::Github => github::write(self, out),
            Format::Changelog => changelog::write(&[self], out),
            Format::Sarif => sarif::write(self, out),
        }
    }
}

/// Writes the reviews of several documents, such as all those of a repository, as one output. Reviews without changes
/// are left out, unless none has any. If several have changes, JSON has them in `reviews`, and SARIF as runs.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn render(reviews: &[Review], format: Format, out: &mut dyn Write) -> io::Result<()> {
    let changed: Vec<&Review> = reviews.iter().filter(|review| !review.is_empty()).collect();
    match (changed.as_slice(), reviews) {
        ([], [first, ..]) => first.render(format, out),
        ([only], _) => only.render(format, out),
        (several, _) => together(several, format, out),
    }
}

fn together(reviews: &[&Review], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Markdown => write!(out, "{}", comment::of_several(reviews)),
        Format::Text => reviews.iter().try_for_each(|review| {
            writeln!(out, "{}", review.names.1)?;
            terminal::write(review, out)
        }),
        Format::Json => json::write_several(reviews, out),
        Format::Github => reviews.iter().try_for_each(|review| github::write(review, out)),
        Format::Changelog => changelog::write(reviews, out),
        Format::Sarif => sarif::write_several(reviews, out),
    }
}

/// Writes why there is no review: as a comment with the mark of a review, as an object for programs, and so on.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn refusal(error: &str, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Markdown => write!(out, "{}", comment::refusal(error)),
        Format::Text | Format::Changelog => writeln!(out, "error: {}", crate::text::lines(error)),
        Format::Json => json::refusal(error, out),
        Format::Github => github::refusal(error, out),
        Format::Sarif => sarif::refusal(error, out),
    }
}
