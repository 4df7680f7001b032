//! The service, an account, and one of its resources.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::Session;
use crate::connection::{BaseUrl, Route, Settings};
use crate::error::{Error, ErrorKind};
use crate::id::{OrganizationId, ResourceId};
use crate::rate::Rate;
use crate::resource::Resource;
use crate::sanitize::{Shown, shown};
use crate::token::TokenProvider;

/// A client of the service: a connection pool, and the token. It is cheap to clone.
///
/// All that is sent through a client and its clones keeps one [rate](ClientBuilder::rate), and waits for one
/// pause that the service asks for (`Retry-After`).
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
#[derive(Clone)]
pub struct Client {
    pub(crate) session: Session,
    base_url: Arc<str>,
}

impl Client {
    /// The address of the service, from another page of its documentation.
    pub const BASE_URL: &'static str = "https://cloud.medianova.com";

    /// The version of the service's description that this crate was made from: its `info.version`.
    #[must_use]
    pub fn api_version() -> &'static str {
        <purge_api::Client as purge_api::ClientInfo<purge_api::Bearer>>::api_version()
    }

    /// Begins a client for an account's bearer token: the token itself, without the word `Bearer`, or a
    /// [`TokenProvider`] that fetches it.
    pub fn builder(token: impl Into<TokenProvider>) -> ClientBuilder {
        ClientBuilder {
            token: token.into(),
            base_url: Self::BASE_URL.to_owned(),
            settings: Settings::default(),
            http: None,
            rate: None,
        }
    }

    /// One CDN resource of an organization.
    #[must_use]
    pub fn resource(&self, organization: OrganizationId, resource: ResourceId) -> Resource {
        let (session, base_url) = (self.session.clone(), Arc::clone(&self.base_url));
        Resource::new(session, base_url, organization, resource)
    }

    /// Fetches the token now, if that was not done yet, so that a missing one shows before the first
    /// request does. Whether the service takes it, only a request can tell.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the [`TokenProvider`] gives no usable token,
    /// [`ErrorKind::Unauthorized`] when its command or function fails or takes too long.
    pub async fn fetch_token(&self) -> Result<(), Error> {
        self.session.ensure_token(self.session.gate()).await
    }

    /// Fetches the token anew, whatever token there is, and says whether it is another one now: for a program that
    /// knows when its token ends, and renews it before a request is refused. All later requests have the new one.
    ///
    /// Calls at the same time, and requests whose token is refused meanwhile, share one answer of the
    /// [`TokenProvider`]. A [fixed](TokenProvider::fixed) token stays the same.
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
    /// // Some minutes before the token ends:
    /// let is_new = client.refresh_token().await?;
    /// assert!(is_new);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_token`](Self::fetch_token). The token that there was stays in use.
    pub async fn refresh_token(&self) -> Result<bool, Error> {
        self.session.refresh_token().await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The HTTP client would show its proxies, passwords included.
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
    settings: Settings,
    pub(crate) http: Option<reqwest::Client>,
    rate: Option<Rate>,
}

impl ClientBuilder {
    /// Another address of the service, for example a sandbox. It must be `https`, or plain `http` to
    /// the loopback of this machine. Default: [`Client::BASE_URL`].
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// How many requests are sent in a time at most: of all runs, lists and waits of this client and its
    /// clones together, retries included. Default: no limit.
    ///
    /// A program that purges when something is published makes one client, so that twenty purges at once keep
    /// the limit of the service as one does:
    ///
    /// ```
    /// let client = purge_api_ext::Client::builder("token").rate("5/s".parse()?).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// How long connecting may take. Default: 3 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = Some(timeout);
        self
    }

    /// How long one request and its answer may take. Default: 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = Some(timeout);
        self
    }

    /// As [`attempt_timeout`](Self::attempt_timeout), and messages name the option of the program that sets it.
    #[doc(hidden)]
    pub fn attempt_timeout_of(mut self, option: &'static str, timeout: Duration) -> Self {
        self.settings.timeout_option = Some(option);
        self.attempt_timeout(timeout)
    }

    /// What this program calls itself in the `User-Agent` header. Default: the name and version of this
    /// crate.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.settings.user_agent = Some(name.into());
        self
    }

    /// An `http` or `https` proxy for all requests, with its user name and password if it asks for them;
    /// they are never shown. Requests to the loopback of this machine use no proxy. Default: the proxy of
    /// the system, for example from `HTTPS_PROXY` and `NO_PROXY`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.proxy = Some(url.into().into());
        self
    }

    /// Root certificates to trust beside those of the system, as PEM: one or many. May be called
    /// repeatedly. Default: none.
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.roots.push(pem.into());
        self
    }

    /// Checks the settings and makes the client. Nothing is sent yet, and only a token that is given
    /// itself is looked at.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when the base URL is not allowed, a setting or the token cannot be
    /// used, or TLS cannot start.
    pub fn build(self) -> Result<Client, Error> {
        let base = BaseUrl::parse(&self.base_url)?;
        let chosen = self.settings.chosen();
        let (http, route) = match self.http {
            None => self.settings.http_client(&base)?,
            Some(http) if chosen.is_empty() => (http, Route::default()),
            Some(_) => {
                let message = shown!(
                    "a ready HTTP client cannot be changed: set {chosen} on that client, not here",
                    chosen = Shown::joined(chosen, ", "),
                );
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
        };
        let session = Session::new(base.as_str(), http, route, self.token, self.rate)?;
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
    fn ready_http_client_takes_no_further_settings() {
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
    fn secrets_are_not_shown() {
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
    fn fixed_token_is_checked_at_once() {
        let error = Client::builder("c4nary\n").base_url("http://[::1]").build().expect_err("LF");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!format!("{error:?}").contains("c4nary"), "{error:?}");
    }
}
