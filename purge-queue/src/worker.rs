//! A worker: it stands by until the lane is free, and then sends what waits.

mod under_way;
mod judge;
mod follow;
mod holder;
mod intake;
mod round;
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

/// How often a worker that stands by looks whether the lane is free.
const STAND_BY: Duration = Duration::from_millis(500);
/// The longest pause after the engine did not answer, or nothing was accepted.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Sends what is enqueued in a lane, or stands by while another worker does.
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
/// Any number may run, on any machines, and one of them sends. When it ends in good order, the next one takes over at
/// once; when it dies, after the lease has ended. A path that was acknowledged to a producer is sent, or its outcome
/// says why not. It may be sent twice when a worker dies: its outcome says so then.
#[must_use = "nothing is sent until it runs"]
pub struct Worker<E> {
    engine: E,
    options: Options,
}

/// What tells people something.
type Messages = Box<dyn Fn(&str) + Send + Sync>;

/// What holds for all terms of a worker.
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
    /// A worker of a lane, by a client that has the account's token and the [`Throttle`] that
    /// [`throttle`](Self::throttle) is given.
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
            holder: format!("process {}", std::process::id()),
            metrics,
            messages: None,
        };
        Self { engine, options }
    }

    /// Purges this resource, too. All workers of a lane must purge the same ones: what is enqueued for any other
    /// fails.
    pub fn resource(mut self, resource: ResourceId) -> Self {
        self.options.resources.push(resource);
        self
    }

    /// The producers that may purge a whole resource. Default: none.
    pub fn everything_from(mut self, producers: impl IntoIterator<Item = Producer>) -> Self {
        self.options.everything_from.extend(producers);
        self
    }

    /// The throttle of the client, so that a pause outlives this worker, and its rate. With a rate, a round is what
    /// goes out in 10 s.
    pub fn throttle(mut self, throttle: Throttle, rate: Option<Rate>) -> Self {
        (self.options.throttle, self.options.rate) = (throttle, rate);
        self
    }

    /// How long a path waits for others to go with it, at most a minute. Default: 1 s.
    pub fn window(mut self, window: Duration) -> Self {
        self.options.window = window.min(Duration::from_secs(60));
        self
    }

    /// How many requests are under way at once; 0 counts as 1. Default: 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.options.concurrency = requests.max(1);
        self
    }

    /// How long operations are followed to their end. With zero, the outcome of a path is that its purge was
    /// accepted. Default: 5 minutes.
    pub fn follow(mut self, deadline: Duration) -> Self {
        self.options.follow = deadline;
        self
    }

    /// How many bytes of waiting paths are kept in memory; what is over that stays in the engine. Default: 256 MiB.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.options.memory = bytes;
        self
    }

    /// What this worker is called where people read who holds the lane, such as the name of its machine.
    pub fn holder(mut self, name: impl Into<String>) -> Self {
        self.options.holder = crate::outcome::short(&name.into());
        self
    }

    /// Counts what happens here.
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.options.metrics = metrics;
        self
    }

    /// Tells people what happens: when this worker holds the lane, and why something is not sent. Default: nothing.
    pub fn messages(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.options.messages = Some(Box::new(tell));
        self
    }

    /// Runs until the shutdown begins: then it ends its requests in good order and gives the lane back.
    ///
    /// # Errors
    ///
    /// [`QueueErrorKind::Denied`] and [`QueueErrorKind::Incompatible`] when the engine says that it will never let this
    /// worker work. That it cannot be reached is waited out.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), QueueError> {
        let Self { engine, options } = self;
        let mut pause = STAND_BY;
        while !shutdown.has_begun() {
            let term = Term::begin(&engine, &options.lane, &options.holder, &options.metrics).await;
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
                options.say(&format!("the engine: {error}"));
                fatal(error)?;
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
        holder.take_over().await?;
        holder.hold(shutdown).await
    };
    // While the engine is asked for something, the lease is renewed all the same.
    let held = {
        let (renewing, held) = (std::pin::pin!(term.renew()), std::pin::pin!(held));
        match futures_util::future::select(held, renewing).await {
            futures_util::future::Either::Left((held, _)) => held,
            // The term has ended; the holder notices, and what it has under way ends in good order.
            futures_util::future::Either::Right(((), held)) => held.await,
        }
    };
    options.metrics.held(false);
    let why = term.ended().unwrap_or_else(|| "it ends in good order".to_owned());
    options.say(&format!("does not hold the lane {} any more: {why}", options.lane));
    term.release().await;
    held
}

fn fatal(error: EngineError) -> Result<(), QueueError> {
    let kind = match &error {
        EngineError::Denied(_) => QueueErrorKind::Denied,
        EngineError::Refused(_) => QueueErrorKind::Incompatible,
        EngineError::Conflict | EngineError::Unavailable(_) | EngineError::Full(_) => return Ok(()),
    };
    Err(QueueError::new(kind, error.to_string()))
}
