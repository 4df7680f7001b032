pub(super) mod check;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Sandbox, base_url};
use crate::account::Account;
use crate::admission::{Bucket, Token};
use crate::connections::Connections;
use crate::error::{Error, Kind};
use crate::fault::{Fault, Faults};
use crate::log::{Log, RecordedRequest};
use crate::origin::Origin;
use crate::pattern::Star;
use crate::pop::Pop;
use crate::resource::Resource;
use crate::rewrite::{Reply, Rewrite};
use crate::server::Bounds;
use crate::state::{Clock, Observer, Shared};
use crate::{edge, resource, routes, server, site};

/// The settings of a [`Sandbox`]: where it listens, which token and IDs it accepts, and how it misbehaves.
///
/// ```
/// use std::time::Duration;
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let sandbox = purge_sandbox::Sandbox::builder()
///     .token("secret")
///     .purge_delay(Duration::ZERO)
///     .start()
///     .await?;
/// assert_eq!(sandbox.token(), "secret");
/// # Ok::<(), purge_sandbox::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct SandboxBuilder {
    listen: SocketAddr,
    non_loopback: bool,
    token: String,
    api_key: (String, String),
    token_lifetime: Option<Duration>,
    token_uses: Option<u32>,
    rate_limit: Option<(u32, Duration)>,
    organization: String,
    resource: String,
    purge_delay: Duration,
    star: Star,
    page_limit: Option<u32>,
    faults: Faults,
    observer: Option<Observer>,
    rewrite: Option<Rewrite>,
    origin: Origin,
    later: Option<(PathBuf, Duration)>,
    pops: Vec<Pop>,
    compresses: bool,
    cache_control: String,
    cache_bytes: usize,
    job_bytes: usize,
    log_bytes: usize,
    read_timeout: Duration,
    max_connections: usize,
}

/// Longer than any client waits, but short enough to add to any time without overflow.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            non_loopback: false,
            token: "sandbox-token".to_owned(),
            api_key: ("sandbox-key".to_owned(), "sandbox-secret".to_owned()),
            token_lifetime: None,
            token_uses: None,
            rate_limit: None,
            organization: "550e8400-e29b-41d4-a716-446655440000".to_owned(),
            resource: "660f9511-f30c-52e5-b827-557766551111".to_owned(),
            purge_delay: Duration::from_millis(200),
            star: Star::default(),
            page_limit: None,
            faults: Faults::default(),
            observer: None,
            rewrite: None,
            origin: Origin::Site,
            later: None,
            pops: Vec::new(),
            compresses: false,
            cache_control: "public, max-age=3600".to_owned(),
            cache_bytes: 256 * 1024 * 1024,
            job_bytes: 64 * 1024 * 1024,
            log_bytes: 64 * 1024 * 1024,
            read_timeout: Duration::from_secs(60),
            max_connections: 512,
        }
    }
}

impl SandboxBuilder {
    /// The address to listen on; port 0 selects a free port. The default is 127.0.0.1 with a free port.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Allows an address that other machines can reach, and requests whose `Host` is not this machine. The sandbox is a
    /// tool for tests: it speaks plain HTTP, and anyone who reaches it can read everything that was sent to it.
    ///
    /// Without this, the `Host` of a request must be `localhost`, a subdomain of it, or a loopback
    /// address, with any port. Others get 421, so that no web page can read the sandbox through a domain name that
    /// resolves to loopback.
    pub fn allow_non_loopback(mut self) -> Self {
        self.non_loopback = true;
        self
    }

    /// The bearer token; `sandbox-token` by default.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// The API key and its secret, which a login exchanges for a token; `sandbox-key` and `sandbox-secret` by default.
    /// The tokens that logins issue, and their sessions, begin with the [`token`](Self::token).
    pub fn api_key(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.api_key = (key.into(), secret.into());
        self
    }

