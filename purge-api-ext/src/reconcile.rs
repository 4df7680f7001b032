//! Was a request carried out whose answer got lost? The list of purge requests knows.
//!
//! An operation is taken for the lost one only if nothing else fits: it holds exactly the paths of the
//! request, this run does not know it yet, and it was created after the request was sent. That last
//! point needs the service's clock, which every answer shows in its `Date` header; without it, or with
//! two operations that fit, the answer is that nobody can tell.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU64;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::endpoint::Endpoint;
use crate::list::{List, PurgeRecord};
use crate::{Batch, Error, OperationId};

/// So many pages are always read, in whatever order the list may be.
const PAGES: u64 = 5;

/// What others have made meanwhile is not searched for minutes.
const MOST_PAGES: u64 = 100;

/// When a request was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// A moment of this run.
    moment: Instant,
    /// How long before it. An earlier run is told from by the wall clock, which may have been set.
    before: Duration,
}

impl Sent {
    pub(crate) fn now() -> Self {
        Self::before(Duration::ZERO)
    }

    pub(crate) fn before(before: Duration) -> Self {
        Self { moment: Instant::now(), before }
    }

    fn elapsed(self) -> Duration {
        self.before.saturating_add(self.moment.elapsed())
    }
}

/// Looks for the operation that a request sent at `sent` has created, which so many others may have followed.
pub(crate) async fn find(
    endpoint: &Endpoint,
    batch: &Batch,
    known: impl Fn(&OperationId) -> bool,
    sent: Sent,
    followers: usize,
) -> Result<Option<OperationId>, Error> {
    let list = List::new(endpoint.clone());
    let mut records = Vec::new();
    let mut since = None;
    // A request has no more paths than a page has records.
    let pages = (followers as u64).saturating_add(1).clamp(PAGES, MOST_PAGES);
    for number in (1..=pages).filter_map(NonZeroU64::new) {
        let (page, clock) = list.page_with_clock(number).await?;
        if since.is_none() {
            // When their clock showed the sending, at the earliest: what is missing of `Date` makes it later.
            since = clock.and_then(|now| now.checked_sub(sent.elapsed()));
        }
        let full = page.requests.len() >= usize::from(page.limit.get());
        let is_since = |record| since.is_some_and(|since| is_new(record, since));
        let may_be_further = number.get() < PAGES || page.requests.iter().all(is_since);
        records.extend(page.requests);
        if !full || !may_be_further {
            break;
        }
    }
    Ok(since.and_then(|since| only_candidate(&records, batch, known, since)))
}

/// How much of a time may be missing that counts whole seconds.
const CUT: Duration = Duration::from_secs(1);

fn only_candidate(
    records: &[PurgeRecord],
    batch: &Batch,
    known: impl Fn(&OperationId) -> bool,
    since: SystemTime,
) -> Option<OperationId> {
    let wanted: HashSet<&str> = batch.paths().collect();
    let mut operations: HashMap<&OperationId, Option<HashSet<&str>>> = HashMap::new();
    for record in records {
        let Some(id) = &record.op_id else { continue };
        let held = operations.entry(id).or_insert_with(|| Some(HashSet::new()));
        // One record that does not fit rules the whole operation out.
        match record.path().filter(|path| wanted.contains(path) && is_new(record, since)) {
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

fn is_new(record: &PurgeRecord, since: SystemTime) -> bool {
    let Some(Ok(created)) = record.created_at.as_deref().map(humantime::parse_rfc3339) else {
        return false;
    };
    let seconds = created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // A time that shows parts of a second was not cut to whole ones.
    created >= since || (seconds.subsec_nanos() == 0 && created + CUT > since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plan;

    const SINCE: &str = "2025-08-06T11:39:51Z";

    fn record(id: &str, path: &str, created: &str) -> PurgeRecord {
        PurgeRecord {
            op_id: id.parse().ok(),
            url: Some(format!("https://www.example.com{path}")),
            status: Some(2),
            message: None,
            created_at: Some(created.to_owned()),
            started_at: None,
            completed_at: None,
        }
    }

    fn check(records: &[(&str, &str, &str)], expected: Option<&str>) {
        let records: Vec<_> = records.iter().map(|(i, p, c)| record(i, p, c)).collect();
        let plan = Plan::parse(["/a", "/b"]).expect("a plan");
        let since = humantime::parse_rfc3339(SINCE).expect("a time");
        let known = |id: &OperationId| id.as_str() == "known";
        let found = only_candidate(&records, &plan.batches()[0], known, since);
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

    #[test]
    fn time_of_whole_seconds_may_lack_a_part_of_one() {
        let since = humantime::parse_rfc3339("2025-08-06T11:39:51.300Z").expect("a time");
        for (second, expected) in [
            ("50.000000", false),
            ("50", false),
            ("51", true),
            ("51.000000", true),
            ("51.2", false),
            ("51.3", true),
            ("52", true),
        ] {
            let record = record("x", "/a", &format!("2025-08-06T11:39:{second}Z"));
            assert_eq!(is_new(&record, since), expected, "{second}");
        }
    }
}
