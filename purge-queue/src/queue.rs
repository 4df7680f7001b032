//! The side of a producer: storing paths, and asking what became of them.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use purge_api_ext::{Paths, PurgeEverything, PurgePath, ResourceId};
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout};

use crate::chunk::{Terms, Urgency, bodies, message};
use crate::engine::{Eagerness, Engine, EngineError, NewMessage, Stream};
use crate::error::{QueueError, QueueErrorKind};
use crate::names::{Lane, Producer, RequestId};
use crate::outcome::{ChunkOutcome, PathResult, State};
use crate::subject::Address;

/// How many chunks are stored at once.
const AT_ONCE: usize = 16;
/// After so long a message is sent again: under its name it is stored once.
const ATTEMPT: Duration = Duration::from_secs(2);
/// After so long without an acknowledgement another node is asked: one that is cut off from the others says nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// A queue, as one producer sees it. Cheap to clone.
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

/// Paths about to be stored. Await it: then a majority of the engine has them, and they will be sent, or their outcome
/// says why not.
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

/// What was stored: the name to ask for its outcome by.
#[derive(Clone, Debug)]
pub struct Ticket<E> {
    queue: Queue<E>,
    resource: ResourceId,
    request: RequestId,
    chunks: u32,
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
    /// How many chunks it has; none as long as no outcome is known.
    pub chunks: Option<u32>,
    /// The chunks whose outcome is not known yet.
    pub missing: Vec<u32>,
    /// What became of the paths of the others.
    pub paths: Vec<PathResult>,
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
            .find(|path| PurgePath::with_query(*path).is_ok_and(|path| path.is_full_purge()));
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

    /// What is known of a request by now.
    ///
    /// # Errors
    ///
    /// When the engine cannot be asked.
    pub async fn status(
        &self,
        resource: ResourceId,
        request: &RequestId,
    ) -> Result<RequestOutcome, QueueError> {
        let address = Address::new(self.lane.clone(), resource, self.producer.clone());
        /// Of a request whose number of chunks is unknown, so many are looked for.
        const FIRST: u32 = AT_ONCE as u32;
        let mut chunks: BTreeMap<u32, ChunkOutcome> = BTreeMap::new();
        let mut asked = 0;
        loop {
            let known = chunks.values().map(|outcome| outcome.chunks).max();
            let until = known.unwrap_or(FIRST);
            if asked >= until {
                break;
            }
            let ask = |chunk: u32| {
                let subject = address.outcome(request, chunk);
                async move { self.engine.recent(Stream::Outcomes, &subject).await }
            };
            let mut found = stream::iter(asked + 1..=until).map(ask).buffered(AT_ONCE);
            while let Some(found) = found.next().await {
                // What a later version writes is not guessed.
                if let Some(found) = found.map_err(refused)?
                    && let Ok(outcome) = serde_json::from_slice::<ChunkOutcome>(&found.body)
                    && outcome.schema == ChunkOutcome::SCHEMA
                {
                    chunks.insert(outcome.chunk, outcome);
                }
            }
            asked = until;
        }
        let count = chunks.values().map(|outcome| outcome.chunks).max();
        let missing = (1..=count.unwrap_or_default()).filter(|chunk| !chunks.contains_key(chunk));
        Ok(RequestOutcome {
            schema: 1,
            lane: self.lane.clone(),
            resource,
            producer: self.producer.clone(),
            request: request.clone(),
            chunks: count,
            missing: missing.collect(),
            paths: chunks.into_values().flat_map(|outcome| outcome.paths).collect(),
        })
    }

    /// Waits until the outcome of a whole request is known, at most until a deadline.
    ///
    /// # Errors
    ///
    /// [`QueueErrorKind::Deadline`] when it is not known by then; it can be asked for again.
    pub async fn outcome(
        &self,
        resource: ResourceId,
        request: &RequestId,
        deadline: Duration,
    ) -> Result<RequestOutcome, QueueError> {
        /// A subscription promises nothing, so it is looked at from time to time, too.
        const LONGEST: Duration = Duration::from_secs(1);
        let address = Address::new(self.lane.clone(), resource, self.producer.clone());
        let filter = format!("{}.*", address.outcomes(request));
        let end = Instant::now() + deadline.min(Duration::from_secs(365 * 24 * 3600));
        let mut eagerness = Eagerness::none();
        loop {
            let known = self.status(resource, request).await;
            match known {
                Ok(outcome) if outcome.is_complete() => return Ok(outcome),
                Err(error) if error.kind() != QueueErrorKind::Unavailable => return Err(error),
                _ => {}
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let message = format!(
                    "no outcome of {request} within {}; ask for it again later",
                    humantime::format_duration(deadline)
                );
                return Err(QueueError::new(QueueErrorKind::Deadline, message));
            }
            let woken = self.engine.woken(&filter, eagerness.longest(left.min(LONGEST))).await;
            eagerness.note(woken);
        }
    }

