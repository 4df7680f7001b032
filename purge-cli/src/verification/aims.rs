//! Which paths are verified: those that were purged, and for a wildcard those that it matches.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use purge_api_ext::PurgePath;
use purge_verify::{Checked, Expected, Purge, Reason, Target, sample};

use super::sources::{Sources, wildcard};
use crate::exit::Failure;
use crate::output::Sample;

/// A wildcard is verified by all paths that it matches, up to so many.
const SAMPLE: usize = 200;

/// A path to verify.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub(crate) path: Rc<str>,
    /// The path that purges it: itself or a wildcard.
    pub(crate) by: Rc<str>,
    pub(crate) expected: Expected,
    /// Whether it is the own path of a file, and not an alias.
    is_own: bool,
}

/// Everything to verify.
#[derive(Debug, Default)]
pub(crate) struct Aims {
    pub(crate) aims: Vec<Aim>,
    /// The wildcards of which not all paths are verified.
    pub(crate) samples: Vec<Sample>,
    /// The wildcards of which no path is known.
    pub(crate) unknown: Vec<Rc<str>>,
}

/// A path that is purged.
struct Purged {
    path: Rc<str>,
    pattern: Option<PurgePath>,
    /// What a wildcard matches.
    matches: BTreeSet<Rc<str>>,
}

impl Aims {
    /// Finds what to verify for these paths. The sample of each wildcard depends on the seed alone.
    pub(crate) fn find<'a>(
        paths: impl Iterator<Item = &'a str>,
        sources: Sources<'_>,
        seed: Option<u32>,
    ) -> Result<Self, Failure> {
        let mut purged: Vec<_> = paths.map(Purged::new).collect();
        let exact = purged.iter().filter(|purged| purged.pattern.is_none());
        // What is expected, and whether the file's own address says so.
        let mut known: HashMap<Rc<str>, (Expected, bool)> =
            exact.map(|purged| (Rc::clone(&purged.path), Default::default())).collect();
        sources.each(|path, expected, is_own| {
            let mut is_wanted = known.contains_key(path);
            for wildcard in &mut purged {
                if wildcard.pattern.as_ref().is_some_and(|pattern| pattern.matches(path)) {
                    is_wanted = true;
                    wildcard.matches.insert(path.into());
                }
            }
            if !is_wanted {
                return;
            }
            let entry = known.entry(path.into()).or_default();
            // A file at this very path takes precedence over the alias of another one.
            if is_own || (!entry.1 && entry.0 == Expected::default()) {
                *entry = (expected, is_own);
            }
        })?;
        let mut aims = Self::default();
        let seed = seed.unwrap_or_else(|| fastrand::u32(..));
        let mut taken = BTreeSet::new();
        purged.iter().for_each(|purged| aims.add(purged, &known, seed, &mut taken));
        Ok(aims)
    }

    fn add(
        &mut self,
        purged: &Purged,
        known: &HashMap<Rc<str>, (Expected, bool)>,
        seed: u32,
        taken: &mut BTreeSet<Rc<str>>,
    ) {
        let by = &purged.path;
        let mut aim = |path: &Rc<str>| {
            let (expected, is_own) = known.get(path).copied().unwrap_or_default();
            if taken.insert(Rc::clone(path)) {
                self.aims.push(Aim { path: Rc::clone(path), by: Rc::clone(by), expected, is_own });
            }
        };
        if purged.pattern.is_none() {
            return aim(by);
        }
        let all: Vec<_> = purged.matches.iter().collect();
        let chosen = sample(all.len(), SAMPLE, seed.into());
        chosen.iter().for_each(|&place| aim(all[place]));
        if all.is_empty() {
            self.unknown.push(Rc::clone(by));
        } else if chosen.len() < all.len() {
            let (pattern, paths) = (by.to_string(), chosen.len());
            self.samples.push(Sample { pattern, paths, of: all.len(), seed });
        }
    }

    /// The targets, each with the time of its purge, if `purge` knows it. What was not purged is left out.
    pub(crate) fn targets(&self, purge: impl Fn(&str) -> Option<Option<Purge>>) -> Vec<Target> {
        let target = |aim: &Aim| {
            let purge = purge(&aim.by)?;
            Some(Target { path: aim.path.to_string(), expected: aim.expected, purge })
        };
        self.aims.iter().filter_map(target).collect()
    }

    /// Those that are the own paths of files.
    pub(crate) fn own(&self) -> Self {
        let own = self.aims.iter().filter(|aim| aim.is_own).cloned().collect();
        Self { aims: own, ..Self::default() }
    }

    /// What is said of the wildcards of which no path is known.
    pub(crate) fn unasked(&self) -> impl Iterator<Item = Checked> {
        self.unknown.iter().map(|path| Checked::unasked(&**path, &Reason::NoPath))
    }
}

impl Purged {
    fn new(path: &str) -> Self {
        Self { path: path.into(), pattern: wildcard(path), matches: BTreeSet::new() }
    }
}
