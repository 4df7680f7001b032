//! One request of a run, and what is known of it before it is sent.

use std::sync::Arc;

use crate::PurgePath;
use crate::journal::Known;

pub(super) struct Request {
    pub(super) number: usize,
    pub(super) paths: Vec<PurgePath>,
    pub(super) known: Known,
    /// What an earlier run knew of all requests.
    all: Arc<Vec<Known>>,
}

impl Request {
    pub(super) fn new(number: usize, paths: Vec<PurgePath>) -> Self {
        Self { number, paths, known: Known::default(), all: Arc::default() }
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
    pub(super) fn split(mut self, at: usize, into: [usize; 2]) -> [Self; 2] {
        let others = self.paths.split_off(at.min(self.paths.len()));
        let known = Known::half(self.known.ambiguous);
        let half = |number, paths| Self { known: known.clone(), ..Self::new(number, paths) };
        [half(into[0], self.paths), half(into[1], others)]
    }
}
