//! The file of a journal: a regular file of the user, which no other user can change and one process has.
//!
//! Nothing here changes a file that was there before: its mode stays as it is, a link is not followed, and a
//! device or a pipe is not even opened.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::sink::JournalSink;
use crate::error::{Error, ErrorKind};
use crate::sanitize::{Harmless, Shown, excerpt, shown};
use crate::typed;

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

/// Opens a file for a new journal. An existing one must be empty and private, as a program makes it that
/// reserves the name.
pub(super) fn create(path: &Path) -> Result<Locked, Error> {
    let cannot = |error: io::Error| {
        refusal(path, shown!("cannot be created: {error}", error = excerpt(&error)))
    };
    let file = match options().create_new(true).open(path) {
        Ok(file) => {
            // Whatever the umask says: the owner must be able to resume the run.
            set_private(&file).map_err(cannot)?;
            file
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => existing(path, cannot)?,
        Err(error) => return Err(cannot(error)),
    };
    let file = lock(file, path)?;
    let metadata = file.metadata().map_err(cannot)?;
    if metadata.len() > 0 {
        return Err(refusal(path, "exists already; resume it by `cdn-purge resume`, or remove it"));
    }
    // A new file can fail this, too: some file systems have no modes or owners.
    match shared(&metadata, Use::Create) {
        None => Ok(file),
        Some(why) => Err(refusal(path, why)),
    }
}

/// Opens the journal of a run that is to be resumed.
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

/// Opens a file that is there already, if it can be a journal.
fn existing(path: &Path, cannot: impl Fn(io::Error) -> Error) -> Result<File, Error> {
    let check = |metadata: &Metadata| match unfit(metadata) {
        None => Ok(()),
        Some(why) => Err(refusal(path, why)),
    };
    // To open a device can have an effect, so this looks first.
    check(&fs::symlink_metadata(path).map_err(&cannot)?)?;
    let file = options().open(path).map_err(&cannot)?;
    // And again, since the name may mean another file by now.
    check(&file.metadata().map_err(&cannot)?)?;
    Ok(file)
}

/// An error about the journal before anything is sent.
pub(super) fn refusal(path: &Path, what: impl Harmless) -> Error {
    Error::new(ErrorKind::InvalidInput, shown!("{journal} {what}", journal = named(path), what))
}

pub(super) fn named(path: &Path) -> Shown {
    shown!("the journal `{name}`", name = typed::name(path.as_os_str()))
}

/// Makes sure that a new file is found after a crash of the machine: its name stands in its folder.
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

/// Follows no link, and does not wait for the other end of a pipe.
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

/// Why a file cannot be a journal, whatever its owner.
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
    /// What a site hides will be in it.
    Create,
    /// That others can read it is not a reason to refuse it: an archive may have restored it like that.
    Resume,
}

/// Why a file is not the user's alone.
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
            "if you trust what it says, copy it and resume the copy",
            "if you trust what it says, run `chmod 600` on it",
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

/// Closes a file that this program has made to others.
fn set_private(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mut permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o777 != 0o600 {
            permissions.set_mode(0o600);
            // Where there are no modes, what is checked next says so.
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
    fn file_of_others_is_told_from_an_own_one() {
        let check = |owner, mode: u32, purpose, expected: &str| {
            let found = shared_with(owner, 1000, 0o100_000 | mode, purpose);
            let is_expected = found.as_ref().map_or(expected.is_empty(), |found| {
                !expected.is_empty() && found.starts_with(expected)
            });
            assert!(is_expected, "{owner} {mode:o}: {found:?}");
        };
        for purpose in [Use::Create, Use::Resume] {
            check(1000, 0o600, purpose, "");
            // Whatever its mode is, and root's file, too.
            check(1001, 0o600, purpose, "belongs to another user (ID 1001, you are 1000); ");
            check(0, 0o644, purpose, "belongs to another user (ID 0, you are 1000); ");
        }
        check(1000, 0o644, Use::Resume, "");
        check(1000, 0o640, Use::Create, "can be used by others (mode 640); run `chmod 600` on it");
        check(1000, 0o601, Use::Create, "can be used by others (mode 601); ");
        for mode in [0o620, 0o602, 0o666, 0o777] {
            let expected = format!("can be written by others (mode {mode:o}); if you trust what");
            check(1000, mode, Use::Resume, &expected);
        }
    }
}
