//! The producer's side: storing paths, and asking for their outcome.

mod ticket;

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use purge_api_ext::{Paths, PurgeEverything, ResourceId};
use tokio::time::{Instant, sleep, timeout};

use crate::chunk::{MAX_CHUNKS, MAX_PATHS, Terms, Urgency, bodies, message, read_back};
use crate::engine::{Eagerness, Engine, EngineError, NewMessage, Stream};
use crate::error::{QueueError, QueueErrorKind};
use crate::names::{Lane, Producer, RequestId};
use crate::outcome::ChunkOutcome;
use crate::subject::Address;
pub use ticket::{RequestOutcome, Ticket};
use ticket::{Stored, fingerprint};

/// How many chunks are stored concurrently.
const AT_ONCE: usize = 16;
/// How long to wait for an acknowledgement before sending a message again: at first, and at most. Its ID keeps it from
/// being stored twice. A leader that shuts down may drop a message on its way, and a person may be waiting.
const FIRST_ATTEMPT: Duration = Duration::from_millis(500);
const ATTEMPT: Duration = Duration::from_secs(2);
/// How long to go without an acknowledgement before switching to another node: a node that is cut off from the others
/// stays silent.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest deadline and expiry, since some clocks end soon after.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A queue as one producer sees it. Cheap to clone.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use std::time::Duration;
///
/// use purge_api_ext::Paths;
/// use purge_queue::{MemoryEngine, Queue};
///
/// let engine = MemoryEngine::new(Duration::from_secs(30));
/// let queue = Queue::new(engine, "shop".parse()?, "cms".parse()?);
/// let resource = "660f9511-f30c-52e5-b827-557766551111".parse()?;
/// let mut paths = Paths::new();
/// paths.try_push("/index.html")?;
/// let ticket = queue.enqueue(resource, &paths).id("post-4711-rev-3".parse()?).await?;
/// assert_eq!(ticket.request().as_str(), "post-4711-rev-3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Queue<E> {
    engine: E,
    lane: Lane,
    producer: Producer,
}

/// Paths about to be stored. Once it has been awaited, a majority of the engine's nodes has them: they will be sent,
/// or their outcome says why not.
#[must_use = "nothing is stored until it is awaited"]
pub struct Enqueue<E> {
    queue: Queue<E>,
    resource: ResourceId,
    bodies: Vec<String>,
    full: Option<String>,
    id: Option<RequestId>,
    urgency: Urgency,
    expires: Option<Duration>,
    everything: bool,
    deadline: Duration,
}

impl<E: Engine> Queue<E> {
    /// The queue of a lane, as a producer.
    pub fn new(engine: E, lane: Lane, producer: Producer) -> Self {
        Self { engine, lane, producer }
    }

    /// Stores paths to be purged: see [`Enqueue`].
    pub fn enqueue(&self, resource: ResourceId, paths: &Paths) -> Enqueue<E> {
        let full = paths
            .iter()
            .filter(|path| path.contains('*'))
            .find(|path| read_back(path).is_ok_and(|path| path.is_full_purge()));
        Enqueue {
            queue: self.clone(),
            resource,
            bodies: bodies(paths.iter()),
            full: full.map(str::to_owned),
            id: None,
            urgency: Urgency::Now,
            expires: None,
            everything: false,
            deadline: Duration::from_secs(30),
        }
    }

    /// What is known of a request so far.
    ///
    /// # Errors
    ///
    /// When the engine cannot be reached.
    pub async fn status(
        &self,
        resource: ResourceId,
        request: &RequestId,
    ) -> Result<RequestOutcome, QueueError> {
        let mut chunks = self.chunks(resource, request, 0).await?;
        // If the name was used before, the latest message belongs to the latest request, and chunks of a request with
        // another number of chunks do not.
        let last = chunks.values().max_by_key(|outcome| outcome.sequence);
        let count = last.map(|outcome| outcome.chunks);
        chunks.retain(|_, outcome| Some(outcome.chunks) == count);
        Ok(self.outcome_of(resource, request, count, chunks))
    }

