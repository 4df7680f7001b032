//! Reads folders, using all processors.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::UNIX_EPOCH;

use super::hash::{self, BUFFER};
use super::{LOOP, LeftOut, NoContent, ReadError, Site};
use crate::manifest::{Digest, Entry, Manifest, Stamp};

/// How many files a worker takes at a time.
const TAKEN: usize = 16;

/// Which files are read.
#[derive(Clone, Copy, Debug)]
pub enum Hashing<'a> {
    /// All.
    All,
    /// Only those whose size or time differs from the manifest's. A file that changed but kept both is missed. The
    /// resulting manifest has sizes and times, too.
    Quick(&'a Manifest),
}

/// Reads a folder.
///
/// # Errors
///
/// When there is no such folder, when something in it cannot be read, or when a link leads to a folder that contains
/// it.
pub fn folder(root: &Path, hashing: Hashing<'_>) -> Result<Site, ReadError> {
    let (files, left_out) = Walk::new(root)?.run()?;
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let workers = workers.min(files.len().div_ceil(TAKEN)).max(1);
    let next = AtomicUsize::new(0);
    let done: Vec<Vec<_>> = thread::scope(|scope| {
        let work = || scope.spawn(|| hash_some(&files, &next, hashing));
        let workers: Vec<_> = (0..workers).map(|_| work()).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, Vec<_>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(join).collect()
    });
    let mut entries: Vec<Option<io::Result<Entry>>> = Vec::new();
    entries.resize_with(files.len(), || None);
    for (index, entry) in done.into_iter().flatten() {
        entries[index] = Some(entry);
    }
    let mut manifest = Manifest::new();
    for (file, entry) in files.iter().zip(entries) {
        let unreadable = |error: &dyn std::fmt::Display| ReadError::of(&file.name, error);
        let entry = entry.ok_or_else(|| unreadable(&"it was not read"))?;
        let entry = entry.map_err(|error| unreadable(&error))?;
        manifest.insert(&file.name, entry).map_err(|error| unreadable(&error))?;
    }
    Ok(Site { manifest, left_out })
}

/// The work of one thread, until no files are left.
fn hash_some(
    files: &[Found],
    next: &AtomicUsize,
    hashing: Hashing<'_>,
) -> Vec<(usize, io::Result<Entry>)> {
    let mut buffer = vec![0; BUFFER];
    let mut done = Vec::new();
    loop {
        let start = next.fetch_add(TAKEN, Ordering::Relaxed);
        let Some(taken) = files.get(start..) else { return done };
        if taken.is_empty() {
            return done;
        }
        for (index, file) in taken.iter().take(TAKEN).enumerate() {
            done.push((start + index, entry(file, hashing, &mut buffer)));
        }
    }
}

fn entry(file: &Found, hashing: Hashing<'_>, buffer: &mut [u8]) -> io::Result<Entry> {
    let Hashing::Quick(known) = hashing else {
        return Ok(Entry { digest: hash::hash(File::open(&file.path)?, buffer)?, stamp: None });
    };
    // The time is taken before the file is read: if the file changes meanwhile, its time will differ on the next run.
    let data = file.path.metadata()?;
    let since = data.modified()?.duration_since(UNIX_EPOCH).ok();
    let modified = since.and_then(|since| i64::try_from(since.as_nanos()).ok());
    let stamp = modified.map(|modified| Stamp { size: data.len(), modified });
    let known = known
        .get(&file.name)
        .filter(|known| stamp.is_some() && known.stamp == stamp && known.digest != Digest::UNKNOWN);
    let digest = match known {
        Some(known) => known.digest,
        None => hash::hash(File::open(&file.path)?, buffer)?,
    };
    Ok(Entry { digest, stamp })
}

/// A file and its location.
struct Found {
    name: Vec<u8>,
    path: PathBuf,
}

