//! Finds which of many wildcards covers a path.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::chunk::read_back;

/// Wildcards by the text before their first star and the last bytes after their last star: a path is compared only
/// with those that share its beginning and its end.
#[derive(Default)]
pub(super) struct Cover {
    by_start: HashMap<Box<str>, Ends>,
    /// The lengths of these keys, and how many wildcards have each length.
    lengths: BTreeMap<usize, usize>,
}

/// Wildcards with the same start, by their end.
type Ends = BTreeMap<Box<[u8]>, BTreeSet<Box<str>>>;

/// How many bytes after the last star form the key.
const END: usize = 16;

impl Cover {
    pub(super) fn is_empty(&self) -> bool {
        self.by_start.is_empty()
    }

    /// Adds a wildcard.
    pub(super) fn add(&mut self, wildcard: &str) {
        let (start, end) = keys(wildcard);
        let ends = self.by_start.entry(start.into()).or_default();
        if ends.entry(end.into()).or_default().insert(wildcard.into()) {
            *self.lengths.entry(start.len()).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, wildcard: &str) {
        let (start, end) = keys(wildcard);
        let Some(ends) = self.by_start.get_mut(start) else { return };
        let Some(wildcards) = ends.get_mut(end) else { return };
        if !wildcards.remove(wildcard) {
            return;
        }
        if wildcards.is_empty() {
            ends.remove(end);
        }
        if ends.is_empty() {
            self.by_start.remove(start);
        }
        if let Some(count) = self.lengths.get_mut(&start.len()) {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&start.len());
            }
        }
    }

    /// A wildcard that covers the path under every reading of `*`, other than the path itself. If others are removed,
    /// it stays the same one.
    pub(super) fn of(&self, path: &str) -> Option<&str> {
        let starts = self.lengths.keys().take_while(|length| **length <= path.len());
        let mut ends = starts.filter_map(|length| self.by_start.get(path.get(..*length)?));
        ends.find_map(|ends| {
            let bytes = path.as_bytes();
            let last = (0..=END.min(bytes.len())).map(|length| &bytes[bytes.len() - length..]);
            let wildcards = last.filter_map(|end| ends.get(end));
            let covering = wildcards.filter_map(|wildcards| {
                wildcards.iter().find(|wildcard| &***wildcard != path && covers(wildcard, path))
            });
            // The order in which they were added must not matter: a digest lists them in another one.
            covering.min().map(|covering| &**covering)
        })
    }
}

fn covers(wildcard: &str, path: &str) -> bool {
    read_back(wildcard).is_ok_and(|wildcard| wildcard.matches(path))
}

/// The text before the first star, and the last bytes after the last one.
fn keys(wildcard: &str) -> (&str, &[u8]) {
    let start = wildcard.split('*').next().unwrap_or_default();
    let end = wildcard.rsplit('*').next().unwrap_or_default().as_bytes();
    (start, &end[end.len().saturating_sub(END)..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use purge_api_ext::PurgePath;

    proptest! {
        #[test]
        fn covers_as_each_wildcard_alone(
            wildcards in prop::collection::btree_set("/[ab]{0,2}\\*?[ab/]{0,2}\\*[ab]{0,20}", 0..6),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
            path in "/[ab/]{0,25}\\*?",
        ) {
            let valid = |text: &String| PurgePath::with_query(text.as_str()).is_ok();
            prop_assume!(valid(&path));
            let mut left: Vec<_> = wildcards.into_iter().filter(valid).collect();
            let mut cover = Cover::default();
            left.iter().for_each(|wildcard| cover.add(wildcard));
            for index in removed {
                if !left.is_empty() {
                    cover.remove(&left.remove(index.index(left.len())));
                }
            }
            let asked = PurgePath::with_query(path.as_str()).expect("a path");
            let slow = left.iter().any(|wildcard| {
                *wildcard != path && PurgePath::with_query(wildcard.as_str()).is_ok_and(|w| w.covers(&asked))
            });
            prop_assert_eq!(cover.of(&path).is_some(), slow);
            prop_assert_eq!(cover.is_empty(), left.is_empty());
        }
    }
}
