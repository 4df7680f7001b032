//! Following operations to their end.

use std::collections::HashMap;
use std::future::IntoFuture;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::list::{PurgeRecord, RecordState};
use crate::report::{OperationOutcome, OperationState, PathOutcome, PathState, Report, Summary};
use crate::{Error, ErrorKind, OperationId, Resource, text};

/// Operations about to be followed. Await it, and each has an outcome:
///
/// ```no_run
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
/// let report = site.wait(["0b508058-9c8c-475a-b5e7-0bf9014423b2".parse()?]).await;
/// println!("{} of {} paths are purged", report.summary.purged, report.summary.paths);
/// # Ok(())
/// # }
/// ```
///
/// A finished record is one with a time of completion. An operation that the list does not know (yet)
/// is asked for until the deadline.
#[derive(Clone, Debug)]
#[must_use = "nothing is asked until it is awaited"]
pub struct Wait {
    resource: Resource,
    operations: Vec<OperationId>,
    deadline: Duration,
}

impl Wait {
    pub(crate) fn new(
        resource: Resource,
        operations: impl IntoIterator<Item = OperationId>,
    ) -> Self {
        let operations = operations.into_iter().collect();
        Self { resource, operations, deadline: Duration::from_secs(300) }
    }

    /// How long to wait at most. Default: 5 minutes; the service's documentation speaks of seconds to
    /// minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    async fn run(self) -> Report {
        let mut operations: Vec<_> =
            self.operations.into_iter().map(OperationOutcome::of_job).collect();
        follow(&self.resource, &mut operations, self.deadline).await;
        let (organization, resource) = (self.resource.organization(), self.resource.id());
        Report::new(Some(organization), Some(resource), Summary::default(), operations)
    }
}

