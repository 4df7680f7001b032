//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{any, get};
use http::request::Parts;

use crate::refusal::Refusal;
use crate::state::Shared;
use crate::{api, dashboard, docs, edge, guard, html, intercept, login};

const STYLE: &str = include_str!("../assets/ui/style.css");
const DASHBOARD_JS: &str = include_str!("../assets/ui/dashboard.js");
const DOCS_JS: &str = include_str!("../assets/ui/docs.js");

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let for_clients = Router::new()
        .route(api::ROUTE, any(api::purge))
        .route(login::ROUTE, any(login::sign_in))
        .route("/edge/{*path}", any(edge::serve))
        .route("/pop/{*path}", any(edge::serve))
        .route("/origin/", get(edge::origin))
        .route("/origin/{*path}", get(edge::origin))
        .fallback(not_found)
        .layer(from_fn_with_state(Arc::clone(shared), intercept::intercept));
    // Requests from people and monitors are not recorded: the log belongs to the client under test.
    Router::new()
        .route("/", get(dashboard::show))
        .route("/events", get(dashboard::events))
        .route("/docs", get(docs::show))
        .route("/docs/", get(async || Redirect::permanent("/docs")))
        .route("/docs/{file}", get(docs::file))
        .route("/ui/style.css", get(async || html::asset("text/css", STYLE)))
        .route("/ui/dashboard.js", get(async || html::asset("text/javascript", DASHBOARD_JS)))
        .route("/ui/docs.js", get(async || html::asset("text/javascript", DOCS_JS)))
        .route("/healthz", get(async || "ok\n"))
        .fallback_service(for_clients.with_state(Arc::clone(shared)))
        .layer(from_fn_with_state(Arc::clone(shared), guard::guard))
        .with_state(Arc::clone(shared))
}

async fn not_found(head: Parts) -> Refusal {
    Refusal::nothing(head.uri.path())
}
