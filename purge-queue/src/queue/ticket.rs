//! What a producer has of a stored request, and what is known of it.

use std::cmp::Ordering;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use purge_api_ext::ResourceId;
use serde::Serialize;

use super::Queue;
use crate::engine::Engine;
use crate::error::QueueError;
use crate::names::{Lane, Producer, RequestId};
use crate::outcome::{ChunkOutcome, PathResult, State};

/// A stored request: the handle for asking for its outcome.
#[derive(Clone, Debug)]
pub struct Ticket<E> {
    pub(super) queue: Queue<E>,
    pub(super) resource: ResourceId,
    pub(super) request: RequestId,
    pub(super) chunks: Vec<Stored>,
}

/// What identifies a stored chunk, whatever its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) sequence: u64,
    /// The fingerprint of its paths.
    pub(super) paths: u64,
}

impl Stored {
    /// Whether an outcome is that of this chunk; an error if another request has replaced it.
    pub(super) fn has(&self, outcome: &ChunkOutcome) -> Result<bool, ()> {
        match outcome.sequence.cmp(&self.sequence) {
            Ordering::Less => Ok(false),
            Ordering::Equal => Ok(true),
            // The same paths, enqueued again: they were purged later, too.
            Ordering::Greater if paths_of(outcome) == self.paths => Ok(true),
            Ordering::Greater => Err(()),
        }
    }
}

/// A fingerprint of paths, in any order.
pub(super) fn fingerprint<'a>(paths: impl IntoIterator<Item = &'a str>) -> u64 {
    let hash = |path| BuildHasherDefault::<DefaultHasher>::default().hash_one(path);
    paths.into_iter().map(hash).fold(0, u64::wrapping_add)
}

fn paths_of(outcome: &ChunkOutcome) -> u64 {
    fingerprint(outcome.paths.iter().map(|result| result.path.as_str()))
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RequestOutcome {
    /// The version of this form: 1.
    pub schema: u32,
    /// The lane.
    pub lane: Lane,
    /// The CDN resource.
    pub resource: ResourceId,
    /// Who enqueued it.
    pub producer: Producer,
    /// Its name.
    pub request: RequestId,
    /// How many chunks it has, or `None` while no outcome is known.
    pub chunks: Option<u32>,
    /// The chunks whose outcome is still unknown.
    pub missing: Vec<u32>,
    /// The outcomes of the paths in all other chunks.
    pub paths: Vec<PathResult>,
}

impl<E: Engine> Ticket<E> {
    /// The name of the request.
    #[must_use]
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// How many messages the request was stored as.
    #[must_use]
    pub fn chunks(&self) -> u32 {
        self.chunks.len() as u32
    }

    /// Waits until the outcome of this request is known, even if other requests have the same name.
    ///
    /// # Errors
    ///
    /// As [`Queue::outcome`], and [`Replaced`](crate::QueueErrorKind::Replaced) if a later request with other paths had
    /// the same name.
    pub async fn outcome(&self, deadline: Duration) -> Result<RequestOutcome, QueueError> {
        self.queue.wait(self.resource, &self.request, Some(&self.chunks), deadline).await
    }
}

impl RequestOutcome {
    /// Whether the outcome of every path is known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.chunks.is_some() && self.missing.is_empty()
    }

    /// Whether it is complete, and every path is known to be purged or to have had no cached copy. If the worker stopped
    /// following a purge before it ended, this is false: see [`is_accepted`](Self::is_accepted).
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.is_accepted() && !self.paths.iter().any(|path| path.state == State::Accepted)
    }

    /// Whether it is complete and no path needs to be enqueued again: every purge was at least accepted.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.is_complete() && !self.paths.iter().any(|path| path.state.is_failure())
    }

    /// The outcome of one path, or `None` while it is unknown.
    #[must_use]
    pub fn outcome(&self, path: &str) -> Option<&PathResult> {
        self.paths.iter().find(|result| result.path == path)
    }

    /// How many paths are in each state.
    #[must_use]
    pub fn counts(&self) -> Vec<(State, usize)> {
        let mut counts: Vec<(State, usize)> = Vec::new();
        for path in &self.paths {
            match counts.iter_mut().find(|(state, _)| *state == path.state) {
                Some((_, count)) => *count += 1,
                None => counts.push((path.state, 1)),
            }
        }
        counts
    }
}
