//! Which operations belong to requests of this client.
//!
//! A look-up in the list must not take the operation of one purge for that of another. The ledger of a run knows only the
//! operations of that run. A client may purge the same paths again a moment later, or in two runs at once.

use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use foldhash::quality::RandomState;
use tokio::time::Instant;

use crate::id::{OperationId, ResourceId};
use crate::lock::lock;
use crate::plan::Batch;

/// The operations that are known to belong to a request, and the requests that may have an unknown one. Clones share the
/// same state.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Hashes of operation IDs; the newest is the last. If two IDs have the same hash, a request is sent once more.
    operations: VecDeque<u64>,
    hasher: RandomState,
    open: Vec<Sent>,
    /// Requests that ended without a known operation; the newest is the last.
    lost: VecDeque<Lost>,
    /// The number of the next request.
    next: u64,
}

struct Sent {
    number: u64,
    resource: ResourceId,
    batch: Batch,
}

struct Lost {
    /// A hash of the resource and the paths.
    paths: u64,
    /// Its operation may be taken for that of a request that was sent until then.
    until: Instant,
}

/// A request that has been sent, and whose operation is not known yet. If it is dropped before it is
/// [settled](Self::settle), because its run has given up or was dropped, it may still have one.
#[must_use]
pub(crate) struct Unsettled {
    known: Known,
    number: u64,
}

impl Unsettled {
    /// Its operation has been remembered, or it certainly has none.
    pub(crate) fn settle(self) {
        self.known.state().close(self.number);
    }

    /// Whether an operation for the paths of this request may belong to another request of the client. `sent` is when
    /// this one was sent, unless an earlier run sent it.
    pub(crate) fn may_be_of_another(&self, operation: &OperationId, sent: Option<Instant>) -> bool {
        // All under one lock: a request is closed only after its operation has been remembered.
        let state = self.known.state();
        let Some(own) = state.open.iter().find(|sent| sent.number == self.number) else {
            return true;
        };
        let paths = state.paths(own.resource, &own.batch);
        let is_same = |other: &Sent| {
            other.resource == own.resource && have_same_paths(&other.batch, &own.batch)
        };
        let is_lost =
            |lost: &Lost| lost.paths == paths && sent.is_none_or(|sent| sent <= lost.until);
        state.operations.contains(&state.hash(operation))
            || state.open.iter().any(|other| other.number != own.number && is_same(other))
            || state.lost.iter().any(is_lost)
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        let mut state = self.known.state();
        let Some(Sent { resource, batch, .. }) = state.close(self.number) else { return };
        if state.lost.len() == Known::MOST {
            state.lost.pop_front();
        }
        let paths = state.paths(resource, &batch);
        state.lost.push_back(Lost { paths, until: Instant::now() + Known::LATE });
    }
}

impl Known {
    /// How many operations are remembered, and how many lost requests: those of several minutes at any rate that a
    /// service accepts. An operation matters for a look-up only if it is hardly older than the request.
    const MOST: usize = 1 << 16;

    /// How long after the end of a lost request the service may still create its operation, plus the time by which an
    /// operation can be older than a request and be taken for its own: see `docs/retries.md`.
    const LATE: Duration = Duration::from_secs(30 + 2);

    /// Remembers a request until it is settled. If it was lost in an earlier run and is now resumed, it no longer counts
    /// as another one.
    pub(crate) fn sending(
        &self,
        resource: ResourceId,
        batch: Batch,
        is_resumed: bool,
    ) -> Unsettled {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        if is_resumed {
            let paths = state.paths(resource, &batch);
            let own = state.lost.iter().rposition(|lost| lost.paths == paths);
            own.map(|own| state.lost.remove(own));
        }
        state.open.push(Sent { number, resource, batch });
        Unsettled { known: self.clone(), number }
    }

