//! The files of a baseline: the baseline itself, the pending files next to it, a lock, and a file that is being written.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Lock;

/// The text between the name of the baseline and the ID of a run.
const PENDING: &str = ".pending-";

/// What follows the name of the baseline in the name of a file that is not complete yet. It must not begin as
/// [`PENDING`] does: a run may be killed at any moment, and another one may look for pending files at any moment.
const NEW: &str = ".lock.new";

/// A file that lists what a run is about to purge. It is locked while the run is alive.
#[derive(Debug)]
pub(super) struct Pending {
    path: PathBuf,
    /// The lock ends with the process, however the process ends.
    _lock: Lock,
}

impl Pending {
    /// Writes it atomically: another run sees the whole file or none.
    pub(super) fn create(baseline: &Path, text: &[u8]) -> io::Result<Self> {
        let new = New::of(baseline)?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = format!("{PENDING}{:x}-{:x}", since.as_nanos(), std::process::id());
        let path = beside(baseline, &run);
        let file = new.write(&path, text, |file| file.lock())?;
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

/// The only name under which the files of a baseline are written before they are renamed. Its lock is held meanwhile.
///
/// A run that is killed while it writes leaves this file behind. No run reads it, and the next one overwrites it.
pub(super) struct New {
    path: PathBuf,
    _lock: Lock,
}

impl New {
    /// Waits until no other run is writing.
    pub(super) fn of(baseline: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let lock =
            options.create(true).truncate(false).write(true).open(beside(baseline, ".lock"))?;
        lock.lock()?;
        Ok(Self { path: beside(baseline, NEW), _lock: lock })
    }

    /// Replaces a file atomically, or leaves it unchanged.
    pub(super) fn replace(&self, path: &Path, text: &[u8]) -> io::Result<()> {
        self.write(path, text, |_| Ok(())).map(drop)
    }

    fn write(
        &self,
        path: &Path,
        text: &[u8],
        prepare: impl FnOnce(&File) -> io::Result<()>,
    ) -> io::Result<File> {
        let write = || {
            let mut file = File::create(&self.path)?;
            prepare(&file)?;
            file.write_all(text)?;
            file.sync_all()?;
            fs::rename(&self.path, path)?;
            sync_folder(path)?;
            Ok(file)
        };
        write().inspect_err(|_| drop(fs::remove_file(&self.path)))
    }
}

pub(super) fn read_if_there(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
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
