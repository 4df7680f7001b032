//! Limits how many names links to folders may add to a site.
//!
//! Two links in each of a row of folders, which lead to the next folder, double the names with each folder: a few
//! kilobytes can describe more names than there is memory. Real names are not limited by this; each of them takes up
//! room in its archive or on its disk.

use std::sync::atomic::{AtomicU64, Ordering};

/// How much memory the names that are reached through links may need: those of about a million files.
const LINKED: u64 = if cfg!(test) { 2 << 20 } else { 256 << 20 };

/// The message for a link that leads to more.
pub(super) const TOO_MANY: &str = "a link to a folder: the names that such links lead to need more than 256 MiB of \
                                   memory, as links in linked folders multiply them: remove such links, or replace \
                                   them with copies of the folders";

/// About how much memory an entry needs, apart from its names.
const ENTRY: u64 = 100;

/// About how much memory an entry with these bytes in its names needs.
pub(super) fn size(names: usize) -> u64 {
    names as u64 + ENTRY
}

/// The names that were reached through links so far. Threads share it.
#[derive(Default)]
pub(super) struct Linked(AtomicU64);

impl Linked {
    /// Adds an entry with these bytes in its names; returns false if that is too much.
    pub(super) fn add(&self, names: usize) -> bool {
        let size = size(names);
        self.0.fetch_add(size, Ordering::Relaxed) + size <= LINKED
    }
}
