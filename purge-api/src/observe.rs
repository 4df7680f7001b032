//! Responses as they arrive, before anything in them is decoded.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Extensions, HeaderMap, Method, StatusCode, Version};
use http_body_util::BodyExt as _;
use reqwest::{Body, Request, Response, Url};

use crate::body::with_body;

tokio::task_local! {
    static OBSERVER: Observer;
}

type Observer = Arc<dyn Fn(ObservedResponse) + Send + Sync>;

/// A response as it arrived.
///
/// The body and the headers may contain secrets, such as the token that a login issues, so `Debug` omits them.
#[derive(Clone)]
#[non_exhaustive]
pub struct ObservedResponse {
    /// The method of the request.
    pub method: Method,
    /// The URL of the request.
    pub url: Url,
    /// The status of the response.
    pub status: StatusCode,
    /// The version of HTTP that the response has.
    pub version: Version,
    /// The headers of the response.
    pub headers: HeaderMap,
    /// The body, as much of it as was read: at most [`MAX_RESPONSE_BYTES`](crate::MAX_RESPONSE_BYTES).
    pub body: Vec<u8>,
    /// The address of the server, or of the proxy if there is one.
    pub remote: Option<SocketAddr>,
    /// What the HTTP client attached to the response, such as the certificate of the server if the client was built with
    /// `tls_info`.
    pub extensions: Extensions,
    /// When the request was handed to the HTTP client, by the clock of this machine.
    pub sent: SystemTime,
    /// When the head of the response had arrived, by the clock of this machine.
    pub received: SystemTime,
}

impl fmt::Debug for ObservedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedResponse")
            .field("method", &self.method)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Runs a future, and shows `observer` every response that the clients of this crate receive within it: of either
/// client, of any status, and also those that cannot be decoded. Nothing else changes.
///
/// `observer` gets a response as soon as its body has been read or dropped, and before the client returns. Tasks that the
/// future spawns are not observed.
///
/// ```
/// # use std::num::NonZeroU64;
/// # async fn run(client: purge_api::Client) {
/// let sent = client.list_purge_requests().page(NonZeroU64::MIN).send();
/// let listed = purge_api::observe(|seen| println!("{} {}", seen.status, seen.body.len()), sent).await;
/// # let _ = listed;
/// # }
/// ```
pub async fn observe<F: Future>(
    observer: impl Fn(ObservedResponse) + Send + Sync + 'static,
    future: F,
) -> F::Output {
    OBSERVER.scope(Arc::new(observer), future).await
}

/// A request whose response is observed.
pub(crate) struct Asked {
    observer: Observer,
    method: Method,
    url: Url,
    sent: SystemTime,
}

impl Asked {
    pub(crate) fn if_observed(request: &Request) -> Option<Self> {
        let observer = OBSERVER.try_with(Arc::clone).ok()?;
        let (method, url) = (request.method().clone(), request.url().clone());
        Some(Self { observer, method, url, sent: SystemTime::now() })
    }

    /// The same response, which shows itself to the observer when its body has been read.
    pub(crate) fn watch(self, response: Response) -> Response {
        let observed = ObservedResponse {
            method: self.method,
            url: self.url,
            status: response.status(),
            version: response.version(),
            headers: response.headers().clone(),
            body: Vec::new(),
            remote: response.remote_addr(),
            extensions: response.extensions().clone(),
            sent: self.sent,
            received: SystemTime::now(),
        };
        let mut watched = Watched { observed: Some(observed), observer: self.observer };
        with_body(response, move |body| {
            Body::wrap(body.map_frame(move |frame| {
                if let (Some(observed), Some(part)) = (&mut watched.observed, frame.data_ref()) {
                    observed.body.extend_from_slice(part);
                }
                frame
            }))
        })
    }
}

/// Belongs to the body: it is dropped with it.
struct Watched {
    observed: Option<ObservedResponse>,
    observer: Observer,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.observed.take().into_iter().for_each(|observed| (self.observer)(observed));
    }
}
