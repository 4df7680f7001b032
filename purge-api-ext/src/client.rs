//! The client of the service, and its settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::Session;
use crate::connection::{BaseUrl, Route, Settings};
use crate::error::{Error, ErrorKind};
use crate::events::Event;
use crate::id::{OperationId, OrganizationId, ResourceId};
use crate::rate::Rate;
use crate::resource::Resource;
use crate::sanitize::{Shown, shown};
use crate::throttle::Throttle;
use crate::token::TokenProvider;

/// A client of the service: a connection pool and a token. It is cheap to clone.
///
/// All requests of a client and its clones share one [rate limit](ClientBuilder::rate), and observe the same pause
/// when the service asks for one (`Retry-After`).
///
/// Redirects are never followed: a redirect would turn a purge into a list request that looks like a success, or carry
/// the token to another host.
///
/// ```
/// use std::time::Duration;
///
/// let client = purge_api_ext::Client::builder("token")
///     .attempt_timeout(Duration::from_secs(10))
///     .build()?;
/// # Ok::<(), purge_api_ext::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) session: Session,
    pub(crate) base_url: Arc<str>,
}

impl Client {
    /// The address of the service, as its documentation gives it.
    pub const BASE_URL: &'static str = "https://cloud.medianova.com";

    /// The version of the OpenAPI description that this crate was built from: its `info.version`.
    #[must_use]
    pub fn api_version() -> &'static str {
        <purge_api::Client as purge_api::ClientInfo<purge_api::Bearer>>::api_version()
    }

    /// Configures a client with the bearer token of an account: the token itself, without the prefix `Bearer`, or a
    /// [`TokenProvider`] that fetches it.
    pub fn builder(token: impl Into<TokenProvider>) -> ClientBuilder {
        ClientBuilder {
            token: token.into(),
            base_url: Self::BASE_URL.to_owned(),
            settings: Settings::default(),
            http: None,
            rate: None,
            throttle: None,
            others: Vec::new(),
        }
    }

    /// A CDN resource of an organization.
    #[must_use]
    pub fn resource(&self, organization: OrganizationId, resource: ResourceId) -> Resource {
        let (session, base_url) = (self.session.clone(), Arc::clone(&self.base_url));
        Resource::new(session, base_url, organization, resource)
    }

    /// Fetches the token now, unless that has been done, so that a missing token is noticed before the first request.
    /// Only a request can tell whether the service accepts it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the [`TokenProvider`] returns no usable token,
    /// [`ErrorKind::Unauthorized`] when its command or function fails or takes too long.
    pub async fn fetch_token(&self) -> Result<(), Error> {
        self.session.ensure_token(self.session.gate()).await
    }

    /// The same as [`fetch_token`](Self::fetch_token), with [`Event::Paused`] for each long pause of a login, as runs
    /// report it.
    #[doc(hidden)]
    pub async fn fetch_token_reporting(&self, mut on: impl FnMut(&Event)) -> Result<(), Error> {
        let paused = |error: &Error| {
            let delay = error.retry_after().unwrap_or_default();
            on(&Event::Paused { delay, error: error.clone() });
        };
        let gate = self.session.gate();
        gate.reporting(self.session.ensure_token(gate), paused).await
    }

    /// Fetches the token again and returns whether it has changed. All later requests use the new one. For programs that
    /// know when their token expires, and renew it before a request is refused.
    ///
    /// Concurrent calls, and requests whose token is refused meanwhile, share one call of the [`TokenProvider`]. A
    /// [fixed](TokenProvider::fixed) token stays the same.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use purge_api_ext::{Client, TokenProvider};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), purge_api_ext::Error> {
    /// let number = AtomicU32::new(0);
    /// let log_in = TokenProvider::from_fn(move || {
    ///     let token = format!("token-{}", number.fetch_add(1, Ordering::Relaxed));
    ///     async move { Ok::<_, std::io::Error>(token) }
    /// });
    /// let client = Client::builder(log_in).build()?;
    /// client.fetch_token().await?;
    /// // Some minutes before the token expires:
    /// let is_new = client.refresh_token().await?;
    /// assert!(is_new);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The same as [`fetch_token`](Self::fetch_token). The old token stays in use.
    pub async fn refresh_token(&self) -> Result<bool, Error> {
        self.session.refresh_token().await
    }
}

impl Client {
    /// Remembers that an operation belongs to a request of an earlier run, so that it is not taken for the operation of
    /// a request whose response is lost. For programs whose runs continue on another machine.
    #[doc(hidden)]
    pub fn remember_operation(&self, operation: &OperationId) {
        self.session.known().remember(operation);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The HTTP client would print its proxies, including their passwords.
        f.debug_struct("Client")
            .field("base_url", &self.base_url)
            .field("token", self.session.provider())
            .finish_non_exhaustive()
    }
}

/// The settings of a [`Client`].
///
/// ```no_run
/// let client = purge_api_ext::Client::builder("token")
///     .user_agent("shop-backend/1.2")
///     .proxy("http://user:password@proxy.example.com:3128")
///     .root_certificate_pem(std::fs::read("/etc/ssl/company.pem")?)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    token: TokenProvider,
    base_url: String,
    pub(crate) settings: Settings,
    pub(crate) http: Option<reqwest::Client>,
    rate: Option<Rate>,
    throttle: Option<Throttle>,
    others: Vec<Client>,
}

