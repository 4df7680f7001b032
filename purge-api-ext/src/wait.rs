//! Follows operations until they are finished.

mod records;
mod unseen;

use records::Listed;
use std::collections::{HashMap, VecDeque};
use std::future::IntoFuture;
use std::pin::{Pin, pin};
use std::time::Duration;
use unseen::Unseen;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::error::{Error, ErrorKind};
use crate::events::{Event, Events, Reporter};
use crate::id::OperationId;
use crate::list::{List, PurgeRecord, Read};
use crate::report::{OperationOutcome, OperationState, PathState, Report, Summary};
use crate::resource::Resource;
use crate::sanitize::{Shown, escaped, shown};
use crate::shutdown::Shutdown;

/// A wait for operations to finish, not started yet.
///
/// Await it to get a report with the outcome of each operation:
///
/// ```no_run
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
/// let report = site.wait(["0b508058-9c8c-475a-b5e7-0bf9014423b2".parse()?]).await;
/// println!("{} of {} paths are purged", report.summary.purged, report.summary.paths);
/// # Ok(())
/// # }
/// ```
///
/// A record is finished if it has a completion time. An operation that is not in the list, or not yet, is polled until
/// the deadline.
///
/// Polling takes few requests. A round ends after four unfinished operations, because the others were created later or
/// not much earlier; the next round starts with those that were not polled. If the operations have few paths
/// each, a page of the unfiltered list covers many of them at once.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Wait {
    resource: Resource,
    operations: Vec<OperationId>,
    limit: Duration,
    shutdown: Shutdown,
}

impl Resource {
    /// Waits for operations to finish: see [`Wait`].
    pub fn wait(&self, operations: impl IntoIterator<Item = OperationId>) -> Wait {
        Wait::new(self.clone(), operations)
    }
}

impl Wait {
    pub(crate) fn new(
        resource: Resource,
        operations: impl IntoIterator<Item = OperationId>,
    ) -> Self {
        let operations = operations.into_iter().collect();
        let (limit, shutdown) = (Duration::from_secs(300), Shutdown::new());
        Self { resource, operations, limit, shutdown }
    }

    /// Waits for at most this long, and never longer than a year. Default: 5 minutes. The service's documentation says
    /// that a purge takes seconds to minutes.
    pub fn wait_for(mut self, limit: Duration) -> Self {
        self.limit = limit.min(crate::retry::LONGEST);
        self
    }

    /// Stops waiting early and gracefully: see [`Shutdown`]. Paths that are not finished by then are pending.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Waits, and streams events on the way. The last event has the report.
    pub fn events(self) -> Events {
        Events::new(|reporter| self.run(reporter))
    }

    async fn run(self, reporter: Reporter) -> Report {
        let jobs = self.operations.iter().cloned();
        let mut operations: Vec<_> = jobs.map(OperationOutcome::of_operation).collect();
        let Self { resource, limit, shutdown, .. } = &self;
        follow(resource, &mut operations, *limit, shutdown, &reporter).await;
        let (organization, resource) = (self.resource.organization(), self.resource.id());
        Report::new(Some(organization), Some(resource), Summary::default(), operations)
    }
}

impl IntoFuture for Wait {
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run(Reporter::default()))
    }
}

const FIRST_POLL: Duration = Duration::from_millis(250);
const SHORTEST_POLL: Duration = Duration::from_millis(50);
const LONGEST_POLL: Duration = Duration::from_secs(10);
/// How many operations are polled at the same time, and after how many unfinished ones a round ends.
const CONCURRENCY: usize = 4;
/// With fewer paths per operation than this, reading the unfiltered list takes fewer requests.
const FEW_PATHS: usize = 25;

/// Polls all accepted operations until each is finished, the deadline passes, or a shutdown begins.
pub(crate) async fn follow(
    resource: &Resource,
    operations: &mut [OperationOutcome],
    deadline: Duration,
    shutdown: &Shutdown,
    reporter: &Reporter,
) {
    let end = Instant::now() + deadline.min(crate::retry::LONGEST);
    // Any pause that the service asks for is waited out, up to the deadline.
    let resource = &resource.of_waiting();
    // Operations without an `Event::Settled` so far.
    let followed = operations.iter().enumerate().filter(|(_, operation)| is_followed(operation));
    let mut open: Vec<usize> = followed.map(|(index, _)| index).collect();
    // Messages from before the wait are not repeated when it is given up.
    let before: Vec<_> = operations.iter().map(|operation| operation.message.clone()).collect();
    let (why, message) = {
        let begun = pin!(shutdown.begun());
        let polling = pin!(poll(resource, operations, end, &mut open, reporter));
        match select(begun, polling).await {
            Either::Left(_) => (ErrorKind::Interrupted, "waiting was interrupted".into()),
            Either::Right(_) => {
                let pause = resource.pause().map(|pause| shown!("{pause}", pause));
                let (pause, limit) =
                    (Shown::after_colon(pause), humantime::format_duration(deadline));
                (ErrorKind::Deadline, shown!("not finished within {limit}{pause}", limit, pause))
            }
        }
    };
    give_up(operations, &before, why, &message);
    tell_settled(operations, &mut open, reporter);
}