    /// The lifetime of a token, which starts with its login, with the sandbox, or with [`Sandbox::replace_token`]. An
    /// expired token gets 401. By default, the token that needs no login does not expire, and others expire after 4
    /// hours.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        // The end of a token is a date, which must be in the calendar.
        self.token_lifetime = Some(lifetime.min(100 * YEAR));
        self
    }

    /// The number of requests after which a token expires. This tests a client whose token expires in the middle of its
    /// work, without depending on a clock.
    pub fn token_uses(mut self, requests: u32) -> Self {
        self.token_uses = Some(requests);
        self
    }

    /// Responds with 429 and `Retry-After` to more than `requests` API requests in a `period`. This is a token bucket
    /// that holds `requests` tokens and refills evenly over one period: a burst of `requests` is accepted, then
    /// one request for each `period / requests`. A request may be early by up to a tenth of that interval, since a
    /// client that keeps the rate exactly is sometimes early by a few milliseconds. A refused request takes nothing
    /// from the bucket. 0 requests count as 1.
    pub fn rate_limit(mut self, requests: u32, period: Duration) -> Self {
        self.rate_limit = Some((requests, period));
        self
    }

    /// The UUID of the organization; the reference's example by default.
    pub fn organization(mut self, uuid: impl Into<String>) -> Self {
        self.organization = uuid.into();
        self
    }

    /// The UUID of the default resource; the reference's example by default.
    pub fn resource(mut self, uuid: impl Into<String>) -> Self {
        self.resource = uuid.into();
        self
    }

    /// The time from the creation of a job until its last path is purged; 200 ms by default.
    /// The job waits for a quarter of it, then its paths are purged one after another. With zero, a job is finished
    /// before it is first listed; with [`Duration::MAX`] it never finishes.
    pub fn purge_delay(mut self, delay: Duration) -> Self {
        self.purge_delay = delay;
        self
    }

    /// The minimum that a `*` matches; [`Star::OneOrMore`] by default.
    pub fn star(mut self, star: Star) -> Self {
        self.star = star;
        self
    }

    /// The maximum number of records per page, whatever `limit` a request asks for; the `limit` in the response has
    /// the lower number. 0 counts as 1. By default, a page is as long as the request asks for.
    pub fn page_limit(mut self, records: u32) -> Self {
        self.page_limit = Some(records.max(1));
        self
    }

    /// Appends a fault to the queue.
    pub fn fault(self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Appends faults to the queue, for example from a file that [`Fault::from_json`] has read.
    pub fn faults(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        faults.into_iter().for_each(|fault| self.faults.push(fault));
        self
    }

    /// Calls `observer` with every request just before its response is sent or its connection is broken,
    /// for example to write a log. It must not block.
    pub fn on_request(
        mut self,
        observer: impl Fn(&RecordedRequest) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Calls `rewrite` with each API request and the response to it, which it may change in any way: a service that
    /// differs from its description. Faults come after it. It must not block.
    ///
    /// ```
    /// # use purge_sandbox::Sandbox;
    /// let builder = Sandbox::builder().rewrite(|request, reply| {
    ///     if request.method == "GET" {
    ///         reply.headers.push(("x-ratelimit-limit".to_owned(), "60".to_owned()));
    ///     }
    /// });
    /// # let _ = builder;
    /// ```
    pub fn rewrite(
        mut self,
        rewrite: impl Fn(&RecordedRequest, &mut Reply) + Send + Sync + 'static,
    ) -> Self {
        self.rewrite = Some(Arc::new(rewrite));
        self
    }

    /// Serves the files of this folder through the edge, whose cache is empty at first. The default is
    /// a small built-in site, which is cached completely.
    pub fn origin(mut self, folder: impl Into<PathBuf>) -> Self {
        self.origin = Origin::Directory(folder.into());
        self
    }

    /// Serves the files of this folder instead of those of [`origin`](Self::origin) from a given time after the start,
    /// as if an upload had arrived late. It has no effect without a folder as the origin.
    pub fn origin_later(mut self, folder: impl Into<PathBuf>, after: Duration) -> Self {
        self.later = Some((folder.into(), after));
        self
    }

    /// Adds a point of presence, which has caches of its own.
    pub fn pop(mut self, pop: Pop) -> Self {
        self.pops.push(pop);
        self
    }

    /// Makes edges encode files with gzip or Brotli for visitors that accept it, and cache each variant separately.
    /// Brotli bodies are stored, not compressed.
    pub fn compress(mut self) -> Self {
        self.compresses = true;
        self
    }

    /// Fetches through the edge from an HTTP server on this machine, and respects its `Cache-Control`.
    pub fn origin_server(mut self, address: SocketAddr) -> Self {
        self.origin = Origin::Server(address);
        self
    }

    /// The `Cache-Control` of the origin's files; `public, max-age=3600` by default. It has no effect
    /// on [`origin_server`](Self::origin_server).
    pub fn cache_control(mut self, value: impl Into<String>) -> Self {
        self.cache_control = value.into();
        self
    }

    /// How many bytes each edge of a resource may cache in each content coding, including paths, headers and overhead;
    /// 256 MiB by default. The least recently used objects are dropped to make room.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// How many bytes the jobs of each resource may take, including their records; 64 MiB by default, which is
    /// about a million records with short paths. The oldest finished jobs are dropped to make room: no list contains
    /// their records any more, and `total` does not count them. While all jobs are unfinished, or a point of presence
    /// [lags](Pop::lag) behind them, a new job that does not fit is refused with 503.
    pub fn job_bytes(mut self, bytes: usize) -> Self {
        self.job_bytes = bytes;
        self
    }

    /// How many bytes the recorded requests may take, heads and bodies; 64 MiB by default. The oldest are dropped to
    /// make room, but the newest is always kept.
    pub fn log_bytes(mut self, bytes: usize) -> Self {
        self.log_bytes = bytes;
        self
    }

    /// How long a client may take for the head of a request, and as long again for its body; 60 s by default. The time
    /// for the head starts when the client connects and after each response, so a connection that is idle for that long
    /// is closed, too. A client that takes longer for a body gets 408. The same limit applies to an origin server: if
    /// it takes longer to respond, the edge responds with 504.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout.min(YEAR);
        self
    }

    /// How many connections may be open; 512 by default. To make room for another one, the connection on which no
    /// request has begun or ended for the longest time is closed.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When it cannot listen on the address, or the address is not a loopback address and
    /// [`allow_non_loopback`](Self::allow_non_loopback) was not called; when the organization or the
    /// resource is not a UUID; when the token or the cache control is not valid in a header; when the
    /// origin is not a readable folder, or not on this machine; when a point of presence has no valid name, or the name of
    /// another one.
    pub async fn start(self) -> Result<Sandbox, Error> {
        if !self.non_loopback && !self.listen.ip().is_loopback() {
            return Err(Kind::NotLoopback(self.listen).into());
        }
        let token = check::token(self.token)?;
        let organization = check::uuid("organization", &self.organization)?;
        let resource = check::uuid("resource", &self.resource)?;
        let bounds = resource::Bounds { jobs: self.job_bytes, cache: self.cache_bytes };
        check::pops(&self.pops)?;
        let mut resources = Resource::one_of_each(resource, bounds, self.star, &self.pops);
        let cache_control = HeaderValue::try_from(&self.cache_control)
            .map_err(|_| Kind::CacheControl(self.cache_control))?;
        let origin = check::origin(self.origin, self.later)?;
        if matches!(origin, Origin::Site) {
            warm(&mut resources, &cache_control).await;
        }
        let ids = resources.iter().map(|r| (r.kind, r.id.to_string())).collect();
        let failed = |error| Kind::Listen(self.listen, error);
        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let fixed = Token::new(token.clone(), self.token_lifetime, self.token_uses);
        let (key, secret) = self.api_key;
        let shared = Arc::new(Shared {
            account: Account::new(key.clone(), secret.clone(), fixed).into(),
            bucket: self.rate_limit.map(|(requests, period)| Bucket::new(requests, period).into()),
            non_loopback: self.non_loopback,
            organization,
            purge_delay: self.purge_delay,
            read_timeout: self.read_timeout,
            page_limit: self.page_limit,
            log: Log::new(self.log_bytes),
            faults: self.faults,
            observer: self.observer,
            rewrite: self.rewrite,
            origin,
            pops: self.pops,
            compresses: self.compresses,
            cache_control,
            clock: Clock::start(),
            resources: resources.into(),
        });
        let (stop, stopped) = watch::channel(false);
        let connections = Connections::new(self.max_connections);
        let bounds = Bounds { connections, head: self.read_timeout };
        let serving = server::serve(listener, routes::router(&shared), bounds, stopped);
        Ok(Sandbox {
            shared,
            address,
            base_url: base_url(address),
            token,
            api_key: (key, secret),
            organization: organization.to_string(),
            resources: ids,
            stop,
            server: tokio::spawn(serving),
        })
    }
}

/// Caches the built-in site.
async fn warm(resources: &mut [Resource], cache_control: &HeaderValue) {
    for resource in resources.iter_mut().filter(|resource| resource.kind.can_purge()) {
        for (path, _) in site::FILES {
            edge::warm(&mut resource.edges.main.plain, path, cache_control).await;
        }
    }
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxBuilder")
            .field("listen", &self.listen)
            .field("purge_delay", &self.purge_delay)
            .finish_non_exhaustive()
    }
}
