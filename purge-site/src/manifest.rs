//! The files of a site, and what is in each of them.

mod text;

use std::collections::BTreeMap;
use std::fmt;

/// The SHA-256 of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// No content has this digest: it stands for content that is unknown.
    pub const UNKNOWN: Self = Self([0; 32]);

    /// Whether it stands for content that is unknown.
    #[must_use]
    pub fn is_unknown(self) -> bool {
        self == Self::UNKNOWN
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// When a file had which size: enough to guess that it is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970, in UTC.
    pub modified: i64,
}

/// A file of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is in it.
    pub digest: Digest,
    /// Its size and time, if they can be relied on.
    pub stamp: Option<Stamp>,
}

/// The files of a site by name, each with the SHA-256 of its content.
///
/// A name is relative to the root of the site, with `/` between folders. It is bytes: it need not be UTF-8.
/// Names that differ in case only, or in the Unicode form of a letter, are different.
///
/// The text of a manifest is what `sha256sum` writes and reads, so that other programs can make and check it.
///
/// ```
/// use purge_site::Manifest;
///
/// let text = b"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  ./a.html\n";
/// let manifest = Manifest::parse(text)?;
/// assert_eq!(manifest.names().collect::<Vec<_>>(), [b"a.html"]);
/// # Ok::<(), purge_site::ManifestError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    files: BTreeMap<Box<[u8]>, Entry>,
    resource: Option<String>,
}

impl Manifest {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the text of a manifest, in any form that `sha256sum` writes: `HASH  NAME`, `HASH *NAME` and
    /// `SHA256 (NAME) = HASH`, escaped or with a NUL byte after each entry. Blank lines and lines that start
    /// with `#` are skipped, as `sha256sum --check` does.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] says which line is not an entry, or which name cannot be that of a file of a site. When
    /// a text that this crate wrote is not complete. When a name comes twice with different hashes.
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        text::parse(text)
    }

    /// The text of the manifest, which `sha256sum --check` reads. The first line, a comment, has the number of
    /// files, so that a text that was cut off is not taken for a smaller site.
    #[must_use]
    pub fn to_text(&self) -> Vec<u8> {
        text::write(self)
    }

    /// Adds a file, or replaces the one of this name.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the name is empty or absolute, or has an empty, `.` or `..` segment or a NUL byte. A
    /// leading `./` is dropped.
    pub fn insert(&mut self, name: &[u8], entry: Entry) -> Result<(), NameError> {
        self.files.insert(checked(name)?.into(), entry);
        Ok(())
    }

    /// The file of a name.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&Entry> {
        self.files.get(name)
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files, sorted by the bytes of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &Entry)> {
        self.files.iter().map(|(name, entry)| (&**name, entry))
    }

    /// The names, sorted by their bytes.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.files.keys().map(|name| &**name)
    }

    /// The resource whose cache this site was purged from, if the manifest says so.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Notes the resource whose cache this site was purged from.
    #[must_use]
    pub fn with_resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Forgets what is in these files: whatever they hold now or later, it counts as different.
    pub fn doubt<'a>(&mut self, names: impl IntoIterator<Item = &'a [u8]>) {
        for name in names {
            self.files.insert(name.into(), Entry { digest: Digest::UNKNOWN, stamp: None });
        }
    }

    /// The site of which either may be what a cache holds: what differs between the two is unknown.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        let differs = |name: &&[u8]| {
            let digest = |of: &Self| of.get(name).map(|entry| entry.digest);
            let digests = (digest(&self), digest(other));
            digests.0 != digests.1 || digests.0.is_some_and(Digest::is_unknown)
        };
        let names: Vec<Box<[u8]>> =
            self.names().chain(other.names()).filter(differs).map(Into::into).collect();
        self.doubt(names.iter().map(|name| &**name));
        self
    }

    /// Drops the sizes and times of files that were modified at this moment or later: a file may change again
    /// without another time.
    pub fn distrust_since(&mut self, moment: i64) {
        for entry in self.files.values_mut() {
            entry.stamp = entry.stamp.filter(|stamp| stamp.modified < moment);
        }
    }
}

/// Why a text is not the name of a file of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// There is no name.
    Empty,
    /// It begins with `/`.
    Absolute,
    /// It has an empty, `.` or `..` segment.
    Segment,
    /// It has a NUL byte, which no file system allows.
    Nul,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is no name",
            Self::Absolute => "the name begins with `/`: names are relative to the root of the site",
            Self::Segment => {
                "the name has an empty, `.` or `..` segment: names are relative to the root of the site"
            }
            Self::Nul => "the name has a NUL byte",
        })
    }
}

impl std::error::Error for NameError {}

/// A name without a leading `./`, if it is one.
pub(crate) fn checked(name: &[u8]) -> Result<&[u8], NameError> {
    let name = name.strip_prefix(b"./").unwrap_or(name);
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.starts_with(b"/") {
        return Err(NameError::Absolute);
    }
    if name.contains(&0) {
        return Err(NameError::Nul);
    }
    let is_segment = |segment: &[u8]| !matches!(segment, b"" | b"." | b"..");
    match name.split(|&byte| byte == b'/').all(is_segment) {
        true => Ok(name),
        false => Err(NameError::Segment),
    }
}

/// Why a text is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// From 1; none if it is the text as a whole.
    line: Option<usize>,
    why: String,
}

impl ManifestError {
    fn new(line: impl Into<Option<usize>>, why: impl fmt::Display) -> Self {
        Self { line: line.into(), why: why.to_string() }
    }

    /// The number of the line or, in a manifest with NUL bytes, of the entry, from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for ManifestError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(files: &[(&str, u8)]) -> Manifest {
        let mut manifest = Manifest::new();
        for (name, content) in files {
            let entry = Entry { digest: Digest([*content; 32]), stamp: None };
            manifest.insert(name.as_bytes(), entry).expect("a name");
        }
        manifest
    }

    #[test]
    fn names_are_below_the_root() {
        for (name, error) in [
            ("", NameError::Empty),
            ("./", NameError::Empty),
            ("/a", NameError::Absolute),
            (".//a", NameError::Absolute),
            ("a//b", NameError::Segment),
            ("a/", NameError::Segment),
            ("a/../b", NameError::Segment),
            ("././a", NameError::Segment),
            ("a\0b", NameError::Nul),
        ] {
            assert_eq!(checked(name.as_bytes()), Err(error), "{name:?}");
        }
        for name in ["a", "./a", "...", "a/..b", " ", "-", "C:/a", "\u{e9}"] {
            checked(name.as_bytes()).expect(name);
        }
    }

    #[test]
    fn either_of_two_sites_is_neither_where_they_differ() {
        let one = manifest(&[("same", 1), ("changed", 1), ("removed", 1)]);
        let two = manifest(&[("same", 1), ("changed", 2), ("added", 2)]);
        let expected = manifest(&[("same", 1), ("changed", 0), ("removed", 0), ("added", 0)]);
        assert_eq!(one.clone().or(&two), expected);
        assert_eq!(two.or(&one), expected);
    }
}
