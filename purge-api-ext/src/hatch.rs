//! The escape hatch: the two libraries beneath, for what this crate does not offer.
//!
//! Their types appear nowhere else in this crate's interface, and their versions change with this crate's
//! minor versions. [`purge_api`] and [`reqwest`] are exported here, so that the versions agree.
//!
//! ```
//! use std::time::Duration;
//! use purge_api_ext::Client;
//! use purge_api_ext::hatch::{HttpClient as _, RawClient as _, reqwest};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let http = reqwest::Client::builder()
//!     .redirect(reqwest::redirect::Policy::none())
//!     .retry(reqwest::retry::never())
//!     .timeout(Duration::from_secs(30))
//!     .tcp_keepalive(Duration::from_secs(15))
//!     .build()?;
//! let client = Client::builder("token").http_client(http).build()?;
//! let request = client.raw().await?.list_purge_requests().page(std::num::NonZeroU64::MIN);
//! # Ok(())
//! # }
//! ```

pub use {purge_api, reqwest};

use crate::client::{Client, ClientBuilder};
use crate::error::Error;

/// Gives a ready HTTP client to a [`ClientBuilder`].
pub trait HttpClient: sealed::Sealed + Sized {
    /// Uses a ready HTTP client, with its own proxies, certificates, timeouts and connections.
    ///
    /// It must have
    ///
    /// - redirects turned off: a followed redirect turns a purge into a list, or carries the token to
    ///   another host;
    /// - retries turned off: here each attempt is counted;
    /// - a timeout: without one a request may take forever.
    ///
    /// None of this can be read from it, so nothing checks it. With the feature `rustls` this crate adds
    /// that library to [`reqwest`] without a crypto provider, since a program has only one default:
    /// building an HTTP client panics unless the program installs a provider, or configures TLS by
    /// [`tls_backend_preconfigured`](reqwest::ClientBuilder::tls_backend_preconfigured).
    ///
    /// The settings of the builder that would
    /// change it (`connect_timeout`, `attempt_timeout`, `user_agent`, `proxy`, `root_certificate_pem`)
    /// cannot be combined with it: [`ClientBuilder::build`] then fails.
    #[must_use]
    fn http_client(self, http: reqwest::Client) -> Self;
}

impl HttpClient for ClientBuilder {
    fn http_client(self, http: reqwest::Client) -> Self {
        self.with_http_client(http)
    }
}

/// Gives the generated client of a [`Client`].
pub trait RawClient: sealed::Sealed {
    /// The generated client, with the pool and the token of this one. The token is fetched if there is
    /// none yet; what the service refuses is not sent again with another one. Its requests do not keep the
    /// [rate](crate::ClientBuilder::rate) of this client, nor the pauses that the service asks for.
    ///
    /// # Errors
    ///
    /// When no token can be fetched.
    fn raw(&self) -> impl Future<Output = Result<&purge_api::Client, Error>> + Send;
}

impl RawClient for Client {
    async fn raw(&self) -> Result<&purge_api::Client, Error> {
        self.fetch_token().await?;
        Ok(self.session().raw())
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::client::Client {}
    impl Sealed for crate::client::ClientBuilder {}
}
