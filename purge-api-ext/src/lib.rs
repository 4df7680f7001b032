#![doc = include_str!("../README.md")]
// Shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

// Used by all other modules.
mod lock;
mod percent;
mod trace;
mod shutdown;

// Text that is safe to show, errors, identifiers.
mod sanitize;
mod typed;
mod error;
mod id;

// What is sent.
mod path;
mod plan;

// Whether and when a request is sent, or sent again.
mod retry;
mod rate;
mod throttle;
mod gate;

// Connections, and what a response means.
mod proxy;
mod tls;
mod connected;
mod connection;
mod transport;

// The token, the service's clock, and what a client knows of its requests.
mod token;
mod clock;
mod login;
mod known;
mod auth;

// The state of a request, and what is reported.
mod ledger;
mod report;
mod events;

// What can be done with a resource.
mod resource;
mod list;
mod lookup;
mod journal;
mod wait;
mod submit;

// Where programs begin.
mod client;
#[cfg(feature = "raw")]
pub mod raw;
#[cfg(feature = "blocking")]
mod blocking;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;

#[cfg(feature = "blocking")]
pub use blocking::Blocking;
pub use client::{Client, ClientBuilder};
pub use connection::BaseUrl;
pub use error::{Error, ErrorKind};
pub use events::{Event, Events};
pub use id::{IdError, OperationId, OrganizationId, ResourceId};
pub use journal::{Journal, JournalSink};
pub use list::{Cursor, List, Page, PageSize, PurgeRecord, RecordState};
pub use path::{PathError, PathErrorKind, Paths, PathsIter, PurgePath};
#[doc(hidden)]
pub use percent::{escaped, escapes};
pub use plan::{BadPath, Batch, Plan, PlanError, Planner, PurgeEverything};
pub use proxy::Proxy;
pub use rate::{Rate, RateError};
pub use report::{
    OperationOutcome, OperationState, PathOutcome, PathOutcomes, PathOutcomesIter, PathState,
    Report, StateError, Summary,
};
pub use resource::Resource;
pub use sanitize::{escape, without_credentials};
pub use shutdown::Shutdown;
pub use submit::Purge;
pub use throttle::Throttle;
pub use token::TokenProvider;
pub use typed::{typed, without_tokens, without_web_tokens};
pub use wait::Wait;
