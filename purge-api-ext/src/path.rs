//! What to purge, checked before anything is sent.

mod check;
mod error;
mod paths;
mod pattern;

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use check::{Query, check};
pub use error::{PathError, PathErrorKind};
pub use paths::Paths;
#[cfg(test)]
pub(crate) use pattern::readings;
pub(crate) use pattern::{covers, is_bare, is_everything};

/// A path that the service reads otherwise than its author meant purges the wrong files, or none, and
/// nobody notices. So it is checked once, byte by byte, and then sent exactly as it was written.
///
/// It is an absolute path of the CDN resource, in which `*` stands for any run of bytes, `/` included.
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
    /// [`PathError`] says which rule is broken, where, and how to mend it: the path must start with one
    /// `/` and be no URL; it holds no control character, space, backslash, `#`, `?`, raw non-ASCII byte,
    /// broken percent escape or dot segment (also an escaped one), and is at most
    /// [`MAX_BYTES`](Self::MAX_BYTES) long.
    pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        check(&path, Query::Refused)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Checks a path that may have a query string.
    ///
    /// Whether the service matches query strings is not published, so this is for those who know that
    /// their resource's cache keys hold them.
    ///
    /// # Errors
    ///
    /// As [`PurgePath::new`], except for `?`.
    pub fn with_query(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        check(&path, Query::Allowed)?;
        Ok(Self(path.into_boxed_str()))
    }

    /// Turns a file name, relative to the root of the site, into its path: percent-encoded as a browser
    /// does it, with a leading `/`. A `*` in the name is a character of the name, and becomes `%2A`. A name need
    /// not be UTF-8: each byte is encoded.
    ///
    /// # Errors
    ///
    /// When the name has a `.` or `..` segment (a leading `./` is dropped, as `find` prints it), is empty,
    /// or becomes too long.
    ///
    /// ```
    /// # use purge_api_ext::PurgePath;
    /// assert_eq!(PurgePath::from_file_name("./Über uns.html")?.as_str(), "/%C3%9Cber%20uns.html");
    /// # Ok::<(), purge_api_ext::PathError>(())
    /// ```
    pub fn from_file_name(name: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let name = name.as_ref();
        let name = name.strip_prefix(b"./").unwrap_or(name);
        let name = name.strip_prefix(b"/").unwrap_or(name);
        if name.is_empty() {
            return Err(PathError::new(PathErrorKind::Empty, 0, None));
        }
        Self::new(format!("/{}", percent_encode(name, FILE_NAME)))
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

/// A path that was written is read back: whether it may have a query string was decided when it was made.
impl<'de> Deserialize<'de> for PurgePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::with_query(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl From<PurgePath> for String {
    fn from(path: PurgePath) -> Self {
        path.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_place_and_the_mend() {
        let check = |path: &str, expected: &str| {
            let error = PurgePath::new(path).expect_err(path);
            assert_eq!(error.to_string(), expected, "{path:?}");
        };
        check("", "no path: write at least `/`");
        check("a/b", "no leading slash, at byte 0: write `/a/b`");
        check("https://e.com/a?b", "a URL, not a path, at byte 0: write only its path");
        check("http://e.com", "a URL, not a path, at byte 0: write only its path, `/`");
        check("//e.com/a", "two leading slashes, which name a host, at byte 0: write `/e.com/a`");
        check("/a b", "a space, at byte 2: write `%20`");
        check("/a\tb", "a control character, at byte 2: remove it");
        check("/a\\b", "a backslash, at byte 2: write `/`");
        check("/a#b", "a `#`, at byte 2: write `%23`, or leave the fragment out");
        check("/a?b", "a `?`, at byte 2: write `%3F`, or leave the query string out");
        check("/\u{fc}", "a character that is not ASCII, at byte 1: write `%C3%BC`");
        check("/a%2", "a broken percent escape, at byte 2: write `%25` for a percent sign");
        check("/a/../b", "a dot segment, at byte 3: write the path without `.` and `..`");
        check("/%2e%2E", "a dot segment, at byte 1: write the path without `.` and `..`");
        check("/a/..%2Fb", "a dot segment, at byte 3: write the path without `.` and `..`");
        check("/a/.", "a dot segment, at byte 3: write the path without `.` and `..`");
        check(
            &format!("/{}", "a".repeat(PurgePath::MAX_BYTES)),
            "longer than 8192 bytes: shorten it, or purge it by a wildcard",
        );
    }

    #[test]
    fn accepted_paths_are_kept_byte_for_byte() {
        for path in
            ["/", "/a", "/*", "/a//b", "/a%2Fb", "/...", "/a;b=c@d:e!$&'()+,", "/~u/{x}|\"<>^`"]
        {
            assert_eq!(PurgePath::new(path).expect(path).as_str(), path);
        }
        assert_eq!(PurgePath::with_query("/a?b=../c").expect("a query").as_str(), "/a?b=../c");
        let longest = format!("/{}", "a".repeat(PurgePath::MAX_BYTES - 1));
        assert_eq!(PurgePath::new(longest.as_str()).expect("8 KiB").as_str(), longest);
    }

    #[test]
    fn file_names_become_paths() {
        let check = |name: &str, path: &str| {
            assert_eq!(PurgePath::from_file_name(name).expect(name).as_str(), path);
        };
        check("index.html", "/index.html");
        check("./a/b.png", "/a/b.png");
        check("/a", "/a");
        check("100% #1?.txt", "/100%25%20%231%3F.txt");
        check("*.txt", "/%2A.txt");
        check("a\nb", "/a%0Ab");
        check("~x/\u{1f600}", "/~x/%F0%9F%98%80");
        let latin = PurgePath::from_file_name(b"caf\xe9").expect("any bytes are a name");
        assert_eq!(latin.as_str(), "/caf%E9");
        PurgePath::from_file_name("../a").expect_err("outside of the site");
        PurgePath::from_file_name("./").expect_err("no name");
    }

    #[test]
    fn full_purge_is_recognized_by_meaning() {
        for (path, full) in [
            ("/*", true),
            ("/**", true),
            ("/***", true),
            ("/%2A", true),
            ("/%2a*", true),
            ("/*.*", true),
            ("/*/*", true),
            ("/*/", true),
            ("/*%2E*", true),
            ("/%2F*", true),
            ("/*%2f%2e*", true),
            ("/.*", true),
            ("/", false),
            ("/...", false),
            ("/a*", false),
            ("/*e*", false),
            ("/*.html", false),
            ("/*/%2B", false),
        ] {
            assert_eq!(PurgePath::new(path).expect(path).is_full_purge(), full, "{path}");
        }
    }

    #[test]
    fn serde_checks_like_the_parser() {
        let path: PurgePath = serde_json::from_str(r#""/a/*""#).expect("a path");
        assert_eq!(serde_json::to_string(&path).expect("JSON"), r#""/a/*""#);
        let query = PurgePath::with_query("/a?b").expect("a query");
        let written = serde_json::to_string(&query).expect("JSON");
        assert_eq!(serde_json::from_str::<PurgePath>(&written).expect("a path"), query);
        let error = serde_json::from_str::<PurgePath>(r#""a""#).expect_err("no slash");
        assert!(error.to_string().contains("no leading slash"), "{error}");
    }
}
