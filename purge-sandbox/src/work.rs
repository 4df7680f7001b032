//! The purge jobs of one resource and the record of each purged path.
//!
//! No task works on a job: what state a record is in follows from the time. Only the evictions have an
//! effect, and they are caught up with, in the order in which they fell due, before anyone looks.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use crate::cache::Cache;

/// Jobs and records, in the order in which they came. Times count from the start of the sandbox.
#[derive(Debug, Default)]
pub(crate) struct Work {
    jobs: Vec<Job>,
    /// The records of a job stand together and backwards: read from the end, the newest job comes first,
    /// its paths in the order in which they were sent.
    records: Vec<Record>,
    by_id: HashMap<Box<str>, usize>,
    /// When the next path of each unfinished job is due.
    due: BinaryHeap<Reverse<(Duration, usize)>>,
}

#[derive(Debug)]
struct Job {
    id: Box<str>,
    created: Duration,
    takes: Duration,
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

/// What the list tells about one path of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordView<'a> {
    pub(crate) op_id: &'a str,
    pub(crate) path: &'a str,
    pub(crate) created: Duration,
    pub(crate) started: Option<Duration>,
    /// When it was finished, and whether anything was in the cache.
    pub(crate) completed: Option<(Duration, bool)>,
}

/// How far one job is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobView<'a> {
    pub(crate) id: &'a str,
    pub(crate) created: Duration,
    pub(crate) count: usize,
    pub(crate) finished: usize,
}

impl Work {
    pub(crate) fn create(
        &mut self,
        id: String,
        paths: Vec<String>,
        now: Duration,
        takes: Duration,
    ) {
        let index = self.jobs.len();
        let job = Job {
            id: id.clone().into(),
            created: now,
            takes,
            first: self.records.len(),
            count: paths.len(),
            finished: 0,
        };
        if job.count > 0 {
            self.due.push(Reverse((job.completes(0), index)));
        }
        self.jobs.push(job);
        self.by_id.insert(id.into(), index);
        self.records.extend(paths.into_iter().rev().map(|path| Record {
            job: index,
            path: path.into(),
            evicted: false,
        }));
    }

    /// Carries out every purge that fell due.
    pub(crate) fn settle(&mut self, cache: &mut Cache, now: Duration) {
        while let Some(&Reverse((at, index))) = self.due.peek() {
            if at > now {
                break;
            }
            self.due.pop();
            let job = &mut self.jobs[index];
            let record = &mut self.records[job.first + job.count - 1 - job.finished];
            record.evicted = cache.purge(&record.path) > 0;
            job.finished += 1;
            if job.finished < job.count {
                self.due.push(Reverse((job.completes(job.finished), index)));
            }
        }
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

    /// One page, newest first, and how many records there are on all pages.
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
            Some(Some(&index)) => (self.jobs[index].first, self.jobs[index].count),
        };
        let skip =
            usize::try_from(page.saturating_sub(1).saturating_mul(limit)).unwrap_or(usize::MAX);
        let end = total.saturating_sub(skip);
        let start = end.saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        (total, (start..end).rev().map(|i| self.view(first + i, now)).collect())
    }

    fn view(&self, index: usize, now: Duration) -> RecordView<'_> {
        let record = &self.records[index];
        let job = &self.jobs[record.job];
        let turn = job.first + job.count - 1 - index;
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
    /// A job waits for a quarter of its time; then its paths take turns.
    fn starts(&self, turn: usize) -> Duration {
        let wait = self.takes / 4;
        let work = share(self.takes - wait, turn, self.count);
        self.created.saturating_add(wait).saturating_add(work)
    }

    fn completes(&self, turn: usize) -> Duration {
        self.starts(turn + 1)
    }
}

/// The given number of parts of a duration.
fn share(whole: Duration, parts: usize, of: usize) -> Duration {
    const NANOS: u128 = 1_000_000_000;
    let nanos = whole.as_nanos() * parts as u128 / of.max(1) as u128;
    Duration::new((nanos / NANOS) as u64, (nanos % NANOS) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Object;
    use crate::pattern::Star;

    const SECOND: Duration = Duration::from_secs(1);

    fn work(jobs: &[(&str, &[&str])]) -> Work {
        let mut work = Work::default();
        for (id, paths) in jobs {
            let paths = paths.iter().map(|&path| path.to_owned()).collect();
            work.create((*id).to_owned(), paths, SECOND, 8 * SECOND);
        }
        work
    }

    fn paths<'a>(page: &[RecordView<'a>]) -> Vec<&'a str> {
        page.iter().map(|record| record.path).collect()
    }

    #[test]
    fn a_record_waits_then_runs_then_is_finished() {
        let mut work = work(&[("op", &["/cached", "/not"])]);
        let mut cache = Cache::new(100, Star::default());
        cache.insert("/cached", Object::Placeholder);
        // What stands in the list at each second: started, completed.
        let mut seen: Vec<Vec<_>> = Vec::new();
        for second in 1..=9 {
            work.settle(&mut cache, second * SECOND);
            let (_, page) = work.list(None, 1, 100, second * SECOND);
            seen.push(
                page.iter().map(|r| (r.started.is_some(), r.completed.map(|c| c.1))).collect(),
            );
        }
        let (waits, runs) = ((false, None), (true, None));
        let (purged, absent) = ((true, Some(true)), (true, Some(false)));
        let expected: Vec<Vec<_>> = vec![
            vec![waits, waits],
            vec![waits, waits],
            vec![runs, waits],
            vec![runs, waits],
            vec![runs, waits],
            vec![purged, runs],
            vec![purged, runs],
            vec![purged, runs],
            vec![purged, absent],
        ];
        assert_eq!(seen, expected);
        assert_eq!(cache.paths().count(), 0);
    }

    #[test]
    fn the_newest_job_comes_first_and_its_paths_stay_in_order() {
        let work = work(&[("old", &["/1", "/2"]), ("new", &["/3", "/4", "/5"])]);
        let all = ["/3", "/4", "/5", "/1", "/2"];
        for limit in 1..=6 {
            let mut pages = Vec::new();
            for page in 1..=6 {
                let (total, page) = work.list(None, page, limit, SECOND);
                assert_eq!(total, 5);
                pages.extend(paths(&page));
            }
            assert_eq!(pages, all, "limit {limit}");
        }
        let (total, page) = work.list(Some("old"), 1, 10, SECOND);
        assert_eq!((total, paths(&page)), (2, vec!["/1", "/2"]));
        assert_eq!(work.list(Some("none"), 1, 10, SECOND), (0, vec![]));
    }

    #[test]
    fn a_page_or_a_delay_beyond_all_numbers_is_no_overflow() {
        let mut work = work(&[("op", &["/a"])]);
        assert_eq!(work.list(None, u64::MAX, 100, SECOND).1, vec![]);
        work.create("never".to_owned(), vec!["/b".to_owned()], SECOND, Duration::MAX);
        work.settle(&mut Cache::new(0, Star::default()), 1_000_000 * SECOND);
        assert_eq!(work.list(Some("never"), 1, 1, 1_000_000 * SECOND).1[0].completed, None);
    }
}
