//! Sending a plan.

mod run;
mod stop;

use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use crate::Resource;
use crate::pace::Rate;
use crate::plan::Plan;
use crate::progress::{Event, Events, Reporter};
use crate::report::{OperationOutcome, Report, Summary};
use crate::retry::{LONGEST, RetryPolicy};
use crate::trace::span;
use crate::wait::follow;
use run::Run;

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
        let counts = Summary::of_plan(&plan);
        let (requests, paths) = (plan.batches().len(), plan.paths().count());
        reporter.tell(|| Event::Started { requests, paths });
        let run = Run::new(&resource, retry, rate, &reporter);
        let mut operations: Vec<OperationOutcome> = stream::iter(plan.into_batches().enumerate())
            .map(|(request, batch)| span!(run.submit(request, batch), request))
            .buffered(concurrency)
            .collect()
            .await;
        if let Some(deadline) = wait {
            follow(&resource, &mut operations, deadline, &reporter).await;
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
