//! The difference between two sites.

use serde::Serialize;

use crate::manifest::{Digest, Manifest};

/// Why the cached copies of a file have to be purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// It is new. Its address may have a cached "not found" response.
    Added,
    /// Its content changed.
    Changed,
    /// It was removed.
    Removed,
    /// It is unknown what was cached: see [`Manifest::doubt`].
    InDoubt,
}

/// The files that differ between two sites, sorted by the bytes of their names. A renamed file counts as one removed
/// and one added file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    files: Vec<(Box<[u8]>, Change)>,
}

impl Difference {
    /// Compares two sites by content.
    #[must_use]
    pub fn between(old: &Manifest, new: &Manifest) -> Self {
        let mut files = Vec::new();
        let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let name = match (olds.peek(), news.peek()) {
                (Some((old, _)), Some((new, _))) => *old.min(new),
                (Some((name, _)), None) | (None, Some((name, _))) => *name,
                (None, None) => return Self { files },
            };
            let old = olds.next_if(|(old, _)| *old == name).map(|(_, entry)| entry.digest);
            let new = news.next_if(|(new, _)| *new == name).map(|(_, entry)| entry.digest);
            let change = match (old, new) {
                (Some(Digest::UNKNOWN), _) | (_, Some(Digest::UNKNOWN)) => Change::InDoubt,
                (Some(old), Some(new)) if old == new => continue,
                (Some(_), Some(_)) => Change::Changed,
                (Some(_), None) => Change::Removed,
                (None, _) => Change::Added,
            };
            files.push((name.into(), change));
        }
    }

    /// The difference that these files make.
    pub(crate) fn of(mut files: Vec<(Box<[u8]>, Change)>) -> Self {
        files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Self { files }
    }

    /// The names, each with the reason why it is here.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], Change)> {
        self.files.iter().map(|(name, change)| (&**name, *change))
    }

    /// How many files differ.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether the sites are equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How many files differ for a given reason.
    #[must_use]
    pub fn count(&self, change: Change) -> usize {
        self.files.iter().filter(|(_, is)| *is == change).count()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::manifest::Entry;

    type Files = BTreeMap<String, u8>;

    fn manifest(files: &Files) -> Manifest {
        let mut manifest = Manifest::new();
        for (name, content) in files {
            let entry = Entry { digest: Digest([*content; 32]), stamp: None };
            manifest.insert(name.as_bytes(), entry).expect("a name");
        }
        manifest
    }

    fn files() -> impl Strategy<Value = Files> {
        proptest::collection::btree_map("[aAb]{1,2}", 0..3_u8, 0..6)
    }

    proptest! {
        /// The slow model looks at each name separately.
        #[test]
        fn each_name_is_judged_as_if_it_were_alone((old, new) in (files(), files())) {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let expected: Vec<_> = names.into_iter().filter_map(|name| {
                let change = match (old.get(name), new.get(name)) {
                    (Some(0), _) | (_, Some(0)) => Change::InDoubt,
                    (None, Some(_)) => Change::Added,
                    (Some(_), None) => Change::Removed,
                    (old, new) if old != new => Change::Changed,
                    _ => return None,
                };
                Some((Box::from(name.as_bytes()), change))
            }).collect();
            prop_assert_eq!(Difference::between(&manifest(&old), &manifest(&new)).files, expected);
        }
    }
}
