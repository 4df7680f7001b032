//! Responses that a program changes before they are sent.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;

use crate::framing;
use crate::log::RecordedRequest;

/// Called with each API request and the response to it.
pub(crate) type Rewrite = Arc<dyn Fn(&RecordedRequest, &mut Reply) + Send + Sync>;

/// A response of the API before it is sent: see [`SandboxBuilder::rewrite`](crate::SandboxBuilder::rewrite).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The status. One that is not valid in HTTP is not sent: the response keeps its own.
    pub status: u16,
    /// The headers, with names in lower case. One that is not valid in HTTP is not sent, and neither is one that the server
    /// writes itself, such as `Connection` and `Content-Length`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The response as `rewrite` changes it.
pub(crate) async fn rewritten(
    rewrite: &Rewrite,
    request: &RecordedRequest,
    response: Response,
) -> Response {
    let (mut parts, body) = response.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    let mut reply = Reply {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        // The responses of the API are in memory; reading them cannot fail.
        body: body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default(),
    };
    rewrite(request, &mut reply);
    parts.status = StatusCode::from_u16(reply.status).unwrap_or(parts.status);
    let headers = reply.headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::try_from(name).ok()?;
        Some((name, HeaderValue::try_from(value).ok()?))
    });
    parts.headers = HeaderMap::new();
    for (name, value) in headers {
        parts.headers.append(name, value);
    }
    framing::remove(&mut parts.headers);
    Response::from_parts(parts, Body::from(reply.body))
}
