//! The outcome of every path.

mod read;
mod state;
mod summary;
mod paths;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::id::{OperationId, OrganizationId, ResourceId};
use crate::path::PurgePath;
use crate::plan::{Batch, Plan};
use crate::sanitize::shown;
pub use paths::{PathOutcome, PathOutcomes, PathOutcomesIter};
pub use state::{OperationState, PathState, StateError};
pub use summary::Summary;

/// The outcome of a purge, or of waiting for one: one entry for every path that was planned.
///
/// It serializes to the JSON that the command line prints, and is read from it:
///
/// ```
/// use purge_api_ext::{Plan, Report};
///
/// let report = Report::planned(&Plan::parse(["/index.html", "/images/*"])?);
/// let json = serde_json::to_string(&report)?;
/// assert_eq!(serde_json::from_str::<Report>(&json)?, report);
/// assert_eq!(report.to_string(), "2 paths in 1 request, not sent yet");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Unknown members are ignored. An unknown state is an error, because it might be a failure and must not be taken
/// for a success; so is a [`schema`](Self::schema) other than 1. The JSON has no [errors](Self::error), only their
/// texts as messages. Equality does not compare errors either: two reports are equal when their JSON is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
// Readers of the schema do not read Rust.
#[cfg_attr(
    feature = "schemars",
    schemars(
        description = "The outcome of a purge, or of waiting for one: one entry for every path that was planned."
    )
)]
#[must_use = "failed paths are reported only here"]
#[non_exhaustive]
pub struct Report {
    /// The version of this format: 1.
    #[serde(deserialize_with = "read::schema")]
    #[cfg_attr(feature = "schemars", schemars(extend("const" = 1)))]
    pub schema: u32,
    /// Whether this is a dry run: nothing was sent.
    pub dry_run: bool,
    /// The organization; may be missing in a dry run.
    pub organization: Option<OrganizationId>,
    /// The CDN resource; may be missing in a dry run.
    pub resource: Option<ResourceId>,
    /// The counts.
    pub summary: Summary,
    /// One outcome for each request, in the order of the plan.
    pub operations: Vec<OperationOutcome>,
    /// Why the run did not start at all.
    #[serde(skip)]
    pub(crate) refused: Option<Error>,
}

/// The outcome of one request, and of the operation that it created.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OperationOutcome {
    /// The operation ID, if the service returned one.
    pub op_id: Option<OperationId>,
    /// The state of the operation.
    pub state: OperationState,
    /// How many times the request was sent.
    pub attempts: u32,
    /// Whether the request may have created more than one operation.
    pub possible_duplicate: bool,
    /// A message from the service or from this crate; safe to print.
    #[serde(deserialize_with = "read::message")]
    pub message: Option<String>,
    /// The outcomes of its paths.
    #[cfg_attr(feature = "schemars", schemars(with = "Vec<PathOutcome<'static>>"))]
    pub paths: PathOutcomes,
    /// The error that it ended with.
    #[serde(skip)]
    pub error: Option<Error>,
    /// Whether another client created the operation, so that its paths are known only from its records.
    #[serde(skip)]
    pub(crate) foreign: bool,
}

impl Report {
    /// The report of a dry run: what a plan would do. Nothing is sent.
    pub fn planned(plan: &Plan) -> Self {
        let counts = Summary::of_plan(plan);
        let operations = plan.batches().iter().map(OperationOutcome::planned).collect();
        Self { dry_run: true, ..Self::new(None, None, counts, operations) }
    }

    pub(crate) fn new(
        organization: Option<OrganizationId>,
        resource: Option<ResourceId>,
        counts: Summary,
        operations: Vec<OperationOutcome>,
    ) -> Self {
        let summary = counts.with_outcomes(&operations);
        let (schema, dry_run, refused) = (1, false, None);
        Self { schema, dry_run, organization, resource, summary, operations, refused }
    }

