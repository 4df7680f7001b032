use std::fmt;
use std::ops::Range;

use super::check::{Rules, check_closely, is_plain};
use super::{PathError, PurgePath};

/// A list of many paths that takes little memory.
///
/// Allocating and freeing a string for each of a million paths takes longer than planning them. So this list stores all
/// paths in one string, plus 8 bytes for each path. Use it to collect paths from a file or a database. It keeps their
/// order, and it keeps duplicates.
///
/// Anything that yields [`PurgePath`]s converts to it, so functions that take `impl Into<Paths>` also accept a
/// `Vec<PurgePath>`.
///
/// ```
/// use purge_api_ext::{Paths, Plan};
///
/// let mut paths = Paths::new();
/// for line in "/index.html\n/images/*\n".lines() {
///     paths.try_push(line)?;
/// }
/// for path in &paths {
///     println!("{path}");
/// }
/// assert_eq!(paths.iter().collect::<Vec<_>>(), ["/index.html", "/images/*"]);
/// assert_eq!(Plan::new(paths)?.batches().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Paths {
    text: String,
    spans: Vec<Span>,
}

/// The position of a path in the string of all paths, and whether the path is plain.
///
/// From the lowest bit: 1 bit that is set unless the path is plain, 15 bits for the length, 48 bits for the start.
#[derive(Clone, Copy)]
pub(crate) struct Span(u64);

impl Paths {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reserves room for this many more bytes of paths, such as the size of a file, if that much memory is available.
    /// Unused room costs no memory on common systems.
    pub fn reserve(&mut self, bytes: usize) {
        // A file may claim any size, which must not abort the program.
        let _ = self.text.try_reserve(bytes);
    }

    /// Adds a path.
    pub fn push(&mut self, path: &PurgePath) {
        self.add(path.as_str(), is_plain(path.as_str().as_bytes()));
    }

    /// Checks a text as [`PurgePath::new`] does, and adds it.
    ///
    /// # Errors
    ///
    /// As [`PurgePath::new`]; then nothing is added.
    pub fn try_push(&mut self, path: &str) -> Result<(), PathError> {
        let is_plain = is_plain(path.as_bytes());
        if !is_plain {
            check_closely(path, Rules::PATH)?;
        }
        self.add(path, is_plain);
        Ok(())
    }

    /// Adds the paths of another list, in order.
    ///
    /// ```
    /// # use purge_api_ext::{Paths, PurgePath};
    /// let mut paths: Paths = [PurgePath::new("/a")?].into();
    /// paths.append(&[PurgePath::from_file_name("\u{fc} b")?, PurgePath::new("/c*")?].into());
    /// assert_eq!(paths.iter().collect::<Vec<_>>(), ["/a", "/%C3%BC%20b", "/c*"]);
    /// # Ok::<(), purge_api_ext::PathError>(())
    /// ```
    pub fn append(&mut self, others: &Paths) {
        self.text.reserve(others.text.len());
        for span in &others.spans {
            self.add(span.slice(&others.text), span.is_plain());
        }
    }

    /// The number of paths.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are no paths.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The paths, in the order in which they were added.
    pub fn iter(&self) -> PathsIter<'_> {
        self.slice(0..self.len())
    }

    /// The path at an index.
    pub(crate) fn at(&self, place: usize) -> &str {
        self.spans[place].slice(&self.text)
    }

    /// The paths at a range of indices.
    pub(crate) fn slice(&self, places: Range<usize>) -> PathsIter<'_> {
        PathsIter { text: &self.text, spans: self.spans[places].iter() }
    }

    /// The paths that are not plain, including all wildcards.
    pub(crate) fn special(&self) -> impl Iterator<Item = &str> {
        let special = self.spans.iter().filter(|span| !span.is_plain());
        special.map(|span| span.slice(&self.text))
    }

    /// Keeps only the paths at these indices, in this order.
    pub(crate) fn select(&mut self, places: &[usize]) {
        self.spans = places.iter().map(|&place| self.spans[place]).collect();
    }

    /// The string of all paths, and the position of each path in it.
    pub(crate) fn parts(&mut self) -> (&str, &mut Vec<Span>) {
        (&self.text, &mut self.spans)
    }

    /// Adds a valid path.
    fn add(&mut self, path: &str, is_plain: bool) {
        self.spans.push(Span::new(self.text.len(), path.len(), is_plain));
        self.text.push_str(path);
    }
}

impl<'a> IntoIterator for &'a Paths {
    type Item = &'a str;
    type IntoIter = PathsIter<'a>;

    fn into_iter(self) -> PathsIter<'a> {
        self.iter()
    }
}

/// The iterator of [`Paths::iter`].
#[derive(Clone)]
pub struct PathsIter<'a> {
    text: &'a str,
    spans: std::slice::Iter<'a, Span>,
}

impl<'a> Iterator for PathsIter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.spans.next().map(|span| span.slice(self.text))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }

    fn nth(&mut self, places: usize) -> Option<&'a str> {
        self.spans.nth(places).map(|span| span.slice(self.text))
    }
}

impl DoubleEndedIterator for PathsIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.spans.next_back().map(|span| span.slice(self.text))
    }
}

impl ExactSizeIterator for PathsIter<'_> {}

impl fmt::Debug for PathsIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl Span {
    const LENGTH: u32 = 15;

    fn new(start: usize, length: usize, is_plain: bool) -> Self {
        let place = (start as u64) << Self::LENGTH | length as u64;
        Self(place << 1 | u64::from(!is_plain))
    }

    /// The path, as a slice of the string of all paths.
    pub(crate) fn slice(self, text: &str) -> &str {
        let start = (self.0 >> (Self::LENGTH + 1)) as usize;
        &text[start..start + self.len()]
    }

    /// The length of the path.
    pub(crate) fn len(self) -> usize {
        (self.0 >> 1) as usize & ((1 << Self::LENGTH) - 1)
    }

    /// Whether the path contains only literal characters: no wildcard, no escape, and nothing that JSON escapes.
    pub(crate) fn is_plain(self) -> bool {
        self.0 & 1 == 0
    }
}

impl fmt::Debug for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Extend<PurgePath> for Paths {
    fn extend<T: IntoIterator<Item = PurgePath>>(&mut self, paths: T) {
        for path in paths {
            self.push(&path);
        }
    }
}

impl FromIterator<PurgePath> for Paths {
    fn from_iter<T: IntoIterator<Item = PurgePath>>(paths: T) -> Self {
        let mut all = Self::new();
        all.extend(paths);
        all
    }
}

impl<T: IntoIterator<Item = PurgePath>> From<T> for Paths {
    fn from(paths: T) -> Self {
        paths.into_iter().collect()
    }
}
