//! The files of a baseline: the baseline itself, the pending files next to it, and a lock.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Lock;

/// The text between the name of the baseline and the ID of a run.
const PENDING: &str = ".pending-";

/// A file that lists what a run is about to purge. It is locked while the run is alive.
#[derive(Debug)]
pub(super) struct Pending {
    path: PathBuf,
    /// The lock ends with the process, however the process ends.
    _lock: Lock,
}

impl Pending {
    pub(super) fn create(baseline: &Path, text: &[u8]) -> io::Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = format!("{PENDING}{:x}-{:x}", since.as_nanos(), std::process::id());
        let path = beside(baseline, &run);
        let file = write_whole(&path, text, |file| file.lock())?;
        Ok(Self { path, _lock: file })
    }

    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

/// Pending files of runs that may not have finished, or that are still under way.
pub(super) fn pending(baseline: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(name) = baseline.file_name() else { return Ok(Vec::new()) };
    let start = [name.as_encoded_bytes(), PENDING.as_bytes()].concat();
    let entries = match fs::read_dir(folder(baseline)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(&start) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Whether the run that left this file has ended.
pub(super) fn is_dead(pending: &Path) -> bool {
    File::open(pending).is_ok_and(|file| file.try_lock().is_ok())
}

/// Waits until no other run is replacing the baseline.
pub(super) fn lock(baseline: &Path) -> io::Result<Lock> {
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(beside(baseline, ".lock"))?;
    file.lock()?;
    Ok(file)
}

pub(super) fn read_if_there(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a file atomically, or leaves it unchanged.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    write_whole(path, text, |_| Ok(())).map(drop)
}

/// Writes to another name first, so that this name never holds a partial file.
fn write_whole(
    path: &Path,
    text: &[u8],
    prepare: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<File> {
    let new = beside(path, &format!(".new-{:x}", std::process::id()));
    let write = || {
        let mut file = File::create(&new)?;
        prepare(&file)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        sync_folder(path)?;
        Ok(file)
    };
    write().inspect_err(|_| drop(fs::remove_file(&new)))
}

/// Only after this sync is the new name on the disk.
fn sync_folder(file: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder(file))?.sync_all() } else { Ok(()) }
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}