impl IntoFuture for Wait {
    type Output = Report;
    type IntoFuture = Pin<Box<dyn Future<Output = Report> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

const FIRST_POLL: Duration = Duration::from_millis(250);
const LONGEST_POLL: Duration = Duration::from_secs(10);
const CONCURRENCY: usize = 4;

/// Asks for all operations that the service accepted, again and again, until each is finished or the
/// deadline passes.
pub(crate) async fn follow(
    resource: &Resource,
    operations: &mut [OperationOutcome],
    deadline: Duration,
) {
    let started = Instant::now();
    let end = started.checked_add(deadline);
    let mut interval = FIRST_POLL;
    while operations.iter().any(is_followed) {
        let round = poll_all(resource, operations);
        let in_time = match end {
            Some(end) => timeout_at(end, round).await.is_ok(),
            None => {
                round.await;
                true
            }
        };
        if !operations.iter().any(is_followed) {
            return;
        }
        let next = Instant::now() + interval.mul_f64(0.75 + fastrand::f64() / 2.0);
        if !in_time || end.is_some_and(|end| next >= end) {
            return give_up(operations, deadline);
        }
        sleep_until(next).await;
        interval = interval.mul_f64(1.5).min(LONGEST_POLL);
    }
}

fn is_followed(operation: &OperationOutcome) -> bool {
    operation.state == OperationState::Accepted && operation.error.is_none()
}

async fn poll_all(resource: &Resource, operations: &mut [OperationOutcome]) {
    let followed = operations.iter().enumerate().filter(|(_, operation)| is_followed(operation));
    let asked: Vec<(usize, OperationId)> =
        followed.filter_map(|(index, o)| Some((index, o.op_id.clone()?))).collect();
    let mut answers = stream::iter(asked)
        .map(|(index, op_id)| async move { (index, records(resource, op_id).await) })
        .buffer_unordered(CONCURRENCY);
    while let Some((index, answer)) = answers.next().await {
        let operation = &mut operations[index];
        match answer {
            Ok(records) => apply(operation, &records),
            // An unavailable service is asked again, until the deadline.
            Err(error) if error.is_retryable() => operation.message = Some(error.to_string()),
            Err(error) => {
                set_pending(operation);
                operation.message = Some(error.to_string());
                operation.error = Some(error);
            }
        }
    }
}

async fn records(resource: &Resource, op_id: OperationId) -> Result<Vec<PurgeRecord>, Error> {
    resource.list().operation(op_id).records().try_collect().await
}

fn give_up(operations: &mut [OperationOutcome], deadline: Duration) {
    for operation in operations.iter_mut().filter(|o| is_followed(o)) {
        set_pending(operation);
        let mut message = format!("not finished within {deadline:?}");
        if let Some(last) = &operation.message {
            message = format!("{message}; the last answer: {last}");
        }
        operation.error = Some(Error::new(ErrorKind::Deadline, message.as_str()));
        operation.message = Some(message);
    }
}

fn set_pending(operation: &mut OperationOutcome) {
    for path in operation.paths.iter_mut().filter(|path| path.state == PathState::Accepted) {
        path.state = PathState::Pending;
    }
}

/// Takes over what the records of an operation say of its paths.
fn apply(operation: &mut OperationOutcome, records: &[PurgeRecord]) {
    if operation.paths.is_empty() {
        operation.paths = records.iter().filter_map(path_of_record).collect();
    }
    let mut by_path: HashMap<&str, &PurgeRecord> = HashMap::with_capacity(records.len());
    let mut by_decoded: HashMap<Vec<u8>, &PurgeRecord> = HashMap::new();
    for record in records {
        let Some(path) = record.path() else { continue };
        // Of two records of a path the unfinished one counts.
        let known = by_path.entry(path).or_insert(record);
        if record.state() == RecordState::Pending {
            *known = record;
        }
        if path.contains('%') {
            by_decoded.insert(percent_decode_str(path).collect(), record);
        }
    }
    let whole = records.len() >= operation.paths.len()
        && records.iter().all(|record| record.state() != RecordState::Pending);
    for path in &mut operation.paths {
        // How the service writes percent escapes in its records is not published.
        let record = by_path.get(&*path.path).copied().or_else(|| {
            let decoded: Vec<u8> = percent_decode_str(&path.path).collect();
            let plain = std::str::from_utf8(&decoded).ok().and_then(|plain| by_path.get(plain));
            plain.or_else(|| by_decoded.get(&decoded)).copied()
        });
        let (state, message) = match record {
            None if whole => {
                let message = "the finished operation has no record of this path".to_owned();
                (PathState::Unconfirmed, Some(message))
            }
            None => (PathState::Pending, None),
            Some(record) => state_of(record),
        };
        path.state = state;
        path.message = message;
    }
    let finished = !operation.paths.is_empty()
        && operation.paths.iter().all(|p| p.state != PathState::Pending);
    if finished {
        operation.state = OperationState::Finished;
        operation.message = None;
        if operation.paths.iter().any(|path| path.state == PathState::Unconfirmed) {
            let message = "the operation is finished, but not all of its paths are confirmed";
            operation.message = Some(message.to_owned());
            operation.error = Some(Error::new(ErrorKind::Untrusted, message));
        }
    }
}

fn path_of_record(record: &PurgeRecord) -> Option<PathOutcome> {
    let path = text::escape(record.path()?);
    Some(PathOutcome { path, state: PathState::Pending, message: None })
}

fn state_of(record: &PurgeRecord) -> (PathState, Option<String>) {
    let said = record.message.as_deref().map(text::excerpt).filter(|said| !said.is_empty());
    match record.state() {
        RecordState::Pending => (PathState::Pending, said),
        RecordState::Purged => (PathState::Purged, said),
        RecordState::NotCached => (PathState::NotCached, said),
        RecordState::Unknown(status) => {
            let status = status.map_or("no status".to_owned(), |s| format!("the status {s}"));
            let said = said.map(|said| format!(": {said}")).unwrap_or_default();
            (
                PathState::Unconfirmed,
                Some(format!("finished with {status}, which is unknown{said}")),
            )
        }
    }
}