    fn outcome_of(
        &self,
        resource: ResourceId,
        request: &RequestId,
        count: Option<u32>,
        chunks: BTreeMap<u32, ChunkOutcome>,
    ) -> RequestOutcome {
        let missing = (1..=count.unwrap_or_default()).filter(|chunk| !chunks.contains_key(chunk));
        RequestOutcome {
            schema: 1,
            lane: self.lane.clone(),
            resource,
            producer: self.producer.clone(),
            request: request.clone(),
            chunks: count,
            missing: missing.collect(),
            paths: chunks.into_values().flat_map(|outcome| outcome.paths).collect(),
        }
    }

    /// The known outcomes of a request that has at least so many chunks.
    async fn chunks(
        &self,
        resource: ResourceId,
        request: &RequestId,
        least: u32,
    ) -> Result<BTreeMap<u32, ChunkOutcome>, QueueError> {
        let address = Address::new(self.lane.clone(), resource, self.producer.clone());
        /// How many chunks to look for while the number of chunks is unknown.
        const FIRST: u32 = AT_ONCE as u32;
        let mut chunks: BTreeMap<u32, ChunkOutcome> = BTreeMap::new();
        let mut asked = 0;
        loop {
            let known = chunks.values().map(|outcome| outcome.chunks).max();
            let until = known.unwrap_or(if least > 0 { least } else { FIRST }).max(least);
            if asked >= until {
                return Ok(chunks);
            }
            let ask = |chunk: u32| {
                let subject = address.outcome(request, chunk);
                async move { self.engine.recent(Stream::Outcomes, &subject).await }
            };
            let mut found = stream::iter(asked + 1..=until).map(ask).buffered(AT_ONCE);
            while let Some(found) = found.next().await {
                let found = found.map_err(refused)?;
                if let Some(outcome) = found.and_then(|found| ChunkOutcome::read(&found)) {
                    if outcome.chunks > MAX_CHUNKS {
                        return Err(QueueError::invalid(format!(
                            "an outcome of {request} says that the request has {} messages, and the maximum is \
                             {MAX_CHUNKS}; correct its header `Purge-Chunk`, and enqueue it again",
                            outcome.chunks
                        )));
                    }
                    chunks.insert(outcome.chunk, outcome);
                }
            }
            asked = until;
        }
    }

    /// What is known of a request that was stored as these chunks. An outcome under the same name that belongs to an
    /// earlier request is not one of them.
    async fn status_of(
        &self,
        resource: ResourceId,
        request: &RequestId,
        stored: &[Stored],
    ) -> Result<RequestOutcome, QueueError> {
        let count = stored.len() as u32;
        let mut own = BTreeMap::new();
        for (chunk, outcome) in self.chunks(resource, request, count).await? {
            let Some(stored) = stored.get(chunk as usize - 1) else { continue };
            let has = stored.has(&outcome).map_err(|()| {
                let message = format!(
                    "another request was enqueued as {request} later, and its outcome replaced that of this one; use \
                     each name once"
                );
                QueueError::new(QueueErrorKind::Replaced, message)
            })?;
            if has {
                own.insert(chunk, outcome);
            }
        }
        let known = Some(count).filter(|_| !own.is_empty());
        Ok(self.outcome_of(resource, request, known, own))
    }

    /// Refuses a name whose request is finished: its outcome would be taken for that of the new one. An unfinished
    /// request may be enqueued again, since a part of it may not have been stored.
    async fn check_name(
        &self,
        resource: ResourceId,
        request: &RequestId,
    ) -> Result<(), QueueError> {
        let address = Address::new(self.lane.clone(), resource, self.producer.clone());
        let subject = address.outcome(request, 1);
        let first = self.engine.recent(Stream::Outcomes, &subject);
        // While the engine has no answer, nothing is known of the name; a ticket distinguishes the outcomes anyway.
        if !matches!(timeout(FIRST_ATTEMPT, first).await, Ok(Ok(Some(_)))) {
            return Ok(());
        }
        match self.status(resource, request).await {
            Ok(outcome) if outcome.is_complete() => Err(QueueError::invalid(format!(
                "the request {request} was enqueued before, and every path of it has an outcome; ask for it with \
                 `cdn-purge status {request}`, or use another name for a new request"
            ))),
            _ => Ok(()),
        }
    }

