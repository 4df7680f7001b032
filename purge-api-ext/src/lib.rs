#![doc = include_str!("../README.md")]

mod auth;
#[cfg(feature = "blocking")]
mod blocking;
mod client;
mod clock;
mod connected;
mod connection;
mod error;
mod events;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
mod gate;
mod id;
mod journal;
mod ledger;
mod list;
mod lock;
mod lookup;
mod path;
mod plan;
mod proxy;
mod rate;
#[cfg(feature = "raw")]
pub mod raw;
mod report;
mod resource;
mod retry;
mod sanitize;
mod shutdown;
mod submit;
mod throttle;
mod tls;
mod token;
mod trace;
mod transport;
mod typed;
mod wait;

#[cfg(feature = "blocking")]
pub use blocking::Blocking;
pub use client::{Client, ClientBuilder};
pub use connection::BaseUrl;
pub use error::{Error, ErrorKind};
pub use events::{Event, Events};
pub use id::{IdError, OperationId, OrganizationId, ResourceId};
pub use journal::Journal;
pub use list::{Cursor, List, Page, PageSize, PurgeRecord, RecordState};
pub use path::{PathError, PathErrorKind, Paths, PurgePath};
pub use plan::{Batch, Plan, PlanError, Planner, PurgeEverything};
pub use proxy::Proxy;
pub use rate::{Rate, RateError};
pub use report::{
    OperationOutcome, OperationState, PathOutcome, PathOutcomes, PathState, Report, Summary,
};
pub use resource::Resource;
pub use sanitize::{escape, without_credentials};
pub use shutdown::Shutdown;
pub use submit::Purge;
pub use token::TokenProvider;
pub use typed::{typed, without_tokens, without_web_tokens};
pub use wait::Wait;
