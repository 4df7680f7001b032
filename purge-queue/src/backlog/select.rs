//! Chooses what is sent next: urgent paths first, producers in turn, suspects separately.

use std::sync::Arc;

use purge_api_ext::Plan;

use super::site::{Site, Waiting};
use crate::chunk::{Urgency, read_back};

/// One batch in this many is for paths that are not urgent.
const BULK_SHARE: usize = 10;

/// The paths that one round sends.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) paths: Vec<Arc<str>>,
    /// How many paths go into one request.
    pub(crate) batch_size: usize,
    /// Whether one of them purges the whole resource.
    pub(crate) everything: bool,
    /// Whether a person is waiting for one of them.
    pub(crate) is_urgent: bool,
}

impl Site {
    /// Chooses what one round sends, up to a number of batches.
    pub(super) fn select(&mut self, batches: usize) -> Option<Selection> {
        let suspects = || self.queues.suspects.iter().position(|queue| !queue.is_empty());
        if !self.queues.suspects_were_last
            && let Some(level) = suspects()
        {
            self.queues.suspects_were_last = true;
            if let Some(selection) = self.suspects(level, batches) {
                return Some(selection);
            }
        }
        let size = Plan::MAX_BATCH_SIZE;
        let bulk = (self.queues.batches / BULK_SHARE).min(batches);
        let share = self.choose(Urgency::Bulk, bulk * size);
        if !share.is_empty() {
            self.queues.batches = 0;
        }
        let mut chosen = self.choose(Urgency::Now, batches * size - share.len());
        let is_urgent = !chosen.is_empty();
        self.queues.batches += chosen.len().div_ceil(size);
        chosen.extend(share);
        // Urgent paths do not wait for a whole round of others: only the last request of their round is filled up
        // with those.
        let most = if is_urgent { chosen.len().next_multiple_of(size) } else { batches * size };
        let room = most.min(batches * size) - chosen.len();
        chosen.extend(self.choose(Urgency::Bulk, room));
        if !chosen.is_empty() {
            self.queues.suspects_were_last = false;
            return Some(Selection { is_urgent, ..self.selection(&chosen, size) });
        }
        let level = self.queues.suspects.iter().position(|queue| !queue.is_empty())?;
        self.suspects(level, batches)
    }

    fn suspects(&mut self, level: usize, batches: usize) -> Option<Selection> {
        let size = if level == 0 { 10 } else { 1 };
        let mut chosen = Vec::new();
        while chosen.len() < batches * size
            && let Some(place) = self.queues.suspects[level].pop_front()
        {
            let waiting = &mut self.paths[place];
            let is_due = !waiting.chunks.is_empty() && !waiting.is_sent;
            if is_due && usize::from(waiting.suspicion) == level + 1 {
                waiting.is_sent = true;
                chosen.push(place);
            }
        }
        (!chosen.is_empty()).then(|| self.selection(&chosen, size))
    }

    fn choose(&mut self, urgency: Urgency, most: usize) -> Vec<usize> {
        let mut chosen = Vec::new();
        while chosen.len() < most
            && let Some(place) = self.queues.of[urgency as usize].next()
        {
            if !is_due(&self.paths[place]) {
                continue;
            }
            let place = self.wildcard_of(place).unwrap_or(place);
            let waiting = &mut self.paths[place];
            if !waiting.is_sent {
                waiting.is_sent = true;
                chosen.push(place);
            }
        }
        chosen
    }

    /// The wildcard that covers a path and is sent in its place; the path itself is passed over.
    fn wildcard_of(&mut self, place: usize) -> Option<usize> {
        if self.wildcards.is_empty() {
            return None;
        }
        /// A limit, so that wildcards that cover each other are not followed forever.
        const STEPS: usize = 16;
        let mut widest = None;
        let mut path = self.paths[place].path.clone();
        for _ in 0..STEPS {
            let Some(wildcard) = self.wildcards.of(&path) else { break };
            let Some(at) = self.known.get(wildcard).copied() else { break };
            if self.paths[at].suspicion > 0 || at == place {
                break;
            }
            widest = Some(at);
            path = wildcard.into();
        }
        if widest.is_some() {
            self.queues.covered.push(place);
        }
        widest
    }

    /// The paths that were passed over, which wait again on their own if their wildcard did not take them.
    pub(super) fn passed_over(&mut self) -> Vec<usize> {
        let covered = std::mem::take(&mut self.queues.covered);
        covered.into_iter().filter(|place| is_due(&self.paths[*place])).collect()
    }

    fn selection(&self, places: &[usize], batch_size: usize) -> Selection {
        let paths: Vec<_> = places.iter().map(|place| self.paths[*place].path.clone()).collect();
        let full = |path: &Arc<str>| read_back(path).is_ok_and(|path| path.is_full_purge());
        Selection { everything: paths.iter().any(full), paths, batch_size, is_urgent: true }
    }
}

fn is_due(waiting: &Waiting) -> bool {
    !waiting.chunks.is_empty() && !waiting.is_sent && waiting.suspicion == 0
}