    /// Waits until the outcome of a whole request is known, up to a deadline.
    ///
    /// # Errors
    ///
    /// [`QueueErrorKind::Deadline`] if it is still unknown by then; you can ask again.
    pub async fn outcome(
        &self,
        resource: ResourceId,
        request: &RequestId,
        deadline: Duration,
    ) -> Result<RequestOutcome, QueueError> {
        self.wait(resource, request, None, deadline).await
    }

    /// Waits until the outcome of a whole request is known; with chunks, only for the outcomes of these.
    async fn wait(
        &self,
        resource: ResourceId,
        request: &RequestId,
        stored: Option<&[Stored]>,
        deadline: Duration,
    ) -> Result<RequestOutcome, QueueError> {
        /// A subscription may miss messages, so the outcome is polled as well.
        const LONGEST: Duration = Duration::from_secs(1);
        let address = Address::new(self.lane.clone(), resource, self.producer.clone());
        let filter = format!("{}.*", address.outcomes(request));
        let end = Instant::now() + deadline.min(YEAR);
        let mut eagerness = Eagerness::none();
        loop {
            let known = match stored {
                Some(stored) => self.status_of(resource, request, stored).await,
                None => self.status(resource, request).await,
            };
            match known {
                Ok(outcome) if outcome.is_complete() => return Ok(outcome),
                Err(error) if error.kind() != QueueErrorKind::Unavailable => return Err(error),
                _ => {}
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let message = format!(
                    "no outcome for {request} within {}; ask again later",
                    humantime::format_duration(deadline)
                );
                return Err(QueueError::new(QueueErrorKind::Deadline, message));
            }
            let woken = self.engine.woken(&filter, eagerness.longest(left.min(LONGEST))).await;
            eagerness.note(woken);
        }
    }

    /// Stores one chunk, retrying under the same ID until the deadline.
    async fn store(&self, new: NewMessage, end: Instant) -> Result<u64, QueueError> {
        let (mut pause, mut attempt) = (Duration::from_millis(50), FIRST_ATTEMPT);
        let mut answered = Instant::now();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let why = match timeout(attempt.min(left), self.engine.store(new.clone())).await {
                Ok(Ok(sequence)) => return Ok(sequence),
                Ok(Err(EngineError::Unavailable(why))) => why,
                Ok(Err(error)) => return Err(refused(error)),
                Err(_) => "no response".to_owned(),
            };
            if Instant::now() + pause >= end {
                let message = format!(
                    "the queue could not store everything in time: {why}; enqueue it again"
                );
                return Err(QueueError::new(QueueErrorKind::Unavailable, message));
            }
            if answered.elapsed() >= PATIENCE {
                self.engine.reconnect().await;
                answered = Instant::now();
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(Duration::from_secs(1));
            attempt = (attempt * 2).min(ATTEMPT);
        }
    }
}

impl<E: Engine> Enqueue<E> {
    /// The name of the request. If it is unknown whether a request was stored, enqueueing it again under the same name
    /// is safe. Use each name for one request only: a name whose request is finished is refused. Default: a random one.
    pub fn id(mut self, id: RequestId) -> Self {
        self.id = Some(id);
        self
    }

    /// Whether a person is waiting for it. Default: [`Urgency::Now`].
    pub fn urgency(mut self, urgency: Urgency) -> Self {
        self.urgency = urgency;
        self
    }

