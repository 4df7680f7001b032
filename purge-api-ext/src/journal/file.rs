//! The file of a journal: a regular file of the user that no other user can change, and that only one process uses.
//!
//! Existing files are not modified here: their mode is not changed, links are not followed, and devices and pipes are
//! not even opened.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::sink::JournalSink;
use crate::error::{Error, ErrorKind};
use crate::sanitize::{Harmless, Shown, excerpt, shown};
use crate::typed;

/// A file that no other process uses. The lock is released explicitly, not by closing the file: a process that is just
/// being spawned may hold copies of the descriptor.
pub(super) struct Locked(File);

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // If this fails, the lock ends when the last copy is closed.
        let _ = self.0.unlock();
    }
}

/// The file as the sink of a journal.
pub(super) struct FileSink {
    file: Locked,
    path: PathBuf,
    /// Whether the name is on the disk, too.
    is_named: bool,
}

impl FileSink {
    pub(super) fn created(file: Locked, path: &Path) -> Self {
        Self { file, path: path.to_owned(), is_named: false }
    }

    pub(super) fn opened(file: Locked, path: &Path) -> Self {
        Self { is_named: true, ..Self::created(file, path) }
    }
}

impl JournalSink for FileSink {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        (&*self.file).write_all(lines)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        if !self.is_named {
            sync_folder(&self.path)?;
            self.is_named = true;
        }
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        (&*self.file).seek(SeekFrom::Start(length)).map(drop)
    }
}

/// Creates the file of a new journal. An existing file must be empty and private, like one that a program created to
/// reserve the name.
pub(super) fn create(path: &Path) -> Result<Locked, Error> {
    let cannot = |error: io::Error| {
        refusal(path, shown!("cannot be created: {error}", error = excerpt(&error)))
    };
    let file = match options().create_new(true).open(path) {
        Ok(file) => {
            // Override the umask: the owner must be able to resume the run.
            set_private(&file).map_err(cannot)?;
            file
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => existing(path, cannot)?,
        Err(error) => return Err(cannot(error)),
    };
    let file = lock(file, path)?;
    let metadata = file.metadata().map_err(cannot)?;
    if metadata.len() > 0 {
        return Err(refusal(
            path,
            "exists already; resume it with `cdn-purge resume`, or remove it",
        ));
    }
    // Even a new file can fail this check: some file systems have no modes or owners.
    match shared(&metadata, Use::Create) {
        None => Ok(file),
        Some(why) => Err(refusal(path, why)),
    }
}

/// Opens the journal of a run to resume.
pub(super) fn open(path: &Path) -> Result<Locked, Error> {
    let cannot = |error: io::Error| {
        refusal(path, shown!("cannot be opened: {error}", error = excerpt(&error)))
    };
    let file = existing(path, cannot)?;
    match shared(&file.metadata().map_err(cannot)?, Use::Resume) {
        None => lock(file, path),
        Some(why) => Err(refusal(path, why)),
    }
}

/// Opens an existing file, if it can be a journal.
fn existing(path: &Path, cannot: impl Fn(io::Error) -> Error) -> Result<File, Error> {
    let check = |metadata: &Metadata| match unfit(metadata) {
        None => Ok(()),
        Some(why) => Err(refusal(path, why)),
    };
    // Check before opening, because opening a device can have side effects.
    check(&fs::symlink_metadata(path).map_err(&cannot)?)?;
    let file = options().open(path).map_err(&cannot)?;
    // Check again, because the name may refer to another file by now.
    check(&file.metadata().map_err(&cannot)?)?;
    Ok(file)
}

/// An error of the journal before anything is sent.
pub(super) fn refusal(path: &Path, what: impl Harmless) -> Error {
    Error::new(ErrorKind::InvalidInput, shown!("{journal} {what}", journal = named(path), what))
}

pub(super) fn named(path: &Path) -> Shown {
    shown!("the journal `{name}`", name = typed::name(path.as_os_str()))
}

/// Syncs the folder, so that a new file still exists after a crash of the machine.
fn sync_folder(path: &Path) -> io::Result<()> {
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
            Err(refusal(path, "is in use by another run; wait until that run has ended"))
        }
        Err(TryLockError::Error(error)) => {
            Err(refusal(path, shown!("cannot be locked: {error}", error = excerpt(&error))))
        }
    }
}

