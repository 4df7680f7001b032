use std::collections::HashSet;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

/// Which of `count` texts repeat an earlier one.
///
/// A hash table of millions of texts exceeds the processor's cache, so that each look-up waits for memory. So the
/// hashes are sorted instead, each with the index of its text in the lowest bits. Equal texts become neighbors, the
/// earliest one first, and only texts with equal hashes are compared.
pub(super) fn repeated<'a>(count: usize, text: impl Fn(usize) -> &'a str) -> Vec<bool> {
    let place_bits = usize::BITS - count.leading_zeros();
    let places = (1_u64 << place_bits) - 1;
    let hasher = RandomState::default();
    let hash = |place: usize| hasher.hash_one(text(place).as_bytes());
    let mut keys: Vec<u64> =
        (0..count).map(|place| hash(place) << place_bits | place as u64).collect();
    keys.sort_unstable();

    // Pairs of a later text and the first text with the same hash. Sorting makes reads of the later texts sequential.
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
        fn repeated_texts_are_those_that_occur_earlier(texts in prop::collection::vec("[ab]{0,3}", 0..60)) {
            let slow: Vec<bool> =
                (0..texts.len()).map(|i| texts[..i].contains(&texts[i])).collect();
            prop_assert_eq!(repeated(texts.len(), |i| &texts[i]), slow);
        }
    }
}
