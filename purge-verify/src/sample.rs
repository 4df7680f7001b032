//! A random sample, the same for the same seed.

/// The places of a sample of `size` out of `count`, in ascending order; all of them if there are no more.
///
/// ```
/// let sample = purge_verify::sample(1_000, 3, 7);
/// assert_eq!(sample.len(), 3);
/// assert_eq!(sample, purge_verify::sample(1_000, 3, 7));
/// assert_eq!(purge_verify::sample(2, 3, 7), [0, 1]);
/// ```
#[must_use]
pub fn sample(count: usize, size: usize, seed: u64) -> Vec<usize> {
    if count <= size {
        return (0..count).collect();
    }
    // Floyd's algorithm: each sample is as likely as any other, and only the sample is in memory.
    let mut random = fastrand::Rng::with_seed(seed);
    let mut chosen = std::collections::BTreeSet::new();
    for last in count - size..count {
        let place = random.usize(0..=last);
        if !chosen.insert(place) {
            chosen.insert(last);
        }
    }
    chosen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_as_likely_as_any_other() {
        let mut hits = [0_u32; 10];
        for seed in 0..10_000 {
            let places = sample(10, 3, seed);
            assert_eq!(places.len(), 3);
            assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
            places.iter().for_each(|&place| hits[place] += 1);
        }
        assert!(hits.iter().all(|hits| (2_700..3_300).contains(hits)), "{hits:?}");
    }
}
