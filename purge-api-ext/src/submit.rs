//! Sending a plan.

use std::collections::HashSet;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use futures_util::{FutureExt, StreamExt, stream};
use purge_api::types::{CreatePurgeRequest, CreatePurgeResponse};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::pace::{Pace, Rate};
use crate::plan::{Batch, Plan};
use crate::progress::{Event, Events, Reporter};
use crate::report::{OperationOutcome, OperationState, PathState, Report, Summary};
use crate::retry::{LONGEST, RetryPolicy, RetryQuota};
use crate::trace::{event, span};
use crate::transport::{Applied, Failure};
use crate::wait::{follow, is_followed};
use crate::{Error, ErrorKind, OperationId, Resource, reconcile, text};

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
/// request that surely was not carried out is sent again, with growing and random pauses. One that may
/// have been carried out is looked up in the list first; if it is not found there, it is sent again at
/// most twice, and its outcome says that there may be a duplicate. A refused token ends the run.
///
/// A pause that the service asks for (`Retry-After`) holds for all requests of the run; one over 60 s is
/// not waited for, and ends the run. All retries of a run share a quota: 100 of them are free, and after
/// that five accepted requests pay for one, so that an outage costs 1,000 batches at most 1,100 requests.
/// There is no time limit on sending as a whole: it is `max_attempts` and `backoff` for each request.
///
/// Dropping the future stops the run at once: requests under way may still be carried out.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Purge {
    resource: Resource,
    plan: Plan,
    concurrency: usize,
    rate: Option<Rate>,
    wait: Option<Duration>,
    retry: RetryPolicy,
}

impl Purge {
    pub(crate) fn new(resource: Resource, plan: Plan) -> Self {
        let retry = RetryPolicy::default();
        Self { resource, plan, concurrency: 4, rate: None, wait: None, retry }
    }

    /// How many requests are under way at once; 0 counts as 1. Default: 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// How many requests are sent in a time at most, retries included. Default: no limit.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
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

    /// The pauses between attempts: random, from nothing to a bound that begins with `first` and doubles
    /// up to `longest`. Default: 1 s and 20 s, the figures of the AWS SDKs.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.retry.base = first.min(LONGEST);
        self.retry.cap = longest.min(LONGEST);
        self
    }

    /// Runs it, and tells what happens on the way; the last event holds the report.
    pub fn events(self) -> Events {
        Events::of(|reporter| self.run(reporter))
    }

    async fn run(self, reporter: Reporter) -> Report {
        let Self { resource, plan, concurrency, rate, wait, retry } = self;
        let reporter = &reporter;
        let counts = Summary::of_plan(&plan);
        let (requests, paths) = (plan.batches().len(), plan.sent());
        reporter.tell(|| Event::Started { requests, paths });
        let run = Run {
            resource: &resource,
            retry,
            pace: Pace::new(rate),
            shared: Mutex::default(),
            stop: Stop::default(),
            reporter,
        };
        let mut operations: Vec<OperationOutcome> = stream::iter(plan.into_batches().enumerate())
            .map(|(request, batch)| {
                let submitted = span!(run.submit(request, batch), request);
                submitted.inspect(move |outcome| {
                    if wait.is_none() || !is_followed(outcome) {
                        reporter.settled(request, outcome);
                    }
                })
            })
            .buffered(concurrency)
            .collect()
            .await;
        if let Some(deadline) = wait {
            follow(&resource, &mut operations, deadline, reporter).await;
        }
        Report::new(Some(resource.organization()), Some(resource.id()), counts, operations)
    }
}

impl IntoFuture for Purge {
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run(Reporter::default()))
    }
}

/// What the requests of one run share.
struct Run<'a> {
    resource: &'a Resource,
    retry: RetryPolicy,
    pace: Pace,
    shared: Mutex<Shared>,
    stop: Stop,
    reporter: &'a Reporter,
}

#[derive(Default)]
struct Shared {
    quota: RetryQuota,
    /// The operations that belong to a request of this run.
    operations: HashSet<OperationId>,
}

/// How one attempt ended. A 200 that refuses is a [`Failure`] like any other refusal.
type Attempt = Result<Accepted, Failure>;

struct Accepted {
    op_id: OperationId,
    message: Option<String>,
}

