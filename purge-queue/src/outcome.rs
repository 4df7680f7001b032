//! Outcomes of paths: as the journal keeps them, and as a producer reads them.

use purge_api_ext::escape;
use serde::{Deserialize, Serialize};

/// The state of a path that was enqueued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// It is waiting to be sent.
    Queued,
    /// The service accepted its purge, but it is not yet known whether the purge has finished.
    Accepted,
    /// The cached copies are gone.
    Purged,
    /// There was no cached copy.
    NotCached,
    /// It was refused, or can never be purged.
    Failed,
    /// Its purge was accepted and has ended, but the service does not say how.
    Unconfirmed,
    /// It was not sent in time, or an operator dropped it.
    NotSent,
}

impl State {
    /// Whether the path must be enqueued again to be sure that it is purged.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Unconfirmed | Self::NotSent)
    }

    /// Its name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Accepted => "accepted",
            Self::Purged => "purged",
            Self::NotCached => "not_cached",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::NotSent => "not_sent",
        }
    }
}

/// What a request of a round, or its operation, did for a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) op_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) possible_duplicate: bool,
}

impl Verdict {
    pub(crate) fn new(state: State, message: impl Into<Option<String>>) -> Self {
        Self {
            state,
            op_id: None,
            message: message.into().map(|m| short(&m)),
            possible_duplicate: false,
        }
    }

    pub(crate) fn is_final(&self) -> bool {
        self.state != State::Accepted && self.state != State::Queued
    }
}

/// A message that is short and safe to show.
pub(crate) fn short(message: &str) -> String {
    const CHARACTERS: usize = 300;
    escape(message).chars().take(CHARACTERS).collect()
}

/// Paths that share a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Judged {
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    pub(crate) paths: Vec<String>,
}

/// The outcome of one path, and what caused it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PathResult {
    /// The path.
    pub path: String,
    /// Its state.
    pub state: State,
    /// The operation that purged it.
    #[serde(default)]
    pub op_id: Option<String>,
    /// What the service or the worker says about it; safe to show.
    #[serde(default)]
    pub message: Option<String>,
    /// Whether it may have been purged by more than one operation.
    #[serde(default)]
    pub possible_duplicate: bool,
    /// The path that was sent, if it is another one that covers this path.
    #[serde(default)]
    pub by: Option<String>,
}

impl PathResult {
    pub(crate) fn new(path: &str, verdict: &Verdict, by: Option<&str>) -> Self {
        let Verdict { state, op_id, message, possible_duplicate } = verdict.clone();
        let by = by.filter(|by| *by != path).map(str::to_owned);
        Self { path: path.to_owned(), state, op_id, message, possible_duplicate, by }
    }
}

/// The outcome of a chunk, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChunkOutcome {
    pub(crate) schema: u32,
    pub(crate) chunk: u32,
    pub(crate) chunks: u32,
    pub(crate) paths: Vec<PathResult>,
}

impl ChunkOutcome {
    pub(crate) const SCHEMA: u32 = 1;
}
