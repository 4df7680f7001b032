//! The file of a journal: it is there once, readable by its owner alone, and one process has it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::ops::Deref;
use std::path::Path;

use crate::{Error, ErrorKind, text};

/// A file that no other process has. The lock ends with it, and not with the copies that a process has
/// which is just being started.
pub(super) struct Locked(File);

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // If that fails, the lock ends when the last copy is closed.
        let _ = self.0.unlock();
    }
}

/// Opens a file for a new journal. One that is there must be empty, as a program makes it that reserves
/// the name.
pub(super) fn create(path: &Path) -> Result<Locked, Error> {
    let file = match options().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options().open(path),
        opened => opened,
    };
    let cannot = |error: io::Error| refusal(path, format!("cannot be created: {error}"));
    let file = file.map_err(cannot)?;
    let file = lock(file, path)?;
    if file.metadata().map_err(cannot)?.len() > 0 {
        let resume = "exists already; go on with it by `purge resume`, or remove it";
        return Err(refusal(path, resume));
    }
    own(&file).map_err(cannot)?;
    Ok(file)
}

/// Opens the file of a journal that is to be gone on with.
pub(super) fn open(path: &Path) -> Result<Locked, Error> {
    let file = options().open(path);
    let file = file.map_err(|error| refusal(path, format!("cannot be opened: {error}")))?;
    lock(file, path)
}

/// An error about the journal before anything is sent.
pub(super) fn refusal(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("{} {what}", named(path)))
}

pub(super) fn named(path: &Path) -> String {
    format!("the journal `{}`", text::escape(&path.to_string_lossy()))
}

/// Makes sure that a new file is found after a crash of the machine: its name stands in its folder.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn lock(file: File, path: &Path) -> Result<Locked, Error> {
    match file.try_lock() {
        Ok(()) => Ok(Locked(file)),
        Err(TryLockError::WouldBlock) => {
            Err(refusal(path, "is in use by another run; wait until that one has ended"))
        }
        Err(TryLockError::Error(error)) => Err(refusal(path, format!("cannot be locked: {error}"))),
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes a file that was there before away from others: what a site hides stands in it.
fn own(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mut permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o600);
            file.set_permissions(permissions)?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
