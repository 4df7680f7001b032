//! The hooks that every request of the generated client passes through. They are in this crate because only the
//! crate that defines [`Client`] can implement a foreign trait for it.

use http_body_util::Limited;
use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::{Body, Request, Response};

use crate::body::with_body;
use crate::observe::Asked;
use crate::{Bearer, Client, login};

/// The maximum size of a response body: 1 MiB.
///
/// The service publishes no limit. This is enough for a page of 100 records with the longest URLs that servers
/// commonly accept (8 KiB each). A longer body fails with a body error, as if the connection had been lost.
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

impl ClientHooks<Bearer> for Client {
    async fn pre<E>(&self, request: &mut Request, _: &OperationInfo) -> Result<(), Error<E>> {
        without_version(request);
        let Some(token) = self.inner().header() else {
            return Err(Error::Custom("no token was set before the request".to_owned()));
        };
        request.headers_mut().insert(http::header::AUTHORIZATION, token);
        Ok(())
    }

    async fn exec(&self, request: Request, _: &OperationInfo) -> reqwest::Result<Response> {
        send(self.client(), request).await
    }
}

impl ClientHooks<()> for login::Client {
    async fn pre<E>(&self, request: &mut Request, _: &OperationInfo) -> Result<(), Error<E>> {
        without_version(request);
        Ok(())
    }

    async fn exec(&self, request: Request, _: &OperationInfo) -> reqwest::Result<Response> {
        send(self.client(), request).await
    }
}

/// Removes a header that the generator adds and the service does not document.
fn without_version(request: &mut Request) {
    request.headers_mut().remove("api-version");
}

async fn send(http: &reqwest::Client, request: Request) -> reqwest::Result<Response> {
    let asked = Asked::if_observed(&request);
    let response = bound(http.execute(request).await?);
    Ok(match asked {
        Some(asked) => asked.watch(response),
        None => response,
    })
}

fn bound(response: Response) -> Response {
    // A body with a stated length cannot be longer than that.
    if response.content_length().is_some_and(|length| length <= MAX_RESPONSE_BYTES as u64) {
        return response;
    }
    with_body(response, |body| Body::wrap(Limited::new(body, MAX_RESPONSE_BYTES)))
}
