//! Which operations belong to requests of this client.
//!
//! A look-up in the list must not take the operation of one purge for that of another. The ledger of a run knows only the
//! operations of that run. A client may purge the same paths again a moment later, or in two runs at once.

use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Mutex, MutexGuard};

use foldhash::quality::RandomState;

use crate::id::{OperationId, ResourceId};
use crate::lock::lock;
use crate::plan::Batch;

/// The operations that are known to belong to a request, and the requests whose operation is not known yet.
#[derive(Default)]
pub(crate) struct Known(Mutex<State>);

#[derive(Default)]
struct State {
    /// Hashes of operation IDs; the newest is the last. If two IDs have the same hash, a request is sent once more.
    operations: VecDeque<u64>,
    hasher: RandomState,
    in_flight: Vec<Sent>,
    /// The number of the next request.
    next: u64,
}

struct Sent {
    number: u64,
    resource: ResourceId,
    batch: Batch,
}

/// A request that has been sent and has no result yet. Dropped once its operation is known, or known to be lost.
#[must_use]
pub(crate) struct InFlight<'a> {
    known: &'a Known,
    number: u64,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.known.state().in_flight.retain(|sent| sent.number != self.number);
    }
}

impl Known {
    /// How many operations are remembered: those of several minutes at any rate that a service accepts. An operation
    /// matters for a look-up only if it is hardly older than the request.
    const OPERATIONS: usize = 1 << 16;

    /// Remembers a request until it has a result.
    pub(crate) fn sending(&self, resource: ResourceId, batch: Batch) -> InFlight<'_> {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.in_flight.push(Sent { number, resource, batch });
        InFlight { known: self, number }
    }

    /// Remembers that an operation belongs to a request.
    pub(crate) fn remember(&self, operation: &OperationId) {
        let mut state = self.state();
        if state.operations.len() == Self::OPERATIONS {
            state.operations.pop_front();
        }
        let hash = state.hash(operation);
        state.operations.push_back(hash);
    }

    /// Whether an operation for the paths of a batch belongs to a request of this client, or to one in flight that has
    /// the same paths. The batch itself is not in flight.
    pub(crate) fn may_have(
        &self,
        operation: &OperationId,
        resource: ResourceId,
        batch: &Batch,
    ) -> bool {
        // Both under one lock: a request leaves `in_flight` only after its operation has been remembered.
        let state = self.state();
        state.operations.contains(&state.hash(operation))
            || state
                .in_flight
                .iter()
                .any(|sent| sent.resource == resource && have_same_paths(&sent.batch, batch))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl State {
    fn hash(&self, operation: &OperationId) -> u64 {
        self.hasher.hash_one(operation.as_str())
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
        let (known, site, paths) = (Known::default(), resource('1'), batch(&["/a"]));
        let has = |operation: &str| known.may_have(&id(operation), site, &paths);
        known.remember(&id("first"));
        assert!(has("first") && !has("other"));
        for number in 1..Known::OPERATIONS {
            known.remember(&id(&number.to_string()));
        }
        assert!(has("first"));
        known.remember(&id("last"));
        assert!(!has("first") && has("1") && has("last"));
    }

    #[test]
    fn request_in_flight_may_own_any_operation_for_its_paths() {
        let (known, site) = (Known::default(), resource('1'));
        let may_have = |site, paths: &[&str]| known.may_have(&id("x"), site, &batch(paths));
        let sent = known.sending(site, batch(&["/a", "/b"]));
        let other = known.sending(site, batch(&["/c"]));
        assert!(may_have(site, &["/b", "/a"]) && may_have(site, &["/c"]));
        assert!(!may_have(site, &["/a"]) && !may_have(site, &["/a", "/c"]));
        assert!(!may_have(resource('2'), &["/a", "/b"]), "paths of another resource");
        drop(sent);
        assert!(!may_have(site, &["/a", "/b"]) && may_have(site, &["/c"]));
        drop(other);
        assert!(!may_have(site, &["/c"]));
    }
}