    /// Remembers that an operation belongs to a request.
    pub(crate) fn remember(&self, operation: &OperationId) {
        let mut state = self.state();
        if state.operations.len() == Self::MOST {
            state.operations.pop_front();
        }
        let hash = state.hash(operation);
        state.operations.push_back(hash);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl State {
    fn hash(&self, operation: &OperationId) -> u64 {
        self.hasher.hash_one(operation.as_str())
    }

    /// A hash of a resource and a set of paths. If two have the same, a request is sent once more.
    fn paths(&self, resource: ResourceId, batch: &Batch) -> u64 {
        let hashes = batch.paths().map(|path| self.hasher.hash_one(path));
        hashes.fold(self.hasher.hash_one(resource), u64::wrapping_add)
    }

    fn close(&mut self, number: u64) -> Option<Sent> {
        let place = self.open.iter().position(|sent| sent.number == number)?;
        Some(self.open.swap_remove(place))
    }
}

/// Whether two batches have the same paths, in any order. No batch has a path twice.
fn have_same_paths(one: &Batch, other: &Batch) -> bool {
    let paths: HashSet<&str> = one.paths().collect();
    one.len() == other.len() && other.paths().all(|path| paths.contains(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    fn id(text: &str) -> OperationId {
        text.parse().expect("an ID")
    }

    fn resource(digit: char) -> ResourceId {
        let uuid = "00000000-0000-4000-8000-00000000000".to_owned() + &digit.to_string();
        uuid.parse().expect("a UUID")
    }

    fn batch(paths: &[&str]) -> Batch {
        Plan::parse(paths).expect("a plan").batches()[0].clone()
    }

    #[test]
    fn operations_of_all_runs_are_known_and_the_oldest_are_forgotten() {
        let (known, now) = (Known::default(), Some(Instant::now()));
        let request = known.sending(resource('1'), batch(&["/a"]), false);
        let has = |operation: &str| request.may_be_of_another(&id(operation), now);
        known.remember(&id("first"));
        assert!(has("first") && !has("other"));
        for number in 1..Known::MOST {
            known.remember(&id(&number.to_string()));
        }
        assert!(has("first"));
        known.remember(&id("last"));
        assert!(!has("first") && has("1") && has("last"));
    }

    /// Whether an operation may belong to a request other than one with these paths, which was sent at `sent`.
    fn is_in_doubt(known: &Known, site: ResourceId, paths: &[&str], sent: Option<Instant>) -> bool {
        let request = known.sending(site, batch(paths), false);
        let in_doubt = request.may_be_of_another(&id("x"), sent);
        request.settle();
        in_doubt
    }

    #[test]
    fn request_in_flight_may_own_any_operation_for_its_paths() {
        let (known, site) = (Known::default(), resource('1'));
        let may_have = |site, paths: &[&str]| is_in_doubt(&known, site, paths, None);
        let sent = known.sending(site, batch(&["/a", "/b"]), false);
        let other = known.sending(site, batch(&["/c"]), false);
        assert!(!sent.may_be_of_another(&id("x"), None), "it is not another one");
        assert!(may_have(site, &["/b", "/a"]) && may_have(site, &["/c"]));
        assert!(!may_have(site, &["/a"]) && !may_have(site, &["/a", "/c"]));
        assert!(!may_have(resource('2'), &["/a", "/b"]), "paths of another resource");
        sent.settle();
        assert!(!may_have(site, &["/a", "/b"]) && may_have(site, &["/c"]));
        other.settle();
        assert!(!may_have(site, &["/c"]));
    }

    #[tokio::test(start_paused = true)]
    async fn lost_request_may_own_an_operation_for_its_paths_for_a_while() {
        let (known, site, paths) = (Known::default(), resource('1'), &["/a", "/b"][..]);
        drop(known.sending(site, batch(paths), false));
        let lost = Instant::now();
        let at = |seconds| Some(lost + Duration::from_secs(seconds));
        assert!(is_in_doubt(&known, site, &["/b", "/a"], at(0)));
        assert!(!is_in_doubt(&known, site, &["/a"], at(0)));
        assert!(!is_in_doubt(&known, resource('2'), paths, at(0)));
        // What counts is when a request was sent, not when it is looked up.
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert!(
            is_in_doubt(&known, site, paths, at(32)) && !is_in_doubt(&known, site, paths, at(33))
        );
        // One that an earlier run sent is older.
        assert!(is_in_doubt(&known, site, paths, None));
        // The request itself is resumed.
        let resumed = known.sending(site, batch(paths), true);
        assert!(!resumed.may_be_of_another(&id("x"), None));
        resumed.settle();
        assert!(!is_in_doubt(&known, site, paths, at(0)));
    }
}
