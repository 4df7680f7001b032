//! What one resource has cached, ordered by path so that a prefix is a range.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::pattern::Pattern;

#[derive(Debug, Default)]
pub(crate) struct Cache {
    entries: BTreeMap<Box<str>, ()>,
}

impl Cache {
    pub(crate) fn insert(&mut self, path: &str) {
        self.entries.insert(path.into(), ());
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(AsRef::as_ref)
    }

    /// Removes what the pattern matches and says how many entries that were.
    pub(crate) fn evict(&mut self, pattern: Pattern<'_>) -> usize {
        if let Some(path) = pattern.exact() {
            return usize::from(self.entries.remove(path).is_some());
        }
        let prefix = pattern.prefix();
        let found: Vec<Box<str>> = self
            .entries
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .map(|(path, ())| path)
            .take_while(|path| path.starts_with(prefix))
            .filter(|path| pattern.matches(path))
            .cloned()
            .collect();
        for path in &found {
            self.entries.remove(path);
        }
        found.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eviction_removes_exactly_what_its_pattern_matches() {
        let all = ["/", "/a", "/a/b.jpg", "/a/b.png", "/a/c/d.jpg", "/ab", "/b"];
        for pattern in ["/a", "/a*", "/a/*", "/a/*.jpg", "/*", "/none", "/none/*", "/*b*"] {
            let mut cache = Cache::default();
            all.iter().for_each(|path| cache.insert(path));
            let evicted = cache.evict(Pattern::new(pattern));
            let kept: Vec<&str> =
                all.into_iter().filter(|path| !Pattern::new(pattern).matches(path)).collect();
            assert_eq!(cache.paths().collect::<Vec<_>>(), kept, "{pattern}");
            assert_eq!(evicted, all.len() - kept.len(), "{pattern}");
        }
    }
}
