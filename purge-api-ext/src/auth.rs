//! Requests with a token that is current.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use purge_api::{Bearer, ClientInfo as _, ResponseValue};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::clock::{Clock, Shown};
use crate::connection::Route;
use crate::error::{Error, ErrorKind};
use crate::gate::{Gate, Leave};
use crate::lock::lock;
use crate::rate::Rate;
use crate::sanitize::Redactor;
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
    provider: TokenProvider,
    /// Held while the provider is asked, so that it is asked once for all who need it.
    last: tokio::sync::Mutex<Last>,
    seen: Mutex<Seen>,
    /// Why the provider gave no token when it was asked last, for those who cannot wait for `last`.
    failed: Mutex<Option<Error>>,
    /// For the token that is sent, and for those before it, which a late answer may quote.
    redactor: Mutex<Redactor>,
    /// The gate of all requests.
    gate: Gate,
    /// The clock of the service, as an answer has shown it last.
    clock: Mutex<Option<Shown>>,
}

/// One request, and what came of it.
pub(crate) struct Exchange<T> {
    pub(crate) outcome: Result<T, Failure>,
    /// When it was given to the HTTP client.
    pub(crate) asked: Instant,
    /// The latest moment at which it can have been sent.
    pub(crate) sent: Instant,
    /// What had happened by then.
    pub(crate) seen: Seen,
}

impl<T> Exchange<T> {
    /// The same exchange, with what its answer means.
    pub(crate) fn and_then<U>(self, read: impl FnOnce(T) -> Result<U, Failure>) -> Exchange<U> {
        let Self { outcome, asked, sent, seen } = self;
        Exchange { outcome: outcome.and_then(read), asked, sent, seen }
    }
}

/// What the provider said when it was asked last.
#[derive(Default)]
struct Last {
    token: Option<SecretString>,
    error: Option<Error>,
}

/// What had happened when a request was sent.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How often the provider had been asked.
    asked: u64,
    /// How many tokens there had been.
    tokens: u64,
}

impl Session {
    pub(crate) fn new(
        base_url: &str,
        http: reqwest::Client,
        route: Route,
        provider: TokenProvider,
        rate: Option<Rate>,
    ) -> Result<Self, Error> {
        // A fixed token is there already, and whether it can be used needs no request.
        let (bearer, tokens) = match provider.known() {
            None => (Bearer::unset(), 0),
            Some(token) => {
                let token = token.expose_secret();
                crate::token::check(token).map_err(|why| {
                    let message = format!("the token cannot be used: {why}");
                    Error::new(ErrorKind::InvalidInput, message)
                })?;
                (Bearer::new(token).map_err(|e| Error::invalid_input(&e))?, 1)
            }
        };
        let redactor = Redactor::new(provider.known().cloned());
        let last = Last { token: provider.known().cloned(), error: None };
        Ok(Self(Arc::new(Inner {
            raw: purge_api::Client::new_with_client(base_url, http, bearer),
            route,
            provider,
            last: tokio::sync::Mutex::new(last),
            seen: Mutex::new(Seen { asked: 0, tokens }),
            failed: Mutex::default(),
            redactor: Mutex::new(redactor),
            gate: Gate::new(Arc::new(Throttle::new(rate))),
            clock: Mutex::default(),
        })))
    }

