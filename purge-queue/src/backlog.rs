//! What is waiting, what requests have taken, and what is settled. This is a function of the input and the journal
//! alone, so every holder of a lane computes the same. Times are passed in.
//!
//! The rule: a request of a round that was accepted, or refused by itself, takes each path that equals one of its
//! paths or is covered by one, from every chunk with a sequence up to the round's `upto`, unless the path was taken
//! before. Nothing else takes a path. So a path that is stored after a round began waits for the next round, whatever
//! this one sends.

mod cover;
mod queues;
mod site;
mod digest;
mod select;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use foldhash::{HashMap, HashMapExt as _};

use crate::chunk::{Chunk, Urgency};
use crate::names::RequestId;
use crate::note::Doubts;
use crate::outcome::{ChunkOutcome, Judged, State, StoredResult, Verdict};
use crate::subject::Address;
use cover::Cover;
pub(crate) use select::Selection;
use site::{Doubt, Released, Site};

/// Everything that is waiting in a lane, and every outcome that has not been reported.
#[derive(Default)]
pub(crate) struct Backlog {
    sites: BTreeMap<String, Site>,
    chunks: BTreeMap<u64, Open>,
    /// For each round that is not settled, the chunks from which it took paths.
    rounds: BTreeMap<u64, BTreeSet<u64>>,
    /// The chunks whose outcome is complete but has not been fetched.
    complete: BTreeSet<u64>,
    /// The sum of the chunks' bytes.
    bytes: usize,
    /// The resource of the round that is under way, and the last sequence of the input that it takes paths from.
    sending: Option<(String, u64)>,
    /// Whether a wait that has to end goes on because of that round.
    is_held_back: bool,
}

/// Which chunks an order is about: those that were stored before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// Up to this sequence.
    Sequence(u64),
    /// Up to this time.
    Time(SystemTime),
}

/// A chunk whose outcome is not yet stored.
struct Open {
    address: Address,
    request: Option<RequestId>,
    chunk: u32,
    chunks: u32,
    urgency: Urgency,
    stored: SystemTime,
    expires: SystemTime,
    /// How many of its paths are waiting, and how many have a purge whose end is not yet known.
    left: usize,
    pending: usize,
    /// About how many bytes of texts it has.
    bytes: usize,
    results: Vec<Taken>,
    waiting: Vec<usize>,
}

/// A path of a chunk that is no longer waiting.
struct Taken {
    path: Arc<str>,
    by: Option<Arc<str>>,
    round: u64,
    verdict: Arc<Verdict>,
}

/// An outcome to be stored.
#[derive(Debug)]
pub(crate) struct Complete<'a> {
    /// `None` if nobody can ask for it.
    pub(crate) subject: Option<String>,
    pub(crate) outcome: ChunkOutcome<StoredResult<'a>>,
}

impl Backlog {
    /// Adds a chunk that was read from the input.
    pub(crate) fn add(&mut self, chunk: Chunk) {
        let Chunk { sequence, stored, address, request, urgency, expires, good, bad, .. } = chunk;
        /// About how many bytes the result of a bad line takes up besides its texts.
        const RESULT: usize = 128;
        let texts = good.iter().map(|path| path.len()).sum::<usize>();
        let faults = bad.iter().map(|(line, why)| RESULT + line.len() + why.len()).sum::<usize>();
        let results = bad.into_iter().map(|(path, why)| Taken {
            path: path.into(),
            by: None,
            round: 0,
            verdict: Arc::new(Verdict::new(State::Failed, why)),
        });
        let mut open = Open {
            address,
            request,
            chunk: chunk.chunk,
            chunks: chunk.chunks,
            urgency,
            stored,
            expires,
            left: good.len(),
            pending: 0,
            bytes: texts + faults,
            results: results.collect(),
            waiting: Vec::with_capacity(good.len()),
        };
        self.bytes += open.bytes;
        if good.is_empty() {
            self.complete.insert(sequence);
        } else {
            let site = self.sites.entry(open.address.resource.clone()).or_default();
            for path in good {
                let place = site.wait(path, sequence);
                site.queues.push(urgency, &open.address.producer, place);
                open.waiting.push(place);
            }
            site.waiting[urgency as usize] += open.left;
        }
        self.chunks.insert(sequence, open);
    }