    /// Stores one chunk, trying again under the same name until the deadline.
    async fn store(&self, new: NewMessage, end: Instant) -> Result<u64, QueueError> {
        let mut pause = Duration::from_millis(50);
        let mut answered = Instant::now();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let why = match timeout(ATTEMPT.min(left), self.engine.store(new.clone())).await {
                Ok(Ok(sequence)) => return Ok(sequence),
                Ok(Err(EngineError::Unavailable(why))) => why,
                Ok(Err(error)) => return Err(refused(error)),
                Err(_) => "no answer".to_owned(),
            };
            if Instant::now() + pause >= end {
                let message = format!(
                    "the queue could not store everything in time: {why}; enqueue it again under the same name"
                );
                return Err(QueueError::new(QueueErrorKind::Unavailable, message));
            }
            if answered.elapsed() >= PATIENCE {
                self.engine.reconnect().await;
                answered = Instant::now();
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
}

impl<E: Engine> Enqueue<E> {
    /// The name of the request. Enqueueing again under the same name is safe. Default: a random one.
    pub fn id(mut self, id: RequestId) -> Self {
        self.id = Some(id);
        self
    }

    /// Whether a person waits for it. Default: [`Urgency::Now`].
    pub fn urgency(mut self, urgency: Urgency) -> Self {
        self.urgency = urgency;
        self
    }

    /// How long it may wait: what was not sent by then is not sent at all, and its outcome says so. Default: a day.
    pub fn expires(mut self, after: Duration) -> Self {
        self.expires = Some(after);
        self
    }

    /// Allows a path that purges the whole resource. The worker checks whether this producer may do that.
    pub fn allow_full_purge(mut self, _consent: PurgeEverything) -> Self {
        self.everything = true;
        self
    }

    /// How long storing may take. Default: 30 s, since an engine that has lost its leader may take 11 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    async fn run(self) -> Result<Ticket<E>, QueueError> {
        let Self { queue, resource, bodies, full, everything, .. } = &self;
        if bodies.is_empty() {
            return Err(QueueError::invalid("no paths to enqueue"));
        }
        if let Some(path) = full.as_ref().filter(|_| !everything) {
            let shown = purge_api_ext::escape(path);
            return Err(QueueError::invalid(format!(
                "`{shown}` purges the whole resource; allow a full purge if that is what you want"
            )));
        }
        let chunks = u32::try_from(bodies.len()).map_err(QueueError::invalid)?;
        let request = self.id.clone().unwrap_or_else(RequestId::random);
        let terms = Terms {
            request: request.clone(),
            urgency: self.urgency,
            expires: self.expires.and_then(|after| SystemTime::now().checked_add(after)),
            everything: *everything,
        };
        let address = Address::new(queue.lane.clone(), *resource, queue.producer.clone());
        let (nonce, end) = (RequestId::random(), Instant::now() + self.deadline);
        let messages = (1..).zip(bodies).map(|(chunk, body)| {
            message(&address, &terms, nonce.as_str(), (chunk, chunks), body.clone())
        });
        stream::iter(messages.map(Ok))
            .try_for_each_concurrent(AT_ONCE, |new| async { queue.store(new, end).await.map(drop) })
            .await?;
        Ok(Ticket { queue: queue.clone(), resource: *resource, request, chunks })
    }
}

impl<E: Engine> IntoFuture for Enqueue<E> {
    type Output = Result<Ticket<E>, QueueError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<E: Engine> Ticket<E> {
    /// The name of the request.
    #[must_use]
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// How many messages it is stored as.
    #[must_use]
    pub fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Waits until its outcome is known: see [`Queue::outcome`].
    ///
    /// # Errors
    ///
    /// As [`Queue::outcome`].
    pub async fn outcome(&self, deadline: Duration) -> Result<RequestOutcome, QueueError> {
        self.queue.outcome(self.resource, &self.request, deadline).await
    }
}

impl RequestOutcome {
    /// Whether it is known what became of every path.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.chunks.is_some() && self.missing.is_empty()
    }

    /// Whether it is complete, and no path must be enqueued again.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.is_complete() && !self.paths.iter().any(|path| path.state.is_failure())
    }

    /// What became of one path; none as long as that is not known.
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

fn refused(error: EngineError) -> QueueError {
    let (kind, fix) = match &error {
        EngineError::Denied(_) => (QueueErrorKind::Denied, ""),
        EngineError::Full(_) => {
            (QueueErrorKind::Full, "; nothing was dropped, so enqueue it again later")
        }
        EngineError::Unavailable(_) => (QueueErrorKind::Unavailable, "; try again later"),
        EngineError::Conflict | EngineError::Refused(_) => (QueueErrorKind::Incompatible, ""),
    };
    QueueError::new(kind, format!("{error}{fix}"))
}

#[cfg(test)]
mod tests;
