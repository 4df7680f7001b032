use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Serialize;

/// Every status that a [`Refusal`] of this server can have, with the reason, for its documentation.
pub(crate) const REFUSALS: [(StatusCode, &str); 12] = [
    (
        StatusCode::BAD_REQUEST,
        "The body is not JSON, the Host is missing or malformed, or the header X-Sandbox-Fault is not a fault.",
    ),
    (
        StatusCode::UNAUTHORIZED,
        "The token is missing, wrong or expired; or the API key or its secret is wrong.",
    ),
    (StatusCode::FORBIDDEN, "A page of another site sent the request."),
    (StatusCode::NOT_FOUND, "There is no such organization, resource or address."),
    (StatusCode::METHOD_NOT_ALLOWED, "No operation here has this method."),
    (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is larger than 1 MiB, or than 4 KiB in a request without the token, such as a login.",
    ),
    (
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body is not application/json, or has a content coding.",
    ),
    (StatusCode::MISDIRECTED_REQUEST, "The Host is not this machine."),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        "A parameter or a member of the body is missing or not valid, or the resource cannot be purged.",
    ),
    (StatusCode::TOO_MANY_REQUESTS, "The rate limit (--rate-limit) is exceeded."),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "There is no room for another job before an earlier one is finished.",
    ),
];

/// The header that a refusal has in addition to its content type; SECONDS is a number, and METHODS a list.
pub(crate) fn headers(status: StatusCode) -> Option<(HeaderName, &'static str)> {
    match status {
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
        StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "METHODS")),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Some((header::RETRY_AFTER, "SECONDS"))
        }
        _ => None,
    }
}

/// A refusal: a status and `{ "status": false, "message": "…" }`.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
    retry_after: Option<u64>,
    allow: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after: None, allow: None }
    }

    /// A method that the operations here do not have.
    pub(crate) fn method(sent: &Method, allowed: &'static str) -> Self {
        let message = format!("{sent} is not allowed here; use {}", allowed.replace(", ", " or "));
        Self { allow: Some(allowed), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    pub(crate) fn nothing(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("nothing is served at {path}"))
    }

    pub(crate) fn too_often(wait: Duration) -> Self {
        // Whole seconds, rounded up.
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        let message = format!("too many requests; try again in {seconds} s");
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { retry_after: Some(seconds), ..Self::new(status, message) }
    }

    pub(crate) fn full() -> Self {
        let message = "there is no room for another job before an earlier one is finished";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { retry_after: Some(1), ..Self::new(status, message) }
    }

    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            status: bool,
            message: String,
        }
        let mut response = json(self.status, &Body { status: false, message: self.message });
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(methods) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        let is_fixed = |value: &str| !matches!(value, "SECONDS" | "METHODS");
        if let Some((name, value)) = headers(self.status).filter(|(_, value)| is_fixed(value)) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(text) => (status, [(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
