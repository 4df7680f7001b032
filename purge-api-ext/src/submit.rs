//! Sends a plan.

mod request;
mod work;
mod run;
mod turn;
mod settle;

use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use crate::error::Error;
use crate::events::{Event, Events, Reporter};
use crate::journal::Journal;
use crate::plan::Plan;
use crate::report::Report;
use crate::resource::Resource;
use crate::retry::{LONGEST, RetryPolicy};
use crate::shutdown::Shutdown;
use crate::wait::follow;
use run::Run;
#[cfg(any(test, fuzzing))]
pub(crate) use turn::accepted;
use work::{Source, Work};

/// A purge, not started yet.
///
/// Await it to get a report with the outcome of every path of the plan:
///
/// ```no_run
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use purge_api_ext::Plan;
///
/// let report = site.purge(Plan::parse(["/index.html"])?).wait_for(Duration::from_secs(300)).await;
/// for path in report.paths() {
///     println!("{} {}", path.state, path.path);
/// }
/// # Ok(())
/// # }
/// ```
///
/// A purge does not fail as a whole: the [`Report`] has both what failed and what succeeded. A request that was
/// certainly not applied is sent again, after a random pause whose limit doubles each time. One that may have been
/// applied is looked up in the list first; if it is not there, or the list cannot be read, it is sent again at most
/// twice, and its outcome says that there may be a duplicate. A refused token ends the run.
///
/// A pause that the service asks for (`Retry-After`) applies to all requests of the [`Client`](crate::Client), as its
/// [`rate`](crate::ClientBuilder::rate) does; a pause of more than 60 s is not waited for, and ends the run. All
/// retries of a run share a quota: 100 are free, and after that every five accepted requests pay for one more. A look-up
/// that cannot read the list pays for the retry after it. So 1,000 batches cause at most 1,300 attempts, and 1,100 if none
/// is accepted. Sending as a whole has no time limit; `max_attempts` and `backoff` limit each request.
///
/// A request that the service finds too large (413) is split into two, with half of its paths each.
///
/// Dropping the future stops the run immediately; requests already sent may still be applied. A [`Shutdown`] stops the
/// run gracefully. In either case, a run with a [`Journal`] can be resumed.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Purge {
    resource: Resource,
    source: Source,
    shutdown: Shutdown,
    concurrency: usize,
    wait: Option<Duration>,
    retry: RetryPolicy,
}

impl Resource {
    /// Sends a plan: see [`Purge`].
    pub fn purge(&self, plan: Plan) -> Purge {
        Purge::new(self.clone(), plan)
    }

    /// Resumes an interrupted run: see [`Journal`]. It sends what is not known to be accepted, and takes the same
    /// options as [`purge`](Self::purge).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the journal belongs to another service, organization or resource, when
    /// it is new, or when it has a path that purges the whole resource without
    /// [`allow_full_purge`](Journal::allow_full_purge).
    ///
    /// [`ErrorKind::InvalidInput`]: crate::ErrorKind::InvalidInput
    pub fn resume(&self, journal: Journal) -> Result<Purge, Error> {
        journal.check(self, None)?;
        Ok(Purge::resume(self.clone(), journal))
    }
}

impl Purge {
    pub(crate) fn new(resource: Resource, plan: Plan) -> Self {
        Self::with_source(resource, Source::Plan { plan, journal: None })
    }

    pub(crate) fn resume(resource: Resource, journal: Journal) -> Self {
        Self::with_source(resource, Source::Journal { journal, replaced: None })
    }

    fn with_source(resource: Resource, source: Source) -> Self {
        let (shutdown, retry) = (Shutdown::new(), RetryPolicy::default());
        Self { resource, source, shutdown, concurrency: 4, wait: None, retry }
    }

    /// Keeps a journal, so that an interrupted run can be resumed: see [`Journal`]. An opened journal must belong to
    /// the same service, organization, resource and plan; otherwise nothing is sent, and the outcomes say why. In a
    /// resumed run, this replaces its journal, and must belong to the same plan. Default: none.
    pub fn journal(mut self, journal: Journal) -> Self {
        self.source = match self.source {
            Source::Plan { plan, .. } => Source::Plan { plan, journal: Some(journal) },
            Source::Journal { journal: old, replaced } => {
                Source::Journal { journal, replaced: replaced.or_else(|| old.into_contents()) }
            }
        };
        self
    }

    /// Stops the run early and gracefully: see [`Shutdown`].
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// How many requests are in flight at the same time, including those that wait for a retry; 0 counts as 1.
    /// Default: 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }

    /// Waits until the operations are finished, for at most this long after the last one was accepted: the same option
    /// as [`Wait::wait_for`](crate::Wait::wait_for). Default: does not wait.
    pub fn wait_for(mut self, limit: Duration) -> Self {
        self.wait = Some(limit);
        self
    }

    /// How many times a request is sent at most; 0 counts as 1. Default: 4.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.retry.attempts = attempts.max(1);
        self
    }

    /// The pauses between attempts: random, from zero to a bound that starts at `first` and doubles up to `longest`.
    /// Default: 1 s and 20 s, as in the AWS SDKs.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.retry.base = first.min(LONGEST);
        self.retry.cap = longest.min(LONGEST);
        self
    }

    /// Sends the plan, and streams events on the way. The last event has the report.
    pub fn events(self) -> Events {
        Events::new(|reporter| self.run(reporter))
    }

    async fn run(self, reporter: Reporter) -> Report {
        let Self { resource, source, shutdown, concurrency, wait, retry } = self;
        let mut work = Work::prepare(&resource, source).await;
        let (counts, paths) = (work.counts, work.paths);
        reporter.tell(|| Event::Started { requests: counts.requests, paths });
        let run = Run::new(&resource, retry, &reporter, &mut work, concurrency);
        let mut operations = run.send_all(work.requests, &shutdown, wait).await;
        if let Some(deadline) = wait {
            follow(&resource, &mut operations, deadline, &shutdown, &reporter).await;
        }
        let (organization, resource) = (Some(resource.organization()), Some(resource.id()));
        Report { refused: work.refused, ..Report::new(organization, resource, counts, operations) }
    }
}

impl IntoFuture for Purge {
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run(Reporter::default()))
    }
}
