//! Which paths are covered by a wildcard of the plan.
//!
//! A plan may have a million paths and a thousand wildcards, and nearly every path is covered by none of them. So
//! the check has three steps, each of which is slower than the one before and sees fewer paths. Take the wildcards
//! `/img/2024/*`, `/img/2025/*` and `/*.css`:
//!
//! 1. **Tables.** A wildcard that is a prefix and a star is looked up by the first bytes after the common start of
//!    all prefixes; any other wildcard by the last bytes after its last star. Here, the common start is `/img/202`, and
//!    there are two tables:
//!
//!    | table | group | key | heads |
//!    |---|---|---|---|
//!    | prefixes | first 2 bytes | `4/` | `/img/2024/` |
//!    | | | `5/` | `/img/2025/` |
//!    | others | last 4 bytes | `.css` | `/` with `/*.css` |
//!
//!    A group is all wildcards with keys of the same length. Keys are read as one 128-bit number, from which a mask
//!    selects the bytes of a group, so that one read of a path serves all groups.
//! 2. **Filters.** Each group has a bit field with one bit for the hash of each key. `/img/2026/a.png` has the key
//!    `6/`, whose bit is not set (if it is set by chance, the table decides). 64 paths are checked together, and the
//!    result is one 64-bit word, so that the processor need not finish one look-up before it starts the next.
//! 3. **Heads.** A path that passes the filter, such as `/img/2025/b.png`, is compared in full. The wildcards of a key
//!    are sorted by their head, which is the text before their first star. A path can begin only with the last head
//!    that does not sort after the path, and with the heads that this head begins with.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::sort_key::common_start;
use crate::path::covers;

/// How many paths are checked together: one per bit of a word.
const MANY: usize = 64;

/// An index of wildcards that quickly tells whether any of them covers a path.
pub(super) struct Cover<'a> {
    /// The common start of all prefixes. Without it, a few bytes distinguish more prefixes.
    common: &'a str,
    prefixes: Table<'a>,
    others: Table<'a>,
}

/// Wildcards by some of their bytes: one group for each number of bytes, at most 14.
#[derive(Default)]
struct Table<'a>(Vec<Group<'a>>);

struct Group<'a> {
    /// Selects the bytes of the key.
    mask: u128,
    heads: HashMap<u128, Heads<'a>, RandomState>,
    /// One bit for each key, which is cheaper to look up than the key itself.
    filter: Vec<u64>,
}

/// Wildcards by the text before their first star, sorted.
#[derive(Default)]
struct Heads<'a>(Vec<Head<'a>>);

struct Head<'a> {
    text: &'a str,
    wildcards: Vec<&'a str>,
    /// The longest other head that this one begins with.
    around: Option<usize>,
}

impl<'a> Cover<'a> {
    /// Takes distinct patterns, each with a star.
    pub(super) fn from_wildcards(wildcards: impl Iterator<Item = &'a str>) -> Self {
        // Heads must be inserted in sorted order.
        let mut wildcards: Vec<(&str, &str)> = wildcards
            .filter_map(|wildcard| Some((wildcard.split_once('*')?.0, wildcard)))
            .collect();
        wildcards.sort_unstable();
        let (mut prefixes, others): (Vec<_>, Vec<_>) =
            wildcards.into_iter().partition(|(head, wildcard)| wildcard.len() == head.len() + 1);
        // A prefix sorts directly before all prefixes that begin with it. These are longer, so the star of the shorter
        // one matches at least one byte of theirs.
        prefixes.dedup_by(|(longer, _), (shorter, _)| longer.starts_with(*shorter));

        let heads = prefixes.iter().map(|(head, _)| *head);
        let mut cover = Self {
            common: heads.reduce(common_start).unwrap_or_default(),
            prefixes: Table::default(),
            others: Table::default(),
        };
        for (head, wildcard) in prefixes {
            let rest = &head[cover.common.len()..];
            let (start, mask) = first_bytes(&rest[..looked_at(rest.len())]);
            cover.prefixes.insert(start, mask, head, wildcard);
        }
        for (head, wildcard) in others {
            let rest = wildcard.rsplit('*').next().unwrap_or_default();
            let (end, mask) = last_bytes(&rest[rest.len() - looked_at(rest.len())..]);
            cover.others.insert(end, mask, head, wildcard);
        }
        cover.prefixes.0.iter_mut().chain(&mut cover.others.0).for_each(Group::set_filter);
        cover
    }

