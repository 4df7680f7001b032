//! Reads tar archives as a stream.

use std::cell::Cell;
use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::hash::{self, BUFFER};
use super::tree::{Node, Tree};
use super::{ReadError, Site};
use crate::manifest::checked;

/// The block size of a tar archive.
pub(super) const BLOCK: u64 = 512;

/// The longest name that a file can be opened by on most systems, and the longest target of a link.
const NAME: usize = 4096;

/// How many bytes may precede the content of an entry: its headers, with a long name, extended attributes and the map
/// of a sparse file. The reader of archives keeps all of them in memory, and a compressed archive can have a thousand
/// times its own size of them.
const HEADERS: u64 = 1024 * 1024;

/// Whether these bytes can begin an archive: with the header of an entry, or with the end marker.
pub(super) fn is_header(block: &[u8]) -> bool {
    let Ok(header) = <&[u8; BLOCK as usize]>::try_from(block) else { return false };
    let field = header[148..156].iter().copied().filter(u8::is_ascii_digit);
    let claimed = field.fold(0_u64, |sum, digit| sum * 8 + u64::from(digit - b'0'));
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    let is_sum = sum(&header[..148]) + 8 * u64::from(b' ') + sum(&header[156..]) == claimed;
    is_sum || header.iter().all(|&byte| byte == 0)
}

/// Remembers whether the source has ended, and limits what is read between the contents of two entries.
struct Watched<'a, R> {
    source: R,
    has_ended: bool,
    /// How many bytes may still be read.
    left: &'a Cell<u64>,
}

impl<R: Read> Read for &mut Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other(
                "the headers of an entry are larger than 1 MiB: make the archive with \
                 `--format=gnu` and without `--sparse`",
            ));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.source.read(&mut buffer[..most])?;
        self.left.set(left - count as u64);
        self.has_ended |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}

pub(super) fn read(source: impl Read) -> Result<Site, ReadError> {
    let broken = |error: io::Error| ReadError::new(format!("the archive cannot be read: {error}"));
    let left = Cell::new(u64::MAX);
    let mut source = Watched { source, has_ended: false, left: &left };
    let mut tree = Tree::default();
    let mut buffer = vec![0; BUFFER];
    let mut archive = Archive::new(&mut source);
    let mut entries = archive.entries().map_err(broken)?;
    loop {
        left.set(HEADERS);
        let next = entries.next();
        left.set(u64::MAX);
        let Some(entry) = next else { break };
        let mut entry = entry.map_err(broken)?;
        add(&mut entry, &mut tree, &mut buffer)?;
        // What an entry of another kind than a file has as its content does not count as a header.
        io::copy(&mut entry, &mut io::sink()).map_err(broken)?;
    }
    ended(source).map_err(broken)?;
    tree.site()
}

/// Checks that the archive ended with a block of zeros, and not because there was no more to read. One that was cut off
/// between two entries has no such block, and its missing files would look as if they had been removed.
fn ended<R: Read>(mut source: Watched<'_, R>) -> io::Result<()> {
    if source.has_ended {
        return Err(io::Error::other("it is incomplete"));
    }
    // Read to the end, where a compressed stream has its checksum.
    let mut buffer = vec![0; BUFFER];
    loop {
        match (&mut source).read(&mut buffer)? {
            0 => return Ok(()),
            count if buffer[..count].iter().any(|&byte| byte != 0) => {
                return Err(io::Error::other(
                    "there is data after its end, as if two archives were joined",
                ));
            }
            _ => {}
        }
    }
}

/// Refuses entries that are sparse according to an extended header.
fn check_extensions<R: Read>(entry: &mut tar::Entry<'_, R>, path: &[u8]) -> Result<(), ReadError> {
    let extensions = entry.pax_extensions().map_err(|error| ReadError::of(path, error))?;
    for extension in extensions.into_iter().flatten() {
        let extension = extension.map_err(|_| {
            let why = "its extended header cannot be read; if the name has a line break, make the \
                       archive with `--format=gnu`";
            ReadError::of(path, why)
        })?;
        if extension.key_bytes().starts_with(b"GNU.sparse.") {
            return Err(ReadError::of(path, "a sparse file: make the archive without `--sparse`"));
        }
    }
    Ok(())
}

const UNKNOWN: &str = "an unknown kind of entry";

fn add<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    tree: &mut Tree,
    buffer: &mut [u8],
) -> Result<(), ReadError> {
    let path = entry.path_bytes().into_owned();
    let broken = |error: io::Error| ReadError::of(&path, error);
    if path.len() > NAME {
        return Err(ReadError::of(&path, format!("the name is longer than {NAME} bytes")));
    }
    let kind = entry.header().entry_type();
    // Global headers, such as the commit that `git archive` records.
    if kind == EntryType::XGlobalHeader {
        return Ok(());
    }
    // Without a known format, these are not recognized as the extended header of the next entry.
    if kind == EntryType::XHeader {
        return Err(ReadError::of(&path, UNKNOWN));
    }
    check_extensions(entry, &path)?;
    let name = path.strip_suffix(b"/").unwrap_or(&path);
    if kind == EntryType::Directory && matches!(name, b"." | b"") {
        return Ok(());
    }
    let name = checked(name).map_err(|error| ReadError::of(&path, error))?;
    let target = |entry: &tar::Entry<'_, R>| {
        let target = entry.link_name_bytes().map(|target| target.into_owned());
        let target = target.ok_or_else(|| ReadError::of(&path, "a link without a target"))?;
        match target.len() > NAME {
            true => Err(ReadError::of(&path, format!("its target is longer than {NAME} bytes"))),
            false => Ok(target),
        }
    };
    match kind {
        EntryType::Directory => tree.insert(name, Node::Folder),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let digest = hash::hash(&mut *entry, buffer).map_err(broken)?;
            tree.insert(name, Node::File(digest))
        }
        EntryType::Symlink => tree.insert(name, Node::Link(target(entry)?)),
        EntryType::Link => {
            let target = target(entry)?;
            let other = checked(&target).map_err(|error| ReadError::of(&path, error))?;
            // An entry that replaces the other file later leaves this content as it is.
            let node = tree.hard_link(other).ok_or_else(|| {
                ReadError::of(
                    &path,
                    "a hard link to a file that does not precede it in the archive",
                )
            })?;
            tree.insert(name, node)
        }
        EntryType::Fifo | EntryType::Char | EntryType::Block => tree.insert(name, Node::Special),
        _ => Err(ReadError::of(&path, UNKNOWN)),
    }
}
