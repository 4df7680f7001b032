#![doc = include_str!("../README.md")]

mod client;
mod error;
mod id;
mod list;
mod path;
mod plan;
mod report;
mod retry;
mod submit;
mod text;
mod transport;
mod wait;

pub use client::{Client, ClientBuilder, Resource};
pub use error::{Error, ErrorKind};
pub use id::{IdError, OperationId, OrganizationId, ResourceId};
pub use list::{List, Page, PageSize, PurgeRecord, RecordState};
pub use path::{PathError, PathErrorKind, PurgePath};
pub use plan::{Batch, Plan, PlanError, Planner, PurgeEverything};
pub use report::{OperationOutcome, OperationState, PathOutcome, PathState, Report, Summary};
pub use submit::Purge;
pub use text::escape;
pub use wait::Wait;
