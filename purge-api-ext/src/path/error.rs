use std::fmt;

use super::PurgePath;
use crate::text::escape;

/// Why a text is not a [`PurgePath`], where, and how to mend it.
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
    /// There is no text at all.
    Empty,
    /// Longer than [`PurgePath::MAX_BYTES`].
    TooLong,
    /// A URL with a scheme.
    Url,
    /// Two leading slashes, after which a browser reads a host.
    Host,
    /// No leading slash.
    NoLeadingSlash,
    /// A control character.
    Control,
    /// A space.
    Space,
    /// A backslash, which browsers read as a slash.
    Backslash,
    /// A `#`, after which nothing is sent to a server.
    Fragment,
    /// A `?` where no query string is allowed.
    Query,
    /// A raw character that is not ASCII.
    NonAscii,
    /// A `%` without two hexadecimal digits.
    Escape,
    /// A `.` or `..` segment, also an escaped one, which clients and servers resolve differently.
    DotSegment,
}

impl PathError {
    pub(super) fn new(kind: PathErrorKind, position: usize, instead: Option<String>) -> Self {
        Self { kind, position, instead }
    }

    /// The rule that is broken.
    #[must_use]
    pub fn kind(&self) -> PathErrorKind {
        self.kind
    }

    /// What to write instead, if that can be said.
    #[cfg(test)]
    pub(super) fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// The byte, counted from 0, at which it is broken.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use PathErrorKind as Kind;

        // What is quoted here came from outside, and may hold what a terminal would obey.
        let instead = escape(self.instead.as_deref().unwrap_or_default());
        let at = self.position;
        match self.kind {
            Kind::Empty => f.write_str("no path: write at least `/`"),
            Kind::TooLong => write!(
                f,
                "longer than {} bytes: shorten it, or purge it by a wildcard",
                PurgePath::MAX_BYTES
            ),
            Kind::Url => {
                write!(f, "a URL, not a path, at byte {at}: write only its path")?;
                if instead.is_empty() { Ok(()) } else { write!(f, ", `{instead}`") }
            }
            Kind::Host if instead.is_empty() => {
                write!(f, "two leading slashes, which name a host, at byte {at}: write one")
            }
            Kind::Host => {
                write!(f, "two leading slashes, which name a host, at byte {at}: write `{instead}`")
            }
            Kind::NoLeadingSlash if instead.is_empty() => {
                write!(f, "no leading slash, at byte {at}: begin with `/`")
            }
            Kind::NoLeadingSlash => {
                write!(f, "no leading slash, at byte {at}: write `{instead}`")
            }
            Kind::Control => write!(f, "a control character, at byte {at}: remove it"),
            Kind::Space => write!(f, "a space, at byte {at}: write `{instead}`"),
            Kind::Backslash => write!(f, "a backslash, at byte {at}: write `{instead}`"),
            Kind::Fragment => {
                write!(f, "a `#`, at byte {at}: write `{instead}`, or leave the fragment out")
            }
            Kind::Query => {
                write!(f, "a `?`, at byte {at}: write `{instead}`, or leave the query string out")
            }
            Kind::NonAscii => {
                write!(f, "a character that is not ASCII, at byte {at}: write `{instead}`")
            }
            Kind::Escape => {
                write!(f, "a broken percent escape, at byte {at}: write `%25` for a percent sign")
            }
            Kind::DotSegment => {
                write!(f, "a dot segment, at byte {at}: write the path without `.` and `..`")
            }
        }
    }
}

impl std::error::Error for PathError {}

impl From<PathError> for crate::Error {
    fn from(error: PathError) -> Self {
        Self::invalid_input(&error)
    }
}
