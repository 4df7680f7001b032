//! Where operations and paths stand.

use std::fmt;

use serde::Serialize;

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OperationState {
    /// It would be sent.
    Planned,
    /// The service took the job.
    Accepted,
    /// All its paths are finished.
    Finished,
    /// The service refused it.
    Failed,
    /// It was sent, and no answer tells what came of it.
    Unconfirmed,
    /// It never reached the service.
    NotSent,
}

/// Where a path stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PathState {
    /// It would be sent.
    Planned,
    /// The service took the job.
    Accepted,
    /// The cached copies are gone.
    Purged,
    /// There was no cached copy.
    NotCached,
    /// Not finished when waiting ended.
    Pending,
    /// Refused.
    Failed,
    /// It was sent, and nothing tells what came of it.
    Unconfirmed,
    /// It never reached the service.
    NotSent,
}

impl fmt::Display for OperationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Planned => "planned",
            Self::Accepted => "accepted",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::NotSent => "not sent",
        })
    }
}

impl fmt::Display for PathState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Planned => "planned",
            Self::Accepted => "accepted",
            Self::Purged => "purged",
            Self::NotCached => "not cached",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::NotSent => "not sent",
        })
    }
}

impl PathState {
    /// Whether the path must be purged again to be sure of it: it failed, is unconfirmed, or was not sent.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Unconfirmed | Self::NotSent)
    }
}
