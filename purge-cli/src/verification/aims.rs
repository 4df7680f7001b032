//! Which paths are verified: those that were purged and, for a wildcard, those that it matches.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use purge_api_ext::{PurgePath, escape};
use purge_verify::{Checked, Expected, New, Purge, Reason, Target, sample};

use super::content::Content;
use super::sources::{Address, Sources};
use crate::exit::Failure;
use crate::output::Sample;
use crate::selection::read_back;

/// The maximum number of paths by which a wildcard is verified.
const SAMPLE: usize = 200;

/// A path to verify.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub(crate) path: Rc<str>,
    /// The path that purges it: itself or a wildcard.
    pub(crate) by: Rc<str>,
    pub(crate) expected: Expected,
    /// Whether the file at this very path is expected there, not one that has it as an alias.
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
    /// Those of them that stand for the query strings of a path that is verified itself, such as `/a.html?*`.
    queries: Vec<Rc<str>>,
    /// The paths that browsers request for files that are purged under other ones.
    starred: BTreeSet<Rc<str>>,
}

/// A wildcard that is purged.
struct Wildcard {
    pattern: PurgePath,
    /// The paths that it certainly matches.
    matches: BTreeSet<Rc<str>>,
}

/// What is known about the paths to verify.
#[derive(Default)]
struct Search {
    /// What is expected at each path.
    known: HashMap<Rc<str>, Content>,
    /// The wildcards, by their places among the paths.
    wildcards: BTreeMap<usize, Wildcard>,
    /// The paths that browsers request, and that nothing purges.
    starred: BTreeSet<Rc<str>>,
}

impl Aims {
    /// Finds what to verify for these paths. The sample of each wildcard depends on the seed alone.
    pub(crate) fn find<'a>(
        paths: impl Iterator<Item = &'a str>,
        sources: Sources<'_>,
        seed: Option<u32>,
    ) -> Result<Self, Failure> {
        let paths: Vec<Rc<str>> = paths.map(Rc::from).collect();
        let Search { known, wildcards, starred } = search(&paths, sources)?;
        let mut aims = Self { starred, ..Self::default() };
        let seed = seed.unwrap_or_else(|| fastrand::u32(..));
        let mut taken = BTreeSet::new();
        for (place, path) in paths.iter().enumerate() {
            let mut add = |target: &Rc<str>| {
                if taken.insert(Rc::clone(target)) {
                    let content = known.get(target).copied().unwrap_or_default();
                    let (expected, is_own) = (content.expected(), content.is_own());
                    let (path, by) = (Rc::clone(target), Rc::clone(path));
                    aims.aims.push(Aim { path, by, expected, is_own });
                }
            };
            let Some(wildcard) = wildcards.get(&place) else {
                add(path);
                continue;
            };
            let chosen = chosen(&wildcard.matches, &known, seed);
            chosen.iter().for_each(|target| add(target));
            aims.note(path, chosen.len(), wildcard.matches.len(), seed);
        }
        let is_query =
            |path: &mut Rc<str>| path.strip_suffix("?*").is_some_and(|path| taken.contains(path));
        aims.queries = aims.unknown.extract_if(.., is_query).collect();
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

    /// The paths of folders without the slash at the end, where the same index file is expected as at the folders, which
    /// are verified as well.
    pub(crate) fn folders(&self) -> impl Iterator<Item = String> {
        let aims = self.aims.iter();
        let expected: HashMap<&str, New> = aims.map(|aim| (&*aim.path, aim.expected.new)).collect();
        let is_folder = move |aim: &&Aim| {
            let folder = expected.get(&*format!("{}/", aim.path));
            !aim.is_own
                && matches!(aim.expected.new, New::Is(_))
                && folder == Some(&aim.expected.new)
        };
        self.aims.iter().filter(is_folder).map(|aim| aim.path.to_string())
    }

    /// A note about paths that are verified without the query strings with which they were purged; none if there are
    /// none.
    pub(crate) fn note_of_queries(&self) -> Option<String> {
        let first = self.queries.first()?;
        let count = self.queries.len();
        let (s, is) = if count == 1 { ("", "is") } else { ("s", "are") };
        Some(format!(
            "{count} path{s} {is} verified without query strings: none is known that matches, for example, `{}`",
            escape(first)
        ))
    }

    /// The verdicts on the paths that are not asked for.
    pub(crate) fn unasked(&self) -> impl Iterator<Item = Checked> {
        let unknown = self.unknown.iter().map(|path| (path, Reason::NoPath));
        let starred = self.starred.iter().map(|path| (path, Reason::NotPurgeable));
        unknown.chain(starred).map(|(path, why)| Checked::unasked(&**path, &why))
    }
}

/// The paths by which a wildcard is verified: files that have changed before others.
fn chosen<'a>(
    matches: &'a BTreeSet<Rc<str>>,
    known: &HashMap<Rc<str>, Content>,
    seed: u32,
) -> BTreeSet<&'a Rc<str>> {
    let has_changed = |path: &&Rc<str>| known.get(*path).is_some_and(Content::has_changed);
    let (changed, others): (Vec<_>, Vec<_>) = matches.iter().partition(has_changed);
    let mut chosen = BTreeSet::new();
    for paths in [changed, others] {
        let places = sample(paths.len(), SAMPLE - chosen.len(), seed.into());
        chosen.extend(places.into_iter().map(|place| paths[place]));
    }
    chosen
}

/// Finds what is expected at the paths, and which paths the wildcards match.
fn search(paths: &[Rc<str>], sources: Sources<'_>) -> Result<Search, Failure> {
    let mut search = Search::default();
    let Search { known, wildcards, starred } = &mut search;
    for (place, path) in paths.iter().enumerate() {
        if path.contains('*') {
            let (pattern, matches) = (read_back(path)?, BTreeSet::new());
            wildcards.insert(place, Wildcard { pattern, matches });
        } else {
            known.insert(Rc::clone(path), Content::default());
        }
    }
    sources.each(|Address { path, file, purged_as }| {
        let mut is_wanted = known.contains_key(path);
        for wildcard in wildcards.values_mut().filter(|one| one.pattern.matches(path)) {
            is_wanted = true;
            wildcard.matches.insert(path.into());
        }
        if !is_wanted {
            if purged_as.is_some_and(|path| known.contains_key(path)) {
                starred.insert(path.into());
            }
            return;
        }
        let content = known.entry(path.into()).or_default();
        file.into_iter().for_each(|(expected, link)| content.add(expected, link));
    })?;
    Ok(search)
}
