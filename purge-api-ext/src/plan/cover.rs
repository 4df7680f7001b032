use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::order::common_start;
use crate::path::covers;

/// Answers quickly whether one of many wildcards covers a path.
///
/// Most paths are covered by none, and to tell it takes a few looks into small tables: for what a path
/// begins with, among the wildcards that are a prefix and a star, and for what it ends with, among the
/// others.
pub(super) struct Cover<'a> {
    /// What all prefixes have in common, so that the rest of each tells more in few bytes.
    common: &'a str,
    prefixes: Table<'a>,
    others: Table<'a>,
}

/// Wildcards by some bytes of theirs.
#[derive(Default)]
struct Table<'a> {
    /// One for each number of bytes, as a mask: at most 14.
    by_mask: Vec<(u128, HashMap<u128, Heads<'a>, RandomState>)>,
}

/// Wildcards by what stands before their first star, sorted.
#[derive(Default)]
struct Heads<'a>(Vec<Head<'a>>);

struct Head<'a> {
    text: &'a str,
    wildcards: Vec<&'a str>,
    /// The longest of the others that this one begins with.
    around: Option<usize>,
}

impl<'a> Cover<'a> {
    /// Takes canonical patterns, each with a star and each once.
    pub(super) fn of(wildcards: impl Iterator<Item = &'a str>) -> Self {
        // Heads are put in as they are sorted.
        let mut wildcards: Vec<(&str, &str)> = wildcards
            .filter_map(|wildcard| Some((wildcard.split_once('*')?.0, wildcard)))
            .collect();
        wildcards.sort_unstable();
        let (mut prefixes, others): (Vec<_>, Vec<_>) =
            wildcards.into_iter().partition(|(head, wildcard)| wildcard.len() == head.len() + 1);
        // A prefix sorts before all that begin with it, and these follow it at once.
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
        cover.prefixes.loosen();
        cover.others.loosen();
        cover
    }

    /// Whether another pattern than `path` itself covers it.
    pub(super) fn covers(&self, path: &str) -> bool {
        // Whether the path begins with what is common shows where its start is found in the table.
        let rest = path.get(self.common.len()..);
        rest.is_some_and(|rest| self.prefixes.covers(first_bytes(rest).0, path))
            || self.others.covers(last_bytes(path).0, path)
    }
}

impl<'a> Table<'a> {
    fn insert(&mut self, bytes: u128, mask: u128, head: &'a str, wildcard: &'a str) {
        let index = self.by_mask.iter().position(|(other, _)| *other == mask);
        let index = index.unwrap_or_else(|| {
            self.by_mask.push((mask, HashMap::default()));
            self.by_mask.len() - 1
        });
        self.by_mask[index].1.entry(bytes).or_default().insert(head, wildcard);
    }

    /// Gives the tables more room than they need: what is not in a table that is nearly full often seems
    /// to be at first.
    fn loosen(&mut self) {
        for (_, heads) in &mut self.by_mask {
            heads.reserve(7 * heads.len().min(4096));
        }
    }

    fn covers(&self, bytes: u128, path: &str) -> bool {
        self.by_mask
            .iter()
            .any(|(mask, heads)| heads.get(&(bytes & mask)).is_some_and(|heads| heads.covers(path)))
    }
}

impl<'a> Heads<'a> {
    /// Adds a wildcard whose head sorts after all others.
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

    /// Looks at all heads that the path begins with. They are the last head that does not sort after the
    /// path, and what is around that one: what stands between a head and a path that begins with it
    /// begins with it, too.
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

/// How many of so many bytes are looked at: of a few numbers only, since each is a table of its own.
fn looked_at(length: usize) -> usize {
    [16, 15, 14, 13, 12, 10, 8, 6].into_iter().find(|&step| step <= length).unwrap_or(length)
}

/// The first 16 bytes, and a mask for those that are there.
fn first_bytes(text: &str) -> (u128, u128) {
    let missing = 8 * 16_usize.saturating_sub(text.len()) as u32;
    let mask = u128::MAX.checked_shl(missing).unwrap_or_default();
    let bytes = match text.as_bytes().first_chunk() {
        Some(bytes) => u128::from_be_bytes(*bytes),
        None => number(text).checked_shl(missing).unwrap_or_default(),
    };
    (bytes, mask)
}

/// The last 16 bytes, and a mask for those that are there.
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
    use crate::path::canonical;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn covers_what_one_of_all_wildcards_covers(
            common in "[ab]{0,20}",
            wildcards in prop::collection::vec("[ab]{0,3}\\*[ab*]{0,3}", 0..12),
            paths in prop::collection::vec("[ab*]{0,6}", 1..12),
            elsewhere in "[ab*]{0,4}",
        ) {
            let wildcards: BTreeSet<String> =
                wildcards.iter().map(|w| canonical(&format!("/{common}{w}")).into_owned()).collect();
            let cover = Cover::of(wildcards.iter().map(String::as_str));
            let paths = paths.iter().map(|path| format!("/{common}{path}"));
            for path in paths.chain([format!("/{elsewhere}")]).chain(wildcards.iter().cloned()) {
                let path = canonical(&path);
                let slow = wildcards.iter().any(|w| *w != path && covers(w, &path));
                prop_assert_eq!(cover.covers(&path), slow, "{} by {:?}", path, wildcards);
            }
        }
    }
}
