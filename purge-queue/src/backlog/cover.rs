//! Finds which of many wildcards covers a path.

use std::collections::{BTreeMap, HashMap};

use purge_api_ext::PurgePath;

/// Wildcards, keyed by the text before their first star: a path is compared only with those that share its beginning.
#[derive(Default)]
pub(super) struct Cover {
    by_start: HashMap<Box<str>, Vec<PurgePath>>,
    /// The lengths of these keys, and how many wildcards have each length.
    lengths: BTreeMap<usize, usize>,
}

impl Cover {
    pub(super) fn is_empty(&self) -> bool {
        self.by_start.is_empty()
    }

    /// Adds a wildcard that is not yet in the set.
    pub(super) fn add(&mut self, wildcard: &str) {
        let Ok(path) = PurgePath::with_query(wildcard) else { return };
        let start = start(wildcard);
        *self.lengths.entry(start.len()).or_default() += 1;
        self.by_start.entry(start.into()).or_default().push(path);
    }

    pub(super) fn remove(&mut self, wildcard: &str) {
        let start = start(wildcard);
        let Some(paths) = self.by_start.get_mut(start) else { return };
        let before = paths.len();
        paths.retain(|path| path.as_str() != wildcard);
        if paths.len() == before {
            return;
        }
        if paths.is_empty() {
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
    pub(super) fn of(&self, path: &str) -> Option<String> {
        let mut checked = None;
        for length in self.lengths.keys().take_while(|length| **length <= path.len()) {
            let Some(wildcards) = path.get(..*length).and_then(|start| self.by_start.get(start))
            else {
                continue;
            };
            if checked.is_none() {
                checked = PurgePath::with_query(path).ok();
            }
            let asked = checked.as_ref()?;
            let covering = wildcards.iter().filter(|w| w.as_str() != path && w.covers(asked));
            // The order in which they were added must not matter: a digest lists them in another one.
            let covering = covering.min_by_key(|w| w.as_str());
            if let Some(covering) = covering {
                return Some(covering.as_str().to_owned());
            }
        }
        None
    }
}

fn start(wildcard: &str) -> &str {
    wildcard.split('*').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn covers_as_each_wildcard_alone(
            wildcards in prop::collection::btree_set("/[ab]{0,2}\\*?[ab/]{0,2}\\*", 0..6),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
            path in "/[ab/]{0,5}\\*?",
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
