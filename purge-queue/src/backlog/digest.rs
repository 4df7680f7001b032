//! What settled rounds did for the chunks that are still open. That is all that a later holder needs of these rounds:
//! if it lets them take only the paths that they took, in the same order, it gets the same backlog.

use std::collections::BTreeMap;

use super::Backlog;
use crate::note::{Begun, Digest, Kept};
use crate::outcome::{Judged, State, Verdict};

/// The verdict on a path that was sent, and whether it covered another path.
type Sent<'a> = BTreeMap<&'a str, (&'a Verdict, bool)>;

impl Backlog {
    /// The digest of everything up to now. `read` is the last sequence of the input that was read; `settled` returns
    /// what a round was about, if it is settled.
    pub(crate) fn digest<'a>(
        &self,
        read: u64,
        settled: impl Fn(u64) -> Option<&'a Begun>,
    ) -> Digest {
        Digest { rounds: self.kept(settled), done: self.done(read) }
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

    fn kept<'a>(&self, settled: impl Fn(u64) -> Option<&'a Begun>) -> Vec<Kept> {
        let mut rounds: BTreeMap<u64, Sent<'_>> = BTreeMap::new();
        for taken in self.chunks.values().flat_map(|open| &open.results) {
            let Some(by) = taken.by.as_deref() else { continue };
            let round = rounds.entry(taken.round).or_default();
            let (_, covers) = round.entry(by).or_insert((&*taken.verdict, false));
            *covers |= *by != *taken.path;
        }
        let kept = rounds.into_iter().filter_map(|(number, sent)| {
            let mut kept = Kept {
                number,
                begun: settled(number)?.clone(),
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
}