    pub(crate) fn raw(&self) -> &purge_api::Client {
        &self.0.raw
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(crate) fn provider(&self) -> &TokenProvider {
        &self.0.provider
    }

    /// Makes sure that there is a token.
    pub(crate) async fn ensure_token(&self) -> Result<(), Error> {
        match self.seen() {
            seen @ Seen { tokens: 0, .. } => self.ask(seen).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Sends a request with the token that there is, and reads the answer.
    pub(crate) async fn exchange<T>(
        &self,
        leave: Leave,
        method: &'static str,
        send: impl Future<Output = Result<ResponseValue<T>, purge_api::Error<()>>>,
    ) -> Exchange<ResponseValue<T>> {
        // The leave is used up, whatever becomes of the request.
        let _: Leave = leave;
        let seen = self.seen();
        let (asked, wall) = (Instant::now(), SystemTime::now());
        // The body of a refusal belongs to the request, too.
        let exchange = async {
            match send.await {
                Ok(answer) => {
                    self.look(answer.headers(), asked, wall);
                    Ok(answer)
                }
                // Something in between may have answered, by another clock.
                Err(error) => Err(failure(error, &self.redactor(), &self.0.route).await),
            }
        };
        let outcome = step!(exchange, "http", method).await;
        Exchange { outcome, asked, sent: self.0.route.latest_sending(asked), seen }
    }

    /// Keeps what the service's clock shows, to be read when somebody needs it.
    fn look(&self, headers: &HeaderMap, asked: Instant, wall: SystemTime) {
        if let Some(shown) = Shown::from_headers(headers, asked, wall) {
            *lock(&self.0.clock) = Some(shown);
        }
    }

    /// What time it is for the service, if an answer has shown it: see [`Clock::now`].
    pub(crate) fn service_time(&self) -> Option<SystemTime> {
        self.clock()?.now()
    }

    /// What time it was for the service at a moment of the past: see [`Clock::at`].
    pub(crate) fn service_time_at(&self, moment: Instant) -> Option<SystemTime> {
        let clock = self.clock()?;
        clock.now()?;
        clock.at(moment)
    }

    fn clock(&self) -> Option<Clock> {
        // Its header is read after the lock is free.
        let shown = lock(&self.0.clock).clone();
        shown?.read()
    }

    /// Why there is no other token for a refused request, as far as that is known without asking: for a run that was
    /// stopped.
    pub(crate) fn known_renewal(&self, refusal: &Failure, seen: Seen) -> Result<bool, Failure> {
        let failed = lock(&self.0.failed);
        match &*failed {
            Some(why) if self.seen().asked != seen.asked => Err(not_renewed(refusal, why)),
            _ => Ok(false),
        }
    }

    /// Gets another token when that of a request was refused, and says whether there is one. A refused token
    /// means that the request was not applied.
    pub(crate) async fn renew(&self, refusal: &Failure, seen: Seen) -> Result<bool, Failure> {
        if refusal.error.status() != Some(401) {
            return Ok(false);
        }
        self.ask(seen).await.map_err(|why| not_renewed(refusal, &why))
    }

    /// Asks the provider, unless somebody did so since `seen`; and says whether there is another token now.
    async fn ask(&self, seen: Seen) -> Result<bool, Error> {
        let mut last = self.0.last.lock().await;
        let now = self.seen();
        if now.asked != seen.asked {
            return match &last.error {
                _ if now.tokens != seen.tokens => Ok(true),
                Some(error) => Err(error.clone()),
                None => Ok(false),
            };
        }
        // Nothing is kept until the answer is here: whoever drops this future leaves all as it was.
        let answer = step!(self.0.provider.fetch(), "token").await;
        let changed = match answer {
            Ok(token) => {
                let old = last.token.as_ref().map(ExposeSecret::expose_secret);
                let changed = old != Some(token.expose_secret());
                if changed {
                    let replaced = self.raw().inner().replace(token.expose_secret());
                    replaced.map_err(|e| Error::invalid_input(&e))?;
                    let mut redactor = lock(&self.0.redactor);
                    *redactor = redactor.with(Some(token.clone()));
                }
                *last = Last { token: Some(token), error: None };
                Ok(changed)
            }
            Err(error) => {
                last.error = Some(error.clone());
                Err(error)
            }
        };
        lock(&self.0.failed).clone_from(&last.error);
        let tokens = now.tokens + u64::from(*changed.as_ref().unwrap_or(&false));
        *lock(&self.0.seen) = Seen { asked: now.asked + 1, tokens };
        changed
    }

    /// What takes the token out of texts from outside.
    pub(crate) fn redactor(&self) -> Redactor {
        lock(&self.0.redactor).clone()
    }

    fn seen(&self) -> Seen {
        *lock(&self.0.seen)
    }
}

fn not_renewed(refusal: &Failure, why: &Error) -> Failure {
    let message = format!("{}, which failed: {why}", refusal.error);
    let error = Error::new(ErrorKind::Unauthorized, message).with_status(401);
    Failure::new(refusal.applied, error.with_cause(why))
}
