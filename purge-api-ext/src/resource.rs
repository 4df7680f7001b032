//! A CDN resource, and how requests for it are sent: through the gate, then over the session.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use purge_api::ResponseValue;
use purge_api::builder::{CreatePurge, ListPurgeRequests};

use crate::auth::{Exchange, Seen, Session};
use crate::error::{Error, ErrorKind};
use crate::events::Reporter;
use crate::gate::{Gate, Pass, Permit, Stop};
use crate::id::{OrganizationId, ResourceId};
use crate::retry::Applied;
use crate::transport::Failure;

/// A CDN resource: purge its paths, list its purge requests, wait for them.
///
/// Clones share the connections to the service.
#[derive(Clone)]
pub struct Resource {
    session: Session,
    gate: Gate,
    base_url: Arc<str>,
    organization: OrganizationId,
    id: ResourceId,
}

impl Resource {
    pub(crate) fn new(
        session: Session,
        base_url: Arc<str>,
        organization: OrganizationId,
        id: ResourceId,
    ) -> Self {
        let gate = session.gate().clone();
        Self { session, gate, base_url, organization, id }
    }

    /// The organization it belongs to.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// Its own ID.
    #[must_use]
    pub fn id(&self) -> ResourceId {
        self.id
    }

    /// The same resource for the requests of a run, none of which is sent once the run is stopped.
    pub(crate) fn of_run(&self, stop: &Stop) -> Self {
        Self { gate: self.gate.of_run(stop), ..self.clone() }
    }

    /// The same resource for polling, which waits out any pause until its own deadline.
    pub(crate) fn of_waiting(&self) -> Self {
        Self { gate: self.gate.of_waiting(), ..self.clone() }
    }

    /// Waits for the turn of a request: see [`Gate`].
    pub(crate) async fn enter(&self) -> Result<Pass, Error> {
        self.gate.enter(self.session.ensure_token(&self.gate)).await
    }

    /// Waits for something, and reports each long pause that the service asks for meanwhile: for a request that waits
    /// for its turn, or for a login.
    pub(crate) async fn reporting<T>(
        &self,
        something: impl Future<Output = T>,
        reporter: &Reporter,
    ) -> T {
        self.gate.reporting(something, |error| reporter.paused(error)).await
    }

    /// Waits until a request whose turn has come may be sent.
    pub(crate) async fn depart(&self, pass: Pass) -> Result<Permit, Error> {
        self.gate.depart(pass).await
    }

    async fn go(&self) -> Result<Permit, Error> {
        self.depart(self.enter().await?).await
    }

    /// Sends one request that has passed the gate, and records the pause that its response asks for.
    pub(crate) async fn send<T>(
        &self,
        permit: Permit,
        method: &'static str,
        send: impl Future<Output = Result<ResponseValue<T>, purge_api::Error<()>>>,
    ) -> Exchange<ResponseValue<T>> {
        let exchange = self.session.exchange(permit, method, send).await;
        if let Err(failure) = &exchange.outcome {
            self.gate.note(&failure.error);
        }
        exchange
    }

    /// Sends a GET request, and sends it again with another token if the first is refused.
    pub(crate) async fn get<T, F>(
        &self,
        send: impl Fn() -> F,
    ) -> Result<Exchange<ResponseValue<T>>, Error>
    where
        F: Future<Output = Result<ResponseValue<T>, purge_api::Error<()>>>,
    {
        let exchange = self.send(self.go().await?, "GET", send()).await;
        let last = match &exchange.outcome {
            Err(refusal) if self.renew(refusal, exchange.seen).await.map_err(|f| f.error)? => {
                self.send(self.go().await?, "GET", send()).await
            }
            _ => exchange,
        };
        let outcome = last.outcome.map_err(|failure| self.session.advised(failure));
        Ok(Exchange { outcome, ..last })
    }

    /// Gets another token after one was refused; returns whether there is one.
    pub(crate) async fn renew(&self, refusal: &Failure, seen: Seen) -> Result<bool, Failure> {
        match self.gate.unless_stopped(self.session.renew(refusal, seen, &self.gate)).await {
            Ok(renewed) => renewed,
            // The same renewal may have stopped the run, on behalf of another request.
            Err(stopped) if stopped.kind() != ErrorKind::Interrupted => {
                self.session.known_renewal(refusal, seen)
            }
            Err(stopped) => Err(Failure::new(Applied::No, stopped)),
        }
    }

    /// How much is left of the pause that the service asked for.
    pub(crate) fn pause_left(&self) -> Option<Duration> {
        self.gate.pause_left()
    }

    /// Why requests wait, if the service asked for a pause.
    pub(crate) fn pause(&self) -> Option<Error> {
        self.gate.pause()
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn create_purge(&self) -> CreatePurge<'_> {
        let request = self.session.raw().create_purge();
        request.organization_uuid(self.organization.uuid()).resource_uuid(self.id.uuid())
    }

    pub(crate) fn list_purge_requests(&self) -> ListPurgeRequests<'_> {
        let request = self.session.raw().list_purge_requests();
        request.organization_uuid(self.organization.uuid()).resource_uuid(self.id.uuid())
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource")
            .field("base_url", &self.base_url)
            .field("token", self.session.provider())
            .field("organization", &self.organization)
            .field("id", &self.id)
            .finish()
    }
}
