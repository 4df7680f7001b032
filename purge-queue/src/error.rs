//! What can go wrong with a queue.

use std::fmt;
use std::sync::Arc;

/// What went wrong, with what, and how to fix it.
#[derive(Clone, Debug)]
pub struct QueueError(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: QueueErrorKind,
    message: String,
}

/// What a program should do about a [`QueueError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueErrorKind {
    /// The caller's input is not valid. Nothing was stored.
    InvalidInput,
    /// The engine refused the user, or the user has no right to do this.
    Denied,
    /// The queue is full, or the producer's quota is used up. There may be room later.
    Full,
    /// The engine could not be reached or has no majority. What was not acknowledged may still have been stored, so
    /// retry under the same name.
    Unavailable,
    /// The engine cannot hold the queue: it is too old, or the queue has not been set up.
    Incompatible,
    /// Waiting ended before the outcome was known.
    Deadline,
    /// Another request was enqueued later under the same name, and its outcome replaced that of this one.
    Replaced,
}

impl QueueError {
    /// An error with a kind and a message for people; for implementations of [`Engine`](crate::Engine).
    pub fn new(kind: QueueErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into() }))
    }

    pub(crate) fn invalid(message: impl fmt::Display) -> Self {
        Self::new(QueueErrorKind::InvalidInput, message.to_string())
    }

    /// What a program should do.
    #[must_use]
    pub fn kind(&self) -> QueueErrorKind {
        self.0.kind
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for QueueError {}
