//! The purge jobs of a sandbox and their records, as tests see them.

use std::time::{Duration, SystemTime};

use crate::jobs::{JobView, RecordView};
use crate::resource::Resource;
use crate::state::Shared;

/// A purge job that the sandbox created.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Job {
    /// Its operation ID.
    pub op_id: String,
    /// The UUID of its resource.
    pub resource: String,
    /// When it was created, by the clock of the sandbox.
    pub created: SystemTime,
    /// The number of its paths.
    pub paths: usize,
    /// The number of its paths that are finished.
    pub finished: usize,
}

/// One path of a purge job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The operation ID of the job.
    pub op_id: String,
    /// The UUID of the job's resource.
    pub resource: String,
    /// The path, byte for byte as it was sent.
    pub path: String,
    /// Its progress.
    pub state: RecordState,
}

/// The state of a [`Record`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordState {
    /// Not started.
    Pending,
    /// Being purged.
    Running,
    /// Finished: a cached copy was removed.
    Purged,
    /// Finished: there was no cached copy.
    NotCached,
}

impl Job {
    /// Whether all of its paths are finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished == self.paths
    }
}

impl RecordState {
    pub(crate) fn new(record: &RecordView<'_>) -> Self {
        match (record.started, record.completed) {
            (_, Some((_, true))) => Self::Purged,
            (_, Some((_, false))) => Self::NotCached,
            (Some(_), None) => Self::Running,
            (None, None) => Self::Pending,
        }
    }
}

/// The jobs that are kept, in the order in which they were created.
pub(crate) fn jobs(shared: &Shared) -> Vec<Job> {
    by_age(shared, |resource, job, _| {
        vec![Job {
            op_id: job.id.to_owned(),
            resource: resource.id.to_string(),
            created: shared.date(job.created),
            paths: job.count,
            finished: job.finished,
        }]
    })
}

/// The records that are kept, those of each job in the order in which its paths were sent.
pub(crate) fn records(shared: &Shared) -> Vec<Record> {
    by_age(shared, |resource, job, now| {
        let (_, records) = resource.work.list(Some(job.id), 1, u64::MAX, now);
        let records = records.iter().map(|record| Record {
            op_id: record.op_id.to_owned(),
            resource: resource.id.to_string(),
            path: record.path.to_owned(),
            state: RecordState::new(record),
        });
        records.collect()
    })
}

/// Collects the results of `each` for the jobs of all resources, oldest job first.
fn by_age<T>(
    shared: &Shared,
    each: impl Fn(&Resource, &JobView<'_>, Duration) -> Vec<T>,
) -> Vec<T> {
    shared.with_all(|resources, now| {
        let mut jobs: Vec<(&Resource, JobView<'_>)> = Vec::new();
        for resource in resources {
            let start = jobs.len();
            jobs.extend(resource.work.newest(usize::MAX).map(|job| (resource, job)));
            jobs[start..].reverse();
        }
        jobs.sort_by_key(|(_, job)| job.created);
        jobs.iter().flat_map(|(resource, job)| each(resource, job, now)).collect()
    })
}

/// Waits until all jobs have finished.
pub(crate) async fn settled(shared: &Shared) {
    let left = || {
        shared.with_all(|resources, now| {
            let ends = resources.iter().filter_map(|resource| resource.work.ends());
            ends.max().map(|end| end.saturating_sub(now))
        })
    };
    while let Some(left) = left() {
        // The timer's clock differs from the sandbox's, so it may fire a little early.
        tokio::time::sleep(left.max(Duration::from_millis(1))).await;
    }
}
