//! The two libraries that this crate is built on, for what it does not offer itself. Requires the feature `raw`.
//!
//! The feature adds [`Client::raw`] and [`ClientBuilder::http_client`]. The types of [`purge_api`] and
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

pub use {purge_api, reqwest};

use crate::client::{Client, ClientBuilder};
use crate::error::Error;

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
}
