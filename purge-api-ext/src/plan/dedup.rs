use std::collections::HashSet;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

/// Which of so many texts were there before.
///
/// A table of millions of texts is larger than the cache of a processor, and each look into it waits for
/// the memory. So the hashes are sorted instead, each with the place of its text in the lowest bits:
/// equal texts come to stand side by side, the first one first, and only texts of equal hashes are
/// compared.
pub(super) fn repeated<'a>(count: usize, text: impl Fn(usize) -> &'a str) -> Vec<bool> {
    let place_bits = usize::BITS - count.leading_zeros();
    let places = (1_u64 << place_bits) - 1;
    let hasher = RandomState::default();
    let hash = |place: usize| hasher.hash_one(text(place).as_bytes());
    let mut keys: Vec<u64> =
        (0..count).map(|place| hash(place) << place_bits | place as u64).collect();
    keys.sort_unstable();

    // The first text of each hash, and those after it. Once sorted, the latter are read in the order in
    // which they stand.
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for keys in keys.chunk_by(|a, b| a & !places == b & !places) {
        let mut keys = keys.iter().map(|key| (key & places) as usize);
        if let Some(first) = keys.next() {
            pairs.extend(keys.map(|place| (place, first)));
        }
    }
    drop(keys);
    pairs.sort_unstable();

    let mut repeated = vec![false; count];
    let mut same_hash_only = HashSet::new();
    for (place, first) in pairs {
        let text_here = text(place);
        repeated[place] = text_here == text(first) || !same_hash_only.insert(text_here);
    }
    repeated
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn repeated_is_what_stands_before(texts in prop::collection::vec("[ab]{0,3}", 0..60)) {
            let slow: Vec<bool> =
                (0..texts.len()).map(|i| texts[..i].contains(&texts[i])).collect();
            prop_assert_eq!(repeated(texts.len(), |i| &texts[i]), slow);
        }
    }
}
