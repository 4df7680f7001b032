//! One request of a run, and what is known of it before it is sent.

use std::sync::Arc;

use crate::journal::Known;
use crate::plan::Batch;

pub(super) struct Request {
    pub(super) number: usize,
    pub(super) batch: Batch,
    pub(super) known: Known,
    /// What an earlier run knew of all requests.
    all: Arc<Vec<Known>>,
}

impl Request {
    pub(super) fn new(number: usize, batch: Batch) -> Self {
        Self { number, batch, known: Known::default(), all: Arc::default() }
    }

    /// With what an earlier run knew of it.
    pub(super) fn recalled(mut self, all: Arc<Vec<Known>>) -> Self {
        self.known = all.get(self.number).cloned().unwrap_or_default();
        self.all = all;
        self
    }

    /// The requests that it was split into by an earlier run.
    pub(super) fn halves(self, at: usize, into: [usize; 2]) -> [Self; 2] {
        let all = Arc::clone(&self.all);
        self.split(at, into).map(|half| half.recalled(Arc::clone(&all)))
    }

    /// Splits it: some first paths, and the others. Both may have been carried out if it may have been.
    pub(super) fn split(self, at: usize, into: [usize; 2]) -> [Self; 2] {
        let known = Known::half(self.known.ambiguous);
        let half = |number, batch| Self { known: known.clone(), ..Self::new(number, batch) };
        let [first, others] = self.batch.split_at(at);
        [half(into[0], first), half(into[1], others)]
    }
}
