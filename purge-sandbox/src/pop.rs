//! Points of presence: further edges of every resource, each with a cache of its own.

use std::collections::VecDeque;
use std::iter;
use std::time::Duration;

use crate::cache::Cache;
use crate::coding::Coding;

/// A point of presence: a further edge of every resource, with a cache of its own, at `/pop/NAME/{resource_uuid}/…`.
///
/// ```
/// use std::time::Duration;
/// use purge_sandbox::{Pop, Sandbox};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// // A purge reaches Frankfurt five seconds after the others.
/// let frankfurt = Pop::new("fra").lag(Duration::from_secs(5));
/// let sandbox = Sandbox::builder().pop(frankfurt).pop(Pop::new("ams").challenging()).start().await?;
/// # Ok::<(), purge_sandbox::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Pop {
    pub(crate) name: String,
    pub(crate) lag: Duration,
    pub(crate) response: PopResponse,
}

/// How a point of presence responds to visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PopResponse {
    /// With the file.
    File,
    /// With 403.
    Forbidden,
    /// With a challenge that only browsers can pass.
    Challenge,
}

impl Pop {
    /// A point of presence with this name, which consists of letters, digits and hyphens.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), lag: Duration::ZERO, response: PopResponse::File }
    }

    /// How much later than elsewhere paths are purged here. Jobs report them as purged before that. With
    /// [`Duration::MAX`], they are never purged. Until they are purged, they count for
    /// [`SandboxBuilder::job_bytes`](crate::SandboxBuilder::job_bytes).
    pub fn lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    /// Responds with 403 to all visitors.
    pub fn forbidding(mut self) -> Self {
        self.response = PopResponse::Forbidden;
        self
    }

    /// Responds to all visitors with a challenge that only browsers can pass, as a firewall does.
    pub fn challenging(mut self) -> Self {
        self.response = PopResponse::Challenge;
        self
    }

    pub(crate) fn has_valid_name(&self) -> bool {
        let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !self.name.is_empty() && self.name.bytes().all(is_valid)
    }
}

/// The caches of one edge: one for each content coding.
#[derive(Debug)]
pub(crate) struct Place {
    /// Without content coding.
    pub(crate) plain: Cache,
    gzip: Cache,
    brotli: Cache,
    lag: Duration,
    /// What is still to be purged here, and when.
    due: VecDeque<Due>,
}

type Due = (Duration, Box<str>);

/// What points of presence still have to purge after a job has finished.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Owed {
    /// How long the last of them has to.
    pub(crate) lag: Duration,
    /// How many of them keep each path meanwhile.
    places: usize,
}

impl Owed {
    pub(crate) fn new(pops: &[Pop]) -> Self {
        let lags = pops.iter().map(|pop| pop.lag);
        let lags = lags.filter(|lag| !lag.is_zero() && *lag < Duration::MAX);
        Self { lag: lags.clone().max().unwrap_or_default(), places: lags.count() }
    }

    /// The memory that a path takes.
    pub(crate) fn bytes(&self, path: &str) -> usize {
        self.places * (size_of::<Due>() + path.len())
    }
}

impl Place {
    pub(crate) fn new(cache: impl Fn() -> Cache, lag: Duration) -> Self {
        Self { plain: cache(), gzip: cache(), brotli: cache(), lag, due: VecDeque::new() }
    }

    /// The cache for a content coding.
    pub(crate) fn cache(&mut self, coding: Coding) -> &mut Cache {
        match coding {
            Coding::Identity => &mut self.plain,
            Coding::Gzip => &mut self.gzip,
            Coding::Brotli => &mut self.brotli,
        }
    }

    fn caches(&self) -> [&Cache; 3] {
        [&self.plain, &self.gzip, &self.brotli]
    }

    /// Whether there is a copy of a path, in any coding.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.caches().iter().any(|cache| cache.has(path))
    }

    /// The paths that are cached in any coding, sorted.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let mut caches = self.caches().map(|cache| cache.paths().peekable());
        iter::from_fn(move || {
            let next = caches.iter_mut().filter_map(|paths| paths.peek().copied()).min()?;
            for paths in &mut caches {
                let _ = paths.next_if_eq(&next);
            }
            Some(next)
        })
    }

    /// The number of paths that are cached in any coding.
    pub(crate) fn len(&self) -> usize {
        match self.caches() {
            [plain, gzip, brotli] if gzip.len() + brotli.len() == 0 => plain.len(),
            _ => self.paths().count(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.caches().iter().map(|cache| cache.bytes()).sum()
    }

    /// Purges a path at a given time, or later if this edge lags.
    pub(crate) fn purge_at(&mut self, at: Duration, path: &str) {
        if self.lag < Duration::MAX {
            self.due.push_back((at.saturating_add(self.lag), path.into()));
        }
    }

    /// Purges what is due.
    pub(crate) fn settle(&mut self, now: Duration) {
        while self.due.front().is_some_and(|(at, _)| *at <= now)
            && let Some((_, path)) = self.due.pop_front()
        {
            self.purge(&path);
        }
    }

    /// Purges a path now, and returns whether anything was there.
    pub(crate) fn purge(&mut self, path: &str) -> bool {
        let caches = [&mut self.plain, &mut self.gzip, &mut self.brotli];
        caches.map(|cache| cache.purge(path)).iter().sum::<usize>() > 0
    }
}