    /// How long it may wait, at most a year. Paths that have not been sent by then are never sent, and their outcome
    /// says so. The clock of this machine must be right: the engine compares the time with its own. Default: one day.
    pub fn expires(mut self, after: Duration) -> Self {
        self.expires = Some(after);
        self
    }

    /// Allows a path that purges the whole resource. The worker checks whether this producer may do so.
    pub fn allow_full_purge(mut self, _consent: PurgeEverything) -> Self {
        self.everything = true;
        self
    }

    /// How long storing may take. Default: 30 s, since an engine that lost its leader may need 11 s to elect a new
    /// one.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    async fn run(self) -> Result<Ticket<E>, QueueError> {
        self.check()?;
        let Self { queue, resource, bodies, id, everything, .. } = self;
        let chunks = u32::try_from(bodies.len()).map_err(QueueError::invalid)?;
        let end = Instant::now() + self.deadline.min(YEAR);
        if let Some(id) = &id {
            queue.check_name(resource, id).await?;
        }
        let request = id.unwrap_or_else(RequestId::random);
        let terms = Terms {
            request: request.clone(),
            urgency: self.urgency,
            expires: self.expires.map(|after| SystemTime::now() + after.min(YEAR)),
            everything,
        };
        let address = Address::new(queue.lane.clone(), resource, queue.producer.clone());
        let nonce = RequestId::random();
        let fingerprints: Vec<u64> = bodies.iter().map(|body| fingerprint(body.lines())).collect();
        let messages = (1..)
            .zip(bodies)
            .map(|(chunk, body)| message(&address, &terms, nonce.as_str(), (chunk, chunks), body));
        let stored = stream::iter(messages).map(|new| queue.store(new, end)).buffered(AT_ONCE);
        let stored: Result<Vec<u64>, _> = stored.try_collect().await;
        let sequences = stored.map_err(|error| again(error, &request))?;
        let stored = sequences.into_iter().zip(fingerprints);
        let chunks = stored.map(|(sequence, paths)| Stored { sequence, paths }).collect();
        Ok(Ticket { queue, resource, request, chunks })
    }

    fn check(&self) -> Result<(), QueueError> {
        if self.bodies.is_empty() {
            return Err(QueueError::invalid("no paths to enqueue"));
        }
        if self.bodies.len() > MAX_CHUNKS as usize {
            return Err(QueueError::invalid(format!(
                "the request needs {} messages, and the maximum is {MAX_CHUNKS} of at most {MAX_PATHS} paths each; \
                 enqueue it as several requests",
                self.bodies.len()
            )));
        }
        match self.full.as_ref().filter(|_| !self.everything) {
            None => Ok(()),
            Some(path) => Err(QueueError::invalid(format!(
                "`{}` purges the whole resource; allow a full purge if that is what you want",
                purge_api_ext::escape(path)
            ))),
        }
    }
}

impl<E: Engine> IntoFuture for Enqueue<E> {
    type Output = Result<Ticket<E>, QueueError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Adds how to repeat a request: a part of it may have been stored under its name.
fn again(error: QueueError, request: &RequestId) -> QueueError {
    match error.kind() {
        kind @ (QueueErrorKind::Unavailable | QueueErrorKind::Full) => QueueError::new(
            kind,
            format!("{error}; a part may be stored, so use the name {request} again (`--id`)"),
        ),
        _ => error,
    }
}

fn refused(error: EngineError) -> QueueError {
    let (kind, fix) = match &error {
        EngineError::Denied(_) => (QueueErrorKind::Denied, ""),
        EngineError::Full(_) => {
            (QueueErrorKind::Full, "; nothing was dropped, so enqueue it again later")
        }
        EngineError::Unavailable(_) => (QueueErrorKind::Unavailable, "; try again later"),
        EngineError::Conflict | EngineError::Missing(_) | EngineError::Refused(_) => {
            (QueueErrorKind::Incompatible, "")
        }
    };
    QueueError::new(kind, format!("{error}{fix}"))
}

#[cfg(test)]
mod tests;
