//! The service, an account, and one of its resources.

use std::time::Duration;

use purge_api::Bearer;
use secrecy::{ExposeSecret, SecretString};

use crate::list::List;
use crate::submit::Purge;
use crate::wait::Wait;
use crate::{Error, ErrorKind, OperationId, OrganizationId, Plan, ResourceId, transport};

/// A connection pool to the service, and the token that opens it. Cheap to clone.
///
/// Redirects are never followed: on this service a followed redirect would turn a purge into a list
/// that looks like success, or carry the token to another host.
///
/// ```
/// use std::time::Duration;
///
/// let client = purge_api_ext::Client::builder("token")
///     .attempt_timeout(Duration::from_secs(10))
///     .build()?;
/// # Ok::<(), purge_api_ext::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    raw: purge_api::Client,
}

impl Client {
    /// The address of the service, from another page of its documentation.
    pub const BASE_URL: &'static str = "https://cloud.medianova.com";

    /// Begins a client for an account's bearer token (the token alone, without the word `Bearer`).
    pub fn builder(token: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder {
            token: token.into(),
            base_url: Self::BASE_URL.to_owned(),
            connect_timeout: Duration::from_secs(3),
            attempt_timeout: Duration::from_secs(30),
        }
    }

    /// One CDN resource of an organization.
    #[must_use]
    pub fn resource(&self, organization: OrganizationId, resource: ResourceId) -> Resource {
        Resource { client: self.clone(), organization, resource }
    }

    /// The escape hatch: the generated client beneath, with this client's pool and token, for what this
    /// crate does not offer.
    #[must_use]
    pub fn raw(&self) -> &purge_api::Client {
        &self.raw
    }
}

/// The settings of a [`Client`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    token: SecretString,
    base_url: String,
    connect_timeout: Duration,
    attempt_timeout: Duration,
}

impl ClientBuilder {
    /// Another address of the service, for example a sandbox. It must be `https`, or plain `http` to
    /// the loopback of this machine. Default: [`Client::BASE_URL`].
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// How long connecting may take. Default: 3 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one request and its answer may take. Default: 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Checks the settings and makes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the base URL is not allowed, the token cannot stand in a header,
    /// or TLS cannot start.
    pub fn build(self) -> Result<Client, Error> {
        let bearer = Bearer::new(self.token.expose_secret())
            .map_err(|error| Error::new(ErrorKind::InvalidInput, error.to_string()))?;
        let base = transport::BaseUrl::parse(&self.base_url)?;
        let http = transport::http_client(&base, self.connect_timeout, self.attempt_timeout)?;
        Ok(Client { raw: purge_api::Client::new_with_client(base.as_str(), http, bearer) })
    }
}

/// A CDN resource: purge it, list its purge requests, wait for them.
#[derive(Clone, Debug)]
pub struct Resource {
    client: Client,
    organization: OrganizationId,
    resource: ResourceId,
}

impl Resource {
    /// The organization it belongs to.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// Its own identifier.
    #[must_use]
    pub fn id(&self) -> ResourceId {
        self.resource
    }

    /// Carries out a plan: see [`Purge`].
    pub fn purge(&self, plan: Plan) -> Purge {
        Purge::new(self.clone(), plan)
    }

    /// Lists purge requests: see [`List`].
    pub fn list(&self) -> List {
        List::new(self.clone())
    }

    /// Follows operations to their end: see [`Wait`].
    pub fn wait(&self, operations: impl IntoIterator<Item = OperationId>) -> Wait {
        Wait::new(self.clone(), operations)
    }

    pub(crate) fn raw(&self) -> &purge_api::Client {
        self.client.raw()
    }
}
