//! A worker: it stands by until the lane is free, and then sends what is waiting.

mod under_way;
mod outage;
mod journal;
mod judge;
mod follow;
mod holder;
mod intake;
mod round;
mod resume;
mod condense;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;

use std::time::Duration;

use purge_api_ext::{Client, OrganizationId, Rate, ResourceId, Shutdown, Throttle};

use crate::engine::{Engine, EngineError};
use crate::error::{QueueError, QueueErrorKind};
use crate::metrics::Metrics;
use crate::names::{Lane, Producer};
use crate::term::Term;
use holder::Holder;
use outage::Outage;

/// How often a standby worker checks whether the lane is free.
const STAND_BY: Duration = Duration::from_millis(500);
/// The longest pause after the engine did not respond or nothing was accepted.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Sends what is enqueued in a lane, or stands by while another worker does so.
///
/// ```no_run
/// # async fn run(engine: purge_queue::MemoryEngine) -> Result<(), Box<dyn std::error::Error>> {
/// use purge_api_ext::{Client, Shutdown, Throttle};
/// use purge_queue::Worker;
///
/// let rate = "5/s".parse()?;
/// let throttle = Throttle::new(Some(rate));
/// let client = Client::builder("token").throttle(throttle.clone()).build()?;
/// let organization = "550e8400-e29b-41d4-a716-446655440000".parse()?;
/// let resource = "660f9511-f30c-52e5-b827-557766551111".parse()?;
/// Worker::new(engine, "shop".parse()?, client, organization)
///     .resource(resource)
///     .throttle(throttle, Some(rate))
///     .run(Shutdown::new())
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// Any number of workers may run, on any machines; one of them sends. If it shuts down cleanly, the next one takes
/// over immediately; if it dies, the next one takes over when its lease has expired. A path that was acknowledged to
/// a producer is sent, or its outcome says why not. If a worker dies, a path may be sent twice; its outcome says so.
#[must_use = "nothing is sent until it runs"]
pub struct Worker<E> {
    engine: E,
    options: Options,
}

/// Shows a message to people.
type Messages = Box<dyn Fn(&str) + Send + Sync>;

/// The settings of a worker, for all of its terms.
pub(crate) struct Options {
    lane: Lane,
    client: Client,
    organization: OrganizationId,
    resources: Vec<ResourceId>,
    everything_from: Vec<Producer>,
    throttle: Throttle,
    rate: Option<Rate>,
    window: Duration,
    concurrency: usize,
    follow: Duration,
    memory: usize,
    /// How many bytes of notes of settled rounds the journal keeps before a digest replaces them, and how many bytes of
    /// rounds may wait to be followed.
    journal: usize,
    holder: String,
    metrics: Metrics,
    messages: Option<Messages>,
}

impl Options {
    fn say(&self, message: &str) {
        if let Some(messages) = &self.messages {
            messages(message);
        }
    }
}

impl<E: Engine> Worker<E> {
    /// A worker of a lane. The client has the account's token and the [`Throttle`] that is also passed to
    /// [`throttle`](Self::throttle).
    pub fn new(engine: E, lane: Lane, client: Client, organization: OrganizationId) -> Self {
        let metrics = Metrics::new(lane.clone());
        let options = Options {
            lane,
            client,
            organization,
            resources: Vec::new(),
            everything_from: Vec::new(),
            throttle: Throttle::default(),
            rate: None,
            window: Duration::from_secs(1),
            concurrency: 4,
            follow: Duration::from_secs(300),
            memory: 256 * 1024 * 1024,
            journal: 64 * 1024 * 1024,
            holder: format!("process {}", std::process::id()),
            metrics,
            messages: None,
        };
        Self { engine, options }
    }

    /// Adds a resource to purge. All workers of a lane must purge the same ones: paths of any other resource fail.
    pub fn resource(mut self, resource: ResourceId) -> Self {
        self.options.resources.push(resource);
        self
    }

    /// Sets the producers that may purge a whole resource. Default: none.
    pub fn everything_from(mut self, producers: impl IntoIterator<Item = Producer>) -> Self {
        self.options.everything_from.extend(producers);
        self
    }

    /// Sets the client's throttle, so that a pause outlives this worker, and its rate. With a rate, a round holds
    /// what goes out in 10 s.
    pub fn throttle(mut self, throttle: Throttle, rate: Option<Rate>) -> Self {
        (self.options.throttle, self.options.rate) = (throttle, rate);
        self
    }

