mod builder;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cache::Object;
use crate::error::Error;
use crate::fault::Fault;
use crate::history::{self, Job, Record};
use crate::lock::lock;
use crate::log::RecordedRequest;
use crate::resource::{ResourceType, parse_uuid};
use crate::state::Shared;
pub use builder::SandboxBuilder;
use builder::check::token as checked_token;

/// A running sandbox: the service on this machine. It stops when it is dropped.
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
#[must_use = "it stops when it is dropped"]
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    base_url: String,
    token: String,
    api_key: (String, String),
    organization: String,
    resources: Vec<(ResourceType, String)>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts on a free port of 127.0.0.1 with the defaults of [`SandboxBuilder`].
    ///
    /// # Errors
    ///
    /// When no socket can be opened.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// A builder, to change the defaults before the start.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash. It is on this machine even if the sandbox listens on all
    /// addresses.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bearer token that is accepted without a login.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The API key that is accepted by a login.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key.0
    }

    /// The secret of the API key.
    #[must_use]
    pub fn api_secret(&self) -> &str {
        &self.api_key.1
    }

    /// The UUID of the only organization.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The UUID of the resource of type [`ResourceType::Small`].
    #[must_use]
    pub fn resource(&self) -> &str {
        self.resource_of(ResourceType::Small)
    }

    /// The UUID of the resource of a type.
    #[must_use]
    pub fn resource_of(&self, kind: ResourceType) -> &str {
        self.resources.iter().find(|(k, _)| *k == kind).map_or("", |(_, id)| id)
    }

    /// The requests in the order in which they arrived: the last 100,000 of them, or fewer if they would take more
    /// than [`SandboxBuilder::log_bytes`]. The oldest are dropped first. Requests for the sandbox's own pages
    /// are not recorded, and neither are those that are refused because of their `Host` or their origin.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.log.all()
    }

    /// How many requests were dropped from [`requests`](Self::requests).
    #[must_use]
    pub fn dropped_requests(&self) -> u64 {
        self.shared.log.dropped()
    }

    /// The purge jobs of all resources, in the order in which they were created, whether or not a response
    /// reached the client. The oldest finished jobs are dropped when all jobs would take more than
    /// [`SandboxBuilder::job_bytes`].
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let sandbox = purge_sandbox::Sandbox::start().await?;
    /// // … the program under test purges a path once, and then:
    /// # let url = format!("{}/api/v1/cdn/{}/job/{}/purge", sandbox.base_url(), sandbox.organization(), sandbox.resource());
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// # let body = format!(r#"{{ "resource_uuid": "{}", "file_path": ["/index.html"] }}"#, sandbox.resource());
    /// # let post = reqwest::Client::new().post(&url).bearer_auth(sandbox.token());
    /// # post.header("content-type", "application/json").body(body).send().await?;
    /// sandbox.settled().await;
    /// assert_eq!(sandbox.jobs().len(), 1, "the program makes no duplicates");
    /// assert_eq!(sandbox.records()[0].path, "/index.html");
    /// assert!(!sandbox.cached(sandbox.resource()).contains(&"/index.html".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        history::jobs(&self.shared)
    }

    /// The records of all [`jobs`](Self::jobs), those of each job in the order in which their paths were sent.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        history::records(&self.shared)
    }

    /// Waits until all jobs have finished, including those that are created in the meantime. A job takes as long as
    /// [`SandboxBuilder::purge_delay`].
    pub async fn settled(&self) {
        history::settled(&self.shared).await;
    }

    /// The paths that the edge of a resource has cached in any content coding, sorted; none for a resource that does not
    /// exist.
    #[must_use]
    pub fn cached(&self, resource: &str) -> Vec<String> {
        parse_uuid(resource)
            .and_then(|id| {
                self.shared.with_resource(id, |resource, _| {
                    resource.edges.main.paths().map(ToOwned::to_owned).collect()
                })
            })
            .unwrap_or_default()
    }

    /// Puts paths into the cache of the default resource, without content. Like all cached objects they
    /// count against [`SandboxBuilder::cache_bytes`].
    pub fn fill(&self, paths: impl IntoIterator<Item = impl AsRef<str>>) {
        if let Some(id) = parse_uuid(self.resource()) {
            self.shared.with_resource(id, |resource, _| {
                for path in paths {
                    resource.edges.main.plain.insert(path.as_ref(), Object::Placeholder);
                }
            });
        }
    }

    /// Replaces the fixed token. The previous one, and all tokens that logins issued, are no longer accepted. The
    /// lifetime and the number of uses start again.
    ///
    /// # Errors
    ///
    /// When it is not valid in a header.
    pub fn replace_token(&mut self, token: impl Into<String>) -> Result<(), Error> {
        self.token = checked_token(token.into())?;
        lock(&self.shared.account).replace(self.token.clone(), self.shared.now());
        Ok(())
    }

    /// Appends a fault to the queue.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.push(fault);
    }

    /// Stops listening, waits at most half a second for responses in flight, and ends.
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

/// How a client on this machine reaches the sandbox: an address of all interfaces is not one to connect to.
fn base_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_url_is_one_to_connect_to() {
        for (address, expected) in [
            ("127.0.0.1:80", "http://127.0.0.1:80"),
            ("192.0.2.1:80", "http://192.0.2.1:80"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:80", "http://[::1]:80"),
            ("[2001:db8::1]:80", "http://[2001:db8::1]:80"),
        ] {
            assert_eq!(base_url(address.parse().expect("an address")), expected);
        }
    }
}
