//! Paths to purge, checked before anything is sent.

mod error;
mod pattern;
mod hint;
mod check;
mod paths;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use check::{Rules, check};
pub use error::{PathError, PathErrorKind};
pub use paths::{Paths, PathsIter};
#[cfg(test)]
pub(crate) use pattern::readings;
pub(crate) use pattern::{covers, is_bare, is_everything};

/// A checked path to purge: an absolute path of the CDN resource, with or without `*`.
///
/// A `*` matches any sequence of bytes, including `/`. A path that means something else to the service than to its
/// author purges the wrong files, or none, without any error. So each path is checked once, byte by byte, and then
/// sent exactly as written.
///
/// That a path starts with `/` and may contain `*` is from the published reference; that `*` crosses folder
/// boundaries is from another page of the service's documentation. The other rules are this crate's own: they refuse
/// paths that two programs could interpret differently.
///
/// Paths are compared and sorted by their bytes. It is not published how the service compares percent escapes and
/// case, nor whether a `*` may match nothing. Nothing here relies on what is unknown: a path [covers](Self::covers)
/// another one only if it does so under every possible reading.
///
/// ```
/// use purge_api_ext::PurgePath;
///
/// let images: PurgePath = "/images/*".parse()?;
/// assert!(images.matches("/images/2025/logo.png"));
/// assert!(images.covers(&"/images/*.jpg".parse()?));
/// assert!(!images.covers(&"/images/".parse()?));
///
/// let error = "https://www.example.com/a".parse::<PurgePath>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "a URL, not a path, at byte 0: write only its path, `/a`",
/// );
/// # Ok::<(), purge_api_ext::PathError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct PurgePath(Box<str>);

