//! The state that all connections share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderValue;
use uuid::Uuid;

use crate::account::Account;
use crate::admission::Bucket;
use crate::fault::Faults;
use crate::lock::lock;
use crate::log::{Log, RecordedRequest};
use crate::origin::Origin;
use crate::pop::Pop;
use crate::resource::Resource;
use crate::rewrite::Rewrite;

pub(crate) struct Shared {
    pub(crate) account: Mutex<Account>,
    pub(crate) bucket: Option<Mutex<Bucket>>,
    /// Whether requests may name hosts that are not this machine.
    pub(crate) non_loopback: bool,
    pub(crate) organization: Uuid,
    pub(crate) purge_delay: Duration,
    /// The time for the body of a request.
    pub(crate) read_timeout: Duration,
    pub(crate) page_limit: Option<u32>,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    pub(crate) observer: Option<Observer>,
    pub(crate) rewrite: Option<Rewrite>,
    pub(crate) origin: Origin,
    pub(crate) pops: Vec<Pop>,
    /// Whether edges compress what visitors can decompress.
    pub(crate) compresses: bool,
    /// The `Cache-Control` of the origin's own files.
    pub(crate) cache_control: HeaderValue,
    pub(crate) clock: Clock,
    pub(crate) resources: Mutex<Vec<Resource>>,
}

/// Called with every request when its response is about to be sent, or its connection broken.
pub(crate) type Observer = Arc<dyn Fn(&RecordedRequest) + Send + Sync>;

impl Shared {
    /// Since the start; monotonic.
    pub(crate) fn now(&self) -> Duration {
        let now = self.clock.started.elapsed();
        self.clock.compare(now, SystemTime::now());
        now
    }

    pub(crate) fn date(&self, at: Duration) -> SystemTime {
        self.clock.date(at)
    }

    /// All resources as they are now.
    pub(crate) fn with_all<T>(&self, f: impl FnOnce(&[Resource], Duration) -> T) -> T {
        let mut resources = lock(&self.resources);
        let now = self.now();
        for resource in resources.iter_mut() {
            resource.settle(now);
        }
        f(&resources, now)
    }

    /// The resource as it is now, after every purge that is due has been applied.
    pub(crate) fn with_resource<T>(
        &self,
        id: Uuid,
        f: impl FnOnce(&mut Resource, Duration) -> T,
    ) -> Option<T> {
        let mut resources = lock(&self.resources);
        let now = self.now();
        let resource = resources.iter_mut().find(|resource| resource.id == id)?;
        resource.settle(now);
        Some(f(resource, now))
    }
}

/// Dates for times since the start.
///
/// The time since the start does not pass while the machine sleeps, and does not change with the clock of the machine. The
/// header `Date` of responses does, and clients compare dates with it.
pub(crate) struct Clock {
    started: Instant,
    /// The date at some times, the earliest first; at least one.
    dates: Mutex<VecDeque<(Duration, SystemTime)>>,
}

/// How far dates may be from the clock of the machine.
const DRIFT: Duration = Duration::from_secs(1);
/// How many changes of the clock are remembered.
const CHANGES: usize = 1000;

impl Clock {
    pub(crate) fn start() -> Self {
        let dates = VecDeque::from([(Duration::ZERO, SystemTime::now())]);
        Self { started: Instant::now(), dates: dates.into() }
    }

    /// The date at a time: what it was before a change of the clock stays as it was.
    fn date(&self, at: Duration) -> SystemTime {
        let dates = lock(&self.dates);
        let after = dates.partition_point(|(since, _)| *since <= at);
        let (since, date) = dates[after.saturating_sub(1)];
        date.checked_add(at.saturating_sub(since)).unwrap_or(date)
    }

    /// Continues with the clock of the machine if it has been set, or the machine has slept.
    fn compare(&self, now: Duration, wall: SystemTime) {
        let date = self.date(now);
        let ahead = wall.duration_since(date).unwrap_or_default();
        let behind = date.duration_since(wall).unwrap_or_default();
        if ahead.max(behind) <= DRIFT {
            return;
        }
        let mut dates = lock(&self.dates);
        // Requests are handled at the same time, and a later one may have been here first.
        if dates.back().is_some_and(|(since, _)| *since < now) {
            dates.push_back((now, wall));
        }
        if dates.len() > CHANGES {
            dates.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_clock_of_the_machine_and_old_ones_stay() {
        let clock = Clock::start();
        let start = clock.date(Duration::ZERO);
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        clock.compare(5 * second, start + 5 * second + second / 2);
        assert_eq!(clock.date(5 * second), start + 5 * second, "no change");
        // The machine has slept for an hour.
        clock.compare(10 * second, start + 10 * second + hour);
        assert_eq!(clock.date(9 * second), start + 9 * second);
        assert_eq!(clock.date(10 * second), start + 10 * second + hour);
        assert_eq!(clock.date(20 * second), start + 20 * second + hour);
        // Its clock was set back.
        clock.compare(30 * second, start + second);
        assert_eq!(clock.date(29 * second), start + 29 * second + hour);
        assert_eq!(clock.date(31 * second), start + 2 * second);
    }

    #[test]
    fn a_clock_that_changes_all_the_time_does_not_fill_the_memory() {
        let clock = Clock::start();
        for count in 1..3000_u32 {
            let at = Duration::from_secs(count.into());
            clock.compare(at, SystemTime::UNIX_EPOCH + at * (count % 7));
        }
        assert!(lock(&clock.dates).len() <= CHANGES);
        assert!(clock.date(Duration::ZERO) >= SystemTime::UNIX_EPOCH);
    }
}
