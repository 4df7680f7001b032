//! A CDN's Purge API on your own machine.
//!
//! Nobody can purge a production CDN to try a client. A [`Sandbox`] is the service in your own process:
//! it listens on a free loopback port, answers both operations over real HTTP as the published reference
//! says, works through its jobs, evicts from a cache, writes down every request, and misbehaves when it
//! is told to.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use purge_sandbox::{Fault, Sandbox};
//!
//! // The first POST is answered with 503, every other request as it should be.
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
//! What is where:
//!
//! | path | |
//! |---|---|
//! | `/api/v1/cdn/{organization_uuid}/job/{resource_uuid}/purge` | both operations |
//! | `/edge/{resource_uuid}/…` | what a visitor sees: the origin's files through a cache, with `X-Cache: HIT` or `MISS` |
//! | `/` | resources, jobs, caches and the last requests, live |
//! | `/docs` | the API's documentation, to try it; the description as `/docs/openapi.yaml` and `/docs/openapi.json` |
//! | `/healthz` | `ok` |
//!
//! Where the published reference is silent, the sandbox decides: records come newest first, and the paths
//! of a job in the order in which they were sent; a record's `status` is 2 until it is finished, then 1 when
//! something was purged and 0 when nothing was cached; paths are compared byte by byte; `*` matches a
//! run of bytes, also in a query, and takes at least one unless [`SandboxBuilder::star`] says otherwise; an
//! `opID` that is empty counts as absent.
//!
//! The sandbox needs a tokio runtime that keeps running while it is used. It stops when it is dropped.
//! It is a tool for tests: give it no token that is worth anything, since it shows it in `/docs`. It answers
//! only requests whose `Host` is this machine, unless [`SandboxBuilder::allow_non_loopback`] was called.
//!
//! It can run for weeks: recorded requests, jobs, caches and connections are bounded. See
//! [`Sandbox::requests`] and the setters of [`SandboxBuilder`] for what is dropped.

// Used by all others.
mod lock;
mod text;
mod html;
mod error;
mod refusal;
mod limits;

// What the service knows.
mod pattern;
mod cache;
mod jobs;
mod site;
mod origin;
mod resource;

// Faults, and the record of requests.
mod fault;
mod log;

// Connections.
mod connections;
mod server;

// What all requests share and pass through.
mod state;
mod history;
mod guard;
mod body;
mod intercept;

// What answers requests.
mod api;
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
pub use resource::ResourceType;
pub use sandbox::{Sandbox, SandboxBuilder};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