    /// The outcomes of all planned paths. Duplicates and paths that a wildcard covers are not among them; use
    /// [`outcome`](Self::outcome) for these.
    pub fn paths(&self) -> impl Iterator<Item = PathOutcome<'_>> {
        self.operations.iter().flat_map(|operation| operation.paths.iter())
    }

    /// The outcome of one requested path: its own, or that of a wildcard that [covers](PurgePath::covers) it under
    /// every reading of `*`. `None` for an invalid path and for one that no sent path covers, such as `/blog/` when
    /// only `/blog/*` was sent.
    ///
    /// ```no_run
    /// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
    /// # use purge_api_ext::{PathState, Plan};
    /// let report = site.purge(Plan::parse(["/images/*", "/images/logo.png"])?).await;
    /// let logo = report.outcome("/images/logo.png").map(|outcome| outcome.state);
    /// assert_eq!(logo, Some(PathState::Accepted));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn outcome(&self, path: &str) -> Option<PathOutcome<'_>> {
        let own = self.paths().find(|outcome| outcome.path == path);
        let asked = PurgePath::accepted(path).ok()?;
        own.or_else(|| {
            self.paths().filter(|outcome| outcome.path.contains('*')).find(|outcome| {
                let sent = PurgePath::accepted(outcome.path);
                sent.is_ok_and(|sent| sent.covers(&asked))
            })
        })
    }

    /// The operations that were not finished when waiting ended. Pass them to [`Resource::wait`] to keep waiting.
    ///
    /// [`Resource::wait`]: crate::Resource::wait
    pub fn pending_operations(&self) -> impl Iterator<Item = &OperationId> {
        let pending = self.operations.iter().filter(|operation| operation.is_unfinished());
        pending.filter_map(|operation| operation.op_id.as_ref())
    }

    /// The paths to purge again, ready to be planned: failed, unconfirmed and not sent. Pending paths are not among
    /// them; the service is still working on these.
    ///
    /// A path that the service refused will most likely be refused again: see [`error`](Self::error). Paths of another
    /// client's operation come from its records; those that cannot be sent as they are written there, such as `/ü`, are
    /// only in [`paths`](Self::paths).
    pub fn failed_paths(&self) -> impl Iterator<Item = PurgePath> {
        let failed = self.paths().filter(|outcome| outcome.state.is_failure());
        failed.filter_map(|outcome| PurgePath::accepted(outcome.path).ok())
    }

    /// Whether no path failed and none is pending. Without waiting, a path counts as a success once the service has
    /// accepted it, although its cached copies may not be gone yet. A dry run and a report without operations are not a
    /// success, because nothing was purged.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.error().is_none()
            && !self.dry_run
            && !self.operations.is_empty()
            && self.operations.iter().all(OperationOutcome::is_success)
    }

    /// Turns the report into a `Result`: itself if it is a success, otherwise the [error](Self::error) to act on first.
    ///
    /// ```no_run
    /// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
    /// # use purge_api_ext::Plan;
    /// let report = site.purge(Plan::parse(["/index.html"])?).await.into_result()?;
    /// println!("{} paths were accepted", report.summary.accepted);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error that [`error`](Self::error) returns. It does not have the outcomes of the paths: to purge failed
    /// paths again, keep the report.
    pub fn into_result(self) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        let summary = self.summary;
        // A report from JSON has no errors.
        let failed = || match self.paths().any(|path| path.state.is_failure()) {
            true => Error::new(ErrorKind::Refused, shown!("some paths failed: {summary}", summary)),
            false if self.dry_run || self.paths().any(|path| path.state == PathState::Planned) => {
                Error::new(
                    ErrorKind::InvalidInput,
                    shown!("a plan was not sent: {summary}", summary),
                )
            }
            false => Error::new(ErrorKind::Deadline, shown!("not finished: {summary}", summary)),
        };
        Err(self.error().cloned().unwrap_or_else(failed))
    }

    /// The error that a program should act on first. In order of urgency: invalid input, a refused token, a journal
    /// that cannot be written, a refused request, a response that cannot be trusted, an unavailable service, a
    /// deadline, a shutdown.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        let urgency = |kind: ErrorKind| match kind {
            ErrorKind::InvalidInput => 0,
            ErrorKind::Unauthorized => 1,
            ErrorKind::Journal => 2,
            ErrorKind::Refused => 3,
            ErrorKind::Untrusted => 4,
            ErrorKind::Unavailable => 5,
            ErrorKind::Deadline => 6,
            ErrorKind::Interrupted => 7,
        };
        let errors = self.operations.iter().filter_map(|operation| operation.error.as_ref());
        let errors = self.refused.iter().chain(errors);
        errors.min_by_key(|error| urgency(error.kind()))
    }
}