fn tell_settled(operations: &[OperationOutcome], open: &mut Vec<usize>, reporter: &Reporter) {
    let settled = open.extract_if(.., |index| !is_followed(&operations[*index]));
    settled.for_each(|index| reporter.settled(&operations[index]));
}

async fn poll(
    resource: &Resource,
    operations: &mut [OperationOutcome],
    end: Instant,
    open: &mut Vec<usize>,
    reporter: &Reporter,
) {
    let mut queue: VecDeque<usize> = open.iter().copied().collect();
    let mut unseen = Unseen::default();
    let mut interval = FIRST_POLL;
    while !queue.is_empty() {
        let before = queue.len();
        let asked = round(resource, operations, &mut queue, &mut unseen, reporter);
        let asked = timeout_at(end, asked).await;
        tell_settled(operations, open, reporter);
        reporter.tell(|| progress(operations));
        // A round that the deadline cuts off loses the operations it was polling, but no round follows it.
        let Ok(pause) = asked else { break };
        if operations.iter().all(|operation| !is_followed(operation)) {
            break;
        }
        if queue.len() < before {
            interval = FIRST_POLL;
        }
        let now = Instant::now();
        let left = end - now;
        if left < SHORTEST_POLL {
            sleep_until(end).await;
            break;
        }
        let wait = interval.mul_f64(0.75 + fastrand::f64() / 2.0).max(pause.unwrap_or_default());
        // Never sleep more than 3/4 of the time left, so that the last round comes shortly before the end.
        sleep_until(now + wait.min(left.mul_f64(0.75))).await;
        interval = interval.mul_f64(1.5).min(LONGEST_POLL);
    }
}

pub(crate) fn is_followed(operation: &OperationOutcome) -> bool {
    operation.state == OperationState::Accepted && operation.error.is_none()
}

/// Polls until enough operations turn out to be unfinished; these go to the end of the queue. Returns the longest pause
/// that the service asked for.
async fn round(
    resource: &Resource,
    operations: &mut [OperationOutcome],
    queue: &mut VecDeque<usize>,
    unseen: &mut Unseen,
    reporter: &Reporter,
) -> Option<Duration> {
    let mut pause = None;
    let paths: usize = queue.iter().map(|&index| operations[index].paths.len()).sum();
    if queue.len() > CONCURRENCY && paths > 0 && paths / queue.len() < FEW_PATHS {
        read_whole_list(resource, operations, queue, paths).await;
    }
    let ask = |index: usize, op_id: Option<OperationId>| async move {
        match op_id {
            Some(op_id) => (index, records_of(resource, op_id).await),
            None => (index, Ok((Vec::new(), Listed::Partly))),
        }
    };
    let mut asked = FuturesUnordered::new();
    let mut unfinished = 0;
    let mut left = queue.len();
    loop {
        while asked.len() + unfinished < CONCURRENCY && left > 0 {
            let Some(index) = queue.pop_front() else { break };
            left -= 1;
            asked.push(ask(index, operations[index].op_id.clone()));
        }
        let Some((index, answer)) = asked.next().await else { return pause };
        if let Err(error) = &answer {
            pause = pause.max(error.retry_after());
            reporter.paused(error);
            if error.kind() == ErrorKind::Unauthorized && error.status() != Some(403) {
                // All others would be refused as well.
                operations.iter_mut().filter(|o| is_followed(o)).for_each(|o| end_with(o, error));
                return None;
            }
        }
        let operation = &mut operations[index];
        let answered = answer.is_ok();
        take_answer(operation, answer);
        if answered && operation.paths.is_empty() {
            unseen.answered(index, operation, reporter);
        }
        if is_followed(operation) {
            unfinished += 1;
            queue.push_back(index);
        }
    }
}

