use reqwest::{Body, Response, ResponseBuilderExt as _};

/// The same response with another body.
pub(crate) fn with_body(response: Response, change: impl FnOnce(Body) -> Body) -> Response {
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    // Only a builder can preserve the URL. It cannot fail here.
    if let Ok(with_url) = http::Response::builder().url(url).body(()) {
        parts.extensions.extend(with_url.into_parts().0.extensions);
    }
    http::Response::from_parts(parts, change(body)).into()
}