/// A folder from which a link led to another folder, and the folders before it.
struct Step {
    folder: PathBuf,
    before: Option<Rc<Step>>,
}

struct Folder {
    /// Empty, or ending with a slash.
    name: Vec<u8>,
    path: PathBuf,
    /// Its location without links.
    real: PathBuf,
    from: Option<Rc<Step>>,
}

struct Walk {
    folders: Vec<Folder>,
    files: Vec<Found>,
    left_out: Vec<LeftOut>,
}

impl Walk {
    fn new(root: &Path) -> Result<Self, ReadError> {
        let cannot = |error: io::Error| ReadError::new(format!("it cannot be read: {error}"));
        let real = root.canonicalize().map_err(cannot)?;
        let path = root.to_owned();
        let folders = vec![Folder { name: Vec::new(), path, real, from: None }];
        Ok(Self { folders, files: Vec::new(), left_out: Vec::new() })
    }

    fn run(mut self) -> Result<(Vec<Found>, Vec<LeftOut>), ReadError> {
        while let Some(folder) = self.folders.pop() {
            let name = if folder.name.is_empty() { b"." } else { &*folder.name };
            let unreadable = |error: io::Error| ReadError::of(name, error);
            for entry in fs::read_dir(&folder.path).map_err(unreadable)? {
                self.add(&folder, &entry.map_err(unreadable)?)?;
            }
        }
        self.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        self.left_out.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok((self.files, self.left_out))
    }

    fn add(&mut self, folder: &Folder, entry: &fs::DirEntry) -> Result<(), ReadError> {
        let last = entry.file_name();
        let name = [&folder.name, bytes(&last)?].concat();
        let unreadable = |error: io::Error| ReadError::of(&name, error);
        let path = entry.path();
        let mut kind = entry.file_type().map_err(unreadable)?;
        let is_link = kind.is_symlink();
        if is_link {
            match path.metadata() {
                Ok(data) => kind = data.file_type(),
                Err(error) if is_nowhere(&error) => {
                    self.left_out.push(LeftOut { name: name.into(), why: NoContent::BrokenLink });
                    return Ok(());
                }
                Err(error) => return Err(unreadable(error)),
            }
        }
        if kind.is_file() {
            self.files.push(Found { name, path });
        } else if kind.is_dir() {
            let (real, from) = if is_link {
                let real = path.canonicalize().map_err(unreadable)?;
                let step = Step { folder: folder.real.clone(), before: folder.from.clone() };
                if step.is_in(&real) {
                    return Err(ReadError::of(&name, LOOP));
                }
                (real, Some(Rc::new(step)))
            } else {
                (folder.real.join(&last), folder.from.clone())
            };
            let name = [&*name, b"/"].concat();
            self.folders.push(Folder { name, path, real, from });
        } else {
            self.left_out.push(LeftOut { name: name.into(), why: NoContent::Special });
        }
        Ok(())
    }
}

impl Step {
    /// Whether one of the steps lies in this folder, or is this folder.
    fn is_in(&self, folder: &Path) -> bool {
        self.folder.starts_with(folder)
            || self.before.as_ref().is_some_and(|step| step.is_in(folder))
    }
}

/// Whether a link is broken or part of a loop.
fn is_nowhere(error: &io::Error) -> bool {
    // There is no stable error kind for a loop of links.
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        || error.raw_os_error() == Some(if cfg!(target_os = "linux") { 40 } else { 62 })
}

#[cfg(unix)]
fn bytes(name: &std::ffi::OsStr) -> Result<&[u8], ReadError> {
    use std::os::unix::ffi::OsStrExt as _;
    Ok(name.as_bytes())
}

#[cfg(not(unix))]
fn bytes(name: &std::ffi::OsStr) -> Result<&[u8], ReadError> {
    let text = name.to_str().map(str::as_bytes);
    text.ok_or_else(|| ReadError::new(format!("{name:?} is not Unicode: rename it")))
}