    /// Lets the requests of a round take the paths they purge. Verdicts that are not final wait for
    /// [`settle`](Self::settle). Paths that wait again although their request may have been applied are remembered:
    /// the request that takes them may be a duplicate. Returns how many paths shared the request of an equal path.
    pub(crate) fn take(
        &mut self,
        round: u64,
        resource: &str,
        upto: u64,
        judged: &[Judged],
    ) -> usize {
        let mut duplicates = 0;
        let mut cover = Cover::default();
        let mut verdicts: HashMap<&str, Arc<Verdict>> = HashMap::new();
        let (waiting, judged): (Vec<_>, Vec<_>) =
            judged.iter().partition(|judged| judged.verdict.state == State::Queued);
        if let Some(site) = self.sites.get_mut(resource) {
            let doubtful = waiting.iter().filter(|judged| judged.verdict.possible_duplicate);
            site.doubt(Doubt { round, upto }, doubtful.flat_map(|judged| &judged.paths));
        }
        for judged in judged {
            let verdict = Arc::new(judged.verdict.clone());
            for path in &judged.paths {
                let Some(site) = self.sites.get_mut(resource) else { return duplicates };
                if let Some(released) = site.release(path, upto) {
                    duplicates += released.chunks.len().saturating_sub(1);
                    let by = Arc::clone(&released.path);
                    self.taken(round, released, by, &verdict);
                }
                if path.contains('*') && judged.verdict.state != State::Failed {
                    cover.add(path);
                    verdicts.insert(path, Arc::clone(&verdict));
                }
            }
        }
        if cover.is_empty() {
            return duplicates;
        }
        let Some(site) = self.sites.get(resource) else { return duplicates };
        let covered = site.known.keys().filter_map(|path| {
            let by = cover.of(path)?;
            let (by, verdict) = verdicts.get_key_value(by)?;
            Some((Arc::clone(path), *by, verdict))
        });
        for (path, by, verdict) in covered.collect::<Vec<_>>() {
            let Some(site) = self.sites.get_mut(resource) else { return duplicates };
            if let Some(released) = site.release(&path, upto) {
                self.taken(round, released, by.into(), verdict);
            }
        }
        duplicates
    }

    /// Applies what a digest says about paths in doubt.
    pub(crate) fn doubt(&mut self, doubts: &Doubts) {
        let Doubts { before, resource, upto, paths } = doubts;
        if let Some(site) = self.sites.get_mut(resource) {
            let doubt = Doubt { round: *before, upto: *upto };
            paths.iter().for_each(|path| site.doubt_one(path, doubt));
        }
    }

    /// Records that a request took a path from chunks.
    fn taken(&mut self, round: u64, released: Released, by: Arc<str>, verdict: &Arc<Verdict>) {
        let doubtful = in_doubt(verdict, released.doubt.is_some());
        for sequence in released.chunks {
            let is_in_doubt = released.doubt.is_some_and(|doubt| sequence <= doubt.upto);
            let verdict = Arc::clone(if is_in_doubt { &doubtful } else { verdict });
            let (path, by) = (Arc::clone(&released.path), Some(Arc::clone(&by)));
            self.count(sequence, Taken { path, by, round, verdict });
        }
    }

    /// Records that a path of a chunk was taken.
    fn count(&mut self, sequence: u64, taken: Taken) {
        let Some(open) = self.chunks.get_mut(&sequence) else { return };
        if let Some(site) = self.sites.get_mut(&open.address.resource) {
            site.waiting[open.urgency as usize] -= 1;
        }
        open.left -= 1;
        if taken.verdict.is_final() {
            // Its state will not change again.
        } else {
            open.pending += 1;
            self.rounds.entry(taken.round).or_default().insert(sequence);
        }
        open.results.push(taken);
        if open.left == 0 && open.pending == 0 {
            self.complete.insert(sequence);
        }
    }

