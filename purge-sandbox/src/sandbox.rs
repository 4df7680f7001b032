use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::server::{self, Shared, lock};
use crate::state::{RecordedRequest, Resource, State};

const DEFAULT_TOKEN: &str = "sandbox-token";
const DEFAULT_ORGANIZATION: &str = "550e8400-e29b-41d4-a716-446655440000";
pub(crate) const DEFAULT_RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";

/// One further resource of each of the other types that the reference names.
const OTHER_RESOURCES: [&str; 3] = [
    "660f9511-f30c-52e5-b827-557766551112",
    "660f9511-f30c-52e5-b827-557766551113",
    "660f9511-f30c-52e5-b827-557766551114",
];

/// What is in the cache of the first resource from the start.
const SITE: [&str; 8] = [
    "/",
    "/index.html",
    "/about.html",
    "/assets/app.js",
    "/assets/style.css",
    "/images/logo.png",
    "/images/photo.jpg",
    "/images/2025/photo.jpg",
];

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    state: Shared,
    base_url: String,
    token: String,
    organization: String,
    resource: String,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts it on a free port of the loopback, with a token, an organization and resources that
    /// [`token`](Self::token), [`organization`](Self::organization) and [`resource`](Self::resource)
    /// tell.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Begins a server with options.
    pub fn builder() -> Builder {
        Builder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: DEFAULT_TOKEN.to_owned(),
            purge_delay: Duration::from_millis(200),
        }
    }

    /// Its address, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The bearer token that it takes.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The organization that it knows: a UUID.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The resource whose cache holds a small site: a UUID.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The requests that came so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.state).requests.clone()
    }

    /// The paths that a resource has in its cache now, sorted; empty for a resource that is not known.
    #[must_use]
    pub fn cached(&self, resource: &str) -> Vec<String> {
        let mut state = lock(&self.state);
        let Some(resource) = state.resources.get_mut(resource) else { return Vec::new() };
        resource.advance(SystemTime::now());
        resource.cache.paths().map(str::to_owned).collect()
    }

    /// Puts paths into the cache of [`resource`](Self::resource).
    pub fn fill(&self, paths: impl IntoIterator<Item = impl Into<String>>) {
        let mut state = lock(&self.state);
        if let Some(resource) = state.resources.get_mut(&self.resource) {
            resource.cache.fill(paths.into_iter().map(Into::into));
        }
    }

    /// Stops it, and waits until its connections are closed.
    pub async fn shutdown(mut self) {
        // The receiver is gone only if the server is.
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The options of a [`Sandbox`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    listen: SocketAddr,
    token: String,
    purge_delay: Duration,
}

impl Builder {
    /// The address to listen on. Default: a free port of the loopback.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The bearer token that it takes. Default: `sandbox-token`.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = token.into();
        self
    }

    /// How long a job takes from its creation to its end. Default: 200 ms.
    pub fn purge_delay(mut self, delay: Duration) -> Self {
        self.purge_delay = delay;
        self
    }

    /// Starts the server in the background of the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address is not of the loopback, or not free: the server would take the purges of whoever
    /// knows its token, which is in its source code.
    pub async fn start(self) -> Result<Sandbox, Error> {
        let listen = self.listen;
        if !listen.ip().is_loopback() {
            let why = "only addresses of this machine's loopback are allowed, such as 127.0.0.1";
            return Err(Error { listen, why: why.to_owned() });
        }
        let cannot = |error: std::io::Error| Error { listen, why: error.to_string() };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let base_url = format!("http://{}", listener.local_addr().map_err(cannot)?);
        let state = State { token: self.token, purge_delay: self.purge_delay, ..defaults() };
        let (token, organization) = (state.token.clone(), state.organization.clone());
        let resource = DEFAULT_RESOURCE.to_owned();
        let state = Arc::new(Mutex::new(state));
        let (stop, stopped) = watch::channel(false);
        let task = Some(tokio::spawn(server::serve(listener, Arc::clone(&state), stopped)));
        Ok(Sandbox { state, base_url, token, organization, resource, stop, task })
    }
}

pub(crate) fn defaults() -> State {
    let others = OTHER_RESOURCES.map(|id| (id.to_owned(), Resource::new(&[])));
    let mut resources = BTreeMap::from(others);
    resources.insert(DEFAULT_RESOURCE.to_owned(), Resource::new(&SITE));
    State {
        token: DEFAULT_TOKEN.to_owned(),
        organization: DEFAULT_ORGANIZATION.to_owned(),
        purge_delay: Duration::ZERO,
        resources,
        requests: Vec::new(),
    }
}

/// Why the server cannot start.
#[derive(Clone, Debug)]
pub struct Error {
    listen: SocketAddr,
    why: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.listen, self.why)
    }
}

impl std::error::Error for Error {}
