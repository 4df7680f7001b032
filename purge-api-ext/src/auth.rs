//! Sends requests with the current token.

mod tokens;
mod credential;

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use purge_api::ResponseValue;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

use self::credential::Credential;
pub(crate) use self::tokens::Seen;

use crate::clock::{Clock, Shown};
use crate::connection::Route;
use crate::error::{Error, ErrorKind};
use crate::gate::{Gate, Permit};
use crate::known::Known;
use crate::lock::lock;
use crate::login::Login;
use crate::retry::Applied;
use crate::sanitize::{Redactor, shown};
use crate::throttle::Throttle;
use crate::token::TokenProvider;
use crate::trace::step;
use crate::transport::{Failure, failure};

/// The generated client, and the token that it sends. Clones share both.
#[derive(Clone)]
pub(crate) struct Session(Arc<Inner>);

struct Inner {
    raw: purge_api::Client,
    route: Route,
    /// Clients with the same token share it.
    credential: Arc<Credential>,
    /// The gate of all requests.
    gate: Gate,
    /// The service's clock, as the last response showed it.
    clock: Mutex<Option<Shown>>,
    /// The operations of all runs.
    known: Known,
}

/// One request, and its outcome.
pub(crate) struct Exchange<T> {
    pub(crate) outcome: Result<T, Failure>,
    /// When it was handed to the HTTP client.
    pub(crate) asked: Instant,
    /// What the token provider had answered when it was sent.
    pub(crate) seen: Seen,
}

impl<T> Exchange<T> {
    /// The same exchange, with its response interpreted by `read`.
    pub(crate) fn and_then<U>(self, read: impl FnOnce(T) -> Result<U, Failure>) -> Exchange<U> {
        let Self { outcome, asked, seen } = self;
        Exchange { outcome: outcome.and_then(read), asked, seen }
    }
}

impl Session {
    /// A session with a token of its own, or with that of another session at the same address.
    pub(crate) fn new(
        base_url: &str,
        http: reqwest::Client,
        route: Route,
        provider: TokenProvider,
        shared: Option<&Self>,
        throttle: Throttle,
    ) -> Result<Self, Error> {
        let credential = match shared {
            Some(Self(other)) => Arc::clone(&other.credential),
            None => {
                let login = Login::new(base_url, http.clone(), route.clone());
                Arc::new(Credential::new(provider, login)?)
            }
        };
        Ok(Self(Arc::new(Inner {
            raw: purge_api::Client::new_with_client(base_url, http, credential.bearer()),
            route,
            credential,
            gate: Gate::new(throttle),
            clock: Mutex::default(),
            known: Known::default(),
        })))
    }

