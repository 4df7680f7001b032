//! The cached copies of one resource.

use std::collections::BTreeSet;
use std::ops::Bound;

/// The paths that have a copy, sorted, so that a wildcard looks only at those that share its beginning.
#[derive(Debug, Default)]
pub(crate) struct Cache(BTreeSet<String>);

impl Cache {
    pub(crate) fn fill(&mut self, paths: impl IntoIterator<Item = String>) {
        self.0.extend(paths);
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Drops what a path or pattern matches; returns how many copies there were.
    pub(crate) fn purge(&mut self, pattern: &str) -> usize {
        let Some((prefix, _)) = pattern.split_once('*') else {
            return usize::from(self.0.remove(pattern));
        };
        let matched: Vec<String> = self
            .0
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(|path| path.starts_with(prefix))
            .filter(|path| matches(pattern, path))
            .cloned()
            .collect();
        for path in &matched {
            self.0.remove(path);
        }
        matched.len()
    }
}

/// Whether a pattern matches a path: what stands between the stars is found from left to right.
fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slow_matches(pattern: &[u8], path: &[u8]) -> bool {
        match pattern {
            [] => path.is_empty(),
            [b'*', rest @ ..] => (0..=path.len()).any(|skip| slow_matches(rest, &path[skip..])),
            [byte, rest @ ..] => path.first() == Some(byte) && slow_matches(rest, &path[1..]),
        }
    }

    proptest! {
        #[test]
        fn purges_exactly_what_the_slow_matcher_matches(
            pattern in "/[ab*]{0,6}",
            paths in prop::collection::btree_set("/[ab]{0,6}", 0..20),
        ) {
            let mut cache = Cache::default();
            cache.fill(paths.iter().cloned());
            let purged = cache.purge(&pattern);
            let left: Vec<&str> = cache.paths().collect();
            let expected: Vec<&str> = paths
                .iter()
                .map(String::as_str)
                .filter(|path| !slow_matches(pattern.as_bytes(), path.as_bytes()))
                .collect();
            prop_assert_eq!(purged, paths.len() - expected.len());
            prop_assert_eq!(left, expected);
        }
    }
}
