use std::collections::HashSet;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

use crate::path::{Paths, canonical};

/// Keeps the first of all paths that mean the same.
///
/// A table of millions of paths is larger than the cache of a processor, and each look into it waits for
/// the memory. So the hashes are sorted instead, each with the place of its path in the lowest bits:
/// equal paths come to stand side by side, the first one first, and only texts of equal hashes are
/// compared.
pub(super) fn keep_first(paths: &mut Paths) {
    let (text, spans) = paths.parts();
    let place_bits = usize::BITS - spans.len().leading_zeros();
    let places = (1_u64 << place_bits) - 1;
    let hasher = RandomState::default();
    let mut keys: Vec<u64> = spans
        .iter()
        .enumerate()
        .map(|(place, span)| {
            let hash = match span.is_plain() {
                true => hasher.hash_one(span.of(text).as_bytes()),
                false => hasher.hash_one(canonical(span.of(text)).as_bytes()),
            };
            hash << place_bits | place as u64
        })
        .collect();
    keys.sort_unstable();

    // The first path of each hash, and those after it. Once sorted, the texts of the latter are read in
    // the order in which they stand.
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for keys in keys.chunk_by(|a, b| a & !places == b & !places) {
        let mut keys = keys.iter().map(|key| (key & places) as usize);
        if let Some(first) = keys.next() {
            pairs.extend(keys.map(|place| (place, first)));
        }
    }
    drop(keys);
    pairs.sort_unstable();

    let mut is_again = vec![false; spans.len()];
    let mut same_hash_only = HashSet::new();
    for (place, first) in pairs {
        let (path, first) = (spans[place], spans[first]);
        is_again[place] = if path.is_plain() && path.of(text) == first.of(text) {
            true
        } else {
            let path = canonical(path.of(text));
            path == canonical(first.of(text)) || !same_hash_only.insert(path)
        };
    }
    let mut is_again = is_again.into_iter();
    spans.retain(|_| is_again.next() == Some(false));
}
