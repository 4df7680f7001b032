//! An engine in memory: a test decides its faults, and its clock is tokio's.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::chunk::MAX_CHUNKS;
use crate::engine::{Engine, EngineError, Message, NewMessage, Stream, matches};

/// What a test makes of a call of [`Engine::store`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// No fault: the message is stored and acknowledged.
    #[default]
    None,
    /// The message is not stored, and there is no response.
    Lost,
    /// The message is stored, but there is no response.
    AnswerLost,
}

type Decide = Box<dyn FnMut(&NewMessage) -> Fault + Send>;

/// What a test makes of a call that reads.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ReadFault {
    /// No fault.
    #[default]
    None,
    /// There is no response.
    Lost,
    /// The response comes from a node that does not have the newest messages, this many. The leader has all of them.
    Behind(usize),
}

/// How a connection reads.
#[cfg(test)]
#[derive(Default)]
struct Reading {
    decide: Option<Box<dyn FnMut(Stream) -> ReadFault + Send>>,
    reconnections: usize,
}

/// An engine in memory, for tests. Clones share one connection; [`connect`](Self::connect) makes another one.
#[derive(Clone)]
pub struct MemoryEngine {
    state: Arc<Mutex<State>>,
    stored: Arc<Notify>,
    decide: Arc<Mutex<Option<Decide>>>,
    #[cfg(test)]
    reading: Arc<Mutex<Reading>>,
    lease: Duration,
}

impl fmt::Debug for MemoryEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryEngine").field("lease", &self.lease).finish_non_exhaustive()
    }
}

struct State {
    streams: BTreeMap<Stream, Log>,
    began: Instant,
    quota: usize,
}

#[derive(Default)]
struct Log {
    created: Duration,
    next: u64,
    messages: BTreeMap<u64, Message>,
    ids: HashMap<String, u64>,
}

impl MemoryEngine {
    /// An empty engine whose leases last this long.
    #[must_use]
    pub fn new(lease: Duration) -> Self {
        let streams = Stream::ALL.map(|stream| (stream, Log::default())).into();
        let state = State { streams, began: Instant::now(), quota: MAX_CHUNKS as usize };
        let state = Arc::new(Mutex::new(state));
        Self {
            state,
            stored: Arc::default(),
            decide: Arc::default(),
            #[cfg(test)]
            reading: Arc::default(),
            lease,
        }
    }

    /// Another connection to the same engine, as from another machine. It does not share the faults of this one.
    #[must_use]
    pub fn connect(&self) -> Self {
        Self {
            decide: Arc::default(),
            #[cfg(test)]
            reading: Arc::default(),
            ..self.clone()
        }
    }

