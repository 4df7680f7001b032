//! Sending a plan.

use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use purge_api::types::{CreatePurgeRequest, CreatePurgeResponse};
use tokio::time::{Instant, sleep_until};

use crate::plan::{Batch, Plan};
use crate::report::{OperationOutcome, OperationState, PathState, Report, Summary};
use crate::retry::RetryPolicy;
use crate::transport::{Applied, Failure, failure};
use crate::wait::follow;
use crate::{Error, ErrorKind, OperationId, Resource, text};

/// A purge about to be sent. Await it, and every path of the plan has an outcome:
///
/// ```no_run
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use purge_api_ext::Plan;
///
/// let report = site.purge(Plan::parse(["/index.html"])?).wait(Duration::from_secs(300)).await;
/// for path in report.paths() {
///     println!("{} {}", path.state, path.path);
/// }
/// # Ok(())
/// # }
/// ```
///
/// It does not fail as a whole: what went wrong stands in the [`Report`], beside what went well. A
/// request that surely was not carried out is sent again, at most 4 times, with growing and random
/// pauses; one that may have been carried out is not. A refused token ends the run.
///
/// Dropping the future stops the run at once: requests under way may still be carried out.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Purge {
    resource: Resource,
    plan: Plan,
    concurrency: usize,
    wait: Option<Duration>,
    retry: RetryPolicy,
}

impl Purge {
    pub(crate) fn new(resource: Resource, plan: Plan) -> Self {
        Self { resource, plan, concurrency: 4, wait: None, retry: RetryPolicy::default() }
    }

    /// How many requests are under way at once; 0 counts as 1. Default: 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// Follows the jobs to their end, for at most this long after the last one was accepted. Default:
    /// does not wait.
    pub fn wait(mut self, deadline: Duration) -> Self {
        self.wait = Some(deadline);
        self
    }

    /// How often a request is sent at most; 0 counts as 1. Default: 4.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.retry.attempts = attempts.max(1);
        self
    }

    async fn run(self) -> Report {
        let Self { resource, plan, concurrency, wait, retry } = self;
        let counts = Summary::of_plan(&plan);
        let worker = Worker {
            resource: &resource,
            retry,
            pause: Pause::default(),
            stop: AtomicBool::new(false),
        };
        let mut operations: Vec<OperationOutcome> = stream::iter(plan.into_batches())
            .map(|batch| worker.submit(batch))
            .buffered(concurrency)
            .collect()
            .await;
        if let Some(deadline) = wait {
            follow(&resource, &mut operations, deadline).await;
        }
        Report::new(Some(resource.organization()), Some(resource.id()), counts, operations)
    }
}

impl IntoFuture for Purge {
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// What the requests of one run share.
struct Worker<'a> {
    resource: &'a Resource,
    retry: RetryPolicy,
    pause: Pause,
    stop: AtomicBool,
}

/// How one attempt ended. A 200 that refuses is a [`Failure`] like any other refusal.
type Attempt = Result<Accepted, Failure>;

struct Accepted {
    op_id: OperationId,
    message: Option<String>,
}

impl Worker<'_> {
    /// Sends one batch until its outcome is known, or nothing more can be done for it.
    async fn submit(&self, batch: Batch) -> OperationOutcome {
        let body = CreatePurgeRequest {
            resource_uuid: self.resource.id().uuid(),
            file_path: batch.paths().iter().map(|path| path.as_str().to_owned()).collect(),
        };
        let mut attempts = 0;
        let failure = loop {
            self.pause.over().await;
            if self.stop.load(Ordering::Relaxed) {
                let mut outcome =
                    OperationOutcome::of_batch(batch, OperationState::NotSent, PathState::NotSent);
                outcome.attempts = attempts;
                outcome.message = Some("not sent, since the run was stopped".to_owned());
                return outcome;
            }
            attempts += 1;
            match self.attempt(&body).await {
                Ok(accepted) => {
                    let mut outcome = OperationOutcome::of_batch(
                        batch,
                        OperationState::Accepted,
                        PathState::Accepted,
                    );
                    outcome.op_id = Some(accepted.op_id);
                    outcome.attempts = attempts;
                    outcome.message = accepted.message;
                    return outcome;
                }
                Err(failure) => {
                    let asked = failure.error.retry_after();
                    let random = fastrand::f64();
                    match self.retry.delay(failure.applied, attempts, asked, random) {
                        // What the service asks for holds for every request.
                        Some(delay) if asked.is_some() => self.pause.extend(delay),
                        Some(delay) => sleep_until(Instant::now() + delay).await,
                        None => break failure,
                    }
                }
            }
        };
        if failure.error.kind() == ErrorKind::Unauthorized {
            self.stop.store(true, Ordering::Relaxed);
        }
        let (state, path_state) = match failure.applied {
            Applied::No => (OperationState::NotSent, PathState::NotSent),
            Applied::Refused => (OperationState::Failed, PathState::Failed),
            Applied::Maybe => (OperationState::Unconfirmed, PathState::Unconfirmed),
        };
        let mut outcome = OperationOutcome::of_batch(batch, state, path_state);
        outcome.attempts = attempts;
        outcome.message = Some(failure.error.to_string());
        outcome.error = Some(failure.error);
        outcome
    }

    async fn attempt(&self, body: &CreatePurgeRequest) -> Attempt {
        let request = self
            .resource
            .raw()
            .create_purge()
            .organization_uuid(self.resource.organization().uuid())
            .resource_uuid(self.resource.id().uuid())
            .body(body.clone());
        match request.send().await {
            Ok(answer) => accepted(answer.into_inner()),
            Err(error) => Err(failure(error).await),
        }
    }
}

fn accepted(answer: CreatePurgeResponse) -> Attempt {
    let said = answer.message.as_deref().map(text::excerpt).filter(|said| !said.is_empty());
    if !answer.status {
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        let message = format!("the service refused the request (status: false){said}");
        let error = Error::new(ErrorKind::Refused, message).with_status(200);
        return Err(Failure::new(Applied::Refused, error));
    }
    let op_id = answer.op_id.and_then(|id| id.parse().ok()).ok_or_else(|| {
        let message = "the answer names no operation, so nothing can tell what became of it";
        let error = Error::new(ErrorKind::Untrusted, message).with_status(200);
        Failure::new(Applied::Maybe, error)
    })?;
    Ok(Accepted { op_id, message: said })
}

/// A pause of all requests of a run.
#[derive(Default)]
struct Pause(Mutex<Option<Instant>>);

impl Pause {
    fn extend(&self, delay: Duration) {
        let until = Instant::now() + delay;
        let mut pause = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *pause = Some(pause.map_or(until, |earlier| earlier.max(until)));
    }

    fn until(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is over, also if it is extended meanwhile.
    async fn over(&self) {
        while let Some(until) = self.until().filter(|until| *until > Instant::now()) {
            sleep_until(until).await;
        }
    }
}
