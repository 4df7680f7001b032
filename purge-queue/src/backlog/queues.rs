//! The order in which waiting paths are sent: producers take turns, and suspects wait separately.

use std::collections::{BTreeMap, VecDeque};

use crate::chunk::Urgency;
use crate::names::Producer;

/// The order in which paths were enqueued. A place stays in it after its path was sent, and is skipped then.
#[derive(Default)]
pub(super) struct Queues {
    pub(super) of: [Turns; 2],
    pub(super) suspects: [VecDeque<usize>; 2],
    /// Paths that were passed over because a wildcard covers them.
    pub(super) covered: Vec<usize>,
    pub(super) suspects_were_last: bool,
    /// Batches since the last one that was for paths that are not urgent.
    pub(super) batches: usize,
}

/// One queue per producer; the producers take turns.
#[derive(Default)]
pub(super) struct Turns {
    queues: BTreeMap<Producer, VecDeque<usize>>,
    last: Option<Producer>,
}

impl Queues {
    pub(super) fn push(&mut self, urgency: Urgency, producer: &Producer, place: usize) {
        self.of[urgency as usize].queue(producer).push_back(place);
    }

    pub(super) fn push_front(&mut self, urgency: Urgency, producer: &Producer, place: usize) {
        self.of[urgency as usize].queue(producer).push_front(place);
    }

    pub(super) fn suspect(&mut self, level: u8, place: usize) {
        self.suspects[usize::from(level) - 1].push_back(place);
    }
}

impl Turns {
    fn queue(&mut self, producer: &Producer) -> &mut VecDeque<usize> {
        if !self.queues.contains_key(producer) {
            self.queues.insert(producer.clone(), VecDeque::new());
        }
        self.queues.get_mut(producer).expect("it was inserted")
    }

    /// The next place of the producer whose turn it is.
    pub(super) fn next(&mut self) -> Option<usize> {
        use std::ops::Bound::{Excluded, Unbounded};
        loop {
            let next = match &self.last {
                Some(last) => self.queues.range_mut((Excluded(last), Unbounded)).next(),
                None => None,
            };
            let (producer, queue) = match next {
                Some(next) => next,
                None => self.queues.iter_mut().next()?,
            };
            let place = queue.pop_front();
            // A single producer has every turn, and its name need not be copied for each path.
            if self.last.as_ref() != Some(producer) {
                self.last = Some(producer.clone());
            }
            if place.is_some() {
                return place;
            }
            let empty = self.last.clone()?;
            self.queues.remove(&empty);
        }
    }
}
