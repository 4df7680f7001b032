//! What every request of the generated client passes through. The hooks live here because only the
//! crate that owns [`Client`] may implement them for it.

use http_body_util::Limited;
use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::{Body, Request, Response, ResponseBuilderExt};

use crate::{Bearer, Client};

/// The most bytes of a response body that are read: 1 MiB.
///
/// The service publishes no limit. A page holds at most 100 records; the longest URLs that servers
/// commonly accept (8 KiB each) fit. A longer body ends in an error of the body, as if the
/// connection had broken.
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

impl ClientHooks<Bearer> for Client {
    async fn pre<E>(&self, request: &mut Request, _: &OperationInfo) -> Result<(), Error<E>> {
        // The generator adds this header on its own; the service does not document it.
        request.headers_mut().remove("api-version");
        let Some(token) = self.inner().header() else {
            return Err(Error::Custom("no token was set before the request".to_owned()));
        };
        request.headers_mut().insert(http::header::AUTHORIZATION, token);
        Ok(())
    }

    async fn exec(&self, request: Request, _: &OperationInfo) -> reqwest::Result<Response> {
        Ok(bound(self.client().execute(request).await?))
    }
}

fn bound(response: Response) -> Response {
    // A length that is stated is a bound itself.
    if response.content_length().is_some_and(|length| length <= MAX_RESPONSE_BYTES as u64) {
        return response;
    }
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    // Only a builder can carry the URL over, and it has nothing to refuse here.
    if let Ok(with_url) = http::Response::builder().url(url).body(()) {
        parts.extensions.extend(with_url.into_parts().0.extensions);
    }
    let body = Body::wrap(Limited::new(body, MAX_RESPONSE_BYTES));
    http::Response::from_parts(parts, body).into()
}