    /// Records how the operations of a round ended. Paths that are not among them stay accepted.
    pub(crate) fn settle(&mut self, round: u64, finals: &[Judged]) {
        let mut verdicts: HashMap<&str, Arc<Verdict>> = HashMap::new();
        for judged in finals {
            let verdict = Arc::new(judged.verdict.clone());
            let paths = judged.paths.iter();
            verdicts.extend(paths.map(|path| (path.as_str(), Arc::clone(&verdict))));
        }
        for sequence in self.rounds.remove(&round).unwrap_or_default() {
            let Some(open) = self.chunks.get_mut(&sequence) else { continue };
            for taken in open.results.iter_mut().filter(|taken| taken.round == round) {
                if taken.verdict.is_final() {
                    continue;
                }
                let by = taken.by.as_deref().unwrap_or(&taken.path);
                if let Some(verdict) = verdicts.get(by) {
                    taken.verdict = in_doubt(verdict, taken.verdict.possible_duplicate);
                }
                open.pending -= 1;
            }
            if open.left == 0 && open.pending == 0 {
                self.complete.insert(sequence);
            }
        }
    }

    /// Sets the round that is under way. Until it ends, no path that one of its requests may take is ended: its outcome
    /// would say that it was not sent.
    pub(crate) fn sending(&mut self, round: Option<(String, u64)>) {
        (self.sending, self.is_held_back) = (round, false);
    }

    /// Whether there are paths that have expired or were dropped, and may be sent by the round that is under way.
    pub(crate) fn is_held_back(&self) -> bool {
        self.is_held_back
    }

    /// Ends the wait of every path that has expired.
    pub(crate) fn expire(&mut self, now: SystemTime) {
        let expired = self.chunks.iter().filter(|(_, open)| open.left > 0 && open.expires <= now);
        let expired: Vec<u64> = expired.map(|(sequence, _)| *sequence).collect();
        for sequence in expired {
            self.end(sequence, "it expired before it could be sent; enqueue it again");
        }
    }

    /// Ends the wait of the remaining paths of a request, in the chunks that were stored before the order; says whether
    /// any of these are still open.
    pub(crate) fn drop_request(
        &mut self,
        address: &Address,
        request: &RequestId,
        before: Before,
    ) -> bool {
        let is_meant = |(sequence, open): &(&u64, &Open)| {
            open.address == *address
                && open.request.as_ref() == Some(request)
                && match before {
                    Before::Sequence(upto) => **sequence <= upto,
                    Before::Time(ordered) => open.stored <= ordered,
                }
        };
        let chunks: Vec<u64> = self.chunks.iter().filter(is_meant).map(|(s, _)| *s).collect();
        for sequence in &chunks {
            self.end(*sequence, "an operator dropped it");
        }
        !chunks.is_empty()
    }

    /// Ends the wait of the paths of a chunk; or does nothing while they may be sent, and has to be called again.
    fn end(&mut self, sequence: u64, why: &str) {
        let Some(open) = self.chunks.get_mut(&sequence) else { return };
        let resource = &open.address.resource;
        if self.sending.as_ref().is_some_and(|(of, upto)| of == resource && sequence <= *upto) {
            self.is_held_back |= open.left > 0;
            return;
        }
        let Some(site) = self.sites.get_mut(&open.address.resource) else { return };
        let places = std::mem::take(&mut open.waiting);
        let ended = places.into_iter().filter_map(|place| {
            let doubt = site.doubts.get(&site.paths[place].path).copied();
            let path = site.forget(place, sequence)?;
            Some((path, doubt.is_some_and(|doubt| sequence <= doubt.upto)))
        });
        for (path, is_in_doubt) in ended.collect::<Vec<_>>() {
            let verdict = match is_in_doubt {
                false => Verdict::new(State::NotSent, why.to_owned()),
                true => Verdict::new(
                    State::Unconfirmed,
                    format!("it is unknown whether its last request was applied, and {why}"),
                ),
            };
            let verdict = Arc::new(verdict);
            self.count(sequence, Taken { path, by: None, round: 0, verdict });
        }
    }

    /// The chunks whose outcome has become complete since the last call.
    pub(crate) fn completed(&mut self) -> BTreeSet<u64> {
        std::mem::take(&mut self.complete)
    }