/// Options that do not follow links, and do not wait for the other end of a pipe.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;

        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Why a file cannot be a journal, regardless of its owner.
fn unfit(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_symlink() {
        return Some("is a symbolic link; name the file that it leads to");
    }
    if kind.is_dir() {
        return Some("is a folder; name a file");
    }
    if !kind.is_file() {
        return Some("is not a regular file, but a device or a pipe; name a file");
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(metadata) > 1 {
        return Some("has several names (hard links); copy it, and name the copy");
    }
    None
}

/// What a file is opened for.
#[derive(Clone, Copy)]
enum Use {
    /// It will contain paths that may be confidential.
    Create,
    /// It is not refused for being readable by others, because it may have been restored from an archive.
    Resume,
}

/// Why a file is not private to the user.
fn shared(metadata: &Metadata, purpose: Use) -> Option<Shown> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        let user = rustix::process::geteuid().as_raw();
        shared_with(metadata.uid(), user, metadata.mode(), purpose)
    }
    #[cfg(not(unix))]
    {
        let _ = (metadata, purpose);
        None
    }
}

#[cfg(unix)]
fn shared_with(owner: u32, user: u32, mode: u32, purpose: Use) -> Option<Shown> {
    let (forbidden, verb, copy, close) = match purpose {
        Use::Create => (
            0o077,
            "used",
            "name a file of your own",
            "run `chmod 600` on it, or name a file in another folder",
        ),
        Use::Resume => (
            0o022,
            "written",
            "if you trust its contents, copy it and resume the copy",
            "if you trust its contents, run `chmod 600` on it",
        ),
    };
    if owner != user {
        return Some(shown!(
            "belongs to another user (ID {owner}, you are {user}); {copy}",
            owner,
            user,
            copy,
        ));
    }
    let is_open = mode & forbidden != 0;
    let mode = mode & 0o777;
    is_open.then(|| shown!("can be {verb} by others (mode {mode:03o}); {close}", verb, mode, close))
}

/// Denies others access to a file that this program created.
fn set_private(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mut permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o777 != 0o600 {
            permissions.set_mode(0o600);
            // If the file system has no modes, the next check reports it.
            let _ = file.set_permissions(permissions);
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::{Use, shared_with};

    #[test]
    fn files_that_others_own_or_can_change_are_refused() {
        let check = |owner, mode: u32, purpose, expected: &str| {
            let found = shared_with(owner, 1000, 0o100_000 | mode, purpose);
            let is_expected = found.as_ref().map_or(expected.is_empty(), |found| {
                !expected.is_empty() && found.starts_with(expected)
            });
            assert!(is_expected, "{owner} {mode:o}: {found:?}");
        };
        for purpose in [Use::Create, Use::Resume] {
            check(1000, 0o600, purpose, "");
            // Regardless of the mode, and even if root owns it.
            check(1001, 0o600, purpose, "belongs to another user (ID 1001, you are 1000); ");
            check(0, 0o644, purpose, "belongs to another user (ID 0, you are 1000); ");
        }
        check(1000, 0o644, Use::Resume, "");
        check(1000, 0o640, Use::Create, "can be used by others (mode 640); run `chmod 600` on it");
        check(1000, 0o601, Use::Create, "can be used by others (mode 601); ");
        for mode in [0o620, 0o602, 0o666, 0o777] {
            let expected = format!("can be written by others (mode {mode:o}); if you trust its");
            check(1000, mode, Use::Resume, &expected);
        }
    }
}
