//! Which paths are verified: those that were purged and, for a wildcard, those that it matches.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use purge_api_ext::PurgePath;
use purge_verify::{Checked, Expected, Purge, Reason, Target, sample};

use super::sources::{Sources, wildcard};
use crate::exit::Failure;
use crate::output::Sample;

/// The maximum number of paths by which a wildcard is verified.
const SAMPLE: usize = 200;

/// A path to verify.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub(crate) path: Rc<str>,
    /// The path that purges it: itself or a wildcard.
    pub(crate) by: Rc<str>,
    pub(crate) expected: Expected,
    /// Whether it is a file's own path, not an alias.
    is_own: bool,
}

/// Everything to verify.
#[derive(Debug, Default)]
pub(crate) struct Aims {
    pub(crate) aims: Vec<Aim>,
    /// The wildcards for which only some of the paths are verified.
    pub(crate) samples: Vec<Sample>,
    /// The wildcards that match no known path.
    pub(crate) unknown: Vec<Rc<str>>,
}

/// A wildcard that is purged.
struct Wildcard {
    pattern: PurgePath,
    /// The paths that it certainly matches.
    matches: BTreeSet<Rc<str>>,
}

/// What is expected at each path, and whether the path is the file's own.
type Known = HashMap<Rc<str>, (Expected, bool)>;

impl Aims {
    /// Finds what to verify for these paths. The sample of each wildcard depends on the seed alone.
    pub(crate) fn find<'a>(
        paths: impl Iterator<Item = &'a str>,
        sources: Sources<'_>,
        seed: Option<u32>,
    ) -> Result<Self, Failure> {
        let paths: Vec<Rc<str>> = paths.map(Rc::from).collect();
        let (known, wildcards) = search(&paths, sources)?;
        let mut aims = Self::default();
        let seed = seed.unwrap_or_else(|| fastrand::u32(..));
        let mut taken = BTreeSet::new();
        for (place, path) in paths.iter().enumerate() {
            let mut add = |target: &Rc<str>| {
                if taken.insert(Rc::clone(target)) {
                    let (expected, is_own) = known.get(target).copied().unwrap_or_default();
                    let (path, by) = (Rc::clone(target), Rc::clone(path));
                    aims.aims.push(Aim { path, by, expected, is_own });
                }
            };
            let Some(wildcard) = wildcards.get(&place) else {
                add(path);
                continue;
            };
            let all: Vec<_> = wildcard.matches.iter().collect();
            let chosen = sample(all.len(), SAMPLE, seed.into());
            chosen.iter().for_each(|&place| add(all[place]));
            aims.note(path, chosen.len(), all.len(), seed);
        }
        Ok(aims)
    }

    /// Notes how many paths of a wildcard are verified, unless all of them are.
    fn note(&mut self, path: &Rc<str>, paths: usize, of: usize, seed: u32) {
        if of == 0 {
            self.unknown.push(Rc::clone(path));
        } else if paths < of {
            self.samples.push(Sample { pattern: path.to_string(), paths, of, seed });
        }
    }

    /// The targets, each with the time of its purge, if `purge` knows it. Paths that were not purged are left out.
    pub(crate) fn targets(&self, purge: impl Fn(&str) -> Option<Option<Purge>>) -> Vec<Target> {
        let target = |aim: &Aim| {
            let purge = purge(&aim.by)?;
            Some(Target { path: aim.path.to_string(), expected: aim.expected, purge })
        };
        self.aims.iter().filter_map(target).collect()
    }

    /// Only the files' own paths, without aliases.
    pub(crate) fn own(&self) -> Self {
        let own = self.aims.iter().filter(|aim| aim.is_own).cloned().collect();
        Self { aims: own, ..Self::default() }
    }

    /// The verdicts on the wildcards that match no known path.
    pub(crate) fn unasked(&self) -> impl Iterator<Item = Checked> {
        self.unknown.iter().map(|path| Checked::unasked(&**path, &Reason::NoPath))
    }
}

/// Finds what is expected at the paths, and which paths the wildcards match. Wildcards are identified by their places
/// among the paths.
fn search(
    paths: &[Rc<str>],
    sources: Sources<'_>,
) -> Result<(Known, BTreeMap<usize, Wildcard>), Failure> {
    let (mut known, mut wildcards) = (Known::new(), BTreeMap::new());
    for (place, path) in paths.iter().enumerate() {
        match wildcard(path) {
            None => drop(known.insert(Rc::clone(path), Default::default())),
            Some(pattern) => {
                wildcards.insert(place, Wildcard { pattern, matches: BTreeSet::new() });
            }
        }
    }
    sources.each(|path, expected, is_own| {
        let mut is_wanted = known.contains_key(path);
        for wildcard in wildcards.values_mut().filter(|one| one.pattern.matches(path)) {
            is_wanted = true;
            wildcard.matches.insert(path.into());
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
    Ok((known, wildcards))
}
