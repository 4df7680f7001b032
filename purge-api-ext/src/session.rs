//! Requests with a token that is current.

use std::sync::{Arc, Mutex, PoisonError};

use purge_api::{Bearer, ClientInfo as _};
use secrecy::{ExposeSecret, SecretString};

use crate::proxy::Proxy;
use crate::retry::Applied;
use crate::text::Redactor;
use crate::trace::step;
use crate::transport::{Failure, failure};
use crate::{Error, ErrorKind, TokenProvider};

/// The generated client, and the token that it sends. Clones share both.
#[derive(Clone)]
pub(crate) struct Session(Arc<Inner>);

struct Inner {
    raw: purge_api::Client,
    /// What requests go through, as far as that is known.
    proxy: Option<Proxy>,
    provider: TokenProvider,
    /// Held while the provider is asked, so that it is asked once for all who need it.
    last: tokio::sync::Mutex<Last>,
    seen: Mutex<Seen>,
    /// For the token that is sent.
    redactor: Mutex<Redactor>,
}

/// What the provider said when it was asked last.
#[derive(Default)]
struct Last {
    token: Option<SecretString>,
    error: Option<Error>,
}

/// What had happened when a request was sent.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    /// How often the provider had been asked.
    asked: u64,
    /// How many tokens there had been.
    tokens: u64,
}

impl Session {
    pub(crate) fn new(
        base_url: &str,
        http: reqwest::Client,
        proxy: Option<Proxy>,
        provider: TokenProvider,
    ) -> Result<Self, Error> {
        // A fixed token is there already, and whether it can be used needs no request.
        let (bearer, tokens) = match provider.known() {
            None => (Bearer::unset(), 0),
            Some(token) => {
                let bearer = Bearer::new(token.expose_secret());
                (bearer.map_err(|e| Error::invalid_input(&e))?, 1)
            }
        };
        let redactor = Redactor::new(provider.known().cloned());
        let last = Last { token: provider.known().cloned(), error: None };
        Ok(Self(Arc::new(Inner {
            raw: purge_api::Client::new_with_client(base_url, http, bearer),
            proxy,
            provider,
            last: tokio::sync::Mutex::new(last),
            seen: Mutex::new(Seen { asked: 0, tokens }),
            redactor: Mutex::new(redactor),
        })))
    }

    pub(crate) fn raw(&self) -> &purge_api::Client {
        &self.0.raw
    }

    pub(crate) fn provider(&self) -> &TokenProvider {
        &self.0.provider
    }

    /// Makes sure that there is a token.
    pub(crate) async fn prepare(&self) -> Result<(), Error> {
        match self.seen() {
            Seen { tokens: 0, .. } => self.ask(self.seen()).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Sends a request; and once more if its token is refused, and the provider has another one by then.
    /// A refused token means that the first request was surely not carried out.
    pub(crate) async fn authorized<T, F>(
        &self,
        method: &'static str,
        send: impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, purge_api::Error<()>>>,
    {
        // The body of a refusal belongs to the request, too.
        let exchange = async || {
            let redactor = self.redactor();
            match send().await {
                Ok(answer) => Ok(answer),
                Err(error) => Err(failure(error, &redactor, self.0.proxy.as_ref()).await),
            }
        };
        self.prepare().await.map_err(|error| Failure::new(Applied::Refused, error))?;
        let seen = self.seen();
        let refusal = match step!(exchange(), "http", method).await {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        if refusal.error.status() != Some(401) {
            return Err(refusal);
        }
        match self.ask(seen).await {
            Ok(true) => {}
            Ok(false) => return Err(refusal),
            Err(why) => {
                let message = format!("{}, which failed: {why}", refusal.error);
                let error = Error::new(ErrorKind::Unauthorized, message).with_status(401);
                return Err(Failure::new(refusal.applied, error.with_cause(&why)));
            }
        }
        step!(exchange(), "http", method).await
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
                    *self.0.redactor.lock().unwrap_or_else(PoisonError::into_inner) =
                        Redactor::new(Some(token.clone()));
                }
                *last = Last { token: Some(token), error: None };
                Ok(changed)
            }
            Err(error) => {
                last.error = Some(error.clone());
                Err(error)
            }
        };
        let tokens = now.tokens + u64::from(*changed.as_ref().unwrap_or(&false));
        *self.0.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Seen { asked: now.asked + 1, tokens };
        changed
    }

    /// What takes the token out of texts from outside.
    pub(crate) fn redactor(&self) -> Redactor {
        self.0.redactor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn seen(&self) -> Seen {
        *self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
