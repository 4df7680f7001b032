//! The width and colours of a stream.

use std::io::{self, IsTerminal as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use purge_api_ext::PathState;
use terminal_size::terminal_size_of;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How wide a line may be, and whether it may have colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// None without a terminal: output to a file or a program is not truncated.
    pub(crate) width: Option<usize>,
    pub(crate) colour: bool,
}

impl Screen {
    /// Not a terminal.
    pub(crate) const NONE: Self = Self { width: None, colour: false };

    /// The screen of standard output; colours follow `NO_COLOR`, `CLICOLOR_FORCE` and `TERM`.
    pub(crate) fn of_stdout() -> Self {
        let stdout = io::stdout();
        let width = terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
        Self {
            width: width.filter(|_| stdout.is_terminal()),
            colour: AutoStream::choice(&stdout) != ColorChoice::Never,
        }
    }

    /// Truncates a text to fit into a line, some columns of which are already used.
    pub(super) fn fit(self, text: &str, used: usize) -> String {
        let Some(width) = self.width else { return text.to_owned() };
        // A line that is too long is better than an empty one.
        let width = width.saturating_sub(used).max(10);
        if text.width() <= width {
            return text.to_owned();
        }
        let mut left = width - 1;
        let fits = |character: &char| {
            let columns = character.width().unwrap_or(0);
            let fits = columns <= left;
            left = left.saturating_sub(columns);
            fits
        };
        let mut cut: String = text.chars().take_while(fits).collect();
        cut.push('…');
        cut
    }

    pub(super) fn style(self, style: Style) -> Style {
        if self.colour { style } else { Style::new() }
    }

    /// The style of a path in this state.
    pub(super) fn style_of(self, state: PathState) -> Style {
        self.style(match state {
            PathState::Failed => AnsiColor::Red.on_default().bold(),
            PathState::Unconfirmed | PathState::NotSent => AnsiColor::Red.on_default(),
            PathState::Pending => AnsiColor::Yellow.on_default(),
            PathState::Purged => AnsiColor::Green.on_default(),
            _ => Style::new(),
        })
    }
}

/// Pads a text with spaces up to a width; a longer text is unchanged.
pub(super) fn pad(text: &str, width: usize) -> String {
    let spaces = width.saturating_sub(text.width());
    format!("{text}{:spaces$}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_truncated_by_columns() {
        let screen = |width| Screen { width, colour: false };
        assert_eq!(screen(None).fit(&"a".repeat(300), 0), "a".repeat(300));
        assert_eq!(screen(Some(20)).fit("0123456789", 10), "0123456789");
        assert_eq!(screen(Some(20)).fit("0123456789a", 10), "012345678…");
        assert_eq!(screen(Some(5)).fit("0123456789a", 0), "012345678…");
        // A wide character takes two columns.
        assert_eq!(
            screen(Some(12)).fit("/\u{4e2d}\u{6587}\u{4e2d}\u{6587}\u{4e2d}\u{6587}", 0),
            "/\u{4e2d}\u{6587}\u{4e2d}\u{6587}\u{4e2d}…"
        );
        assert_eq!(pad("\u{4e2d}", 4), "\u{4e2d}  ");
    }
}