/// The records of one operation, and whether they are complete. A service that does not know the operation might ignore
/// the filter and send records of others; these are dropped. A record without an operation ID proves nothing.
async fn records_of(
    resource: &Resource,
    op_id: OperationId,
) -> Result<(Vec<PurgeRecord>, Listed), Error> {
    /// More pages than any operation needs, even if pages are much shorter than requested.
    const PAGES: usize = 200;
    let mut records = Vec::new();
    let mut list = List::new(resource.clone()).operation(op_id.clone()).reader();
    for _ in 0..PAGES {
        let Some(Read { page, .. }) = list.next_new().await? else { break };
        let received = page.requests.len();
        let own = |record: &PurgeRecord| record.op_id.as_ref().is_some_and(|id| *id == op_id);
        let before = records.len();
        records.extend(page.requests.into_iter().filter(own));
        if records.len() - before < received {
            return Ok((records, Listed::Partly));
        }
    }
    let listed = if list.has_ended() { Listed::Whole } else { Listed::Partly };
    Ok((records, listed))
}

fn end_with(operation: &mut OperationOutcome, error: &Error) {
    set_pending(operation);
    operation.message = Some(error.to_string());
    operation.error = Some(error.clone());
}

fn take_answer(
    operation: &mut OperationOutcome,
    answer: Result<(Vec<PurgeRecord>, Listed), Error>,
) {
    match answer {
        Ok((found, listed)) => {
            records::apply(operation, &found.iter().collect::<Vec<_>>(), listed);
        }
        // An unavailable service, or an error page of a proxy or gateway, is no reason to give up before the
        // deadline: the operation was accepted, whatever a later response looks like. A 403 may come from a firewall.
        Err(error)
            if error.is_retryable()
                || error.kind() == ErrorKind::Untrusted
                || error.status() == Some(403) =>
        {
            operation.message = Some(error.to_string());
        }
        Err(error) => end_with(operation, &error),
    }
}

/// Reads as much of the unfiltered list as is needed if the operations are the newest in it, and applies the records
/// found. Operations that are not found there are polled one by one.
async fn read_whole_list(
    resource: &Resource,
    operations: &mut [OperationOutcome],
    queue: &mut VecDeque<usize>,
    paths: usize,
) {
    /// How many records of other operations may be among them.
    const OTHERS: usize = 100;
    /// With shorter pages, this is not worth it.
    const SHORTEST_PAGE: usize = 20;
    let mut list = List::new(resource.clone()).reader();
    let mut found: HashMap<OperationId, Vec<PurgeRecord>> = HashMap::new();
    let mut left = paths.saturating_add(OTHERS);
    // Ignore errors: polling one by one will report them.
    while let Ok(Some(Read { page, .. })) = list.next_new().await {
        let received = page.requests.len();
        left = left.saturating_sub(received);
        for record in page.requests {
            if let Some(op_id) = record.op_id.clone() {
                found.entry(op_id).or_default().push(record);
            }
        }
        if left == 0 || received < SHORTEST_PAGE {
            break;
        }
    }
    queue.retain(|&index| {
        let operation = &mut operations[index];
        let records = operation.op_id.as_ref().and_then(|op_id| found.get(op_id));
        // Records may be missing because they moved to another page meanwhile.
        if let Some(records) = records.filter(|records| records.len() >= operation.paths.len()) {
            records::apply(operation, &records.iter().collect::<Vec<_>>(), Listed::Partly);
        }
        is_followed(operation)
    });
}

fn progress(operations: &[OperationOutcome]) -> Event {
    let (mut finished, mut pending) = (0, 0);
    for (state, paths) in operations.iter().flat_map(|operation| operation.paths.states()) {
        match state {
            PathState::Purged | PathState::NotCached => finished += paths,
            PathState::Accepted | PathState::Pending => pending += paths,
            _ => {}
        }
    }
    Event::Progress { finished, paths: finished + pending }
}

fn give_up(
    operations: &mut [OperationOutcome],
    before: &[Option<String>],
    why: ErrorKind,
    message: &Shown,
) {
    let operations = operations.iter_mut().zip(before);
    for (operation, before) in operations.filter(|(operation, _)| is_followed(operation)) {
        set_pending(operation);
        let mut message = message.clone();
        if let Some(last) = operation.message.as_ref().filter(|_| operation.message != *before) {
            message = shown!("{message}; the last response: {last}", message, last = escaped(last));
        }
        operation.message = Some(message.to_string());
        operation.error = Some(Error::new(why, message));
    }
}

fn set_pending(operation: &mut OperationOutcome) {
    operation.paths.judge(|path| {
        let pending = path.state == PathState::Accepted;
        let state = if pending { PathState::Pending } else { path.state };
        (state, path.message.map(str::to_owned))
    });
}
