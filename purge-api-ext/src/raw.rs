//! The two libraries that this crate is built on, for what it does not offer itself. Requires the feature `raw`.
//!
//! The feature adds [`Client::raw`] and [`ClientBuilder::http_client`], and what shows responses before they are decoded:
//! [`purge_api::observe`] with [`ClientBuilder::keep_certificate`], [`Client::probe`] and [`Client::show`]. The types of [`purge_api`] and
//! [`reqwest`] appear nowhere else in the public API of this crate, and their versions may change in its minor
//! releases. Both are re-exported here, so that the versions match.
//!
//! ```
//! use std::num::NonZeroU64;
//! use std::time::Duration;
//! use purge_api_ext::Client;
//! use purge_api_ext::raw::reqwest;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let http = reqwest::Client::builder()
//!     .redirect(reqwest::redirect::Policy::none())
//!     .retry(reqwest::retry::never())
//!     .timeout(Duration::from_secs(30))
//!     .tcp_keepalive(Duration::from_secs(15))
//!     .build()?;
//! let client = Client::builder("token").http_client(http).build()?;
//! let request = client.raw().await?.list_purge_requests().page(NonZeroU64::MIN);
//! # Ok(())
//! # }
//! ```

use std::net::SocketAddr;

use purge_api::{ClientInfo as _, Extensions, ObservedResponse};

use crate::client::{Client, ClientBuilder};
use crate::error::Error;

pub use {purge_api, reqwest};

impl ClientBuilder {
    /// Uses your own HTTP client, with its own proxies, certificates, timeouts and connections.
    ///
    /// It must have:
    ///
    /// - redirects turned off: a followed redirect turns a purge into a list, or carries the token to
    ///   another host;
    /// - retries turned off: this crate counts every attempt;
    /// - a timeout: without one, a request may take forever.
    ///
    /// An HTTP client does not reveal these settings, so they are not checked. The feature `rustls` of this crate
    /// enables that library in [`reqwest`] without a crypto provider, because a program has only one default:
    /// building an HTTP client panics unless the program installs a provider, or configures TLS with
    /// [`tls_backend_preconfigured`](reqwest::ClientBuilder::tls_backend_preconfigured).
    ///
    /// The builder's own settings for the HTTP client (`connect_timeout`, `attempt_timeout`, `user_agent`, `proxy`,
    /// `root_certificate_pem`) cannot be combined with it: [`build`](Self::build) then fails.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Keeps the certificate of the service, so that [`certificate`] finds it in an observed response. Default: it is
    /// dropped after the check.
    pub fn keep_certificate(mut self) -> Self {
        self.settings.keeps_certificate = true;
        self
    }
}

/// The certificate of the service in DER, if the client was built with
/// [`keep_certificate`](ClientBuilder::keep_certificate), the connection is encrypted and there is no proxy.
#[must_use]
pub fn certificate(response: &ObservedResponse) -> Option<&[u8]> {
    certificate_in(&response.extensions)
}

fn certificate_in(extensions: &Extensions) -> Option<&[u8]> {
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    return extensions.get::<reqwest::tls::TlsInfo>()?.peer_certificate();
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    {
        let _ = extensions;
        None
    }
}

/// A connection to the service: see [`Client::probe`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The address of the server, or of the proxy if there is one.
    pub remote: Option<SocketAddr>,
    /// The certificate of the service in DER, as in [`certificate`].
    pub certificate: Option<Vec<u8>>,
}

impl Client {
    /// The generated client, with the connection pool and the token of this client.
    ///
    /// The token is fetched if there is none yet. A request whose token is refused is not sent again with another.
    /// Requests ignore the [rate](ClientBuilder::rate) of this client, and the pauses that the service asks for.
    ///
    /// # Errors
    ///
    /// When the token cannot be fetched.
    pub async fn raw(&self) -> Result<&purge_api::Client, Error> {
        self.fetch_token().await?;
        Ok(self.session.raw())
    }

    /// Checks whether a connection to the service can be made: a `HEAD` of the base URL without a token. Any response is
    /// a success, since it says nothing about the API.
    ///
    /// # Errors
    ///
    /// When there is no response.
    pub async fn probe(&self) -> Result<Probe, Error> {
        let gate = self.session.gate();
        let pass = gate.enter(async { Ok(()) }).await?;
        // Used up by this request.
        let _permit = gate.depart(pass).await?;
        let response = self.session.raw().client().head(&*self.base_url).send().await;
        match response {
            Ok(response) => Ok(Probe {
                remote: response.remote_addr(),
                certificate: certificate_in(response.extensions()).map(<[u8]>::to_vec),
            }),
            Err(error) => Err(self.session.unanswered(error).await),
        }
    }

    /// Foreign text as the messages of this crate show it: [escaped](crate::escape), without the token and the API key
    /// of this client, and truncated to this number of characters.
    ///
    /// ```
    /// let client = purge_api_ext::Client::builder("s3cret-token").build()?;
    /// let shown = client.show("Bearer s3cret-token \u{1b}[31m", 100);
    /// assert!(!shown.contains("s3cret") && !shown.contains('\u{1b}'), "{shown}");
    /// # Ok::<(), purge_api_ext::Error>(())
    /// ```
    #[must_use]
    pub fn show(&self, text: &str, characters: usize) -> String {
        self.session.redactor().show(text.to_owned(), characters).into_string()
    }
}