impl PurgePath {
    /// The maximum length of a path: 8 KiB, which servers commonly accept for a request line. The service
    /// publishes no limit.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Checks a path.
    ///
    /// # Errors
    ///
    /// [`PathError`] says which rule is broken, where, and how to fix it:
    ///
    /// - The path starts with exactly one `/`. It is not a URL, and does not begin with a drive such as `C:/`.
    /// - It contains no control character, raw or escaped; no space, backslash, `#`, `?` or raw non-ASCII byte; and
    ///   none of `"<>^{}` and the backtick, which browsers escape in a path.
    /// - It contains no broken percent escape, no dot segment, raw or escaped, and no second path. It does not end
    ///   with a comma, a semicolon or a quote.
    /// - It is at most [`MAX_BYTES`](Self::MAX_BYTES) long.
    ///
    /// `[`, `]` and `|` are accepted: the [URL standard](https://url.spec.whatwg.org/#path-percent-encode-set)
    /// does not escape them in a path, so browsers send them raw.
    pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        check(&path, Rules::PATH)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Checks a path that may have a query string.
    ///
    /// It is not published whether the service matches query strings. Use this only if you know that the cache keys
    /// of your resource include them.
    ///
    /// # Errors
    ///
    /// As [`PurgePath::new`], except that `?` is allowed, and after it whatever browsers do not escape there.
    pub fn with_query(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        check(&path, Rules::QUERY)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Converts a file name, relative to the root of the site, to its path: with a leading `/`, and percent-encoded as
    /// by a browser. A `*` in the name is literal, and becomes `%2A`. The name need not be UTF-8: each byte is
    /// encoded.
    ///
    /// # Errors
    ///
    /// If the name has a `.` or `..` segment or two slashes in a row, is a URL, begins with a drive such as `C:/`, is
    /// empty, or becomes too long. A leading `./`, as printed by `find`, is dropped. `./C:/` is a folder called `C:`.
    ///
    /// ```
    /// # use purge_api_ext::PurgePath;
    /// assert_eq!(PurgePath::from_file_name("./Über uns.html")?.as_str(), "/%C3%9Cber%20uns.html");
    /// # Ok::<(), purge_api_ext::PathError>(())
    /// ```
    pub fn from_file_name(name: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let name = name.as_ref();
        if let Some(at) = check::drive(name) {
            return Err(PathError::new(PathErrorKind::Drive, at, None));
        }
        // The error for a URL says that it is one, not that it has two slashes in a row.
        if let Some(url) = std::str::from_utf8(name).ok().filter(|name| check::url(name).is_some())
        {
            check(url, Rules::NAME)?;
        }
        let relative = name.strip_prefix(b"./").unwrap_or(name);
        let relative = relative.strip_prefix(b"/").unwrap_or(relative);
        if relative.is_empty() {
            return Err(PathError::new(PathErrorKind::Empty, 0, None));
        }
        if let Some(at) = relative.windows(2).position(|pair| pair == b"//") {
            let at = name.len() - relative.len() + at;
            return Err(PathError::new(PathErrorKind::EmptySegment, at, None));
        }
        // A name that begins with two slashes gets the error about a host.
        let path = format!("/{}", percent_encode(relative, FILE_NAME));
        check(&path, Rules::NAME).map_err(|error| {
            let at = error.position();
            // Position 0 means the name as a whole.
            let before = if at == 0 { 0 } else { name.len() - relative.len() };
            error.at(before + name_position(relative, at))
        })?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Prepends a folder to the path, such as the one that contains the site: `/a` in `/shop/` is `/shop/a`.
    ///
    /// # Errors
    ///
    /// If the folder has a query string, or the path becomes too long.
    ///
    /// ```
    /// # use purge_api_ext::PurgePath;
    /// let path = PurgePath::from_file_name("a b.html")?.in_folder(&"/shop/".parse()?)?;
    /// assert_eq!(path.as_str(), "/shop/a%20b.html");
    /// # Ok::<(), purge_api_ext::PathError>(())
    /// ```
    pub fn in_folder(&self, folder: &PurgePath) -> Result<Self, PathError> {
        check(&folder.0, Rules::NAME)?;
        let path = format!("{}{self}", folder.0.trim_end_matches('/'));
        check(&path, Rules::ANY)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Checks a path that this crate, in this version or an earlier one, has accepted before.
    pub(crate) fn accepted(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        check(&path, Rules::ACCEPTED)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// The wildcard for everything in a directory. `directory` is a path up to and including one of its slashes,
    /// which is not in a query string.
    pub(crate) fn of_directory(directory: &str) -> Self {
        debug_assert!(directory.ends_with('/') && !directory.contains(['*', '?']));
        Self(format!("{directory}*").into_boxed_str())
    }

    /// A path from text that was checked before.
    pub(crate) fn of_checked(path: &str) -> Self {
        Self(path.into())
    }

    /// The path as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the path contains a `*`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether the path may purge the whole resource or nearly all of it: it has a `*` and otherwise only `*`, `.`
    /// and `/`, such as `/*`, `/**` and `/*.*`. Escapes are decoded first and a query string is ignored, since it is not
    /// published how the service reads `%2A` and `/*?v=1`. Wildcards such as `/*e*` may purge as much, but are not detected.
    #[must_use]
    pub fn is_full_purge(&self) -> bool {
        is_everything(&self.0)
    }

    /// Whether the pattern is certain to match a path: under every possible reading of `*`, as for
    /// [`covers`](Self::covers).
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        covers(&self.0, path)
    }

    /// Whether this path matches everything that `other` matches, under every possible reading of `*`.
    ///
    /// A `*` matches at least one byte, so `/blog/*` does not cover `/blog/`. It matches a percent escape only as a
    /// whole, and matches no path with a query string. Upper and lower case differ, and so do a character and its
    /// escape.
    ///
    /// ```
    /// # use purge_api_ext::PurgePath;
    /// let blog: PurgePath = "/blog/*".parse()?;
    /// assert!(blog.covers(&"/blog/2025/*".parse()?));
    /// assert!(!blog.covers(&"/blog/".parse()?));
    /// let nine: PurgePath = "/menu/*9".parse()?;
    /// assert!(nine.covers(&"/menu/page-9".parse()?));
    /// assert!(!nine.covers(&"/menu/caf%C3%A9".parse()?));
    /// # Ok::<(), purge_api_ext::PathError>(())
    /// ```
    #[must_use]
    pub fn covers(&self, other: &PurgePath) -> bool {
        covers(&self.0, &other.0)
    }
}

/// The position in a file name that corresponds to a position in its path.
fn name_position(name: &[u8], at: usize) -> usize {
    // The path begins with a slash that the name does not have.
    let ends = name.iter().scan(1, |end, byte| {
        *end += percent_encode(&[*byte], FILE_NAME).map(str::len).sum::<usize>();
        Some(*end)
    });
    ends.take_while(|end| *end <= at).count()
}

/// The characters that browsers escape in the path of a URL, and those that would change the meaning of a name.
const FILE_NAME: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'*')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}');

impl fmt::Display for PurgePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for PurgePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for PurgePath {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl TryFrom<&str> for PurgePath {
    type Error = PathError;

    fn try_from(path: &str) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl TryFrom<String> for PurgePath {
    type Error = PathError;

    fn try_from(path: String) -> Result<Self, PathError> {
        Self::new(path)
    }
}

/// Reads back a path that was serialized. Query strings and escaped control characters are allowed, since that was
/// decided when the path was created.
impl<'de> Deserialize<'de> for PurgePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        check(&path, Rules::ANY).map_err(D::Error::custom)?;
        Ok(Self(path.into_boxed_str()))
    }
}

impl From<PurgePath> for String {
    fn from(path: PurgePath) -> Self {
        path.0.into()
    }
}
