//! The counts of a report.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{OperationOutcome, PathState};
use crate::error::plural;
use crate::plan::Plan;
use crate::sanitize::Harmless;

/// The counts of a report: how many paths had which outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Summary {
    /// Paths that were given.
    pub input: usize,
    /// Repeated paths: each occurrence after the first.
    pub duplicates: usize,
    /// Paths that are not sent because a wildcard covers them.
    pub covered: usize,
    /// Paths of the inventory that are purged although they were not requested; none (`null`) when
    /// directories were purged without an inventory to count them in.
    pub extra: Option<usize>,
    /// Requests in the plan.
    pub requests: usize,
    /// Paths in the plan.
    pub paths: usize,
    /// Paths that the service accepted, whatever their state is now.
    pub accepted: usize,
    /// Paths whose cached copies are gone.
    pub purged: usize,
    /// Paths that had no cached copy.
    pub not_cached: usize,
    /// Paths that were not finished when waiting ended.
    pub pending: usize,
    /// Paths that the service refused.
    pub failed: usize,
    /// Paths that were sent, and may or may not have been purged.
    pub unconfirmed: usize,
    /// Paths that never reached the service.
    pub not_sent: usize,
}

impl Default for Summary {
    /// The counts of an empty plan. Nothing extra is purged, and that is known, so `extra` is 0.
    fn default() -> Self {
        Self {
            input: 0,
            duplicates: 0,
            covered: 0,
            extra: Some(0),
            requests: 0,
            paths: 0,
            accepted: 0,
            purged: 0,
            not_cached: 0,
            pending: 0,
            failed: 0,
            unconfirmed: 0,
            not_sent: 0,
        }
    }
}

impl Summary {
    /// The counts of a plan before anything is sent, as in [`Report::planned`](super::Report::planned).
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        Self {
            input: plan.input(),
            duplicates: plan.duplicates(),
            covered: plan.covered(),
            extra: plan.extra(),
            requests: plan.batches().len(),
            paths: plan.path_count(),
            ..Self::default()
        }
    }

    pub(super) fn with_outcomes(mut self, operations: &[OperationOutcome]) -> Self {
        self.paths = 0;
        for (state, paths) in operations.iter().flat_map(|operation| operation.paths.states()) {
            self.paths += paths;
            let count = match state {
                PathState::Planned => continue,
                PathState::Accepted => &mut self.accepted,
                PathState::Purged => &mut self.purged,
                PathState::NotCached => &mut self.not_cached,
                PathState::Pending => &mut self.pending,
                PathState::Failed => &mut self.failed,
                PathState::Unconfirmed => &mut self.unconfirmed,
                PathState::NotSent => &mut self.not_sent,
            };
            *count += paths;
        }
        self.accepted += self.purged + self.not_cached + self.pending;
        self
    }
}

impl Harmless for Summary {}

/// The nonzero counts, failures first: `3 paths: 1 failed, 2 accepted, 2 purged`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.paths;
        if paths == 0 {
            return f.write_str("no paths are known yet");
        }
        write!(f, "{paths} path{}", plural(paths))?;
        let counts = [
            (self.failed, PathState::Failed),
            (self.unconfirmed, PathState::Unconfirmed),
            (self.not_sent, PathState::NotSent),
            (self.accepted, PathState::Accepted),
            (self.purged, PathState::Purged),
            (self.not_cached, PathState::NotCached),
            (self.pending, PathState::Pending),
        ];
        let mut separator = ": ";
        for (count, state) in counts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{separator}{count} {state}")?;
            separator = ", ";
        }
        if separator == ": " {
            write!(f, " in {} request{}, not sent yet", self.requests, plural(self.requests))?;
        }
        Ok(())
    }
}
