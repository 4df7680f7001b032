use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::error::{Error, Kind};
use crate::fault::{Fault, Faults};
use crate::log::RecordedRequest;
use crate::resource::{Resource, ResourceType, parse_uuid};
use crate::shared::{Observer, Shared};
use crate::{api, front, server, site};

/// A running server. It stops when it is dropped.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let sandbox = purge_sandbox::Sandbox::start().await?;
/// assert!(sandbox.base_url().starts_with("http://127.0.0.1:"));
/// assert!(sandbox.cached(sandbox.resource()).contains(&"/index.html".to_owned()));
/// sandbox.shutdown().await;
/// # Ok::<(), purge_sandbox::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    base_url: String,
    organization: String,
    resources: Vec<(ResourceType, String)>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts on a free port of 127.0.0.1 with the defaults of [`Builder`].
    ///
    /// # Errors
    ///
    /// When no socket can be opened.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Changes the defaults before the start.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bearer token that is accepted.
    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// The UUID of the one organization.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The UUID of the resource of type [`ResourceType::Small`].
    pub fn resource(&self) -> &str {
        self.resource_of(ResourceType::Small)
    }

    /// The UUID of the resource of a type.
    pub fn resource_of(&self, kind: ResourceType) -> &str {
        self.resources.iter().find(|(k, _)| *k == kind).map_or("", |(_, id)| id)
    }

    /// Every request that arrived so far, in that order: the last 100,000 of them.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.log.all()
    }

    /// The paths that are cached for a resource, sorted; none for a resource that does not exist.
    pub fn cached(&self, resource: &str) -> Vec<String> {
        parse_uuid(resource)
            .and_then(|id| {
                self.shared.with_resource(id, |resource, _| {
                    resource.cache.paths().map(ToOwned::to_owned).collect()
                })
            })
            .unwrap_or_default()
    }

    /// Puts paths into the cache of the default resource.
    pub fn fill(&self, paths: impl IntoIterator<Item = impl AsRef<str>>) {
        if let Some(id) = parse_uuid(self.resource()) {
            self.shared.with_resource(id, |resource, _| {
                paths.into_iter().for_each(|path| resource.cache.insert(path.as_ref()));
            });
        }
    }

    /// Appends a fault to the queue.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.push(fault);
    }

    /// Stops listening, lets answers that are under way finish for at most half a second, and ends.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.server).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// What a sandbox is like: where it listens, whom it knows, and how it misbehaves.
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
pub struct Builder {
    listen: SocketAddr,
    non_loopback: bool,
    token: String,
    organization: String,
    resource: String,
    purge_delay: Duration,
    faults: Faults,
    observer: Option<Observer>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            non_loopback: false,
            token: "sandbox-token".to_owned(),
            organization: "550e8400-e29b-41d4-a716-446655440000".to_owned(),
            resource: "660f9511-f30c-52e5-b827-557766551111".to_owned(),
            purge_delay: Duration::from_millis(200),
            faults: Faults::default(),
            observer: None,
        }
    }
}

impl Builder {
    /// Listens here; port 0 is a free one. The default is 127.0.0.1 with a free port.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Allows an address that other machines can reach. The sandbox is a tool for tests: it speaks plain
    /// HTTP, and who reaches it can read all that was sent to it.
    #[must_use]
    pub fn allow_non_loopback(mut self) -> Self {
        self.non_loopback = true;
        self
    }

    /// The bearer token; `sandbox-token` by default.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// The UUID of the organization; the reference's example by default.
    #[must_use]
    pub fn organization(mut self, uuid: impl Into<String>) -> Self {
        self.organization = uuid.into();
        self
    }

    /// The UUID of the default resource; the reference's example by default.
    #[must_use]
    pub fn resource(mut self, uuid: impl Into<String>) -> Self {
        self.resource = uuid.into();
        self
    }

    /// How long it takes from the creation of a job until its last path is purged; 200 ms by default.
    /// A quarter of it the job waits, then its paths take turns. With zero, a job is finished before it
    /// is first listed; with [`Duration::MAX`] it never is.
    #[must_use]
    pub fn purge_delay(mut self, delay: Duration) -> Self {
        self.purge_delay = delay;
        self
    }

    /// Appends a fault to the queue.
    #[must_use]
    pub fn fault(self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Is called with every request when its answer is about to be sent, or its connection to be broken:
    /// to write a log, for example. It must not block.
    #[must_use]
    pub fn on_request(
        mut self,
        observer: impl Fn(&RecordedRequest) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on, or is not a loopback address and
    /// [`allow_non_loopback`](Self::allow_non_loopback) was not called; when the organization or the
    /// resource is not a UUID; when the token cannot stand in a header.
    pub async fn start(self) -> Result<Sandbox, Error> {
        if !self.non_loopback && !self.listen.ip().is_loopback() {
            return Err(Kind::NotLoopback(self.listen).into());
        }
        if self.token.is_empty() || !self.token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Kind::Token.into());
        }
        let organization = uuid("organization", &self.organization)?;
        let mut resources = Resource::one_of_each(uuid("resource", &self.resource)?);
        for resource in resources.iter_mut().filter(|resource| resource.kind.can_purge()) {
            site::PATHS.iter().for_each(|path| resource.cache.insert(path));
        }
        let ids = resources.iter().map(|r| (r.kind, r.id.to_string())).collect();
        let failed = |error| Kind::Listen(self.listen, error);
        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared::new(
            self.token,
            organization,
            resources,
            self.purge_delay,
            self.faults,
            self.observer,
        ));
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(server::serve(listener, router(Arc::clone(&shared)), stopped));
        Ok(Sandbox {
            shared,
            address,
            base_url: format!("http://{address}"),
            organization: organization.to_string(),
            resources: ids,
            stop,
            server,
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("purge_delay", &self.purge_delay)
            .finish_non_exhaustive()
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(api::ROUTE, any(api::purge))
        .fallback(api::not_found)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), front::front))
        .with_state(shared)
}

fn uuid(what: &'static str, text: &str) -> Result<Uuid, Error> {
    parse_uuid(text).ok_or_else(|| Kind::NotUuid(what, text.to_owned()).into())
}
