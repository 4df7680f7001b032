//! What every connection shares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use uuid::Uuid;

use crate::fault::Faults;
use crate::log::{Log, RecordedRequest};
use crate::resource::Resource;

pub(crate) struct Shared {
    pub(crate) token: String,
    pub(crate) organization: Uuid,
    pub(crate) purge_delay: Duration,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    pub(crate) observer: Option<Observer>,
    clock: Clock,
    resources: Mutex<Vec<Resource>>,
}

/// Called with every request once it is answered.
pub(crate) type Observer = Arc<dyn Fn(&RecordedRequest) + Send + Sync>;

impl Shared {
    pub(crate) fn new(
        token: String,
        organization: Uuid,
        resources: Vec<Resource>,
        purge_delay: Duration,
        faults: Faults,
        observer: Option<Observer>,
    ) -> Self {
        Self {
            token,
            organization,
            purge_delay,
            log: Log::default(),
            faults,
            observer,
            clock: Clock { started: Instant::now(), date: SystemTime::now() },
            resources: Mutex::new(resources),
        }
    }

    /// Since the start; monotonic.
    pub(crate) fn now(&self) -> Duration {
        self.clock.started.elapsed()
    }

    pub(crate) fn date(&self, at: Duration) -> SystemTime {
        self.clock.date.checked_add(at).unwrap_or(self.clock.date)
    }

    /// The resource as it is now, with every purge that is due carried out.
    pub(crate) fn with_resource<T>(
        &self,
        id: Uuid,
        f: impl FnOnce(&mut Resource, Duration) -> T,
    ) -> Option<T> {
        let mut resources = lock(&self.resources);
        let now = self.now();
        let resource = resources.iter_mut().find(|resource| resource.id == id)?;
        resource.work.settle(&mut resource.cache, now);
        Some(f(resource, now))
    }
}

struct Clock {
    started: Instant,
    date: SystemTime,
}

/// A panic in another thread is that thread's failure; the data here is never left half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
