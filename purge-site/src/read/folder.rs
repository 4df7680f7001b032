//! Reads a folder, using all processors.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::hash;
use super::listing::{Folder, Opened};
use super::rounds::{chunks, rounds};
use super::{LeftOut, ReadError, Site};
use crate::manifest::{Digest, Entry, Manifest, Stamp};

/// Which files are read.
#[derive(Clone, Copy, Debug)]
pub enum Hashing<'a> {
    /// All.
    All,
    /// Only those whose size or time differs from the manifest's. A file that changed but kept both is missed. The
    /// resulting manifest has sizes and times, too.
    Quick(&'a Manifest),
}

/// A folder to list, or files of a folder to read.
struct Work {
    folder: Arc<Folder>,
    files: Option<Vec<OsString>>,
}

#[derive(Default)]
struct Found {
    files: Vec<(Vec<u8>, Entry)>,
    left_out: Vec<LeftOut>,
    errors: Vec<ReadError>,
}

/// Reads a folder.
///
/// # Errors
///
/// When there is no such folder, when something in it cannot be read, or when a link leads to a folder that contains
/// it.
pub fn folder(root: &Path, hashing: Hashing<'_>) -> Result<Site, ReadError> {
    let first = Work { folder: Arc::new(Folder::root(root)?), files: None };
    let found = rounds(first, |work, buffers| match &work.files {
        None => listed(&work.folder),
        Some(files) => (read(&work.folder, files, hashing, &mut buffers[0]), Vec::new()),
    });
    let mut site = Site::default();
    let mut errors = Vec::new();
    for found in found {
        errors.extend(found.errors);
        site.left_out.extend(found.left_out);
        for (name, entry) in found.files {
            let inserted = site.manifest.insert(&name, entry);
            errors.extend(inserted.map_err(|error| ReadError::of(&name, error)).err());
        }
    }
    site.left_out.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    errors.into_iter().min().map_or(Ok(site), Err)
}

/// Lists a folder. The contents of what is found are work for the next round.
fn listed(folder: &Arc<Folder>) -> (Found, Vec<Work>) {
    let listing = folder.list();
    let files = chunks(listing.files.into_iter());
    let files = files.map(|files| Work { folder: folder.clone(), files: Some(files) });
    let folders = listing.folders.into_iter();
    let inner = folders.map(|folder| Work { folder: Arc::new(folder), files: None });
    let more = files.chain(inner).collect();
    (Found { left_out: listing.left_out, errors: listing.errors, ..Found::default() }, more)
}

fn read(folder: &Folder, files: &[OsString], hashing: Hashing<'_>, buffer: &mut [u8]) -> Found {
    let mut found = Found::default();
    let opened = match folder.open() {
        Ok(opened) => opened,
        Err(error) => return Found { errors: vec![error], ..found },
    };
    for last in files {
        let name = folder.name_of(last);
        match entry(folder, &opened, last, hashing, buffer) {
            Ok(entry) => found.files.push((name, entry)),
            Err(error) => found.errors.push(ReadError::of(&name, error)),
        }
    }
    found
}

fn entry(
    folder: &Folder,
    opened: &Opened,
    last: &OsStr,
    hashing: Hashing<'_>,
    buffer: &mut [u8],
) -> io::Result<Entry> {
    let mut digest = || hash::hash(opened.file(last)?, buffer);
    let Hashing::Quick(known) = hashing else {
        return Ok(Entry { digest: digest()?, stamp: None });
    };
    // The time is taken before the file is read: if the file changes meanwhile, its time will differ on the next run.
    let data = folder.path_of(last).metadata()?;
    let since = data.modified()?.duration_since(UNIX_EPOCH).ok();
    let modified = since.and_then(|since| i64::try_from(since.as_nanos()).ok());
    let stamp = modified.map(|modified| Stamp { size: data.len(), modified });
    let known = known
        .get(&folder.name_of(last))
        .filter(|known| stamp.is_some() && known.stamp == stamp && known.digest != Digest::UNKNOWN);
    Ok(Entry { digest: known.map_or_else(digest, |known| Ok(known.digest))?, stamp })
}
