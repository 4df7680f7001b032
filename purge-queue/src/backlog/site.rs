//! The waiting paths of one resource, and the chunks that contain them.

use std::sync::Arc;

use foldhash::HashMap;
use smallvec::{SmallVec, smallvec};

use super::cover::Cover;
use super::queues::Queues;

/// The waiting paths of one resource.
#[derive(Default)]
pub(super) struct Site {
    pub(super) known: HashMap<Arc<str>, usize>,
    pub(super) paths: Vec<Waiting>,
    pub(super) free: Vec<usize>,
    pub(super) wildcards: Cover,
    /// The paths whose last request may have been applied, although they wait again.
    pub(super) doubts: HashMap<Arc<str>, Doubt>,
    pub(super) queues: Queues,
    /// How many paths of chunks are waiting, by urgency.
    pub(super) waiting: [usize; 2],
}

/// The round of a request that may have been applied, and the last sequence of the input that it could take.
#[derive(Clone, Copy)]
pub(super) struct Doubt {
    pub(super) round: u64,
    pub(super) upto: u64,
}

/// Sequences of the input. Most paths are in one chunk, and a list for each of a million paths is not allocated.
pub(super) type Sequences = SmallVec<[u64; 2]>;

/// A path that a request took, and the chunks that it took it from.
pub(super) struct Released {
    pub(super) path: Arc<str>,
    pub(super) chunks: Sequences,
    pub(super) doubt: Option<Doubt>,
}

/// A path that is waiting or being sent.
pub(super) struct Waiting {
    pub(super) path: Arc<str>,
    /// The chunks that contain it, in order.
    pub(super) chunks: Sequences,
    /// 0 at first; 1 after a request that contained it among others was refused; 2 after that happened again in a
    /// batch of ten.
    pub(super) suspicion: u8,
    pub(super) is_sent: bool,
}

impl Site {
    /// Records that a chunk contains a path, and returns the path's place.
    pub(super) fn wait(&mut self, path: Arc<str>, sequence: u64) -> usize {
        if let Some(place) = self.known.get(&path).copied() {
            self.paths[place].chunks.push(sequence);
            return place;
        }
        if path.contains('*') {
            self.wildcards.add(&path);
        }
        let chunks = smallvec![sequence];
        let waiting = Waiting { path: path.clone(), chunks, suspicion: 0, is_sent: false };
        let place = match self.free.pop() {
            Some(place) => {
                self.paths[place] = waiting;
                place
            }
            None => {
                self.paths.push(waiting);
                self.paths.len() - 1
            }
        };
        self.known.insert(path, place);
        place
    }

    /// Records that a request with these paths may have been applied.
    pub(super) fn doubt<'a>(&mut self, doubt: Doubt, paths: impl Iterator<Item = &'a String>) {
        let mut cover = Cover::default();
        let mut doubtful: Vec<Arc<str>> = Vec::new();
        for path in paths {
            if path.contains('*') {
                cover.add(path);
            }
            doubtful.extend(self.known.get_key_value(path.as_str()).map(|(path, _)| path.clone()));
        }
        if !cover.is_empty() {
            let covered = self.known.keys().filter(|path| cover.of(path).is_some());
            doubtful.extend(covered.cloned());
        }
        doubtful.iter().for_each(|path| self.doubt_one(path, doubt));
    }

    pub(super) fn doubt_one(&mut self, path: &str, doubt: Doubt) {
        // Only what was stored before the round began can have been purged by it.
        if self.is_from(path, doubt.upto)
            && let Some((path, _)) = self.known.get_key_value(path)
            && self.doubts.get(path).is_none_or(|known| known.upto < doubt.upto)
        {
            self.doubts.insert(Arc::clone(path), doubt);
        }
    }

    /// Whether a path is waiting in a chunk up to a sequence.
    fn is_from(&self, path: &str, upto: u64) -> bool {
        let first = self.known.get(path).and_then(|place| self.paths[*place].chunks.first());
        first.is_some_and(|first| *first <= upto)
    }

    /// Takes a path from all chunks up to a sequence, if it is waiting.
    pub(super) fn release(&mut self, path: &str, upto: u64) -> Option<Released> {
        // Most paths are not enqueued once more meanwhile, so looking for it and removing it is one step.
        let (path, place) = self.known.remove_entry(path)?;
        let waiting = &mut self.paths[place];
        let mut taken = Sequences::new();
        waiting.chunks.retain(|sequence| {
            if *sequence <= upto {
                taken.push(*sequence);
            }
            *sequence > upto
        });
        if !taken.is_empty() {
            // Suspicion from earlier requests does not apply to a path that was enqueued later.
            waiting.suspicion = 0;
        }
        let doubt = if taken.is_empty() { None } else { self.doubts.remove(&path) };
        if waiting.chunks.is_empty() {
            self.unused(place);
        } else {
            self.known.insert(Arc::clone(&path), place);
        }
        Some(Released { path, chunks: taken, doubt })
    }

    /// Takes a path from one chunk; `None` if it is no longer waiting there.
    pub(super) fn forget(&mut self, place: usize, sequence: u64) -> Option<Arc<str>> {
        let waiting = &mut self.paths[place];
        let at = waiting.chunks.iter().position(|chunk| *chunk == sequence)?;
        waiting.chunks.remove(at);
        let path = waiting.path.clone();
        if waiting.chunks.is_empty() && self.known.remove(&path).is_some() {
            self.unused(place);
        }
        Some(path)
    }

    /// Frees the place of a path that is no longer known.
    fn unused(&mut self, place: usize) {
        let path = &self.paths[place].path;
        if path.contains('*') {
            self.wildcards.remove(path);
        }
        self.doubts.remove(path);
        self.free.push(place);
    }
}
