//! The files of a baseline: the baseline itself, the pending files next to it, a lock, and a file that is being written.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Lock;

/// The text between the name of the baseline and the ID of a run.
const PENDING: &str = ".pending-";

/// What follows the name of the baseline in the name of a file that is not complete yet. It must not begin as
/// [`PENDING`] does: a run may be killed at any moment, and another one may look for pending files at any moment.
const NEW: &str = ".lock.new";

/// What follows the name of the baseline in the name of the lock.
const LOCK: &str = ".lock";

/// A file that lists what a run is about to purge. It is locked while the run is alive.
#[derive(Debug)]
pub(super) struct Pending {
    path: PathBuf,
    /// The lock ends with the process, however the process ends.
    _lock: Lock,
}

impl Pending {
    /// Writes it atomically: another run sees the whole file or none.
    pub(super) fn create(new: &New, baseline: &Path, text: &[u8]) -> io::Result<Self> {
        let path = beside(baseline, &format!("{PENDING}{}", run_id()));
        let file = new.write(&path, text, |file| file.lock())?;
        Ok(Self { path, _lock: file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

/// An ID of a run that no other run on this machine has.
fn run_id() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", since.as_nanos(), std::process::id())
}

/// The run that finished last, as far as the lock file knows. It shows that a run has finished even if that run left the
/// baseline as it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LastRun(Vec<u8>);

impl LastRun {
    pub(super) fn of(baseline: &Path) -> Self {
        match read_if_there(&beside(baseline, LOCK)) {
            Ok(run) => Self(run.unwrap_or_default()),
            // On Windows, it cannot be read while a run is writing. No run has this ID.
            Err(_) => Self(b"?".to_vec()),
        }
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
    baseline: PathBuf,
    lock: Lock,
}

impl New {
    /// Waits until no other run is writing.
    pub(super) fn of(baseline: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let lock = options.open(beside(baseline, LOCK))?;
        lock.lock()?;
        Ok(Self { path: beside(baseline, NEW), baseline: baseline.to_owned(), lock })
    }

    /// The run that finished last.
    pub(super) fn last_run(&self) -> io::Result<LastRun> {
        let mut run = Vec::new();
        let mut lock = &self.lock;
        lock.rewind()?;
        lock.read_to_end(&mut run)?;
        Ok(LastRun(run))
    }

    /// Notes that one more run has finished.
    pub(super) fn note_run(&self) -> io::Result<()> {
        let mut lock = &self.lock;
        lock.rewind()?;
        lock.set_len(0)?;
        lock.write_all(run_id().as_bytes())
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
            self.keep_mode(&file)?;
            prepare(&file)?;
            file.write_all(text)?;
            file.sync_all()?;
            fs::rename(&self.path, path)?;
            sync_folder(path)?;
            Ok(file)
        };
        write().inspect_err(|_| drop(fs::remove_file(&self.path)))
    }

    /// Gives a file that is being written the mode of the baseline, if there is one.
    fn keep_mode(&self, file: &File) -> io::Result<()> {
        match fs::metadata(&self.baseline) {
            Ok(old) if cfg!(unix) => {
                let new = file.metadata()?;
                // Some file systems refuse a change, even to what is set already.
                match new.is_file() && new.permissions() != old.permissions() {
                    true => file.set_permissions(old.permissions()),
                    false => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// The file that a link leads to, even if that file does not exist yet.
pub(super) fn target(file: &Path) -> PathBuf {
    let of_link = || Some(folder(file).join(fs::read_link(file).ok()?));
    file.canonicalize().ok().or_else(of_link).unwrap_or_else(|| file.to_owned())
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