    /// How long a path waits for others to share its request, at most one minute. Default: 1 s.
    pub fn window(mut self, window: Duration) -> Self {
        self.options.window = window.min(Duration::from_secs(60));
        self
    }

    /// How many requests are in flight at once; 0 counts as 1. Default: 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.options.concurrency = requests.max(1);
        self
    }

    /// How long operations are followed until they finish, from when their round was sent. With zero, the outcome of a
    /// path is that its purge was accepted, which is not a [success](crate::RequestOutcome::is_success). Default: 5
    /// minutes.
    pub fn follow(mut self, deadline: Duration) -> Self {
        self.options.follow = deadline;
        self
    }

    /// How many bytes of paths and results are kept in memory until their outcome is stored; the rest stays in the
    /// engine. Default: 256 MiB.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.options.memory = bytes;
        self
    }

    /// The name by which this worker appears as the holder of the lane, such as the name of its machine.
    pub fn holder(mut self, name: impl Into<String>) -> Self {
        self.options.holder = crate::outcome::short(&name.into());
        self
    }

    /// Sets the metrics in which this worker counts.
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.options.metrics = metrics;
        self
    }

    /// Receives messages for people: when this worker holds the lane, and why something is not sent. Default: none.
    pub fn messages(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.options.messages = Some(Box::new(tell));
        self
    }

    /// Runs until the shutdown begins; then it lets its requests end cleanly and releases the lane.
    ///
    /// # Errors
    ///
    /// [`QueueErrorKind::Denied`] and [`QueueErrorKind::Incompatible`] when the engine will never let this worker
    /// work. If the engine is unreachable, the worker waits.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), QueueError> {
        let Self { engine, options } = self;
        let (mut pause, mut outage, mut is_set_up) = (STAND_BY, Outage::default(), false);
        while !shutdown.has_begun() {
            let term = Term::begin(&engine, &options.lane, &options.holder, &options.metrics).await;
            match &term {
                Ok(_) => {
                    outage.over();
                    is_set_up = true;
                }
                Err(error) => outage.lasts(&engine, &options, error).await,
            }
            let ended = match term {
                Ok(None) => {
                    pause = STAND_BY;
                    Ok(())
                }
                Ok(Some(term)) => {
                    let ended = one_term(&engine, &options, &term, &shutdown).await;
                    if ended.is_ok() {
                        pause = STAND_BY;
                    }
                    ended
                }
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                // A stream that was there before may be created again.
                if !(is_set_up && matches!(error, EngineError::Missing(_))) {
                    fatal(&error)?;
                }
                options.say(&format!("waiting for the engine: {error}"));
                pause = (pause * 2).min(LONGEST_PAUSE / 10);
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.begun() => {}
            }
        }
        Ok(())
    }
}

async fn one_term<E: Engine>(
    engine: &E,
    options: &Options,
    term: &Term<E>,
    shutdown: &Shutdown,
) -> Result<(), EngineError> {
    options.metrics.held(true);
    options.say(&format!("holds the lane {}", options.lane));
    let mut holder = Holder::new(engine, options, term);
    let held = async {
        tokio::select! {
            learned = holder.take_over() => learned?,
            // It has begun nothing yet.
            () = shutdown.begun() => return Ok(()),
        }
        holder.hold(shutdown).await
    };
    // The lease is renewed even while a call of the engine is pending.
    let held = {
        let (renewing, held) = (std::pin::pin!(term.renew()), std::pin::pin!(held));
        match futures_util::future::select(held, renewing).await {
            futures_util::future::Either::Left((held, _)) => held,
            // The term has ended. The holder notices, and what it has in flight ends cleanly.
            futures_util::future::Either::Right(((), held)) => held.await,
        }
    };
    options.metrics.held(false);
    let why = held.as_ref().err().map(ToString::to_string).or_else(|| term.ended());
    let why = why.unwrap_or_else(|| "it is shutting down".to_owned());
    options.say(&format!("is no longer the holder of the lane {}: {why}", options.lane));
    term.release().await;
    held
}

fn fatal(error: &EngineError) -> Result<(), QueueError> {
    let kind = match error {
        EngineError::Denied(_) => QueueErrorKind::Denied,
        EngineError::Refused(_) | EngineError::Missing(_) => QueueErrorKind::Incompatible,
        EngineError::Conflict | EngineError::Unavailable(_) | EngineError::Full(_) => return Ok(()),
    };
    Err(QueueError::new(kind, error.to_string()))
}
