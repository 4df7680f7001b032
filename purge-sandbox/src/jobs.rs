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
mod tests {
    use super::*;
    use crate::cache::{Cache, Object};
    use crate::pattern::Star;

    const SECOND: Duration = Duration::from_secs(1);

    impl Evict for Cache {
        fn evict(&mut self, _: Duration, path: &str) -> bool {
            self.purge(path) > 0
        }

        fn has(&self, path: &str) -> bool {
            Cache::has(self, path)
        }
    }

    fn work(jobs: &[(&str, &[&str])]) -> Work {
        let mut work = Work::new(usize::MAX, Owed::default());
        for (id, paths) in jobs {
            assert_eq!(create(&mut work, id, paths, SECOND), Ok(()));
        }
        work
    }

    fn create(work: &mut Work, id: &str, paths: &[&str], now: Duration) -> Result<(), Full> {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        work.create(id.to_owned(), paths, now, 8 * SECOND)
    }

    fn paths<'a>(page: &[RecordView<'a>]) -> Vec<&'a str> {
        page.iter().map(|record| record.path).collect()
    }

    #[test]
    fn a_record_waits_then_runs_then_is_finished() {
        let mut work = work(&[("op", &["/cached", "/not"])]);
        let mut cache = Cache::new(1000, Star::default());
        cache.insert("/cached", Object::Placeholder);
        // What the list shows at each second: started, completed.
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
    fn a_huge_page_number_or_delay_does_not_overflow() {
        let mut work = work(&[("op", &["/a"])]);
        assert_eq!(work.list(None, u64::MAX, 100, SECOND).1, vec![]);
        let never = work.create("never".to_owned(), vec!["/b".to_owned()], SECOND, Duration::MAX);
        assert_eq!(never, Ok(()));
        work.settle(&mut Cache::new(0, Star::default()), 1_000_000 * SECOND);
        assert_eq!(work.list(Some("never"), 1, 1, 1_000_000 * SECOND).1[0].completed, None);
    }

    #[test]
    fn the_oldest_finished_jobs_are_forgotten_with_all_records() {
        let mut cache = Cache::new(1000, Star::default());
        let size = job_bytes("0") + 3 * record_bytes("/0/a");
        let mut work = Work::new(3 * size, Owed::default());
        for n in 0..20 {
            let now = 100 * n * SECOND;
            work.settle(&mut cache, now);
            let (id, n) = (n.to_string(), n as usize % 10);
            let paths: [&str; 3] = [&format!("/{n}/a"), &format!("/{n}/b"), &format!("/{n}/c")];
            assert_eq!(create(&mut work, &id[id.len() - 1..], &paths, now), Ok(()));
        }
        let now = 10_000 * SECOND;
        work.settle(&mut cache, now);
        assert_eq!((work.len(), work.forgotten()), (9, 51));
        let all = ["/9/a", "/9/b", "/9/c", "/8/a", "/8/b", "/8/c", "/7/a", "/7/b", "/7/c"];
        for limit in 1..=10 {
            let pages = (1..=10).flat_map(|page| {
                let (total, page) = work.list(None, page, limit, now);
                assert_eq!(total, 9);
                assert!(page.iter().all(|r| r.completed.is_some_and(|c| c.0 > 1700 * SECOND)));
                paths(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
            });
            assert_eq!(pages.collect::<Vec<_>>(), all, "limit {limit}");
        }
        let (total, page) = work.list(Some("7"), 1, 10, now);
        assert_eq!((total, paths(&page)), (3, vec!["/7/a", "/7/b", "/7/c"]));
        assert_eq!(work.list(Some("6"), 1, 10, now), (0, vec![]));
        assert_eq!(work.newest(10).map(|job| job.finished).collect::<Vec<_>>(), [3, 3, 3]);
        assert_eq!((work.bytes, work.by_id.len()), (3 * size, 3));
    }

    #[test]
    fn an_unfinished_job_is_never_forgotten() {
        let mut cache = Cache::new(1000, Star::default());
        let mut work = Work::new(2 * (job_bytes("a") + record_bytes("/a")), Owed::default());
        assert_eq!(create(&mut work, "a", &["/a"], SECOND), Ok(()));
        assert_eq!(create(&mut work, "b", &["/b"], 2 * SECOND), Ok(()));
        assert_eq!(create(&mut work, "c", &["/c"], 3 * SECOND), Err(Full));
        assert_eq!(paths(&work.list(None, 1, 10, 3 * SECOND).1), ["/b", "/a"]);
        work.settle(&mut cache, 9 * SECOND);
        assert_eq!(create(&mut work, "c", &["/c"], 9 * SECOND), Ok(()));
        assert_eq!(paths(&work.list(None, 1, 10, 9 * SECOND).1), ["/c", "/b"]);
        assert_eq!(create(&mut work, "d", &["/d"], 9 * SECOND), Err(Full));
        work.settle(&mut cache, 100 * SECOND);
        let finished = work.list(None, 1, 10, 100 * SECOND).1;
        assert!(finished.iter().all(|record| record.completed.is_some()));
    }

    #[test]
    fn a_job_that_a_point_of_presence_still_owes_is_not_forgotten() {
        let mut cache = Cache::new(1000, Star::default());
        let late = crate::pop::Pop::new("late").lag(100 * SECOND);
        let pops =
            [late, crate::pop::Pop::new("soon"), crate::pop::Pop::new("never").lag(Duration::MAX)];
        let owed = Owed::new(&pops);
        let mut work = Work::new(job_bytes("a") + record_bytes("/a") + owed.bytes("/a"), owed);
        assert!(owed.bytes("/a") > 2);
        assert_eq!(create(&mut work, "a", &["/a"], SECOND), Ok(()));
        work.settle(&mut cache, 50 * SECOND);
        assert_eq!(create(&mut work, "b", &["/b"], 50 * SECOND), Err(Full));
        assert_eq!(create(&mut work, "b", &["/b"], 108 * SECOND), Err(Full));
        assert_eq!(create(&mut work, "b", &["/b"], 109 * SECOND), Ok(()));
        assert_eq!(work.list(Some("a"), 1, 1, 109 * SECOND).0, 0);
        assert_eq!(work.bytes, work.max_bytes);
    }

    #[test]
    fn a_job_larger_than_the_limit_is_kept_if_it_is_the_only_one() {
        let mut work = Work::new(1, Owed::default());
        assert_eq!(create(&mut work, "a", &["/a"], SECOND), Ok(()));
        assert_eq!(create(&mut work, "b", &["/b"], SECOND), Err(Full));
        work.settle(&mut Cache::new(0, Star::default()), 100 * SECOND);
        assert_eq!(create(&mut work, "b", &["/b"], 100 * SECOND), Ok(()));
        assert_eq!(paths(&work.list(None, 1, 10, 100 * SECOND).1), ["/b"]);
    }

    #[test]
    fn a_job_that_keeps_objects_reports_them_as_purged() {
        let mut work = work(&[("op", &["/cached", "/not"])]);
        work.keep_newest();
        let mut cache = Cache::new(1000, Star::default());
        cache.insert("/cached", Object::Placeholder);
        work.settle(&mut cache, 20 * SECOND);
        let (_, page) = work.list(None, 1, 100, 20 * SECOND);
        let evicted: Vec<_> = page.iter().map(|r| r.completed.map(|c| c.1)).collect();
        assert_eq!(evicted, [Some(true), Some(false)]);
        assert_eq!(cache.paths().collect::<Vec<_>>(), ["/cached"]);
    }
}
