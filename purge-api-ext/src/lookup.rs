//! Was a request applied whose answer got lost? The list of purge requests knows.
//!
//! An operation is taken for the lost one only if nothing else fits: it has exactly the paths of the request,
//! this run does not know it yet, and it was created between the moment at which the request was sent and the
//! moment at which the list answered. Both moments are needed by the service's clock, which an answer shows in
//! its `Date` header. Without it, or with two operations that fit, it is unknown what became of the request,
//! and sending it again costs no more than a duplicate.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::clock::Clock;
use crate::error::Error;
use crate::id::OperationId;
use crate::list::{List, PurgeRecord, Read};
use crate::plan::{Batch, Plan};
use crate::resource::Resource;

/// So many records are always read, in whatever order the list may be.
const RECORDS: u64 = 500;

/// The jobs that others created meanwhile are not searched for minutes.
const MOST_RECORDS: u64 = 10_000;

/// However short the pages are.
const MOST_PAGES: usize = 200;

/// When a request was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sent {
    /// A moment of this run.
    At(Instant),
    /// The time that the service's clock showed, of an earlier run. Two runs share no other clock that may not
    /// have been set in between.
    On(SystemTime),
}

/// Looks for the operation that a request sent at `sent` has created, which so many others may have followed.
pub(crate) async fn find(
    resource: &Resource,
    batch: &Batch,
    known: impl Fn(&OperationId) -> bool,
    sent: Sent,
    followers: usize,
) -> Result<Option<OperationId>, Error> {
    let mut list = List::new(resource.clone()).reader();
    let mut records = Vec::new();
    let mut window = None;
    let most = (followers as u64).saturating_add(1).saturating_mul(Plan::MAX_BATCH_SIZE as u64);
    let most = most.clamp(RECORDS, MOST_RECORDS);
    // Without a clock nothing can be found.
    for _ in 0..MOST_PAGES {
        let Some(Read { page, clock, .. }) = list.next_new().await? else { break };
        let Some(window) = *window.get_or_insert_with(|| Window::new(sent, clock?)) else { break };
        let are_all_new = page.requests.iter().all(|record| window.holds(record));
        records.extend(page.requests);
        let read = records.len() as u64;
        if read >= most || (read >= RECORDS && !are_all_new) {
            break;
        }
    }
    Ok(window.flatten().and_then(|window| only_candidate(&records, batch, known, window)))
}

/// The time, by the service's clock, in which the operation of a request was created.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: SystemTime,
    until: SystemTime,
}

impl Window {
    /// The unit of `Date`, and of the times of records that show no fraction: so much of a time may be missing.
    ///
    /// A job of somebody else for the same paths can be taken for the lost one if it was created before the
    /// request was sent by less than this, or, if the service shows the times of records without a
    /// fraction, by less than twice this. `docs/retries.md` has the same numbers.
    const UNIT: Duration = Duration::from_secs(1);

    fn new(sent: Sent, clock: Clock) -> Option<Self> {
        let from = match sent {
            Sent::At(moment) => clock.at(moment)?,
            Sent::On(time) => time,
        };
        // A record of the future is by another clock, which says nothing.
        Some(Self { from, until: clock.date.checked_add(Self::UNIT)? })
    }

    fn holds(&self, record: &PurgeRecord) -> bool {
        let Some(Ok(created)) = record.created_at.as_deref().map(humantime::parse_rfc3339) else {
            return false;
        };
        let seconds = created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // A time that shows a fraction of a second was not cut to whole ones.
        let is_whole = seconds.subsec_nanos() == 0;
        let is_after = created >= self.from || (is_whole && created + Self::UNIT > self.from);
        is_after && created < self.until
    }
}