    /// The outcome of a chunk, unless that has been stored.
    pub(crate) fn outcome(&self, sequence: u64) -> Option<Complete<'_>> {
        let open = self.chunks.get(&sequence)?;
        let paths = open.results.iter();
        let paths = paths.map(|t| StoredResult::new(&t.path, &t.verdict, t.by.as_deref()));
        let subject = open.request.as_ref().map(|id| open.address.outcome(id, open.chunk));
        let outcome = ChunkOutcome::new(
            subject.clone().unwrap_or_default(),
            sequence,
            (open.chunk, open.chunks),
            paths.collect(),
        );
        Some(Complete { subject, outcome })
    }

    /// Forgets a chunk whose outcome is stored.
    pub(crate) fn told(&mut self, sequence: u64) {
        if let Some(told) = self.chunks.remove(&sequence) {
            self.bytes -= told.bytes;
        }
    }

    /// The first chunk without an outcome: the input may be trimmed below it.
    pub(crate) fn first_open(&self) -> Option<u64> {
        self.chunks.keys().next().copied()
    }

    /// How many chunks have an outcome that is complete but has not been fetched.
    pub(crate) fn completions(&self) -> usize {
        self.complete.len()
    }

    /// About how many bytes of paths and results there are of chunks whose outcome is not yet stored.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many paths of a resource are waiting.
    pub(crate) fn waiting(&self, resource: &str, urgency: Urgency) -> usize {
        self.sites.get(resource).map_or(0, |site| site.waiting[urgency as usize])
    }

    /// When the oldest chunk with a waiting path was stored.
    pub(crate) fn oldest(&self, urgency: Option<Urgency>) -> Option<SystemTime> {
        let mut chunks = self.chunks.values();
        let of =
            |open: &&Open| open.left > 0 && urgency.is_none_or(|urgency| open.urgency == urgency);
        chunks.find(of).map(|open| open.stored)
    }

    /// The resources with paths that are waiting to be sent.
    pub(crate) fn resources(&self) -> Vec<String> {
        let waiting = self.sites.iter().filter(|(_, site)| !site.known.is_empty());
        waiting.map(|(resource, _)| resource.clone()).collect()
    }

    /// Chooses what is sent next for a resource, or `None` if nothing is waiting.
    pub(crate) fn select(&mut self, resource: &str, batches: usize) -> Option<Selection> {
        self.sites.get_mut(resource)?.select(batches)
    }

    /// Queues the paths of a round that it did not take once more. `suspects` were refused along with others.
    pub(crate) fn wait_again(
        &mut self,
        resource: &str,
        selected: &[Arc<str>],
        suspects: &[String],
    ) {
        let Some(site) = self.sites.get_mut(resource) else { return };
        let mut again = site.passed_over();
        for path in suspects {
            if let Some(place) = site.known.get(path.as_str()).copied() {
                let waiting = &mut site.paths[place];
                waiting.suspicion = (waiting.suspicion + 1).min(2);
                // A round that an earlier holder began has selected nothing here.
                again.extend(Some(place).filter(|_| !waiting.is_sent));
            }
        }
        for path in selected {
            if let Some(place) = site.known.get(path).copied() {
                site.paths[place].is_sent = false;
                again.push(place);
            }
        }
        // Each path is put in front of all others. Going from the last to the first keeps their order.
        for place in again.into_iter().rev() {
            let waiting = &site.paths[place];
            let chunks = waiting.chunks.iter().filter_map(|sequence| self.chunks.get(sequence));
            // Its place in each queue from which it was chosen is gone.
            let Some(first) = chunks.min_by_key(|open| open.urgency) else { continue };
            match waiting.suspicion {
                0 => site.queues.push_front(first.urgency, &first.address.producer, place),
                level => site.queues.suspect(level, place),
            }
        }
    }
}

/// A verdict, as that of a possible duplicate if it is one.
fn in_doubt(verdict: &Arc<Verdict>, is_in_doubt: bool) -> Arc<Verdict> {
    match is_in_doubt && !verdict.possible_duplicate {
        true => Arc::new(Verdict { possible_duplicate: true, ..Verdict::clone(verdict) }),
        false => Arc::clone(verdict),
    }
}
