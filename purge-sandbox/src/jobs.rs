//! The purge jobs of one resource and the record of each purged path.
//!
//! No task runs a job: the state of a record is computed from the time. Only evictions change anything. Those that are
//! due are applied, in order, before the state is read.
//!
//! When all jobs would take too much memory, the oldest are forgotten: only whole jobs, and only finished ones.
//! A job that does not fit in addition to the unfinished ones is refused.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use crate::pop::Owed;

/// Jobs and records, in the order in which they were created. Times count from the start of the sandbox, indices from
/// its first job and its first record, which may have been forgotten.
#[derive(Debug)]
pub(crate) struct Work {
    max_bytes: usize,
    owed: Owed,
    bytes: usize,
    jobs: VecDeque<Job>,
    forgotten_jobs: usize,
    /// The records of a job are adjacent and in reverse. Read from the end, the newest job comes
    /// first, with its paths in the order in which they were sent.
    records: VecDeque<Record>,
    forgotten_records: usize,
    by_id: HashMap<Box<str>, usize>,
    /// When the next path of each unfinished job is due.
    due: BinaryHeap<Reverse<(Duration, usize)>>,
}

#[derive(Debug)]
struct Job {
    id: Box<str>,
    created: Duration,
    takes: Duration,
    /// Whether it reports its paths as purged but purges nothing.
    keeps: bool,
    first: usize,
    count: usize,
    finished: usize,
}

#[derive(Debug)]
struct Record {
    job: usize,
    path: Box<str>,
    evicted: bool,
}

/// What the list shows of one path of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordView<'a> {
    pub(crate) op_id: &'a str,
    pub(crate) path: &'a str,
    pub(crate) created: Duration,
    pub(crate) started: Option<Duration>,
    /// When it finished, and whether anything was in the cache.
    pub(crate) completed: Option<(Duration, bool)>,
}

/// The progress of one job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobView<'a> {
    pub(crate) id: &'a str,
    pub(crate) created: Duration,
    pub(crate) count: usize,
    pub(crate) finished: usize,
}

/// The caches that jobs purge.
pub(crate) trait Evict {
    /// Purges a path at a given time, and returns whether anything was there.
    fn evict(&mut self, at: Duration, path: &str) -> bool;

    /// Whether anything is there.
    fn has(&self, path: &str) -> bool;
}

