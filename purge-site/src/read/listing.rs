//! Lists the contents of a folder, and follows the links in it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::linked::{self, Linked};
use super::{LOOP, LeftOut, NoContent, ReadError};

/// A folder of a site.
pub(super) struct Folder {
    /// Its name in the site: empty, or ending with a slash.
    pub(super) name: Vec<u8>,
    path: PathBuf,
    /// Its location without links.
    real: PathBuf,
    from: Option<Arc<Step>>,
    /// What was reached through links, in the whole site.
    linked: Arc<Linked>,
}

/// A folder from which a link led to another folder, and the folders before it.
struct Step {
    folder: PathBuf,
    /// The name of the link.
    name: Vec<u8>,
    before: Option<Arc<Step>>,
}

/// The contents of a folder.
#[derive(Default)]
pub(super) struct Listing {
    /// The files, by the last part of their names.
    pub(super) files: Vec<OsString>,
    pub(super) folders: Vec<Folder>,
    pub(super) left_out: Vec<LeftOut>,
    /// The entries that cannot be read.
    pub(super) errors: Vec<ReadError>,
}

impl Folder {
    /// The root of a site.
    pub(super) fn root(path: &Path) -> Result<Self, ReadError> {
        let cannot = |error: io::Error| ReadError::new(format!("it cannot be read: {error}"));
        let real = path.canonicalize().map_err(cannot)?;
        let (name, path) = (Vec::new(), path.to_owned());
        Ok(Self { name, path, real, from: None, linked: Arc::default() })
    }

    /// The name of an entry in the site.
    pub(super) fn name_of(&self, last: &OsStr) -> Vec<u8> {
        [&*self.name, last.as_encoded_bytes()].concat()
    }

    /// The path of an entry.
    pub(super) fn path_of(&self, last: &OsStr) -> PathBuf {
        self.path.join(last)
    }

    /// The error for the folder itself.
    pub(super) fn error(&self, error: &io::Error) -> ReadError {
        ReadError::of(if self.name.is_empty() { b"." } else { &self.name }, error)
    }

    pub(super) fn open(&self) -> Result<Opened, ReadError> {
        Opened::new(&self.path).map_err(|error| self.error(&error))
    }

    pub(super) fn list(&self) -> Listing {
        let mut listing = Listing::default();
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) => {
                listing.errors.push(self.error(&error));
                return listing;
            }
        };
        for entry in entries {
            let entry = entry.map_err(|error| self.error(&error));
            if let Some(error) = self.too_many(entry.as_ref().ok()) {
                // Nothing of this folder is read then.
                return Listing { errors: vec![error], ..Listing::default() };
            }
            let added = entry.and_then(|entry| self.add(&entry, &mut listing));
            listing.errors.extend(added.err());
        }
        listing.files.sort_unstable();
        listing.folders.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        listing
    }

    /// The error for an entry if there are too many names that were reached through links.
    fn too_many(&self, entry: Option<&fs::DirEntry>) -> Option<ReadError> {
        let (from, last) = (self.from.as_ref()?, entry?.file_name());
        let bytes = self.name.len() + self.path.as_os_str().len() + last.len();
        (!self.linked.add(bytes)).then(|| ReadError::of(from.first(), linked::TOO_MANY))
    }

    fn add(&self, entry: &fs::DirEntry, listing: &mut Listing) -> Result<(), ReadError> {
        let last = entry.file_name();
        if cfg!(not(unix)) && last.to_str().is_none() {
            return Err(ReadError::new(format!("{last:?} is not Unicode: rename it")));
        }
        let unreadable = |error: io::Error| ReadError::of(&self.name_of(&last), error);
        let mut kind = entry.file_type().map_err(unreadable)?;
        let is_link = kind.is_symlink();
        if is_link {
            match entry.path().metadata() {
                Ok(data) => kind = data.file_type(),
                Err(error) if is_nowhere(&error) => {
                    let name = self.name_of(&last).into();
                    listing.left_out.push(LeftOut { name, why: NoContent::BrokenLink });
                    return Ok(());
                }
                Err(error) => return Err(unreadable(error)),
            }
        }
        if kind.is_file() {
            listing.files.push(last);
        } else if kind.is_dir() {
            listing.folders.push(self.inner(&last, is_link)?);
        } else {
            let name = self.name_of(&last).into();
            listing.left_out.push(LeftOut { name, why: NoContent::Special });
        }
        Ok(())
    }

    /// A folder in this one, or to which a link in this one leads.
    fn inner(&self, last: &OsStr, is_link: bool) -> Result<Self, ReadError> {
        let (name, path) = (self.name_of(last), self.path_of(last));
        let (real, from) = if is_link {
            let real = path.canonicalize().map_err(|error| ReadError::of(&name, error))?;
            let (folder, before) = (self.real.clone(), self.from.clone());
            let step = Step { folder, name: name.clone(), before };
            if step.is_in(&real) {
                return Err(ReadError::of(&name, LOOP));
            }
            (real, Some(Arc::new(step)))
        } else {
            (self.real.join(last), self.from.clone())
        };
        let linked = self.linked.clone();
        // A folder is listed later, and is kept in memory until then.
        let bytes = 3 * (name.len() + path.as_os_str().len() + real.as_os_str().len());
        if let Some(from) = &from
            && !linked.add(bytes)
        {
            return Err(ReadError::of(from.first(), linked::TOO_MANY));
        }
        Ok(Self { name: [&*name, b"/"].concat(), path, real, from, linked })
    }
}

impl Step {
    /// The first link on the way.
    fn first(&self) -> &[u8] {
        self.before.as_ref().map_or(&self.name, |before| before.first())
    }

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

/// A folder whose files are opened. On Unix, the system then does not look up the path of the folder for each file.
pub(super) struct Opened {
    #[cfg(unix)]
    folder: rustix::fd::OwnedFd,
    #[cfg(not(unix))]
    folder: PathBuf,
}

impl Opened {
    #[cfg(unix)]
    fn new(path: &Path) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::io::retry_on_intr(|| open(path, flags, Mode::empty()))?;
        Ok(Self { folder })
    }

    #[cfg(not(unix))]
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { folder: path.to_owned() })
    }

    /// Opens a file by the last part of its name.
    #[cfg(unix)]
    pub(super) fn file(&self, last: &OsStr) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags, openat};
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let open = || openat(&self.folder, last, flags, Mode::empty());
        Ok(File::from(rustix::io::retry_on_intr(open)?))
    }

    #[cfg(not(unix))]
    pub(super) fn file(&self, last: &OsStr) -> io::Result<File> {
        File::open(self.folder.join(last))
    }
}
