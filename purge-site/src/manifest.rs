//! The files of a site, and the digests of their contents.

mod text;

use std::collections::BTreeMap;
use std::fmt;

/// The SHA-256 of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// A digest that no content has. It stands for unknown content.
    pub const UNKNOWN: Self = Self([0; 32]);

    /// Whether it stands for unknown content.
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

/// The size and modification time of a file: enough to guess that it is unchanged.
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
    /// The digest of its content.
    pub digest: Digest,
    /// Its size and time, if they are reliable.
    pub stamp: Option<Stamp>,
}

/// The files of a site by name, each with the SHA-256 of its content.
///
/// A name is relative to the root of the site, with `/` between folders. It consists of bytes, and need not be UTF-8.
/// Names that differ only in case, or in the Unicode form of a letter, are different.
///
/// The text of a manifest has the format of `sha256sum`, so that other programs can create and check it.
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
    /// A manifest without files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the text of a manifest in any form that `sha256sum` writes: `HASH  NAME`, `HASH *NAME` or
    /// `SHA256 (NAME) = HASH`, with escaped names or with a NUL byte after each entry. Blank lines and lines that start
    /// with `#` are skipped, as `sha256sum --check` does.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] names the line that is not an entry, or the name that cannot belong to a file of a site. It
    /// is also returned when a text is incomplete: when its last line has no end or, if this crate wrote it, when files
    /// are missing. So it is when a name appears twice with different hashes.
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        text::parse(text)
    }

    /// The text of the manifest, which `sha256sum --check` reads. The first line is a comment with the number of
    /// files, so that a truncated text is not mistaken for a smaller site.
    #[must_use]
    pub fn to_text(&self) -> Vec<u8> {
        text::write(self)
    }

    /// Whether a text says that it is a manifest, even if it has no files.
    pub(crate) fn is_marked(text: &[u8]) -> bool {
        text.starts_with(text::HEADER.as_bytes())
    }

    /// Adds a file, or replaces the existing one with this name.
    ///
    /// # Errors
    /// [`NameError`] when the name is empty or absolute, has an empty, `.` or `..` segment, or contains a NUL byte. A
    /// leading `./` is dropped.
    pub fn insert(&mut self, name: &[u8], entry: Entry) -> Result<(), NameError> {
        self.files.insert(checked(name)?.into(), entry);
        Ok(())
    }

    /// Looks up a file by name.
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

    /// The resource from whose cache this site was purged, if the manifest names it. If it was purged from several,
    /// their names are separated by commas.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Sets the resource from whose cache this site was purged, or several, separated by commas. The text of a manifest
    /// has no room for a name with a blank.
    #[must_use]
    pub fn with_resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Forgets the contents of these files: whatever they contain now or later counts as different.
    pub fn doubt<'a>(&mut self, names: impl IntoIterator<Item = &'a [u8]>) {
        for name in names {
            self.files.insert(name.into(), Entry { digest: Digest::UNKNOWN, stamp: None });
        }
    }

    /// The files with these names, as far as there are any.
    #[must_use]
    pub fn only<'a>(&self, names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let found = names.into_iter().filter_map(|name| self.files.get_key_value(name));
        let files = found.map(|(name, entry)| (name.clone(), *entry)).collect();
        Self { files, resource: None }
    }

    /// Combines two sites when the cache may hold either one: the content of every file that differs is unknown.
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

    /// Drops the sizes and times of files that were modified at this moment or later: such a file may change again
    /// without a new time.
    pub fn distrust_since(&mut self, moment: i64) {
        for entry in self.files.values_mut() {
            entry.stamp = entry.stamp.filter(|stamp| stamp.modified < moment);
        }
    }
}

/// Why a text is not a name of a file in a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// The name is empty.
    Empty,
    /// It begins with `/`.
    Absolute,
    /// It has an empty, `.` or `..` segment.
    Segment,
    /// It contains a NUL byte, which no file system allows.
    Nul,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the name is empty",
            Self::Absolute => "the name begins with `/`: names are relative to the root of the site",
            Self::Segment => {
                "the name has an empty, `.` or `..` segment: names are relative to the root of the site"
            }
            Self::Nul => "the name has a NUL byte",
        })
    }
}

impl std::error::Error for NameError {}

/// The name without a leading `./`, if it is valid.
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
    /// The line, from 1, or `None` if the error concerns the whole text.
    line: Option<usize>,
    why: String,
}

impl ManifestError {
    fn new(line: impl Into<Option<usize>>, why: impl fmt::Display) -> Self {
        Self { line: line.into(), why: why.to_string() }
    }

    /// The number of the line, from 1; in a manifest with NUL bytes, that of the entry.
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
    fn files_that_differ_between_two_sites_are_unknown() {
        let one = manifest(&[("same", 1), ("changed", 1), ("removed", 1)]);
        let two = manifest(&[("same", 1), ("changed", 2), ("added", 2)]);
        let expected = manifest(&[("same", 1), ("changed", 0), ("removed", 0), ("added", 0)]);
        assert_eq!(one.clone().or(&two), expected);
        assert_eq!(two.or(&one), expected);
    }
}
