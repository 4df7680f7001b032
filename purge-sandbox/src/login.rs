//! The operation that issues tokens.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::account::Issued;
use crate::api;
use crate::body::{self, Payload};
use crate::fault::LOGIN;
use crate::lock::lock;
use crate::refusal::{Refusal, json};
use crate::state::Shared;

pub(crate) const ROUTE: &str = LOGIN;

pub(crate) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    Extension(payload): Extension<Payload>,
    head: Parts,
) -> Response {
    let answer = || {
        if head.method != Method::POST {
            return Err(Refusal::method(&head.method, "POST"));
        }
        api::limit(&shared)?;
        let body = body::object(&head.headers, &payload)?;
        issue(&shared, text(&body, "api_key")?, text(&body, "api_secret")?)
    };
    answer().unwrap_or_else(IntoResponse::into_response)
}

/// A member of the body. The refusal does not repeat it.
fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    let text = body.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Refusal::unprocessable(format!("{name} is missing or not a string")))
}

fn issue(shared: &Shared, key: &str, secret: &str) -> Result<Response, Refusal> {
    let mut account = lock(&shared.account);
    if (key, secret) != (&account.key, &account.secret) {
        // The real service's own response is not published.
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "the API key or its secret is wrong"));
    }
    let now = shared.now();
    let Issued { token, session, lifetime } = account.issue(now);
    let end = shared.date(now.saturating_add(lifetime)).duration_since(UNIX_EPOCH);
    #[derive(Serialize)]
    struct Answer {
        status: bool,
        token: String,
        session: String,
        expire: u64,
    }
    let expire = end.unwrap_or_default().as_secs();
    Ok(json(StatusCode::OK, &Answer { status: true, token, session, expire }))
}
