//! One request of a run: its number in the ledger, and its paths.

use crate::plan::Batch;

pub(super) struct Request {
    pub(super) number: usize,
    pub(super) batch: Batch,
}

impl Request {
    /// Splits it in two: its first `at` paths, and the rest.
    pub(super) fn split(self, at: usize, into: [usize; 2]) -> [Self; 2] {
        let [first, others] = self.batch.split_at(at);
        [Self { number: into[0], batch: first }, Self { number: into[1], batch: others }]
    }
}
