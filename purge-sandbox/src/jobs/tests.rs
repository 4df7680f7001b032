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
        seen.push(page.iter().map(|r| (r.started.is_some(), r.completed.map(|c| c.1))).collect());
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
