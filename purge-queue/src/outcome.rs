//! Outcomes of paths: as the journal keeps them, and as a producer reads them.

use purge_api_ext::escape;
use serde::{Deserialize, Serialize};

use crate::engine::Message;

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
    /// Its purge was accepted and has ended, but the service does not say how. Or it may have been accepted, and the
    /// path expired or was dropped before that was known.
    Unconfirmed,
    /// It was not sent in time, or an operator dropped it.
    NotSent,
}

impl State {
    /// Whether the path must be enqueued again to be sure that it is purged. An accepted path need not, although it is
    /// not known to be purged.
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

impl Judged {
    /// Paths that wait again although their request may have been applied.
    pub(crate) fn in_doubt(paths: Vec<String>) -> Self {
        let verdict = Verdict { possible_duplicate: true, ..Verdict::new(State::Queued, None) };
        Self { verdict, paths }
    }
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

/// A [`PathResult`] that is stored. It borrows everything, since hundreds of paths of a chunk share a verdict.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StoredResult<'a> {
    pub(crate) path: &'a str,
    pub(crate) state: State,
    op_id: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    pub(crate) possible_duplicate: bool,
    pub(crate) by: Option<&'a str>,
}

impl<'a> StoredResult<'a> {
    pub(crate) fn new(path: &'a str, verdict: &'a Verdict, by: Option<&'a str>) -> Self {
        let Verdict { state, op_id, message, possible_duplicate } = verdict;
        Self {
            path,
            state: *state,
            op_id: op_id.as_deref(),
            message: message.as_deref(),
            possible_duplicate: *possible_duplicate,
            by: by.filter(|by| *by != path),
        }
    }
}

/// The outcome of a chunk: with [`StoredResult`]s as it is stored, with [`PathResult`]s as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChunkOutcome<P = PathResult> {
    pub(crate) schema: u32,
    /// The subject it is stored under. A producer can have the server store a copy under another one.
    pub(crate) subject: String,
    /// The sequence of the message whose outcome it is: another one may have had the same name.
    pub(crate) sequence: u64,
    pub(crate) chunk: u32,
    pub(crate) chunks: u32,
    pub(crate) paths: Vec<P>,
}

/// The version of the format.
const SCHEMA: u32 = 1;

impl ChunkOutcome {
    /// Reads a stored outcome; `None` for one that no worker stored there, and for the format of a later version,
    /// which is not guessed.
    pub(crate) fn read(message: &Message) -> Option<Self> {
        let read: Self = serde_json::from_slice(&message.body).ok()?;
        (read.schema == SCHEMA && read.subject == message.subject).then_some(read)
    }
}

impl<'a> ChunkOutcome<StoredResult<'a>> {
    /// The outcome of the chunk with this sequence and this place among the chunks of its request, to be stored under
    /// this subject.
    pub(crate) fn new(
        subject: String,
        sequence: u64,
        (chunk, chunks): (u32, u32),
        paths: Vec<StoredResult<'a>>,
    ) -> Self {
        Self { schema: SCHEMA, subject, sequence, chunk, chunks, paths }
    }

    /// The maximum size of a stored outcome: servers accept 1 MiB by default, and its headers need some room.
    const MAX_BYTES: usize = 1000 * 1024;

    /// The outcome as it is stored. If it is too large for a message, its explanations are shortened; the state of
    /// every path is always in it.
    pub(crate) fn stored(&self) -> Vec<u8> {
        /// Explanations of this length fit even if all paths have them.
        const CHARACTERS: usize = 100;
        let json = |outcome: &Self| serde_json::to_vec(outcome).expect("texts are JSON");
        let whole = json(self);
        if whole.len() <= Self::MAX_BYTES {
            return whole;
        }
        let mut brief = self.clone();
        for path in &mut brief.paths {
            path.message = path.message.map(|message| {
                let end =
                    message.char_indices().nth(CHARACTERS).map_or(message.len(), |(at, _)| at);
                &message[..end]
            });
            path.by = path.by.filter(|by| by.len() <= CHARACTERS);
        }
        json(&brief)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{MAX_MESSAGE_BYTES, MAX_PATHS};

    fn read(subject: &str, body: Vec<u8>) -> Option<ChunkOutcome> {
        ChunkOutcome::read(&Message {
            subject: subject.to_owned(),
            sequence: 1,
            stored: std::time::SystemTime::UNIX_EPOCH,
            headers: Vec::new(),
            body,
        })
    }

    #[test]
    fn outcome_is_read_only_where_a_worker_stored_it() {
        let stored = ChunkOutcome::new("a.1".to_owned(), 7, (1, 1), Vec::new()).stored();
        assert!(read("a.1", stored.clone()).is_some());
        assert_eq!(read("b.1", stored), None);
        let acknowledgement = br#"{"stream":"PURGE_IN","seq":7}"#;
        assert_eq!(read("a.1", acknowledgement.to_vec()), None);
    }

    #[test]
    fn outcome_of_the_largest_message_can_be_stored() {
        let path = "/".to_owned() + &"a".repeat(MAX_MESSAGE_BYTES / MAX_PATHS);
        let verdict = Verdict {
            op_id: Some("0b508058-9c8c-475a-b5e7-0bf9014423b2".to_owned()),
            possible_duplicate: true,
            ..Verdict::new(State::Failed, "\u{1f600}".repeat(1_000))
        };
        let by = "/*".to_owned() + &"*".repeat(8_000);
        let result = StoredResult::new(&path, &verdict, Some(&by));
        let outcome = ChunkOutcome::new("a".to_owned(), 1, (1, 1), vec![result; MAX_PATHS]);
        let stored = outcome.stored();
        assert!(stored.len() <= ChunkOutcome::MAX_BYTES, "{}", stored.len());
        let all = read("a", stored).expect("an outcome");
        assert_eq!(all.paths.len(), MAX_PATHS);
        assert!(all.paths.iter().all(|p| p.path == path && p.state == State::Failed));
        let small = ChunkOutcome::new("b".to_owned(), 7, (2, 3), outcome.paths[..1].to_vec());
        let read = read("b", small.stored()).expect("an outcome");
        let whole = PathResult {
            path,
            state: State::Failed,
            op_id: verdict.op_id,
            message: verdict.message,
            possible_duplicate: true,
            by: Some(by),
        };
        let place = (read.sequence, read.chunk, read.chunks);
        assert_eq!((place, read.paths), ((7, 2, 3), vec![whole]));
    }
}
