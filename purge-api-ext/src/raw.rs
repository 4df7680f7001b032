//! The two libraries beneath this one, for what this crate does not offer. Requires the feature `raw`.
//!
//! The feature adds [`Client::raw`] and [`ClientBuilder::http_client`]. The types of [`purge_api`] and
//! [`reqwest`] appear nowhere else in the interface of this crate, and their versions change with its minor
//! versions. Both are exported here, so that the versions agree.
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
    /// Uses an HTTP client that you have built, with its own proxies, certificates, timeouts and connections.
    ///
    /// It must have
    ///
    /// - redirects turned off: a followed redirect turns a purge into a list, or carries the token to
    ///   another host;
    /// - retries turned off: this crate counts every attempt;
    /// - a timeout: without one, a request may take forever.
    ///
    /// None of this can be read from it, so nothing checks it. With the feature `rustls`, this crate adds
    /// that library to [`reqwest`] without a crypto provider, since a program has only one default:
    /// building an HTTP client panics unless the program installs a provider, or configures TLS with
    /// [`tls_backend_preconfigured`](reqwest::ClientBuilder::tls_backend_preconfigured).
    ///
    /// It cannot be combined with the settings of the builder that would change it (`connect_timeout`,
    /// `attempt_timeout`, `user_agent`, `proxy`, `root_certificate_pem`): [`build`](Self::build) then fails.
    pub fn http_client(self, http: reqwest::Client) -> Self {
        self.with_http_client(http)
    }
}

impl Client {
    /// The generated client, with the connection pool and the token of this one.
    ///
    /// The token is fetched if there is none yet. A request whose token is refused is not sent again with
    /// another one. Requests keep neither the [rate](ClientBuilder::rate) of this client nor the pauses that the
    /// service asks for.
    ///
    /// # Errors
    ///
    /// When no token can be fetched.
    pub async fn raw(&self) -> Result<&purge_api::Client, Error> {
        self.fetch_token().await?;
        Ok(self.session().raw())
    }
}
