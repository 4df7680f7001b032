//! What a queue needs of the engine that stores it: a replicated log with compare-and-set.

use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

/// The streams of a queue. Each keeps its messages in one order, and gives each a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// What producers enqueue: nothing is dropped to make room.
    Input,
    /// What the holders of the lanes write down.
    Journal,
    /// The outcomes: one message a subject, for 7 days.
    Outcomes,
    /// Who holds a lane: one message a subject, which expires.
    Lease,
    /// The orders of operators: one message a subject.
    Control,
}

impl Stream {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Input, Self::Journal, Self::Outcomes, Self::Lease, Self::Control];

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
    /// Where.
    pub subject: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The text.
    pub body: Vec<u8>,
    /// A name of this storing, so that trying again stores nothing twice; not for messages with
    /// [`after`](Self::after).
    pub id: Option<String>,
    /// Stores it only if the last message of the subject has this sequence; 0: only if the subject has none.
    pub after: Option<u64>,
}

/// A message that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
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
    /// The subject has another last message than the one that was named: nothing was stored.
    Conflict,
    /// No answer, or no majority. A message may be stored all the same.
    Unavailable(String),
    /// There is no room: nothing was stored.
    Full(String),
    /// The user has no right to do this.
    Denied(String),
    /// It can never be done like this: the stream is missing, or the message is too large.
    Refused(String),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("another message came first"),
            Self::Unavailable(why) | Self::Full(why) | Self::Denied(why) | Self::Refused(why) => {
                f.write_str(why)
            }
        }
    }
}

impl std::error::Error for EngineError {}

/// A replicated log. What a function has acknowledged survives the loss of any one machine of the engine.
///
/// The queue decides everything itself: an engine stores, compares, and reads back. There is one in
/// [memory](crate::MemoryEngine) for tests and NATS JetStream for work.
pub trait Engine: Clone + Send + Sync + 'static {
    /// Stores a message, and returns its sequence when a majority has it. One whose `id` was stored before is not
    /// stored again.
    fn store(&self, message: NewMessage) -> impl Future<Output = Result<u64, EngineError>> + Send;

    /// Some next messages of a stream whose subject matches `filter`, from a sequence on, in order; none if there
    /// are no more by now. What is read here may be some moments old.
    fn read(
        &self,
        stream: Stream,
        filter: &str,
        from: u64,
    ) -> impl Future<Output = Result<Vec<Message>, EngineError>> + Send;

    /// The last message of a subject, from the leader: it is as new as can be.
    fn last(
        &self,
        stream: Stream,
        subject: &str,
    ) -> impl Future<Output = Result<Option<Message>, EngineError>> + Send;

    /// The last message of a subject, which may be some moments old.
    fn recent(
        &self,
        stream: Stream,
        subject: &str,
    ) -> impl Future<Output = Result<Option<Message>, EngineError>> + Send;

    /// Removes the messages below a sequence whose subject matches `filter`.
    fn trim(
        &self,
        stream: Stream,
        filter: &str,
        below: u64,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Returns soon after a message is stored whose subject matches `filter`, or after `longest`; says whether there
    /// was one. This is a hint: it may be early, before the message can be read, and may miss a message.
    fn woken(&self, filter: &str, longest: Duration) -> impl Future<Output = bool> + Send;

    /// Talks to another node: this one answers nothing.
    fn reconnect(&self) -> impl Future<Output = ()> + Send;

    /// How long an entry of [`Stream::Lease`] lives.
    fn lease(&self) -> impl Future<Output = Result<Duration, EngineError>> + Send;
}

/// When to look again after a hint: what it is about can be read some moments later.
pub(crate) struct Eagerness(Option<Duration>);

impl Eagerness {
    const FIRST: Duration = Duration::from_millis(10);
    const LAST: Duration = Duration::from_millis(500);

    /// There was no hint.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Takes note of whether there was a hint by now.
    pub(crate) fn note(&mut self, woken: bool) {
        self.0 = match self.0 {
            _ if woken => Some(Self::FIRST),
            Some(pause) if pause < Self::LAST => Some(pause * 2),
            _ => None,
        };
    }

    /// How long to wait at most for the next hint.
    pub(crate) fn longest(&self, otherwise: Duration) -> Duration {
        self.0.map_or(otherwise, |pause| pause.min(otherwise))
    }
}

/// Whether a subject matches a filter: `*` is one token, and a last `>` is one or more.
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
        }
    }
}