    /// Whether a pattern other than `path` itself covers it.
    pub(super) fn covers(&self, path: &str) -> bool {
        self.covered(&[path]) == 1
    }

    /// Removes the items whose path is covered by a pattern other than the path itself.
    pub(super) fn remove_covered<'p, T>(&self, items: &mut Vec<T>, path: impl Fn(&T) -> &'p str) {
        if self.prefixes.0.is_empty() && self.others.0.is_empty() {
            return;
        }
        let blocks = items.chunks(MANY).map(|block| block.iter().map(&path).collect::<Vec<_>>());
        let covered: Vec<u64> = blocks.map(|paths| self.covered(&paths)).collect();
        let mut place = 0..;
        items.retain(|_| {
            let place: usize = place.next().unwrap_or_default();
            covered[place / MANY] >> (place % MANY) & 1 == 0
        });
    }

    /// Which of at most 64 paths are covered by a pattern other than the path itself. The lowest bit is that of the
    /// first path. Checking many at once is faster, since no look-up waits for the one before.
    fn covered(&self, paths: &[impl AsRef<str>]) -> u64 {
        let mut bytes = [0; MANY];
        let bytes = &mut bytes[..paths.len()];
        // The full comparison of heads also checks whether a path begins with the common start.
        for (bytes, path) in bytes.iter_mut().zip(paths) {
            let rest = path.as_ref().get(self.common.len()..);
            *bytes = rest.map_or(0, |rest| first_bytes(rest).0);
        }
        let covered = self.prefixes.covered(bytes, paths);
        for (bytes, path) in bytes.iter_mut().zip(paths) {
            *bytes = last_bytes(path.as_ref()).0;
        }
        covered | self.others.covered(bytes, paths)
    }
}

impl<'a> Table<'a> {
    fn insert(&mut self, bytes: u128, mask: u128, head: &'a str, wildcard: &'a str) {
        let place = self.0.iter().position(|group| group.mask == mask);
        let place = place.unwrap_or_else(|| {
            self.0.push(Group { mask, heads: HashMap::default(), filter: Vec::new() });
            self.0.len() - 1
        });
        self.0[place].heads.entry(bytes).or_default().insert(head, wildcard);
    }

    fn covered(&self, bytes: &[u128], paths: &[impl AsRef<str>]) -> u64 {
        let mut covered = 0;
        for group in &self.0 {
            let mut seen = group.seen(bytes) & !covered;
            while seen != 0 {
                let place = seen.trailing_zeros() as usize;
                let heads = group.heads.get(&(bytes[place] & group.mask));
                let is_covered = heads.is_some_and(|heads| heads.covers(paths[place].as_ref()));
                covered |= u64::from(is_covered) << place;
                seen &= seen - 1;
            }
        }
        covered
    }
}

impl Group<'_> {
    /// Sized for a false-positive rate of 1 in 32.
    fn set_filter(&mut self) {
        let words = (self.heads.len() / 2).next_power_of_two();
        self.filter = vec![0; words];
        for key in self.heads.keys() {
            let (word, bit) = place(*key, words);
            self.filter[word] |= 1 << bit;
        }
    }

    /// Which of the keys pass the filter.
    fn seen(&self, bytes: &[u128]) -> u64 {
        let words = self.filter.len();
        bytes.iter().rev().fold(0, |seen, bytes| {
            let (word, bit) = place(bytes & self.mask, words);
            seen << 1 | (self.filter[word] >> bit & 1)
        })
    }
}