impl Run<'_> {
    /// Sends one batch until its outcome is known, or nothing more can be done for it.
    async fn submit(&self, request: usize, batch: Batch) -> OperationOutcome {
        let body = CreatePurgeRequest {
            resource_uuid: self.resource.id().uuid(),
            file_path: batch.paths().map(ToOwned::to_owned).collect(),
        };
        let (mut attempts, mut ambiguous) = (0, 0);
        // The first time after which the request may have been carried out, and what the last answer to it
        // says of that.
        let mut lost: Option<(Instant, Applied)> = None;
        let mut failure = loop {
            if let Some(error) = self.turn().await {
                break Failure::new(Applied::No, error);
            }
            attempts += 1;
            event!(attempt = attempts, "sending");
            self.reporter.tell(|| Event::Attempt { request, attempt: attempts });
            let sent = Instant::now();
            let failure = match self.attempt(&body).await {
                Ok(accepted) => {
                    return self.accepted(request, batch, accepted, attempts, ambiguous > 0);
                }
                Err(failure) => failure,
            };
            let asked = failure.error.retry_after();
            // What the service asks for holds for every request, whatever becomes of this one.
            if let Some(asked) = asked {
                self.pace.pause(asked.min(self.retry.longest_retry_after));
            }
            if self.retry.ends_run(&failure.error) {
                self.stop.now(&failure.error);
            }
            if matches!(failure.applied, Applied::Maybe | Applied::Yes) {
                ambiguous += 1;
                let since = lost.as_ref().map_or(sent, |(since, _)| *since);
                if let Some(op_id) = self.adopt(&batch, since).await {
                    let message = format!("{}; found in the list", failure.error);
                    let accepted = Accepted { op_id, message: Some(message) };
                    return self.accepted(request, batch, accepted, attempts, ambiguous > 1);
                }
                lost = Some((since, failure.applied));
            }
            let random = fastrand::f64();
            let delay = self.retry.delay(failure.applied, attempts, ambiguous, asked, random);
            let Some(delay) = delay.filter(|_| self.shared().quota.spend()) else { break failure };
            event!(?delay, error = %failure.error, "trying again");
            self.reporter.tell(|| Event::Retrying { request, delay, error: failure.error });
            sleep(delay).await;
        };
        // A later refusal does not undo what an earlier attempt may have done.
        if let Some((_, applied)) = lost {
            failure.applied = applied;
        }
        let (state, path_state) = match failure.applied {
            Applied::No => (OperationState::NotSent, PathState::NotSent),
            Applied::Refused => (OperationState::Failed, PathState::Failed),
            Applied::Maybe | Applied::Yes => (OperationState::Unconfirmed, PathState::Unconfirmed),
        };
        event!(error = %failure.error, "failed");
        self.reporter.tell(|| Event::Failed { request, error: failure.error.clone() });
        let mut outcome = OperationOutcome::of_batch(&batch, state, path_state);
        outcome.attempts = attempts;
        outcome.possible_duplicate = ambiguous > 1;
        outcome.message = Some(failure.error.to_string());
        outcome.error = Some(failure.error);
        outcome
    }

    /// Waits until a request may be sent, or until the run ends; then it says why.
    async fn turn(&self) -> Option<Error> {
        self.stop.or(self.pace.turn()).await
    }

    async fn attempt(&self, body: &CreatePurgeRequest) -> Attempt {
        let request = self
            .resource
            .raw()
            .create_purge()
            .organization_uuid(self.resource.organization().uuid())
            .resource_uuid(self.resource.id().uuid())
            .body(body.clone());
        let sent = self.resource.session().authorized(|| async {
            match request.clone().send().await {
                // Documented is only 200, but these say the same.
                Err(purge_api::Error::UnexpectedResponse(other))
                    if matches!(other.status().as_u16(), 201 | 202) =>
                {
                    purge_api::ResponseValue::from_response(other).await
                }
                sent => sent,
            }
        });
        accepted(sent.await?.into_inner())
    }

    /// The operation that a request has created although its answer got lost.
    async fn adopt(&self, batch: &Batch, sent: Instant) -> Option<OperationId> {
        // Looking it up costs as much as sending it again, and a service that is down answers neither.
        if !self.shared().quota.spend() || self.turn().await.is_some() {
            return None;
        }
        let known = |id: &OperationId| self.shared().operations.contains(id);
        // If the list cannot be read either, nobody can tell.
        reconcile::find(self.resource, batch, known, sent).await.ok().flatten()
    }

    fn accepted(
        &self,
        request: usize,
        batch: Batch,
        accepted: Accepted,
        attempts: u32,
        possible_duplicate: bool,
    ) -> OperationOutcome {
        let mut shared = self.shared();
        shared.quota.refund();
        shared.operations.insert(accepted.op_id.clone());
        event!(op_id = %accepted.op_id, "accepted");
        self.reporter.tell(|| Event::Accepted { request, op_id: accepted.op_id.clone() });
        let mut outcome =
            OperationOutcome::of_batch(&batch, OperationState::Accepted, PathState::Accepted);
        outcome.op_id = Some(accepted.op_id);
        outcome.attempts = attempts;
        outcome.possible_duplicate = possible_duplicate;
        outcome.message = accepted.message;
        outcome
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a run, and why.
#[derive(Default)]
struct Stop {
    why: Mutex<Option<Error>>,
    signal: Notify,
}

impl Stop {
    fn now(&self, why: &Error) {
        self.why().get_or_insert_with(|| why.clone());
        self.signal.notify_waiters();
    }

    /// Waits for something, unless the run ends first; then it says so.
    async fn or(&self, something: impl Future<Output = ()>) -> Option<Error> {
        let mut stopped = std::pin::pin!(self.signal.notified());
        stopped.as_mut().enable();
        if self.why().is_none() {
            select(std::pin::pin!(something), stopped).await;
        }
        let why = self.why().clone()?;
        let message = format!("not sent, since the run was stopped: {why}");
        Some(Error::new(why.kind(), message))
    }

    fn why(&self) -> MutexGuard<'_, Option<Error>> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner)
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
        Failure::new(Applied::Yes, error)
    })?;
    Ok(Accepted { op_id, message: said })
}