    pub(crate) fn raw(&self) -> &purge_api::Client {
        &self.0.raw
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(crate) fn provider(&self) -> &TokenProvider {
        self.0.credential.provider()
    }

    /// The operations that belong to requests of the client.
    pub(crate) fn known(&self) -> &Known {
        &self.0.known
    }

    /// Makes sure that there is a token. A login for it passes the gate.
    pub(crate) async fn ensure_token(&self, gate: &Gate) -> Result<(), Error> {
        self.0.credential.ensure(gate).await
    }

    /// Asks the provider even if there is a token. Returns whether the token has changed.
    pub(crate) async fn refresh_token(&self) -> Result<bool, Error> {
        self.0.credential.refresh(self.gate()).await
    }

    /// Sends a request with the current token, and reads the response.
    pub(crate) async fn exchange<T>(
        &self,
        permit: Permit,
        method: &'static str,
        send: impl Future<Output = Result<ResponseValue<T>, purge_api::Error<()>>>,
    ) -> Exchange<ResponseValue<T>> {
        // The permission is used up, whatever the outcome of the request is.
        let _: Permit = permit;
        let seen = self.0.credential.seen();
        let (asked, wall) = (Instant::now(), SystemTime::now());
        // Reading the body of a refusal is part of the request, too.
        let exchange = async {
            match send.await {
                Ok(answer) => {
                    self.look(answer.headers(), asked, wall);
                    Ok(answer)
                }
                // A proxy or gateway may have responded, and its clock is not that of the service.
                Err(error) => Err(failure(error, &self.redactor(), &self.0.route).await),
            }
        };
        let outcome = step!(exchange, "http", method).await;
        Exchange { outcome, asked, seen }
    }

    /// The latest moment at which a request that was handed to the HTTP client at `asked`, and has ended by now, can have
    /// been sent.
    pub(crate) fn latest_sending(&self, asked: Instant) -> Instant {
        self.0.route.latest_sending(asked)
    }

    /// Keeps the time that the service's clock showed. It is parsed only when it is needed.
    fn look(&self, headers: &HeaderMap, asked: Instant, wall: SystemTime) {
        if let Some(shown) = Shown::from_headers(headers, asked, wall) {
            *lock(&self.0.clock) = Some(shown);
        }
    }

    /// The current time by the service's clock, if a response has shown it: see [`Clock::now`].
    pub(crate) fn service_time(&self) -> Option<SystemTime> {
        self.clock()?.now()
    }

    /// The time by the service's clock at a moment in the past: see [`Clock::at`].
    pub(crate) fn service_time_at(&self, moment: Instant) -> Option<SystemTime> {
        let clock = self.clock()?;
        clock.now()?;
        clock.at(moment)
    }

    fn clock(&self) -> Option<Clock> {
        // Its header is parsed after the lock is released.
        let shown = lock(&self.0.clock).clone();
        shown?.read()
    }

    /// Why there is no new token for a refused request, as far as that is known without asking the provider: for a run
    /// that was stopped.
    pub(crate) fn known_renewal(&self, refusal: &Failure, seen: Seen) -> Result<bool, Failure> {
        match self.0.credential.failure_since(seen) {
            Some(why) if is_of_token(refusal) => Err(not_renewed(refusal, &why)),
            _ => Ok(false),
        }
    }

    /// Gets another token when that of a request was refused, and says whether there is one. A refused token
    /// means that the request was not applied.
    pub(crate) async fn renew(
        &self,
        refusal: &Failure,
        seen: Seen,
        gate: &Gate,
    ) -> Result<bool, Failure> {
        if !is_of_token(refusal) {
            return Ok(false);
        }
        self.0.credential.renew(seen, gate).await.map_err(|why| not_renewed(refusal, &why))
    }

    /// What it means that a request without a token got no response.
    #[cfg(feature = "raw")]
    pub(crate) async fn unanswered(&self, error: reqwest::Error) -> Error {
        failure(purge_api::Error::CommunicationError(error), &self.redactor(), &self.0.route)
            .await
            .error
    }

    /// A refusal that is final, with what to do about it. The token of an API key has just been issued.
    pub(crate) fn advised(&self, refusal: Failure) -> Failure {
        if !is_of_token(&refusal) {
            return refusal;
        }
        let error = &refusal.error;
        let message = match self.provider().is_key() {
            true => shown!("{error}; check the rights of the API key", error),
            false => shown!("{error}; get a new one", error),
        };
        let error = Error::new(ErrorKind::Unauthorized, message).with_status(401);
        Failure::new(refusal.applied, error)
    }

    /// Removes the token from foreign text.
    pub(crate) fn redactor(&self) -> Redactor {
        self.0.credential.redactor()
    }
}

/// Whether the service refused the token. A proxy may refuse the connection with the same status.
fn is_of_token(refusal: &Failure) -> bool {
    refusal.applied == Applied::Refused && refusal.error.status() == Some(401)
}

fn not_renewed(refusal: &Failure, why: &Error) -> Failure {
    let message =
        shown!("{refusal}; getting a new one failed: {why}", refusal = refusal.error, why);
    // A temporary failure to get a new token is not reported as unauthorized.
    let kind = match why.kind() {
        temporary @ (ErrorKind::Unavailable | ErrorKind::Untrusted) => temporary,
        _ => ErrorKind::Unauthorized,
    };
    let error = Error::new(kind, message).with_status(401).with_retry_after(why.retry_after());
    Failure::new(refusal.applied, error.with_cause(why))
}
