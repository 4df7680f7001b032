//! What a queue needs from the engine that stores it: a replicated log with compare-and-set.

use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

/// The streams of a queue. Each keeps its messages in order and gives each one a sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// What producers enqueue. Messages are never dropped to make room.
    Input,
    /// What the holders of the lanes record.
    Journal,
    /// The outcomes: one message per subject, kept for 7 days.
    Outcomes,
    /// Who holds a lane: one message per subject, which expires.
    Lease,
    /// The orders of operators: one message per subject.
    Control,
}

impl Stream {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Input, Self::Journal, Self::Outcomes, Self::Lease, Self::Control];

    /// The stream with the messages of a subject, or of a filter for subjects of one stream.
    #[cfg(any(feature = "nats", test))]
    pub(crate) fn of(filter: &str) -> Option<Self> {
        let kind = |subject: &'static str| subject.split('.').take(2);
        Self::ALL.into_iter().find(|stream| filter.split('.').take(2).eq(kind(stream.subjects())))
    }

    /// The name of the stream in the engine.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "PURGE_IN",
            Self::Journal => "PURGE_JOURNAL",
            Self::Outcomes => "PURGE_OUT",
            Self::Lease => "PURGE_LEASE",
            Self::Control => "PURGE_CONTROL",
        }
    }

    /// Its subjects.
    #[must_use]
    pub fn subjects(self) -> &'static str {
        match self {
            Self::Input => "purge.in.*.*.*",
            Self::Journal => "purge.journal.*",
            Self::Outcomes => "purge.out.*.*.*.*.*",
            Self::Lease => "purge.lease.*",
            Self::Control => "purge.control.>",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A message to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// The subject to store it under.
    pub subject: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The text.
    pub body: Vec<u8>,
    /// An ID of the message, so that a retry does not store it twice; not for messages with [`after`](Self::after).
    pub id: Option<String>,
    /// Stores it only if the last message of the subject has this sequence; 0 means that the subject must have no
    /// message.
    pub after: Option<u64>,
}

/// A message that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The subject it is stored under.
    pub subject: String,
    /// Its place in the stream, from 1.
    pub sequence: u64,
    /// When it was stored, by the engine's clock.
    pub stored: SystemTime,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The text.
    pub body: Vec<u8>,
}

impl Message {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Why an engine did not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// The subject's last message is not the expected one; nothing was stored.
    Conflict,
    /// There was no response, or no majority. A message may still have been stored.
    Unavailable(String),
    /// There is no room: nothing was stored.
    Full(String),
    /// The user has no right to do this.
    Denied(String),
    /// The stream does not exist.
    Missing(String),
    /// This can never succeed: for example, the message is too large.
    Refused(String),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("another message was stored first"),
            Self::Unavailable(why)
            | Self::Full(why)
            | Self::Denied(why)
            | Self::Missing(why)
            | Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for EngineError {}

/// A replicated log. Whatever a function has acknowledged survives the loss of any one machine of the engine.
///
/// The queue makes all decisions itself: an engine only stores, compares, and reads back. There are two: one in
/// [memory](crate::MemoryEngine) for tests, and NATS JetStream for production.
pub trait Engine: Clone + Send + Sync + 'static {
    /// Stores a message, and returns its sequence once a majority has it. A message whose `id` was stored recently (for
    /// NATS, in the last 10 minutes) is not stored again.
    fn store(&self, message: NewMessage) -> impl Future<Output = Result<u64, EngineError>> + Send;

    /// Returns some of the next messages of a stream whose subjects match `filter`, in order, starting at a sequence;
    /// an empty list if there are no more yet. The result may be slightly out of date.
    fn read(
        &self,
        stream: Stream,
        filter: &str,
        from: u64,
    ) -> impl Future<Output = Result<Vec<Message>, EngineError>> + Send;

    /// The last message whose subject matches a filter, from the leader: always up to date.
    fn last(
        &self,
        stream: Stream,
        filter: &str,
    ) -> impl Future<Output = Result<Option<Message>, EngineError>> + Send;

    /// The last message of a subject, which may be slightly out of date.
    fn recent(
        &self,
        stream: Stream,
        subject: &str,
    ) -> impl Future<Output = Result<Option<Message>, EngineError>> + Send;

    /// Removes the messages whose subjects match `filter` and whose sequences are below a limit.
    fn trim(
        &self,
        stream: Stream,
        filter: &str,
        below: u64,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Returns soon after a message whose subject matches `filter` is stored, or after `longest`; says whether there
    /// was such a message. This is only a hint: it may come before the message can be read, and it may miss a
    /// message.
    fn woken(&self, filter: &str, longest: Duration) -> impl Future<Output = bool> + Send;

    /// Switches to another node, because this one does not respond.
    fn reconnect(&self) -> impl Future<Output = ()> + Send;

    /// When a stream was created, by the engine's clock. This changes only if the stream is deleted and created again.
    fn created(
        &self,
        stream: Stream,
    ) -> impl Future<Output = Result<SystemTime, EngineError>> + Send;

    /// How long a message in [`Stream::Lease`] lives.
    fn lease(&self) -> impl Future<Output = Result<Duration, EngineError>> + Send;
}

/// When to look again after a hint: the message it announces may be readable only a few moments later.
pub(crate) struct Eagerness(Option<Duration>);

impl Eagerness {
    const FIRST: Duration = Duration::from_millis(10);
    const LAST: Duration = Duration::from_millis(500);

    /// There has been no hint.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Records whether there has been a hint.
    pub(crate) fn note(&mut self, woken: bool) {
        self.0 = match self.0 {
            _ if woken => Some(Self::FIRST),
            Some(pause) if pause < Self::LAST => Some(pause * 2),
            _ => None,
        };
    }

    /// The longest time to wait for the next hint.
    pub(crate) fn longest(&self, otherwise: Duration) -> Duration {
        self.0.map_or(otherwise, |pause| pause.min(otherwise))
    }
}

/// Whether a subject matches a filter: `*` stands for one token, and a final `>` for one or more.
pub(crate) fn matches(filter: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in filter.split('.') {
        match (wanted, tokens.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(token)) if wanted == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for (filter, subject, expected) in [
            ("a.b", "a.b", true),
            ("a.*", "a.b", true),
            ("a.*", "a.b.c", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.b", "a", false),
        ] {
            assert_eq!(matches(filter, subject), expected, "{filter} {subject}");
        }
        for stream in Stream::ALL {
            assert_eq!(stream.to_string(), stream.name());
            assert_eq!(Stream::of(stream.subjects()), Some(stream));
        }
    }
}
