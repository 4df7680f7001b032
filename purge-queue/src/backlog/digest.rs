//! What settled rounds did for the chunks that are still open. That is all that a later holder needs of these rounds:
//! if it lets them take only the paths that they took, in the same order, it gets the same backlog.

use std::collections::{BTreeMap, BTreeSet};

use super::Backlog;
use super::site::Doubt;
use crate::note::{Begun, Digest, Doubts, Kept};
use crate::outcome::{Judged, State, Verdict};

/// The verdict on a path that was sent, and whether it covered another path.
type Sent<'a> = BTreeMap<&'a str, (&'a Verdict, bool)>;

impl Backlog {
    /// The digest of everything up to now. `read` is the last sequence of the input that was read; `settled`
    /// says what each settled round was about.
    pub(crate) fn digest(&self, read: u64, settled: &BTreeMap<u64, &Begun>) -> Digest {
        let (rounds, doubts) = (self.kept(settled), self.doubts(settled));
        Digest { rounds, done: self.done(read), doubts, ..Digest::default() }
    }

    /// The sequences of the input between which no chunk is open. The input is trimmed from its front only, so a chunk
    /// whose outcome is stored stays there behind one that is open.
    fn done(&self, read: u64) -> Vec<(u64, u64)> {
        let (mut done, mut next) = (Vec::new(), 1);
        for &open in self.chunks.keys().chain(std::iter::once(&(read + 1))) {
            if next < open {
                done.push((next, open - 1));
            }
            next = open + 1;
        }
        done
    }

    fn kept(&self, settled: &BTreeMap<u64, &Begun>) -> Vec<Kept> {
        let kept = self.sent().into_iter().filter_map(|(number, sent)| {
            let mut kept = Kept {
                number,
                begun: Begun::clone(settled.get(&number)?),
                judged: Vec::new(),
                refused: Vec::new(),
            };
            for (path, (verdict, covers)) in sent {
                // A path that failed and covered none may have been refused. If it was not, it took no other path
                // that is still open, so the difference does not matter.
                let is_refused = verdict.state == State::Failed && !covers;
                let into = if is_refused { &mut kept.refused } else { &mut kept.judged };
                match into.iter_mut().rev().find(|judged| judged.verdict == *verdict) {
                    Some(judged) => judged.paths.push(path.to_owned()),
                    None => {
                        into.push(Judged { verdict: verdict.clone(), paths: vec![path.to_owned()] })
                    }
                }
            }
            Some(kept)
        });
        kept.collect()
    }

    /// The paths that each round sent, if they took open paths. The verdict on one is that of a possible duplicate only
    /// if every open path that it took has such a verdict: then the request itself is a possible duplicate.
    fn sent(&self) -> BTreeMap<u64, Sent<'_>> {
        let mut rounds: BTreeMap<u64, Sent<'_>> = BTreeMap::new();
        for taken in self.chunks.values().flat_map(|open| &open.results) {
            let Some(by) = taken.by.as_deref() else { continue };
            let round = rounds.entry(taken.round).or_default();
            let (verdict, covers) = round.entry(by).or_insert((&*taken.verdict, false));
            *covers |= *by != *taken.path;
            if !taken.verdict.possible_duplicate {
                *verdict = &taken.verdict;
            }
        }
        rounds
    }

    /// The paths in doubt: those that wait, and those that were taken while they were in doubt.
    fn doubts(&self, settled: &BTreeMap<u64, &Begun>) -> Vec<Doubts> {
        let sent = self.sent();
        let mut doubts: BTreeMap<(u64, &str, u64), BTreeSet<&str>> = BTreeMap::new();
        for (resource, site) in &self.sites {
            for (path, Doubt { round, upto }) in &site.doubts {
                doubts.entry((*round, resource, *upto)).or_default().insert(path);
            }
        }
        for (sequence, open) in &self.chunks {
            for taken in open.results.iter().filter(|taken| taken.verdict.possible_duplicate) {
                let by = taken.by.as_deref().and_then(|by| sent.get(&taken.round)?.get(by));
                let is_said = by.is_some_and(|(verdict, _)| verdict.possible_duplicate);
                // The notes of an unsettled round stay in the journal, and do not record this.
                if !(is_said && settled.contains_key(&taken.round)) {
                    let place = (taken.round, open.address.resource.as_str(), *sequence);
                    doubts.entry(place).or_default().insert(&taken.path);
                }
            }
        }
        let doubts = doubts.into_iter().map(|((before, resource, upto), paths)| Doubts {
            before,
            resource: resource.to_owned(),
            upto,
            paths: paths.into_iter().map(str::to_owned).collect(),
        });
        doubts.collect()
    }
}
