//! A CDN's Purge API on your own machine.
//!
//! You cannot purge a production CDN just to try a client. A [`Sandbox`] is the service in your own process:
//! it listens on a free loopback port, serves both operations over real HTTP as the published reference
//! describes them, processes its jobs, evicts from a cache, records every request, and misbehaves on
//! demand.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use purge_sandbox::{Fault, Sandbox};
//!
//! // The first POST gets 503, every other request a normal response.
//! let sandbox = Sandbox::builder().fault(Fault::status(503).on_post()).start().await?;
//!
//! let url = format!(
//!     "{}/api/v1/cdn/{}/job/{}/purge",
//!     sandbox.base_url(),
//!     sandbox.organization(),
//!     sandbox.resource(),
//! );
//! let post = || {
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//!     reqwest::Client::new()
//!         .post(&url)
//!         .bearer_auth(sandbox.token())
//!         .header("content-type", "application/json")
//!         .body(format!(
//!             r#"{{ "resource_uuid": "{}", "file_path": ["/images/*"] }}"#,
//!             sandbox.resource()
//!         ))
//!         .send()
//! };
//! assert_eq!(post().await?.status(), 503);
//! assert_eq!(post().await?.status(), 200);
//!
//! let requests = sandbox.requests();
//! assert_eq!(requests.len(), 2);
//! assert_eq!(requests[1].method, "POST");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Routes:
//!
//! | path | |
//! |---|---|
//! | `/api/v1/cdn/{organization_uuid}/job/{resource_uuid}/purge` | both operations |
//! | `/edge/{resource_uuid}/…` | what a visitor sees: the origin's files through a cache, with `X-Cache: HIT` or `MISS` |
//! | `/` | resources, jobs, caches and the last requests, live |
//! | `/docs` | the API documentation, which can send requests; the descriptions as `/docs/purge.yaml`, `/docs/purge.json`, `/docs/login.yaml` and `/docs/login.json` |
//! | `/healthz` | `ok` |
//!
//! Where the published reference is silent, the sandbox decides:
//!
//! - Records are listed newest first, and the paths of a job in the order in which they were sent.
//! - A record's `status` is 2 until it is finished, then 1 if something was purged, or 0 if nothing was cached.
//! - Paths are compared byte by byte. `*` matches a run of bytes, also in a query, and at least one byte unless
//!   [`SandboxBuilder::star`] says otherwise.
//! - An empty `opID` counts as absent.
//!
//! The sandbox needs a tokio runtime that keeps running while it is used. It stops when it is dropped.
//! It is a tool for tests: do not give it a valuable token, since `/docs` shows it. It responds
//! only to requests whose `Host` is this machine, unless [`SandboxBuilder::allow_non_loopback`] was called.
//!
//! It can run for weeks: recorded requests, jobs, caches and connections are bounded. See
//! [`Sandbox::requests`] and the setters of [`SandboxBuilder`] for what is dropped.

// Used by all others.
mod lock;
mod framing;
mod text;
mod html;
mod error;
mod refusal;
mod admission;
mod account;

// The state of the service.
mod pattern;
mod cache;
mod coding;
mod pop;
mod jobs;
mod site;
mod origin;
mod resource;

// Faults, and the record of requests.
mod fault;
mod log;
mod rewrite;

// Connections.
mod connections;
mod server;

// State and steps that all requests share.
mod state;
mod history;
mod guard;
mod body;
mod intercept;

// Request handlers.
mod api;
mod login;
mod edge;
mod dashboard;
mod docs;
mod routes;

mod sandbox;

pub use error::Error;
pub use fault::Fault;
pub use history::{Job, Record, RecordState};
pub use log::RecordedRequest;
pub use pattern::Star;
pub use pop::Pop;
pub use resource::ResourceType;
pub use rewrite::Reply;
pub use sandbox::{Sandbox, SandboxBuilder};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