/// There is no room for another job until one of the others has finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Work {
    pub(crate) fn new(max_bytes: usize, owed: Owed) -> Self {
        Self {
            max_bytes,
            owed,
            bytes: 0,
            jobs: VecDeque::new(),
            forgotten_jobs: 0,
            records: VecDeque::new(),
            forgotten_records: 0,
            by_id: HashMap::new(),
            due: BinaryHeap::new(),
        }
    }

    pub(crate) fn create(
        &mut self,
        id: String,
        paths: Vec<String>,
        now: Duration,
        takes: Duration,
    ) -> Result<(), Full> {
        let bytes = job_bytes(&id) + paths.iter().map(|path| self.bytes_of(path)).sum::<usize>();
        while self.bytes.saturating_add(bytes) > self.max_bytes && self.forget(now) {}
        if self.bytes.saturating_add(bytes) > self.max_bytes && !self.jobs.is_empty() {
            return Err(Full);
        }
        self.bytes += bytes;
        let index = self.forgotten_jobs + self.jobs.len();
        let job = Job {
            id: id.clone().into(),
            created: now,
            takes,
            keeps: false,
            first: self.forgotten_records + self.records.len(),
            count: paths.len(),
            finished: 0,
        };
        if job.count > 0 {
            self.due.push(Reverse((job.completes(0), index)));
        }
        self.jobs.push_back(job);
        self.by_id.insert(id.into(), index);
        self.records.extend(paths.into_iter().rev().map(|path| Record {
            job: index,
            path: path.into(),
            evicted: false,
        }));
        Ok(())
    }

    /// The memory that a path takes here, and at the points of presence that purge it later.
    fn bytes_of(&self, path: &str) -> usize {
        record_bytes(path) + self.owed.bytes(path)
    }

    /// Forgets the oldest job, if it has finished everywhere. Jobs finish in the order of their creation.
    fn forget(&mut self, now: Duration) -> bool {
        let has_ended = |job: &Job| {
            job.finished == job.count && job.ends().saturating_add(self.owed.lag) <= now
        };
        if !self.jobs.front().is_some_and(has_ended) {
            return false;
        }
        let Some(job) = self.jobs.pop_front() else { return false };
        self.forgotten_jobs += 1;
        self.forgotten_records += job.count;
        self.by_id.remove(&job.id);
        self.bytes -= job_bytes(&job.id);
        let owed = self.owed;
        let bytes_of = |record: Record| record_bytes(&record.path) + owed.bytes(&record.path);
        self.bytes -= self.records.drain(..job.count).map(bytes_of).sum::<usize>();
        true
    }

    /// Makes the newest job report its paths as purged and purge nothing.
    pub(crate) fn keep_newest(&mut self) {
        self.jobs.iter_mut().next_back().into_iter().for_each(|job| job.keeps = true);
    }

    /// Applies every purge that is due.
    pub(crate) fn settle(&mut self, places: &mut impl Evict, now: Duration) {
        while let Some(&Reverse((at, index))) = self.due.peek() {
            if at > now {
                break;
            }
            self.due.pop();
            let job = &mut self.jobs[index - self.forgotten_jobs];
            let place = job.first + job.count - 1 - job.finished - self.forgotten_records;
            let record = &mut self.records[place];
            record.evicted = match job.keeps {
                true => places.has(&record.path),
                false => places.evict(at, &record.path),
            };
            job.finished += 1;
            if job.finished < job.count {
                self.due.push(Reverse((job.completes(job.finished), index)));
            }
        }
    }

    /// When the last unfinished job will finish, if there is one.
    pub(crate) fn ends(&self) -> Option<Duration> {
        let unfinished = self
            .due
            .iter()
            .map(|Reverse((_, index))| self.jobs[index - self.forgotten_jobs].ends());
        unfinished.max()
    }

    /// The last jobs, newest first.
    pub(crate) fn newest(&self, limit: usize) -> impl Iterator<Item = JobView<'_>> {
        self.jobs.iter().rev().take(limit).map(|job| JobView {
            id: &job.id,
            created: job.created,
            count: job.count,
            finished: job.finished,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The number of records that were forgotten to make room.
    pub(crate) fn forgotten(&self) -> usize {
        self.forgotten_records
    }

    /// One page, newest first, and the number of records on all pages. Forgotten records are on no page and are
    /// not counted.
    pub(crate) fn list(
        &self,
        op_id: Option<&str>,
        page: u64,
        limit: u64,
        now: Duration,
    ) -> (usize, Vec<RecordView<'_>>) {
        let (first, total) = match op_id.map(|id| self.by_id.get(id)) {
            None => (0, self.records.len()),
            Some(None) => (0, 0),
            Some(Some(&index)) => {
                let job = &self.jobs[index - self.forgotten_jobs];
                (job.first - self.forgotten_records, job.count)
            }
        };
        let skip =
            usize::try_from(page.saturating_sub(1).saturating_mul(limit)).unwrap_or(usize::MAX);
        let end = total.saturating_sub(skip);
        let start = end.saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        (total, (start..end).rev().map(|i| self.view(first + i, now)).collect())
    }

    fn view(&self, index: usize, now: Duration) -> RecordView<'_> {
        let record = &self.records[index];
        let job = &self.jobs[record.job - self.forgotten_jobs];
        let turn = job.first + job.count - 1 - index - self.forgotten_records;
        let started = job.starts(turn);
        RecordView {
            op_id: &job.id,
            path: &record.path,
            created: job.created,
            started: (started <= now).then_some(started),
            completed: (turn < job.finished).then(|| (job.completes(turn), record.evicted)),
        }
    }
}

impl Job {
    /// A job waits for a quarter of its time; then its paths are purged one after another.
    fn starts(&self, turn: usize) -> Duration {
        let wait = self.takes / 4;
        let work = share(self.takes - wait, turn, self.count);
        self.created.saturating_add(wait).saturating_add(work)
    }

    fn completes(&self, turn: usize) -> Duration {
        self.starts(turn + 1)
    }

    /// When its last path completes.
    fn ends(&self) -> Duration {
        self.starts(self.count)
    }
}

/// The memory that a job takes, without its records. Its ID is stored twice.
fn job_bytes(id: &str) -> usize {
    size_of::<Job>() + size_of::<(Box<str>, usize)>() + 2 * id.len()
}

fn record_bytes(path: &str) -> usize {
    size_of::<Record>() + path.len()
}

/// The fraction `parts / of` of a duration.
fn share(whole: Duration, parts: usize, of: usize) -> Duration {
    const NANOS: u128 = 1_000_000_000;
    let nanos = whole.as_nanos() * parts as u128 / of.max(1) as u128;
    Duration::new((nanos / NANOS) as u64, (nanos % NANOS) as u32)
}

#[cfg(test)]
mod tests;
