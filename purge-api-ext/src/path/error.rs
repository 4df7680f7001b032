use std::fmt;

use super::PurgePath;
use crate::sanitize::{Harmless, escape};

/// The error for text that is not a [`PurgePath`]: which rule is broken, where, and how to fix it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    kind: PathErrorKind,
    position: usize,
    instead: Option<String>,
}

/// The rule that a text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathErrorKind {
    /// The text is empty.
    Empty,
    /// Longer than [`PurgePath::MAX_BYTES`].
    TooLong,
    /// A URL, or one without its scheme if the text clearly begins with a host.
    Url,
    /// Two leading slashes, which browsers read as the start of a host.
    Host,
    /// No leading slash.
    NoLeadingSlash,
    /// A control character.
    Control,
    /// A space.
    Space,
    /// A backslash, which browsers read as a slash.
    Backslash,
    /// A `#`, which starts a fragment. Fragments are never sent to a server.
    Fragment,
    /// A `?` where no query string is allowed.
    Query,
    /// A raw character that is not ASCII.
    NonAscii,
    /// A `%` without two hexadecimal digits.
    Escape,
    /// A `.` or `..` segment, raw or escaped, which clients and servers resolve differently.
    DotSegment,
    /// A character that browsers escape in a path: one of `"<>^{}` and the backtick.
    Unescaped,
    /// An escaped control character, such as `%0A`.
    ControlEscape,
    /// A Windows drive, such as `C:/`, which Git Bash prepends to arguments that begin with `/`.
    Drive,
    /// A second path after a space, a comma or another list separator.
    Several,
    /// A comma, a semicolon or a quote at the end, left over from a list.
    Trailing,
    /// Two slashes in a row in a file name.
    EmptySegment,
}

impl PathError {
    pub(super) fn new(kind: PathErrorKind, position: usize, instead: Option<String>) -> Self {
        Self { kind, position, instead }
    }

    /// The same error at another position.
    pub(super) fn at(self, position: usize) -> Self {
        Self { position, ..self }
    }

    /// The rule that is broken.
    #[must_use]
    pub fn kind(&self) -> PathErrorKind {
        self.kind
    }

    /// The suggested replacement, if there is one.
    #[cfg(test)]
    pub(super) fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// The byte at which the rule is broken, counted from 0.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use PathErrorKind as Kind;

        // The suggestion is made of foreign text, which may contain terminal control sequences.
        let instead = escape(self.instead.as_deref().unwrap_or_default());
        let at = self.position;
        match self.kind {
            Kind::Empty => f.write_str("no path: write at least `/`"),
            Kind::TooLong => write!(
                f,
                "longer than {} bytes: shorten it, or purge it with a wildcard",
                PurgePath::MAX_BYTES
            ),
            Kind::Url => {
                write!(f, "a URL, not a path, at byte {at}: write only its path")?;
                if instead.is_empty() { Ok(()) } else { write!(f, ", `{instead}`") }
            }
            Kind::Host if instead.is_empty() => write!(
                f,
                "two leading slashes, which name a host, at byte {at}: write the path alone, with one \
                 slash"
            ),
            Kind::Host => {
                write!(f, "two leading slashes, which name a host, at byte {at}: write `{instead}`")
            }
            Kind::NoLeadingSlash if instead.is_empty() => f.write_str(
                "it does not begin with `/`: write the path as it appears after the host",
            ),
            Kind::NoLeadingSlash => {
                write!(f, "it does not begin with `/`: write `{instead}`")
            }
            Kind::Control => write!(f, "a control character, at byte {at}: remove it"),
            Kind::Space if instead.is_empty() => write!(
                f,
                "a space, at byte {at}: remove it and what follows, or write `%20` if it belongs to the path"
            ),
            Kind::Space => write!(f, "a space, at byte {at}: write `{instead}`"),
            Kind::Backslash if instead.is_empty() => write!(
                f,
                "a backslash, at byte {at}: write `/` between folders, and each path on its own line"
            ),
            Kind::Backslash => write!(f, "a backslash, at byte {at}: write `{instead}`"),
            Kind::Fragment => {
                write!(f, "a `#`, at byte {at}: write `{instead}`, or leave the fragment out")
            }
            Kind::Query => {
                write!(f, "a `?`, at byte {at}: write `%3F`, or leave the query string out")?;
                if instead.is_empty() {
                    return Ok(());
                }
                write!(
                    f,
                    "; `{instead}` reaches every query string only if `*` matches them, which is not \
                     published"
                )
            }
            Kind::NonAscii if instead.is_empty() => write!(
                f,
                "an invisible character, at byte {at}: remove it, or percent-encode it if it belongs to \
                 the path"
            ),
            Kind::NonAscii => {
                write!(f, "a character that is not ASCII, at byte {at}: write `{instead}`")
            }
            Kind::Escape => {
                write!(f, "a broken percent escape, at byte {at}: write `%25` for a percent sign")
            }
            Kind::DotSegment => {
                write!(f, "a dot segment, at byte {at}: write the path without `.` and `..`")
            }
            Kind::Unescaped => {
                write!(f, "a character that browsers escape, at byte {at}: write `{instead}`")
            }
            Kind::ControlEscape => write!(
                f,
                "an escaped control character at byte {at}: give each path separately, without it"
            ),
            Kind::Drive => write!(
                f,
                "a Windows path, at byte {at}: write the path on the site; if Git Bash changed it, \
                 set MSYS_NO_PATHCONV=1"
            ),
            Kind::Several => write!(
                f,
                "there is a second path at byte {at}: give each path separately (in a file, one per line)"
            ),
            Kind::Trailing => write!(
                f,
                "a separator left over from a list, at byte {at}: remove it, or write `{instead}` if it \
                 belongs to the path"
            ),
            Kind::EmptySegment => write!(f, "two slashes in a row, at byte {at}: write one"),
        }
    }
}

impl std::error::Error for PathError {}

impl Harmless for PathError {}

impl From<PathError> for crate::error::Error {
    fn from(error: PathError) -> Self {
        Self::invalid_input(&error)
    }
}