fn only_candidate(
    records: &[PurgeRecord],
    batch: &Batch,
    known: impl Fn(&OperationId) -> bool,
    window: Window,
) -> Option<OperationId> {
    let wanted: HashSet<&str> = batch.paths().collect();
    let mut operations: HashMap<&OperationId, Option<HashSet<&str>>> = HashMap::new();
    for record in records {
        let Some(id) = &record.op_id else { continue };
        let held = operations.entry(id).or_insert_with(|| Some(HashSet::new()));
        // One record that does not fit rules the whole operation out.
        match record.written_path().filter(|path| wanted.contains(path) && window.holds(record)) {
            Some(path) => {
                if let Some(held) = held {
                    held.insert(path);
                }
            }
            None => *held = None,
        }
    }
    let mut candidates = operations.into_iter().filter(|(id, held)| {
        held.as_ref().is_some_and(|held| held.len() == wanted.len()) && !known(id)
    });
    let (first, _) = candidates.next()?;
    candidates.next().is_none().then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: &str = "2025-08-06T11:39:51Z";

    fn record(id: &str, path: &str, created: &str) -> PurgeRecord {
        let url = format!("https://www.example.com{path}");
        PurgeRecord::new(Some(id), Some(&url), Some(2), Some(created), None)
    }

    fn check(records: &[(&str, &str, &str)], expected: Option<&str>) {
        let records: Vec<_> = records.iter().map(|(i, p, c)| record(i, p, c)).collect();
        let plan = Plan::parse(["/a", "/b"]).expect("a plan");
        let from = humantime::parse_rfc3339(SINCE).expect("a time");
        let window = Window { from, until: from + Duration::from_secs(10) };
        let known = |id: &OperationId| id.as_str() == "known";
        let found = only_candidate(&records, &plan.batches()[0], known, window);
        assert_eq!(found.as_ref().map(OperationId::as_str), expected, "{records:?}");
    }

    #[test]
    fn only_an_operation_that_nothing_speaks_against_is_adopted() {
        let new = "2025-08-06T11:39:51.000000Z";
        let old = "2025-08-06T11:39:50Z";
        check(&[("x", "/a", new), ("x", "/b", new)], Some("x"));
        check(&[("x", "/b", SINCE), ("y", "/c", new), ("x", "/a", SINCE)], Some("x"));
        check(&[("x", "/a", new), ("x", "/b", new), ("z", "/a", old), ("z", "/b", old)], Some("x"));
        check(&[], None);
        check(&[("x", "/a", new)], None);
        check(&[("x", "/a", new), ("x", "/b", new), ("x", "/c", new)], None);
        check(&[("x", "/a", new), ("x", "/b", old)], None);
        check(&[("known", "/a", new), ("known", "/b", new)], None);
        check(&[("x", "/a", new), ("x", "/b", new), ("y", "/a", new), ("y", "/b", new)], None);
        check(&[("x", "/a", "soon"), ("x", "/b", "soon")], None);
    }

    /// Whether a record of this second fits a request that was sent `before` ago, when the list was asked for.
    fn holds(before: Duration, second: &str) -> bool {
        let asked = Instant::now() + Duration::from_secs(7200);
        let sent = Sent::At(asked - before);
        let date = humantime::parse_rfc3339("2025-08-06T11:39:52Z").expect("a time");
        let window = Window::new(sent, Clock::shown(date, asked)).expect("a window");
        window.holds(&record("x", "/a", &format!("2025-08-06T11:39:{second}Z")))
    }

    #[test]
    fn time_without_a_fraction_may_lack_a_part_of_a_second() {
        // The request was sent at 51.3 or later.
        for (second, expected) in [
            ("50.000000", false),
            ("50", false),
            ("51", true),
            ("51.000000", true),
            ("51.2", false),
            ("51.3", true),
            ("52", true),
            ("52.9", true),
        ] {
            assert_eq!(holds(Duration::from_millis(700), second), expected, "{second}");
        }
    }

    #[test]
    fn record_of_the_future_is_by_another_clock() {
        assert!(holds(Duration::ZERO, "52.999999"));
        assert!(!holds(Duration::ZERO, "53"));
        assert!(!holds(Duration::from_secs(3600), "59"));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_list_makes_no_older_job_look_newer() {
        let sent = Sent::At(Instant::now());
        tokio::time::advance(Duration::from_secs(1)).await;
        let asked = Instant::now();
        // The answer takes 6 s, and its `Date` is of its end.
        tokio::time::advance(Duration::from_secs(6)).await;
        let date = humantime::parse_rfc3339("2025-08-06T11:39:58Z").expect("a time");
        let window = Window::new(sent, Clock::shown(date, asked)).expect("a window");
        let holds =
            |second: &str| window.holds(&record("x", "/a", &format!("2025-08-06T11:39:{second}Z")));
        assert!(!holds("50.9") && !holds("53"), "jobs from before the request");
        assert!(holds("57.0") && holds("58.5"));
    }
}
