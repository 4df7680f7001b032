//! Reads a site: a folder, a tar archive or a manifest. Memory use depends on the names, and not on file sizes. A small
//! archive cannot use up the memory: its headers and names are limited, and so are the names that links to folders add.
//!
//! | entry | handling |
//! |---|---|
//! | symbolic links | followed, since servers and uploads follow them. A link to a folder that contains it is an error, and so is one that leads out of an archive. Broken links are left out. Links to folders may add names that need 256 MiB of memory; more are an error |
//! | hard links in an archive | another name for the same file or symbolic link |
//! | sockets, pipes, devices | never opened, and left out |
//! | unreadable files | an error: a file that is left out would look as if it had been removed |
//! | names that are not UTF-8 | kept as they are, except on Windows, where they are an error |
//! | names that differ only in case | two files |

mod hash;
mod zstd;
mod linked;
mod tree;
mod archive;
mod listing;
mod rounds;
mod folder;
mod folders;

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use purge_api_ext::escape;

use crate::manifest::Manifest;
pub use folder::{Hashing, folder};
pub use folders::{CompareError, Compared, folders};
pub(crate) use zstd::is_frame;

/// The result of reading a site.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Its files.
    pub manifest: Manifest,
    /// Anything that is not a file, sorted by name. Always empty for a manifest.
    pub left_out: Vec<LeftOut>,
}

/// Something without content, such as a broken link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: Box<[u8]>,
    /// Why it has no content.
    pub why: NoContent,
}

/// Why something has no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoContent {
    /// A symbolic link whose target does not exist, or that leads only to other links.
    BrokenLink,
    /// A socket, a pipe or a device.
    Special,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            NoContent::BrokenLink => "a broken symbolic link",
            NoContent::Special => "a socket, a pipe or a device",
        };
        write!(f, "`{}`: {why}", shown(&self.name))
    }
}

/// Why a site cannot be read, and which of its files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadError(String);

impl ReadError {
    /// The reader of archives quotes names as they are.
    fn new(message: impl fmt::Display) -> Self {
        Self(escape(&message.to_string()))
    }

    fn of(name: &[u8], why: impl fmt::Display) -> Self {
        Self(format!("`{}`: {}", shown(name), escape(&why.to_string())))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

/// The message for a link to a folder that contains it.
const LOOP: &str = "a link to a folder that contains it: its names would never end";

/// Formats a name for a message.
pub(crate) fn shown(name: &[u8]) -> String {
    escape(&String::from_utf8_lossy(name).chars().take(200).collect::<String>())
}

/// Reads a folder, or a file as [`stream`] does.
///
/// # Errors
///
/// [`ReadError`], which does not contain the path itself.
pub fn path(path: &Path) -> Result<Site, ReadError> {
    let cannot = |error: io::Error| ReadError::new(format!("it cannot be read: {error}"));
    let data = path.metadata().map_err(cannot)?;
    if data.is_dir() {
        return folder(path, Hashing::All);
    }
    stream(File::open(path).map_err(cannot)?)
}

/// Reads a tar archive, either plain or compressed with gzip or zstd, or the text of a manifest. The first bytes
/// decide which it is.
///
/// # Errors
///
/// When it is neither, is empty or incomplete, or contains a name that cannot belong to a file of a site.
pub fn stream(source: impl Read) -> Result<Site, ReadError> {
    let cannot = |error: io::Error| ReadError::new(format!("it cannot be read: {error}"));
    let mut source = BufReader::with_capacity(128 * 1024, source);
    let start = source.fill_buf().map_err(cannot)?;
    if start.starts_with(b"\x1f\x8b") {
        return archive::read(flate2::bufread::MultiGzDecoder::new(source));
    }
    if is_frame(start) {
        return archive::read(zstd::Frames::new(source));
    }
    // A pipe may return fewer bytes than one block of an archive.
    let mut block = Vec::new();
    source.by_ref().take(archive::BLOCK).read_to_end(&mut block).map_err(cannot)?;
    if archive::is_header(&block) {
        return archive::read(block.chain(source));
    }
    source.read_to_end(&mut block).map_err(cannot)?;
    let manifest = Manifest::parse(&block).map_err(|error| {
        ReadError::new(format!("neither a tar archive nor a manifest: {error}"))
    })?;
    if manifest.is_empty() && !Manifest::is_marked(&block) {
        let why = "it is empty, as if the program that wrote it had failed; for a site without files, pass an empty folder";
        return Err(ReadError::new(why));
    }
    Ok(Site { manifest, left_out: Vec::new() })
}

#[cfg(test)]
mod tests;
