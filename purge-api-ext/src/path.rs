//! What to purge, checked before anything is sent.

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
/// A `*` stands for any run of bytes, `/` included. A path that the service reads otherwise than its author meant
/// purges the wrong files, or none, and nobody notices. So it is checked once, byte by byte, and then sent
/// exactly as it was written.
///
/// That a path starts with `/` and may hold `*` is from the published reference; that `*` goes over
/// folder borders is from another page of the service's documentation. The other rules are this
/// crate's: they refuse what two programs could read in two ways.
///
/// Two paths are equal, and sort, by their bytes. How the service compares percent escapes and case is
/// not published, nor whether a `*` may match nothing. What is unknown is not relied on: a path
/// [covers](Self::covers) another one only if it does so under every reading.
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
    /// The longest path: 8 KiB, which is what servers commonly accept for a request line. The service
    /// publishes no limit.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Checks a path.
    ///
    /// # Errors
    ///
    /// [`PathError`] says which rule is broken, where, and how to fix it:
    ///
    /// - the path starts with one `/`; it is not a URL, and does not begin with a drive such as `C:/`;
    /// - it holds no control character, not an escaped one either, no space, backslash, `#`, `?` or raw
    ///   non-ASCII byte, and none of `"<>^{}` and the backtick, which browsers escape in a path;
    /// - it holds no broken percent escape, no dot segment (not an escaped one either), and no second path, and
    ///   does not end with a comma, a semicolon or a quote;
    /// - it is at most [`MAX_BYTES`](Self::MAX_BYTES) long.
    ///
    /// `[`, `]` and `|` are accepted: the [URL standard](https://url.spec.whatwg.org/#path-percent-encode-set)
    /// leaves them as they are in a path, and so browsers send them.
    pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        check(&path, Rules::PATH)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Checks a path that may have a query string.
    ///
    /// Whether the service matches query strings is not published, so this is for those who know that
    /// their resource's cache keys hold them.
    ///
    /// # Errors
    ///
    /// As [`PurgePath::new`], except for `?`, and for what browsers do not escape after it.
    pub fn with_query(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        check(&path, Rules::QUERY)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Turns a file name, relative to the root of the site, into its path: percent-encoded as a browser
    /// does it, with a leading `/`. A `*` in the name is a character of the name, and becomes `%2A`. A name need
    /// not be UTF-8: each byte is encoded.
    ///
    /// # Errors
    ///
    /// When the name has a `.` or `..` segment (a leading `./` is dropped, as `find` prints it) or two
    /// slashes in a row, is a URL, begins with a drive such as `C:/` (`./C:/` is a folder of this name), is
    /// empty, or becomes too long.
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
        // A URL is refused for what it is, and not for its two slashes.
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
        // A name that begins with two slashes is refused for the host that follows them.
        let path = format!("/{}", percent_encode(relative, FILE_NAME));
        check(&path, Rules::NAME).map_err(|error| {
            let at = error.position();
            // What is wrong with the name as a whole begins with it.
            let before = if at == 0 { 0 } else { name.len() - relative.len() };
            error.at(before + name_position(relative, at))
        })?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Puts the path into a folder, such as the one that a site lies in: `/a` in `/shop/` is `/shop/a`.
    ///
    /// # Errors
    ///
    /// When the folder has a query string, or the path becomes too long.
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

    /// Checks a path that this crate has accepted before, also in an earlier version.
    pub(crate) fn accepted(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        check(&path, Rules::ACCEPTED)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// The wildcard for all that is in a directory: a path up to and with one of its slashes, not in its
    /// query string.
    pub(crate) fn of_directory(directory: &str) -> Self {
        debug_assert!(directory.ends_with('/') && !directory.contains(['*', '?']));
        Self(format!("{directory}*").into_boxed_str())
    }

    /// A text that was checked before.
    pub(crate) fn of_checked(path: &str) -> Self {
        Self(path.into())
    }

    /// The path as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it holds a `*`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether it may purge the whole resource, or nearly: it has a `*` and otherwise only `*`, `.` and `/`,
    /// as `/*`, `/**` and `/*.*` do. An escape counts as what it stands for here, since it is not published
    /// how the service reads `%2A`. Wildcards such as `/*e*` may purge as much and are not recognized.
    #[must_use]
    pub fn is_full_purge(&self) -> bool {
        is_everything(&self.0)
    }

    /// Whether the pattern matches a path for certain: under every reading of `*` that the service may have,
    /// as [`covers`](Self::covers) does.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        covers(&self.0, path)
    }

    /// Whether everything that `other` matches is matched by this one too, under every reading of `*` that
    /// the service may have.
    ///
    /// A `*` takes at least one byte, so that `/blog/*` does not cover `/blog/`. It takes a percent escape
    /// whole or not at all, and nothing that has a query string. Letters of different case are different, and
    /// so are a character and its escape.
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

/// The byte of a name that is at this byte of its path.
fn name_position(name: &[u8], at: usize) -> usize {
    // The slash before the name is the first byte of the path.
    let ends = name.iter().scan(1, |end, byte| {
        *end += percent_encode(&[*byte], FILE_NAME).map(str::len).sum::<usize>();
        Some(*end)
    });
    ends.take_while(|end| *end <= at).count()
}

/// What a browser escapes in the path of a URL, and what would otherwise change the meaning of a name.
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

/// A path that was written is read back: whether it may have a query string, or an escaped control character
/// from a file name, was decided when it was made.
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