impl ClientBuilder {
    /// Another address of the service, for example a sandbox. It must use `https`, or plain `http` to the loopback
    /// interface. Default: [`Client::BASE_URL`].
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// The maximum request rate of all runs, lists and waits of this client and its clones together, including retries.
    /// Default: no limit.
    ///
    /// A program that purges whenever content is published should share one client, so that twenty concurrent purges
    /// stay below the limit of the service as one does:
    ///
    /// ```
    /// let client = purge_api_ext::Client::builder("token").rate("5/s".parse()?).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// A [`Throttle`] to share with other clients, so that all of them keep one rate and observe the same pause. Its
    /// rate replaces [`rate`](Self::rate). Default: a throttle of its own.
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.throttle = Some(throttle);
        self
    }

    /// Other clients whose token to share: that of the first which has the same address and the same source of its token.
    /// Then one login is enough for both, and a key that the service has refused is not sent again by either.
    #[doc(hidden)]
    pub fn beside(mut self, others: &[Client]) -> Self {
        self.others.extend_from_slice(others);
        self
    }

    /// The time limit for connecting. Default: 3 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = Some(timeout);
        self
    }

    /// The time limit for one attempt, including its response. Default: 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = Some(timeout);
        self
    }

    /// The same as [`attempt_timeout`](Self::attempt_timeout); messages name the program's option that sets it.
    #[doc(hidden)]
    pub fn attempt_timeout_of(mut self, option: &'static str, timeout: Duration) -> Self {
        self.settings.timeout_option = Some(option);
        self.attempt_timeout(timeout)
    }

    /// The `User-Agent` header. Default: the name and version of this crate.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.settings.user_agent = Some(name.into());
        self
    }

    /// An `http` or `https` proxy for all requests, with a user name and password if it requires them; these are never
    /// printed. Requests to the loopback interface use no proxy. Default: the proxy of the system, for example from
    /// `HTTPS_PROXY` and `NO_PROXY`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.proxy = Some(url.into().into());
        self
    }

    /// Root certificates to trust in addition to those of the system: one or more, as PEM. May be called repeatedly.
    /// Default: none.
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.roots.push(pem.into());
        self
    }

    /// Checks the settings and builds the client. Nothing is sent yet, and only a fixed token is checked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the base URL is not allowed, a setting or the token cannot be
    /// used, or TLS cannot be initialized.
    pub fn build(self) -> Result<Client, Error> {
        let base = BaseUrl::parse(&self.base_url)?;
        let chosen = self.settings.chosen();
        let (http, route) = match self.http {
            None => self.settings.http_client(&base)?,
            Some(http) if chosen.is_empty() => (http, Route::default()),
            Some(_) => {
                let message = shown!(
                    "your own HTTP client cannot be changed here; set {chosen} on that client",
                    chosen = Shown::joined(chosen, ", "),
                );
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
        };
        let throttle = self.throttle.unwrap_or_else(|| Throttle::new(self.rate));
        let shared = self.others.iter().find(|other| {
            let provider = other.session.provider();
            *other.base_url == *base.as_str() && provider.has_source_of(&self.token)
        });
        let shared = shared.map(|other| &other.session);
        let session = Session::new(base.as_str(), http, route, self.token, shared, throttle)?;
        Ok(Client { session, base_url: base.as_str().into() })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("token", &self.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_http_client_takes_no_further_settings() {
        let base = BaseUrl::parse("http://127.0.0.1:1").expect("a base URL");
        let (http, _) = Settings::default().http_client(&base).expect("an HTTP client");
        let mut builder = Client::builder("token");
        builder.http = Some(http);
        builder.clone().base_url("http://127.0.0.1:1").build().expect("a client");
        let error = builder.clone().base_url("http://example.com").build().expect_err("plain");
        assert!(error.to_string().contains("use https"), "{error}");
        let error = builder.user_agent("a").proxy("http://proxy").build().expect_err("settings");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("set user_agent, proxy on that client"), "{error}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let builder = Client::builder("c4nary")
            .base_url("https://example.com")
            .proxy("http://user:c4nary@proxy.example.com:3128");
        assert!(!format!("{builder:?}").contains("c4nary"), "{builder:?}");
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        {
            let client = builder.build().expect("a client");
            assert_eq!(
                format!("{client:?}"),
                r#"Client { base_url: "https://example.com", token: TokenProvider::fixed(..), .. }"#
            );
        }
    }

    #[test]
    fn fixed_token_is_trimmed_and_checked_by_build() {
        let build = |token: &str| Client::builder(token).base_url("http://[::1]").build();
        for token in ["c4nary-t0ken\n", "\u{feff}c4nary-t0ken\r\n", " c4nary-t0ken "] {
            let client = build(token).expect("a client");
            let shown = client.session.redactor().excerpt("c4nary-t0ken, other");
            assert_eq!(shown, "[token], other", "{token:?}");
        }
        let error = build("c4nary\nc4nary").expect_err("two lines");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!format!("{error:?}").contains("c4nary"), "{error:?}");
    }
}
