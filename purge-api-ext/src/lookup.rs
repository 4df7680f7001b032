//! Finds out from the list of purge requests whether a request was applied whose response got lost.
//!
//! An operation is adopted only if it is the only one that fits: it has exactly the paths of the request, this client
//! does not know it yet, and it was created after the request was sent and before the list was returned. Both times
//! must be by the service's clock, which a response reveals in its `Date` header. Without that header, or with two
//! operations that fit, it stays unknown whether the request was applied; sending it again costs no more than a
//! duplicate.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::clock::Clock;
use crate::error::Error;
use crate::id::OperationId;
use crate::list::{List, PurgeRecord, Read};
use crate::plan::{Batch, Plan};
use crate::resource::Resource;

/// At least this many records are read, because the order of the list is not published.
const RECORDS: u64 = 500;

/// At most this many records are read, so that the operations of other clients do not keep the look-up busy for
/// minutes.
const MOST_RECORDS: u64 = 10_000;

/// At most this many pages are read, however short they are.
const MOST_PAGES: usize = 200;

/// When a request was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sent {
    /// A moment of this run.
    At(Instant),
    /// The time of an earlier run, by the service's clock: the only clock that both runs share and that cannot have
    /// been adjusted on this machine in between.
    On(SystemTime),
}

/// Looks for the operation of a request that was sent at `sent`. As many as `followers` requests may have been sent
/// after it.
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
    // Nothing can be found without the service's clock.
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

/// The time span, by the service's clock, in which the operation of a request was created.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: SystemTime,
    until: SystemTime,
}

impl Window {
    /// The resolution of `Date`, and of record times without a fraction: up to this much may have been cut off.
    ///
    /// Another client's operation for the same paths can be taken for the lost one if it was created less than this
    /// before the request was sent; or less than twice this, if the record times have no fraction.
    /// `docs/retries.md` has the same numbers.
    const UNIT: Duration = Duration::from_secs(1);

    fn new(sent: Sent, clock: Clock) -> Option<Self> {
        let from = match sent {
            Sent::At(moment) => clock.at(moment)?,
            Sent::On(time) => time,
        };
        // A record from the future was timed by another clock, so it proves nothing.
        Some(Self { from, until: clock.date.checked_add(Self::UNIT)? })
    }

    fn holds(&self, record: &PurgeRecord) -> bool {
        let Some(Ok(created)) = record.created_at.as_deref().map(humantime::parse_rfc3339) else {
            return false;
        };
        let seconds = created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // A time with a fraction was not cut to whole seconds.
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
    fn operation_is_adopted_only_if_it_alone_fits() {
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

    /// Whether a record created at this second fits a request that was sent `before` the list was requested.
    fn holds(before: Duration, second: &str) -> bool {
        let asked = Instant::now() + Duration::from_secs(7200);
        let sent = Sent::At(asked - before);
        let date = humantime::parse_rfc3339("2025-08-06T11:39:52Z").expect("a time");
        let window = Window::new(sent, Clock::shown(date, asked)).expect("a window");
        window.holds(&record("x", "/a", &format!("2025-08-06T11:39:{second}Z")))
    }

    #[test]
    fn time_without_a_fraction_may_be_up_to_a_second_later() {
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
    fn record_from_the_future_does_not_fit() {
        assert!(holds(Duration::ZERO, "52.999999"));
        assert!(!holds(Duration::ZERO, "53"));
        assert!(!holds(Duration::from_secs(3600), "59"));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_list_does_not_make_older_operations_look_newer() {
        let sent = Sent::At(Instant::now());
        tokio::time::advance(Duration::from_secs(1)).await;
        let asked = Instant::now();
        // The response takes 6 s, and its `Date` is from its end.
        tokio::time::advance(Duration::from_secs(6)).await;
        let date = humantime::parse_rfc3339("2025-08-06T11:39:58Z").expect("a time");
        let window = Window::new(sent, Clock::shown(date, asked)).expect("a window");
        let holds =
            |second: &str| window.holds(&record("x", "/a", &format!("2025-08-06T11:39:{second}Z")));
        assert!(!holds("50.9") && !holds("53"), "operations from before the request");
        assert!(holds("57.0") && holds("58.5"));
    }
}
