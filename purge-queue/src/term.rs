//! A holder's term: its lease, which decides who tries, and its fence, which decides who may.
//!
//! Each append to the journal names the message it must follow. A holder that was suspended while another one took
//! over is therefore refused, and stops: nothing is sent without an acknowledged append. The lease only saves the
//! others from trying.

mod read_back;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use purge_api_ext::Shutdown;
use tokio::time::{Instant, sleep, timeout};

use crate::engine::{Engine, EngineError, Message, NewMessage, Stream};
use crate::metrics::Metrics;
use crate::names::Lane;
use crate::note::{Note, WRITER};
use crate::subject;
use read_back::ReadBack;

/// How long one call of the engine may take before another node is tried.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// The right to send, while it lasts. Clones share it.
pub(crate) struct Term<E>(Arc<Inner<E>>);

struct Inner<E> {
    engine: E,
    lane: Lane,
    holder: String,
    /// Identifies the appends of this term.
    nonce: String,
    tail: tokio::sync::Mutex<Tail>,
    state: Mutex<State>,
    lease: Duration,
    shutdown: Shutdown,
    metrics: Metrics,
}

struct Tail {
    /// The last note that is known to be ours.
    sequence: u64,
    /// The message that the next note must follow: that note, or a later message that no worker wrote.
    after: u64,
    appends: u64,
}

impl Tail {
    fn stored(&mut self, sequence: u64) {
        (self.sequence, self.after) = (sequence, sequence);
    }
}

struct State {
    /// The sequence of the lease, and the earliest time at which it can end.
    revision: u64,
    lasts_until: Instant,
    /// The start of the first attempt to renew it that has had no response yet.
    asked: Option<Instant>,
    /// A time of the engine's clock, and when it was read.
    clock: (SystemTime, Instant),
    /// Why the term has ended.
    ended: Option<String>,
}

impl<E> Clone for Term<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E: Engine> Term<E> {
    /// Takes the lease if it is free, and begins a term: appends of earlier holders are refused from then on. Returns
    /// `None` if another worker has the lease.
    pub(crate) async fn begin(
        engine: &E,
        lane: &Lane,
        holder: &str,
        metrics: &Metrics,
    ) -> Result<Option<Self>, EngineError> {
        let lease = engine.lease().await?;
        let subject = subject::lease(lane);
        let mut last = engine.last(Stream::Lease, &subject).await?;
        if last.as_ref().is_some_and(is_foreign) {
            // This message may have replaced the lease of a holder, which has time to renew it now.
            sleep(lease / 3).await;
            last = engine.last(Stream::Lease, &subject).await?;
        }
        let after = match last {
            None => 0,
            Some(last) if last.body.is_empty() || is_foreign(&last) => last.sequence,
            Some(_) => return Ok(None),
        };
        let asked = Instant::now();
        let new = lease_message(&subject, holder.as_bytes(), holder, after);
        let revision = match engine.store(new).await {
            Ok(revision) => revision,
            Err(EngineError::Conflict) => return Ok(None),
            Err(error) => return Err(error),
        };
        crate::marks::mark("leased");
        let (tail, stored) = lead(engine, lane, holder, asked + lease).await?;
        let state = State {
            revision,
            lasts_until: asked + lease,
            asked: None,
            clock: (stored, Instant::now()),
            ended: None,
        };
        let inner = Inner {
            engine: engine.clone(),
            lane: lane.clone(),
            holder: holder.to_owned(),
            nonce: uuid::Uuid::new_v4().to_string(),
            tail: tokio::sync::Mutex::new(Tail { sequence: tail, after: tail, appends: 0 }),
            state: Mutex::new(state),
            lease,
            shutdown: Shutdown::new(),
            metrics: metrics.clone(),
        };
        crate::marks::mark("led");
        Ok(Some(Self(Arc::new(inner))))
    }

    /// The sequence of the last note that is known to be ours.
    pub(crate) async fn tail(&self) -> u64 {
        self.0.tail.lock().await.sequence
    }

    /// Begins when the term ends. Runs receive it, so that they end with the term.
    pub(crate) fn shutdown(&self) -> Shutdown {
        self.0.shutdown.clone()
    }

    /// As on a machine that was suspended, and whose clock stood still meanwhile.
    #[cfg(test)]
    pub(crate) fn seems_valid(&self) {
        self.state().lasts_until = Instant::now() + self.0.lease;
    }

