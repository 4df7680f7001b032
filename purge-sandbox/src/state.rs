//! The state that all connections share.

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
        self.clock.started.elapsed()
    }

    pub(crate) fn date(&self, at: Duration) -> SystemTime {
        self.clock.date.checked_add(at).unwrap_or(self.clock.date)
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

pub(crate) struct Clock {
    started: Instant,
    date: SystemTime,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), date: SystemTime::now() }
    }
}
