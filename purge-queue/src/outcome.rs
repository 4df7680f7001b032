//! What became of paths: as the journal keeps it, and as a producer reads it.

use purge_api_ext::escape;
use serde::{Deserialize, Serialize};

/// What became of a path that was enqueued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// It waits to be sent.
    Queued,
    /// The service accepted its purge, and it is not known yet whether that has finished.
    Accepted,
    /// The cached copies are gone.
    Purged,
    /// There was no cached copy.
    NotCached,
    /// It was refused, or can never be purged.
    Failed,
    /// Its purge was accepted and has ended, and the service does not say how.
    Unconfirmed,
    /// It was not sent in time, or an operator dropped it.
    NotSent,
}

impl State {
    /// Whether the path must be enqueued again to be sure of it.
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

/// What a request of a round, or its operation, has done for a path.
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

/// A message that is harmless to show, and short.
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

/// What became of one path, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PathResult {
    /// The path.
    pub path: String,
    /// Where it stands.
    pub state: State,
    /// The operation that purged it.
    #[serde(default)]
    pub op_id: Option<String>,
    /// What the service or the worker says to it; harmless to show.
    #[serde(default)]
    pub message: Option<String>,
    /// Whether more than one operation may have come of it.
    #[serde(default)]
    pub possible_duplicate: bool,
    /// The path that was sent, if another one covers this one.
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

/// The outcome of a chunk, as it is stored.
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