impl PartialEq for Report {
    fn eq(&self, other: &Self) -> bool {
        // Destructured, so that a new member does not compile until it is compared here.
        let Self { schema, dry_run, organization, resource, summary, operations, refused: _ } =
            self;
        (*schema, *dry_run, *organization, *resource, *summary)
            == (other.schema, other.dry_run, other.organization, other.resource, other.summary)
            && *operations == other.operations
    }
}

impl Eq for Report {}

/// One line with the counts, and the error to act on first.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.fmt(f)?;
        self.error().map_or(Ok(()), |error| write!(f, "; {error}"))
    }
}

impl PartialEq for OperationOutcome {
    fn eq(&self, other: &Self) -> bool {
        let Self { op_id, state, attempts, possible_duplicate, message, paths, .. } = self;
        (op_id, state, attempts, possible_duplicate)
            == (&other.op_id, &other.state, &other.attempts, &other.possible_duplicate)
            && (message, paths) == (&other.message, &other.paths)
    }
}

impl Eq for OperationOutcome {}

impl OperationOutcome {
    /// Whether waiting ended before it was finished. Without waiting, all of its paths are accepted.
    fn is_unfinished(&self) -> bool {
        let mut states = self.paths.states();
        self.state == OperationState::Accepted
            && (self.error.is_some()
                || self.paths.is_empty()
                || states.any(|(state, _)| state != PathState::Accepted))
    }

    fn is_success(&self) -> bool {
        use PathState::{Accepted, NotCached, Purged};

        let mut states = self.paths.states();
        matches!(self.state, OperationState::Accepted | OperationState::Finished)
            && !self.is_unfinished()
            && states.all(|(state, _)| matches!(state, Accepted | Purged | NotCached))
    }

    fn planned(batch: &Batch) -> Self {
        Self::of_batch(batch, OperationState::Planned, PathState::Planned)
    }

    pub(crate) fn of_batch(batch: &Batch, state: OperationState, path_state: PathState) -> Self {
        Self {
            op_id: None,
            state,
            attempts: 0,
            possible_duplicate: false,
            message: None,
            paths: PathOutcomes::alike(batch.clone(), path_state),
            error: None,
            foreign: false,
        }
    }

    /// An operation that another client created: its paths are not known yet.
    pub(crate) fn of_operation(op_id: OperationId) -> Self {
        Self {
            op_id: Some(op_id),
            state: OperationState::Accepted,
            attempts: 0,
            possible_duplicate: false,
            message: None,
            paths: PathOutcomes::none(),
            error: None,
            foreign: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_to_act_on_first_is_the_most_urgent_one() {
        let plan = Plan::planner().batch_size(1).plan(["/a", "/b"].map(|p| p.parse().expect(p)));
        let mut report = Report::planned(&plan.expect("a plan"));
        assert!(report.error().is_none());
        let order = [
            ErrorKind::InvalidInput,
            ErrorKind::Unauthorized,
            ErrorKind::Journal,
            ErrorKind::Refused,
            ErrorKind::Untrusted,
            ErrorKind::Unavailable,
            ErrorKind::Deadline,
            ErrorKind::Interrupted,
        ];
        for pair in order.windows(2) {
            for kinds in [[pair[0], pair[1]], [pair[1], pair[0]]] {
                for (operation, kind) in report.operations.iter_mut().zip(kinds) {
                    operation.error = Some(Error::new(kind, "it failed"));
                }
                assert_eq!(report.error().map(Error::kind), Some(pair[0]), "{kinds:?}");
            }
        }
    }
}
