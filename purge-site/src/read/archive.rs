//! Tar archives, as a stream.

use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::hash::{self, BUFFER};
use super::tree::{Node, Tree};
use super::{ReadError, Site};
use crate::manifest::checked;

/// What a tar archive is made of.
pub(super) const BLOCK: u64 = 512;

/// Whether an archive begins with these bytes: with the header of an entry, or with the end of all.
pub(super) fn is_header(block: &[u8]) -> bool {
    let Ok(header) = <&[u8; BLOCK as usize]>::try_from(block) else { return false };
    let field = header[148..156].iter().copied().filter(u8::is_ascii_digit);
    let claimed = field.fold(0_u64, |sum, digit| sum * 8 + u64::from(digit - b'0'));
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    let is_sum = sum(&header[..148]) + 8 * u64::from(b' ') + sum(&header[156..]) == claimed;
    is_sum || header.iter().all(|&byte| byte == 0)
}

/// Counts what was read.
struct Counted<R> {
    source: R,
    count: u64,
}

impl<R: Read> Read for &mut Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

pub(super) fn read(source: impl Read) -> Result<Site, ReadError> {
    let broken = |error: io::Error| ReadError::new(format!("the archive cannot be read: {error}"));
    let mut source = Counted { source, count: 0 };
    let mut tree = Tree::default();
    let mut buffer = vec![0; BUFFER];
    // Where the last entry ended, as far as it was read.
    let mut end = 0;
    for entry in Archive::new(&mut source).entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        add(&mut entry, &mut tree, &mut buffer)?;
        // Whatever the entry was, its content is behind it now.
        io::copy(&mut entry, &mut io::sink()).map_err(broken)?;
        end = entry.raw_file_position() + entry.header().entry_size().map_err(broken)?;
    }
    ended(source, end).map_err(broken)?;
    tree.site()
}

/// An archive ends with a block of zeros. One that was cut off between two entries does not, and what it lacks would
/// look as if it were removed.
fn ended<R: Read>(mut source: Counted<R>, end: u64) -> io::Result<()> {
    if source.count < end.next_multiple_of(BLOCK) + BLOCK {
        return Err(io::Error::other("it is not complete"));
    }
    // To its end, where a compressed stream has its checksum.
    let mut buffer = vec![0; BUFFER];
    loop {
        match (&mut source).read(&mut buffer)? {
            0 => return Ok(()),
            count if buffer[..count].iter().any(|&byte| byte != 0) => {
                return Err(io::Error::other(
                    "there is more behind its end, as if two archives were joined",
                ));
            }
            _ => {}
        }
    }
}

/// Refuses what only an extended header says of an entry: that its content has holes.
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

fn add<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    tree: &mut Tree,
    buffer: &mut [u8],
) -> Result<(), ReadError> {
    let path = entry.path_bytes().into_owned();
    let broken = |error: io::Error| ReadError::of(&path, error);
    let kind = entry.header().entry_type();
    // What `git archive` says of all entries, such as the commit.
    if kind == EntryType::XGlobalHeader {
        return Ok(());
    }
    check_extensions(entry, &path)?;
    let name = path.strip_suffix(b"/").unwrap_or(&path);
    if kind == EntryType::Directory && matches!(name, b"." | b"") {
        return Ok(());
    }
    let name = checked(name).map_err(|error| ReadError::of(&path, error))?;
    let target = |entry: &tar::Entry<'_, R>| {
        let target = entry.link_name_bytes().map(|target| target.into_owned());
        target.ok_or_else(|| ReadError::of(&path, "a link without a target"))
    };
    match kind {
        EntryType::Directory => tree.insert_folder(name),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let digest = hash::hash(&mut *entry, buffer).map_err(broken)?;
            tree.insert(name, Node::File(digest));
        }
        EntryType::Symlink => tree.insert(name, Node::Link(target(entry)?)),
        EntryType::Link => {
            let target = target(entry)?;
            let other = checked(&target).map_err(|error| ReadError::of(&path, error))?;
            if tree.file(other).is_none() {
                return Err(ReadError::of(
                    &path,
                    "a link to a file that is not before it in the archive",
                ));
            }
            tree.insert(name, Node::HardLink(other.to_vec()));
        }
        EntryType::Fifo | EntryType::Char | EntryType::Block => tree.insert(name, Node::Special),
        _ => return Err(ReadError::of(&path, "a kind of entry that is not known")),
    }
    Ok(())
}
