//! Compares two folders byte by byte, without hashing, using all processors.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use super::listing::{Folder, Listing, Opened};
use super::rounds::{Buffers, chunks, rounds};
use super::{LeftOut, ReadError};
use crate::difference::{Change, Difference};

/// The result of comparing two folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The files that differ.
    pub difference: Difference,
    /// Anything in the old folder that is not a file, sorted by name.
    pub left_out_of_old: Vec<LeftOut>,
    /// Anything in the new folder that is not a file, sorted by name.
    pub left_out_of_new: Vec<LeftOut>,
}

/// Why two folders cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompareError {
    /// The old folder cannot be read.
    Old(ReadError),
    /// The new folder cannot be read.
    New(ReadError),
}

impl std::fmt::Display for CompareError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Old(error) => write!(f, "the old folder: {error}"),
            Self::New(error) => write!(f, "the new folder: {error}"),
        }
    }
}

impl std::error::Error for CompareError {}

/// A value for each of the two folders.
#[derive(Clone, Default)]
struct Sides<T> {
    old: T,
    new: T,
}

/// A pair of folders to list, or files of such a pair to compare. A folder may have no counterpart.
struct Work {
    folders: Arc<Sides<Option<Folder>>>,
    files: Option<Vec<(Place, OsString)>>,
}

/// Where there is a file or a folder of a name.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Both,
    Old,
    New,
}

#[derive(Default)]
struct Found {
    files: Vec<(Box<[u8]>, Change)>,
    left_out: Sides<Vec<LeftOut>>,
    errors: Vec<CompareError>,
}

/// Compares two folders by the contents of their files. The difference is the same as between the manifests of the
/// two, but a file is read only until it differs.
///
/// # Errors
///
/// When there is no such folder, when something in one of them cannot be read, or when a link leads to a folder that
/// contains it.
pub fn folders(old: &Path, new: &Path) -> Result<Compared, CompareError> {
    let old = Folder::root(old).map_err(CompareError::Old)?;
    let new = Folder::root(new).map_err(CompareError::New)?;
    let first = Work { folders: Arc::new(Sides { old: Some(old), new: Some(new) }), files: None };
    let found = rounds(first, |work, buffers| match &work.files {
        None => listed(&work.folders),
        Some(files) => (compared(&work.folders, files, buffers), Vec::new()),
    });
    let mut all = Found::default();
    for found in found {
        all.files.extend(found.files);
        all.left_out.old.extend(found.left_out.old);
        all.left_out.new.extend(found.left_out.new);
        all.errors.extend(found.errors);
    }
    let sorted = |mut entries: Vec<LeftOut>| {
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries
    };
    let compared = Compared {
        difference: Difference::of(all.files),
        left_out_of_old: sorted(all.left_out.old),
        left_out_of_new: sorted(all.left_out.new),
    };
    all.errors.into_iter().min().map_or(Ok(compared), Err)
}

/// Lists both folders. The contents of what is found are work for the next round.
fn listed(folders: &Arc<Sides<Option<Folder>>>) -> (Found, Vec<Work>) {
    let list = |folder: &Option<Folder>| folder.as_ref().map(Folder::list).unwrap_or_default();
    let (old, new): (Listing, Listing) = (list(&folders.old), list(&folders.new));
    let files = merged(old.files, new.files, Ord::cmp).map(|pair| match (pair.old, pair.new) {
        (Some(last), None) => (Place::Old, last),
        (None, Some(last)) => (Place::New, last),
        (_, last) => (Place::Both, last.unwrap_or_default()),
    });
    let files = chunks(files).map(|files| Work { folders: folders.clone(), files: Some(files) });
    let inner = merged(old.folders, new.folders, |old, new| old.name.cmp(&new.name));
    let inner = inner.map(|pair| Work { folders: Arc::new(pair), files: None });
    let more = files.chain(inner).collect();
    let errors = old.errors.into_iter().map(CompareError::Old);
    let errors = errors.chain(new.errors.into_iter().map(CompareError::New)).collect();
    let left_out = Sides { old: old.left_out, new: new.left_out };
    (Found { left_out, errors, ..Found::default() }, more)
}

/// Puts together what has the same name in two sorted lists.
fn merged<T>(
    old: Vec<T>,
    new: Vec<T>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = Sides<Option<T>>> {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    std::iter::from_fn(move || {
        let order = match (old.peek(), new.peek()) {
            (Some(old), Some(new)) => compare(old, new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let old = if order.is_le() { old.next() } else { None };
        let new = if order.is_ge() { new.next() } else { None };
        Some(Sides { old, new })
    })
}

fn compared(
    folders: &Sides<Option<Folder>>,
    files: &[(Place, OsString)],
    buffers: &mut Buffers,
) -> Found {
    let mut found = Found::default();
    let open = |folder: &Option<Folder>| folder.as_ref().map(Folder::open).transpose();
    let (old, new) = match (open(&folders.old), open(&folders.new)) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            found.errors.extend(old.err().map(CompareError::Old));
            found.errors.extend(new.err().map(CompareError::New));
            return found;
        }
    };
    for (place, last) in files {
        let name = || {
            let folder = folders.old.as_ref().or(folders.new.as_ref());
            folder.map(|folder| folder.name_of(last)).unwrap_or_default()
        };
        match change(old.as_ref(), new.as_ref(), *place, last, buffers) {
            Ok(None) => {}
            Ok(Some(change)) => found.files.push((name().into(), change)),
            Err(error) => found.errors.push(error.of(&name())),
        }
    }
    found
}

/// Why a file cannot be read, and on which side.
enum Unreadable {
    Old(io::Error),
    New(io::Error),
}

impl Unreadable {
    fn of(self, name: &[u8]) -> CompareError {
        match self {
            Self::Old(error) => CompareError::Old(ReadError::of(name, error)),
            Self::New(error) => CompareError::New(ReadError::of(name, error)),
        }
    }
}

/// How a file has changed.
fn change(
    old: Option<&Opened>,
    new: Option<&Opened>,
    place: Place,
    last: &OsStr,
    buffers: &mut Buffers,
) -> Result<Option<Change>, Unreadable> {
    // A file without a counterpart is opened, too: one that cannot be read is an error on any side.
    let open = |folder: Option<&Opened>, is_there: bool| {
        folder.filter(|_| is_there).map(|folder| folder.file(last)).transpose()
    };
    let old = open(old, place != Place::New).map_err(Unreadable::Old)?;
    let new = open(new, place != Place::Old).map_err(Unreadable::New)?;
    match (old, new) {
        (Some(old), Some(new)) => {
            let same = is_same(old, new, buffers)?;
            Ok((!same).then_some(Change::Changed))
        }
        (Some(_), None) => Ok(Some(Change::Removed)),
        (None, _) => Ok(Some(Change::Added)),
    }
}

/// Whether two files have the same content. Both are read to their ends, or until they differ: the sizes that some
/// file systems report are not those of the contents.
fn is_same(mut old: File, mut new: File, [a, b]: &mut Buffers) -> Result<bool, Unreadable> {
    loop {
        let of_old = fill(&mut old, a).map_err(Unreadable::Old)?;
        let of_new = fill(&mut new, b).map_err(Unreadable::New)?;
        if a[..of_old] != b[..of_new] {
            return Ok(false);
        }
        if of_old < a.len() {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or the file has ended.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;
