//! Reading a site: a folder, a tar archive or a manifest. The memory that it takes does not depend on the size of
//! files.
//!
//! | | |
//! |---|---|
//! | symbolic links | followed, since servers and uploads follow them: a link to a file is a file with that content, a link to a folder a folder. One to a folder that holds it is an error, and so is one that leads out of an archive. One that leads nowhere is left out |
//! | hard links in an archive | files with the content of the other |
//! | sockets, pipes, devices | never opened, and left out |
//! | what cannot be read | an error: a file that is left out would look as if it were removed |
//! | names that are not UTF-8 | are as they are, except on Windows, where they are an error |
//! | names that differ in case only | are two files |

mod hash;
mod zstd;
mod tree;
mod archive;
mod folder;

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use purge_api_ext::escape;

use crate::manifest::Manifest;
pub use folder::{Hashing, folder};

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Its files.
    pub manifest: Manifest,
    /// What is not a file of it, sorted by name. None of a manifest.
    pub left_out: Vec<LeftOut>,
}

/// Something that has no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: Box<[u8]>,
    /// Why it has none.
    pub why: NoContent,
}

/// Why something has no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoContent {
    /// A symbolic link that leads nowhere.
    BrokenLink,
    /// A socket, a pipe or a device.
    Special,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            NoContent::BrokenLink => "a link that leads nowhere",
            NoContent::Special => "a socket, a pipe or a device",
        };
        write!(f, "`{}`: {why}", shown(&self.name))
    }
}

/// Why a site cannot be read, and which of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(String);

impl ReadError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    fn of(name: &[u8], why: impl fmt::Display) -> Self {
        Self(format!("`{}`: {why}", shown(name)))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

/// What is said of a link to a folder that holds it.
const LOOP: &str = "a link to a folder that holds it: it has endless names";

/// A name in a message.
pub(crate) fn shown(name: &[u8]) -> String {
    escape(&String::from_utf8_lossy(name).chars().take(200).collect::<String>())
}

/// Reads a folder, or a file as [`stream`] does.
///
/// # Errors
///
/// [`ReadError`], without the name of the path itself.
pub fn path(path: &Path) -> Result<Site, ReadError> {
    let cannot = |error: io::Error| ReadError::new(format!("it cannot be read: {error}"));
    let data = path.metadata().map_err(cannot)?;
    if data.is_dir() {
        return folder(path, Hashing::All);
    }
    stream(File::open(path).map_err(cannot)?)
}

/// Reads a tar archive, plain or compressed by gzip or zstd, or the text of a manifest. Which it is, its first
/// bytes say.
///
/// # Errors
///
/// When it is neither, or is not complete, or names something that cannot be a file of a site.
pub fn stream(source: impl Read) -> Result<Site, ReadError> {
    let cannot = |error: io::Error| ReadError::new(format!("it cannot be read: {error}"));
    let mut source = BufReader::with_capacity(128 * 1024, source);
    let start = source.fill_buf().map_err(cannot)?;
    if start.starts_with(b"\x1f\x8b") {
        return archive::read(flate2::bufread::MultiGzDecoder::new(source));
    }
    if start.starts_with(&zstd::MAGIC) {
        return archive::read(zstd::Frames::new(source));
    }
    // A pipe may give fewer bytes than a block of an archive.
    let mut block = Vec::new();
    source.by_ref().take(archive::BLOCK).read_to_end(&mut block).map_err(cannot)?;
    if archive::is_header(&block) {
        return archive::read(block.chain(source));
    }
    source.read_to_end(&mut block).map_err(cannot)?;
    let manifest = Manifest::parse(&block).map_err(|error| {
        ReadError::new(format!("neither a tar archive nor a manifest: {error}"))
    })?;
    Ok(Site { manifest, left_out: Vec::new() })
}

#[cfg(test)]
mod tests;