    /// Why it has ended, if it has.
    pub(crate) fn ended(&self) -> Option<String> {
        self.state().ended.clone()
    }

    /// The time by the engine's clock, which is the only clock that two holders share.
    pub(crate) fn now(&self) -> SystemTime {
        let (stored, at) = self.state().clock;
        stored + at.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the term.
    pub(crate) fn stop(&self, why: String) {
        self.end(why);
    }

    fn end(&self, why: String) -> String {
        let why = self.state().ended.get_or_insert(why).clone();
        self.0.shutdown.begin();
        why
    }

    /// The time left of the lease. When none is left, the term ends.
    fn check(&self) -> Result<(), String> {
        let (ended, is_over) = {
            let state = self.state();
            (state.ended.clone(), state.lasts_until <= Instant::now())
        };
        match ended {
            Some(why) => Err(why),
            None if is_over => {
                Err(self.end("the lease expired before it could be renewed".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// Appends a note, and returns its sequence once a majority has it. An error says why the term has ended; nothing
    /// may be sent after that.
    pub(crate) async fn append(&self, note: &Note) -> Result<u64, String> {
        let mut tail = self.0.tail.lock().await;
        tail.appends += 1;
        let writer = format!("{}.{}", self.0.nonce, tail.appends);
        let subject = subject::journal(&self.0.lane);
        let began = Instant::now();
        let mut answered = began;
        loop {
            self.check()?;
            let message = note.message(&subject, &writer, tail.after);
            match timeout(PATIENCE, self.0.engine.store(message)).await {
                Ok(Ok(sequence)) => tail.stored(sequence),
                Ok(Err(EngineError::Conflict | EngineError::Unavailable(_))) | Err(_) => {
                    match self.read_back(&subject, &writer, &tail).await {
                        ReadBack::Ours(sequence) => tail.stored(sequence),
                        ReadBack::NotStored(after) => {
                            answered = Instant::now();
                            if std::mem::replace(&mut tail.after, after) != after {
                                continue;
                            }
                            sleep(PAUSE).await;
                            continue;
                        }
                        ReadBack::Fenced => {
                            self.0.metrics.fenced();
                            return Err(self.end("another worker has taken over".to_owned()));
                        }
                        ReadBack::Unknown => {
                            if answered.elapsed() >= PATIENCE {
                                self.0.engine.reconnect().await;
                                answered = Instant::now();
                            }
                            sleep(PAUSE).await;
                            continue;
                        }
                    }
                }
                Ok(Err(error)) => {
                    let error = explained(error);
                    return Err(self.end(format!("the journal cannot be written: {error}")));
                }
            }
            self.0.metrics.appended(began.elapsed());
            // The response may have taken a while: what follows must still be within the lease.
            return self.check().map(|()| tail.sequence);
        }
    }

    /// Keeps renewing the lease until the term ends.
    pub(crate) async fn renew(&self) {
        let every = self.0.lease / 6;
        let margin = self.0.lease / 15;
        let subject = subject::lease(&self.0.lane);
        let mut answered = Instant::now();
        loop {
            // During a shutdown, the term lasts until the requests in flight have ended.
            let is_over = async {
                self.0.shutdown.begun().await;
                if self.ended().is_none() {
                    std::future::pending().await
                }
            };
            tokio::select! {
                () = sleep(every) => {}
                () = is_over => return,
            }
            loop {
                if self.check().is_err() {
                    return;
                }
                if self.state().lasts_until < Instant::now() + margin {
                    self.end("the lease could not be renewed in time".to_owned());
                    return;
                }
                match timeout(every, self.renew_once(&subject)).await {
                    Ok(Ok(())) => {
                        answered = Instant::now();
                        break;
                    }
                    Ok(Err(Some(why))) => {
                        self.end(why);
                        return;
                    }
                    Ok(Err(None)) if answered.elapsed() < PATIENCE => sleep(PAUSE).await,
                    // The engine may be available through another node.
                    Ok(Err(None)) | Err(_) => {
                        self.0.engine.reconnect().await;
                        answered = Instant::now();
                        sleep(PAUSE).await;
                    }
                }
            }
        }
    }

    /// Renews the lease. An error with a reason ends the term; an error without one is retried.
    async fn renew_once(&self, subject: &str) -> Result<(), Option<String>> {
        let (revision, now) = (self.state().revision, Instant::now());
        let first = *self.state().asked.get_or_insert(now);
        let new = lease_message(subject, self.0.holder.as_bytes(), &self.0.nonce, revision);
        let renewed = match self.0.engine.store(new).await {
            Ok(renewed) => renewed,
            Err(EngineError::Unavailable(_)) => return Err(None),
            Err(EngineError::Conflict) => {
                // An earlier attempt whose response was lost may have renewed it.
                let last = self.0.engine.last(Stream::Lease, subject).await.map_err(|_| None)?;
                match last {
                    Some(last) if last.header(WRITER) == Some(&self.0.nonce) => {
                        // It cannot have been stored before the first attempt began.
                        self.renewed(last.sequence, first);
                        return Ok(());
                    }
                    // The next attempt replaces it. If it has replaced the lease of another worker, the fence decides.
                    Some(last) if is_foreign(&last) => {
                        self.state().revision = last.sequence;
                        return Err(None);
                    }
                    _ => return Err(Some("another worker has the lease".to_owned())),
                }
            }
            Err(error) => return Err(Some(format!("the lease cannot be renewed: {error}"))),
        };
        self.renewed(renewed, now);
        Ok(())
    }

    fn renewed(&self, revision: u64, asked: Instant) {
        let mut state = self.state();
        state.revision = revision;
        state.lasts_until = asked + self.0.lease;
        state.asked = None;
    }

    /// Releases the lease, so that the next worker does not have to wait until it expires.
    pub(crate) async fn release(&self) {
        self.end("the lease was released".to_owned());
        let subject = subject::lease(&self.0.lane);
        let revision = self.state().revision;
        let free = lease_message(&subject, b"", &self.0.nonce, revision);
        let _ = timeout(PATIENCE, self.0.engine.store(free)).await;
    }
}

/// Whether a message was not written by a worker. A server publishes its responses to whatever subject a client names,
/// so a producer can have one stored here.
fn is_foreign(message: &Message) -> bool {
    message.header(WRITER).is_none()
}

fn lease_message(subject: &str, body: &[u8], writer: &str, after: u64) -> NewMessage {
    NewMessage {
        subject: subject.to_owned(),
        headers: vec![(WRITER.to_owned(), writer.to_owned())],
        body: body.to_vec(),
        id: None,
        after: Some(after),
    }
}

/// Appends the note that begins the term, after whatever the journal holds. Returns its sequence and the time at
/// which it was stored, by the engine's clock.
async fn lead<E: Engine>(
    engine: &E,
    lane: &Lane,
    holder: &str,
    until: Instant,
) -> Result<(u64, SystemTime), EngineError> {
    let subject = subject::journal(lane);
    let writer = uuid::Uuid::new_v4().to_string();
    let ours = |last: &Message| last.header(WRITER) == Some(&writer);
    let mut why = EngineError::Unavailable("no response".to_owned());
    let mut led = None;
    while Instant::now() < until {
        let last = match timeout(PATIENCE, engine.last(Stream::Journal, &subject)).await {
            Ok(Ok(last)) => last,
            Ok(Err(EngineError::Unavailable(_))) => None,
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                engine.reconnect().await;
                continue;
            }
        };
        if let Some(last) = last.as_ref().filter(|last| ours(last)) {
            return Ok((last.sequence, last.stored));
        }
        if let Some((last, led)) = last.as_ref().filter(|last| is_foreign(last)).zip(led) {
            // Another note would count as another holder.
            return Ok((led, last.stored));
        }
        let after = last.map_or(0, |last| last.sequence);
        let note = Note::Lead { holder: holder.to_owned() };
        match timeout(PATIENCE, engine.store(note.message(&subject, &writer, after))).await {
            // It is read back next, to learn when it was stored.
            Ok(Ok(sequence)) => led = Some(sequence),
            Ok(Err(EngineError::Conflict)) => {}
            Ok(Err(error @ EngineError::Unavailable(_))) => {
                why = error;
                sleep(PAUSE).await;
            }
            Ok(Err(error)) => return Err(explained(error)),
            Err(_) => engine.reconnect().await,
        }
    }
    Err(why)
}

/// An error of an append, with what to do about a full journal. Only a holder knows what can be removed from it, and
/// none can begin.
fn explained(error: EngineError) -> EngineError {
    match error {
        EngineError::Full(why) => EngineError::Full(format!(
            "{} is full, and workers cannot begin before it has room: `nats stream edit {0} --max-bytes 2GiB` ({why})",
            Stream::Journal
        )),
        other => other,
    }
}

#[cfg(test)]
mod tests;