/// The word and bit of a key, where `words` is a power of two.
fn place(key: u128, words: usize) -> (usize, u32) {
    // The upper bits of a product depend on all bits of the factors.
    let mixed = ((key >> 64) as u64 ^ key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    ((mixed >> 6) as usize & (words - 1), mixed as u32 & 63)
}

impl<'a> Heads<'a> {
    /// Adds a wildcard whose head sorts after all others, or equals the last one.
    fn insert(&mut self, text: &'a str, wildcard: &'a str) {
        let mut around = self.0.len().checked_sub(1);
        while let Some(index) = around.filter(|&index| !text.starts_with(self.0[index].text)) {
            around = self.0[index].around;
        }
        match self.0.last_mut() {
            Some(last) if last.text == text => last.wildcards.push(wildcard),
            _ => self.0.push(Head { text, wildcards: vec![wildcard], around }),
        }
    }

    /// Checks all heads that the path begins with. They are among the last head that does not sort after the path, and
    /// the heads that this last head begins with: if a path begins with a head, so does every text that sorts between
    /// the two.
    fn covers(&self, path: &str) -> bool {
        let mut next = self.0.partition_point(|head| head.text <= path).checked_sub(1);
        while let Some(head) = next.map(|index| &self.0[index]) {
            let mut wildcards = head.wildcards.iter();
            if path.starts_with(head.text) && wildcards.any(|w| *w != path && covers(w, path)) {
                return true;
            }
            next = head.around;
        }
        false
    }
}

/// How many of `length` bytes form the key. Only a few lengths are used, since each has a group of its own.
fn looked_at(length: usize) -> usize {
    [16, 15, 14, 13, 12, 10, 8, 6].into_iter().find(|&step| step <= length).unwrap_or(length)
}

/// The first 16 bytes, and a mask for those that exist.
fn first_bytes(text: &str) -> (u128, u128) {
    let missing = 8 * 16_usize.saturating_sub(text.len()) as u32;
    let mask = u128::MAX.checked_shl(missing).unwrap_or_default();
    let bytes = match text.as_bytes().first_chunk() {
        Some(bytes) => u128::from_be_bytes(*bytes),
        None => number(text).checked_shl(missing).unwrap_or_default(),
    };
    (bytes, mask)
}

/// The last 16 bytes, and a mask for those that exist.
fn last_bytes(text: &str) -> (u128, u128) {
    let missing = 8 * 16_usize.saturating_sub(text.len()) as u32;
    let mask = u128::MAX.checked_shr(missing).unwrap_or_default();
    let bytes = match text.as_bytes().last_chunk() {
        Some(bytes) => u128::from_be_bytes(*bytes),
        None => number(text),
    };
    (bytes, mask)
}

fn number(text: &str) -> u128 {
    text.bytes().fold(0, |number, byte| number << 8 | u128::from(byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn covers_exactly_what_any_wildcard_covers(
            common in "[ab]{0,20}",
            wildcards in prop::collection::vec("([ab]|%ab){0,3}\\*([ab*]|%ab){0,3}", 0..12),
            paths in prop::collection::vec("([ab*]|%ab){0,6}", 1..150),
            elsewhere in "[ab*]{0,4}",
        ) {
            let wildcards: BTreeSet<String> =
                wildcards.iter().map(|w| format!("/{common}{w}")).collect();
            let cover = Cover::from_wildcards(wildcards.iter().map(String::as_str));
            let paths = paths.iter().map(|path| format!("/{common}{path}"));
            let paths = paths.chain([format!("/{elsewhere}")]).chain(wildcards.iter().cloned());
            let paths: Vec<_> = paths.collect();
            let mut kept: Vec<&String> = paths.iter().collect();
            cover.remove_covered(&mut kept, |path| path);
            let is_covered = |path: &String| wildcards.iter().any(|w| w != path && covers(w, path));
            for path in &paths {
                let slow = is_covered(path);
                prop_assert_eq!(cover.covers(path), slow, "{} by {:?}", path, wildcards);
            }
            let slow: Vec<_> = paths.iter().filter(|path| !is_covered(path)).collect();
            prop_assert_eq!(kept, slow, "by {:?}", wildcards);
        }
    }
}