    /// Decides the fault of each message that this connection stores from now on.
    pub fn faults(&self, decide: impl FnMut(&NewMessage) -> Fault + Send + 'static) {
        *self.decide.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(decide));
    }

    /// How many messages each subject of [`Stream::Input`] may have. Default: 20,000.
    pub fn quota(&self, messages: usize) {
        self.state().quota = messages;
    }

    /// The messages of a stream.
    #[must_use]
    pub fn messages(&self, stream: Stream) -> Vec<Message> {
        let mut state = self.state();
        let log = state.log(stream, self.lease);
        log.map_or_else(|_| Vec::new(), |log| log.messages.values().cloned().collect())
    }

    /// Decides the fault of each call that reads, from now on.
    #[cfg(test)]
    pub(crate) fn read_faults(&self, decide: impl FnMut(Stream) -> ReadFault + Send + 'static) {
        self.reading().decide = Some(Box::new(decide));
    }

    /// Deletes a stream. Until it is created again, it has no messages and takes none.
    #[cfg(test)]
    pub(crate) fn delete(&self, stream: Stream) {
        self.state().streams.remove(&stream);
    }

    /// Deletes a stream, and creates it again.
    #[cfg(test)]
    pub(crate) fn recreate(&self, stream: Stream) {
        let mut state = self.state();
        let created = state.began.elapsed();
        state.streams.insert(stream, Log { created, ..Log::default() });
    }

    /// How often this connection has switched to another node.
    #[cfg(test)]
    pub(crate) fn reconnections(&self) -> usize {
        self.reading().reconnections
    }

    #[cfg(test)]
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of the newest messages the node that responds does not have.
    #[cfg(test)]
    fn behind(&self, stream: Stream) -> Result<usize, EngineError> {
        match self.reading().decide.as_mut().map_or(ReadFault::None, |decide| decide(stream)) {
            ReadFault::None => Ok(0),
            ReadFault::Lost => Err(EngineError::Unavailable("no response".to_owned())),
            ReadFault::Behind(messages) => Ok(messages),
        }
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a test decides its faults")]
    fn behind(&self, _: Stream) -> Result<usize, EngineError> {
        Ok(0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn now(&self) -> SystemTime {
        at(self.began.elapsed())
    }

    fn log(&mut self, stream: Stream, lease: Duration) -> Result<&mut Log, EngineError> {
        let now = self.now();
        let log = self.streams.get_mut(&stream);
        let log = log.ok_or_else(|| EngineError::Missing(format!("{stream} does not exist")))?;
        if stream == Stream::Lease {
            log.messages.retain(|_, message| message.stored + lease > now);
        }
        Ok(log)
    }

    fn store(&mut self, stream: Stream, message: NewMessage, lease: Duration) -> Stored {
        let (now, quota) = (self.now(), self.quota);
        // Nobody responds to a message that no stream takes.
        let log =
            self.log(stream, lease).map_err(|error| EngineError::Unavailable(error.to_string()))?;
        if let Some(known) = message.id.as_ref().and_then(|id| log.ids.get(id)) {
            return Ok(*known);
        }
        let own: Vec<u64> = log.of(&message.subject).map(|message| message.sequence).collect();
        if message.after.is_some_and(|after| after != own.last().copied().unwrap_or_default()) {
            return Err(EngineError::Conflict);
        }
        if stream == Stream::Input && own.len() >= quota {
            return Err(EngineError::Full("maximum messages per subject exceeded".to_owned()));
        }
        if matches!(stream, Stream::Outcomes | Stream::Lease | Stream::Control) {
            own.iter().for_each(|sequence| drop(log.messages.remove(sequence)));
        }
        log.next += 1;
        let (sequence, NewMessage { subject, headers, body, id, .. }) = (log.next, message);
        log.ids.extend(id.map(|id| (id, sequence)));
        let message = Message { subject, sequence, stored: now, headers, body };
        log.messages.insert(sequence, message);
        Ok(sequence)
    }
}

/// The time so long after an engine began.
fn at(elapsed: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + elapsed
}

type Stored = Result<u64, EngineError>;

impl Log {
    fn of<'a>(&'a self, filter: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages.values().filter(move |message| matches(filter, &message.subject))
    }
}

fn stream_of(subject: &str) -> Option<Stream> {
    Stream::ALL.into_iter().find(|stream| matches(stream.subjects(), subject))
}

impl Engine for MemoryEngine {
    async fn store(&self, message: NewMessage) -> Stored {
        let stream = stream_of(&message.subject)
            .ok_or_else(|| EngineError::Refused(format!("no stream has {}", message.subject)))?;
        let stored = {
            let mut decide = self.decide.lock().unwrap_or_else(PoisonError::into_inner);
            let fault = decide.as_mut().map_or(Fault::None, |decide| decide(&message));
            let mut state = self.state();
            let lost = || Err(EngineError::Unavailable("no response".to_owned()));
            match fault {
                Fault::None => state.store(stream, message, self.lease),
                Fault::Lost => lost(),
                Fault::AnswerLost => {
                    let _ = state.store(stream, message, self.lease);
                    lost()
                }
            }
        };
        self.stored.notify_waiters();
        stored
    }

    async fn read(
        &self,
        stream: Stream,
        filter: &str,
        from: u64,
    ) -> Result<Vec<Message>, EngineError> {
        const AT_ONCE: usize = 256;
        let behind = self.behind(stream)?;
        let mut state = self.state();
        let log = state.log(stream, self.lease)?;
        let known = log.messages.len().saturating_sub(behind);
        let messages = log.messages.iter().take(known).filter(|(sequence, _)| **sequence >= from);
        let messages = messages.map(|(_, message)| message);
        let matching = messages.filter(|message| matches(filter, &message.subject));
        Ok(matching.take(AT_ONCE).cloned().collect())
    }

    async fn last(&self, stream: Stream, subject: &str) -> Result<Option<Message>, EngineError> {
        self.behind(stream)?;
        Ok(self.state().log(stream, self.lease)?.of(subject).last().cloned())
    }

    async fn recent(&self, stream: Stream, subject: &str) -> Result<Option<Message>, EngineError> {
        self.last(stream, subject).await
    }

    async fn trim(&self, stream: Stream, filter: &str, below: u64) -> Result<(), EngineError> {
        let mut state = self.state();
        let log = state.log(stream, self.lease)?;
        log.messages.retain(|&at, message| at >= below || !matches(filter, &message.subject));
        Ok(())
    }

    async fn woken(&self, _filter: &str, longest: Duration) -> bool {
        tokio::time::timeout(longest, self.stored.notified()).await.is_ok()
    }

    async fn reconnect(&self) {
        #[cfg(test)]
        {
            self.reading().reconnections += 1;
        }
    }

    async fn created(&self, stream: Stream) -> Result<SystemTime, EngineError> {
        let created = self.state().log(stream, self.lease)?.created;
        Ok(at(created))
    }

    async fn lease(&self) -> Result<Duration, EngineError> {
        Ok(self.lease)
    }
}
