//! One request of a run: its place in the ledger, and its paths.

use crate::plan::Batch;

pub(super) struct Request {
    pub(super) number: usize,
    pub(super) batch: Batch,
}

impl Request {
    /// The requests that it is split into: some first paths, and the others.
    pub(super) fn split(self, at: usize, into: [usize; 2]) -> [Self; 2] {
        let [first, others] = self.batch.split_at(at);
        [Self { number: into[0], batch: first }, Self { number: into[1], batch: others }]
    }
}
