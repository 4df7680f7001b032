//! What is where.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use http::StatusCode;
use http::request::Parts;

use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::{api, edge, front};

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let for_clients = Router::new()
        .route(api::ROUTE, any(api::purge))
        .route("/edge/{*path}", any(edge::serve))
        .fallback(not_found)
        .layer(from_fn_with_state(Arc::clone(shared), front::front));
    // What people and monitors look at is not written down: the log is of the client under test.
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .fallback_service(for_clients.with_state(Arc::clone(shared)))
        .with_state(Arc::clone(shared))
}

async fn not_found(head: Parts) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("there is nothing at {}", head.uri.path()))
}
