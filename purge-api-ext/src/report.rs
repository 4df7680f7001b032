//! What happened to every path.

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
/// Members that this version does not know are ignored. A state that it does not know is an error, and so is a
/// [`schema`](Self::schema) other than 1: an unknown state might be a failure, and no reader may take it for a
/// success. The JSON has no [errors](Self::error), only their texts as messages. Equality does not compare them
/// either: two reports are equal when their JSON is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
// Who reads the schema reads no Rust.
#[cfg_attr(
    feature = "schemars",
    schemars(
        description = "The outcome of a purge, or of waiting for one: one entry for every path that was planned."
    )
)]
#[must_use = "failed paths are reported only here"]
#[non_exhaustive]
pub struct Report {
    /// The version of this form: 1.
    #[serde(deserialize_with = "read::schema")]
    #[cfg_attr(feature = "schemars", schemars(extend("const" = 1)))]
    pub schema: u32,
    /// Whether this is only what would be done.
    pub dry_run: bool,
    /// The organization; none in a dry run without one.
    pub organization: Option<OrganizationId>,
    /// The CDN resource; none in a dry run without one.
    pub resource: Option<ResourceId>,
    /// The counts.
    pub summary: Summary,
    /// The operations, in the order of the plan.
    pub operations: Vec<OperationOutcome>,
    /// Why the run as a whole did not begin.
    #[serde(skip)]
    pub(crate) refused: Option<Error>,
}

/// The outcome of one request, and of the operation that it created.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OperationOutcome {
    /// The operation, if the service named one.
    pub op_id: Option<OperationId>,
    /// Where it stands.
    pub state: OperationState,
    /// How often the request was sent.
    pub attempts: u32,
    /// Whether more than one job may have come of it.
    pub possible_duplicate: bool,
    /// What the service, or this crate, says about it; harmless to show.
    #[serde(deserialize_with = "read::message")]
    pub message: Option<String>,
    /// Its paths.
    #[cfg_attr(feature = "schemars", schemars(with = "Vec<PathOutcome<'static>>"))]
    pub paths: PathOutcomes,
    /// The error that ended it.
    #[serde(skip)]
    pub error: Option<Error>,
    /// Whether somebody else created the job, so that its paths are those of its records.
    #[serde(skip)]
    pub(crate) foreign: bool,
}

impl Report {
    /// What a plan would do: nothing is sent.
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

    /// All paths that were planned, with what became of them. A path that was given twice, or that a
    /// wildcard covers, is not among them; [`outcome`](Self::outcome) answers for these, too.
    pub fn paths(&self) -> impl Iterator<Item = PathOutcome<'_>> {
        self.operations.iter().flat_map(|operation| operation.paths.iter())
    }

    /// What became of one path that was asked for: its own outcome, or that of a wildcard that
    /// [covers](PurgePath::covers) it under every reading of `*`. None for a path that no sent path covers,
    /// such as `/blog/` when only `/blog/*` was sent, and for one that is not valid.
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

    /// The operations that were not finished when waiting ended. Pass them to [`Resource::wait`].
    ///
    /// [`Resource::wait`]: crate::Resource::wait
    pub fn pending_operations(&self) -> impl Iterator<Item = &OperationId> {
        let pending = self.operations.iter().filter(|operation| operation.is_unfinished());
        pending.filter_map(|operation| operation.op_id.as_ref())
    }

    /// The paths that must be purged again, ready to be planned: those that failed, that nobody can
    /// confirm, and that were not sent. Paths that are still pending are not among them; their jobs go on.
    ///
    /// What the service refused it will most likely refuse again: see [`error`](Self::error).
    pub fn failed_paths(&self) -> impl Iterator<Item = PurgePath> {
        let failed = self.paths().filter(|outcome| outcome.state.is_failure());
        failed.filter_map(|outcome| PurgePath::accepted(outcome.path).ok())
    }

    /// Whether no path failed and none is pending. Without waiting, a path that the service accepted
    /// counts as a success, although its cached copies may not be gone yet. A report without operations is not a
    /// success, since nothing was purged.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.error().is_none()
            && !self.operations.is_empty()
            && self.operations.iter().all(OperationOutcome::is_success)
    }

    /// The report of a success, or the [error](Self::error) to act on first: for `?`.
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
    /// What [`error`](Self::error) says. The error has no outcomes of paths; a program that purges what failed
    /// again keeps the report.
    pub fn into_result(self) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        let summary = self.summary;
        // A report from JSON has no errors.
        let failed = || match self.paths().any(|path| path.state.is_failure()) {
            true => Error::new(ErrorKind::Refused, shown!("some paths failed: {summary}", summary)),
            false => Error::new(ErrorKind::Deadline, shown!("not finished: {summary}", summary)),
        };
        Err(self.error().cloned().unwrap_or_else(failed))
    }

    /// The error that a program should act on first: a refused token before a journal that cannot be
    /// written, that before a refused request, before an answer that cannot be trusted, before an
    /// unavailable service, before a deadline, before a shutdown.
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
        // A member that is missing here does not compile.
        let Self { schema, dry_run, organization, resource, summary, operations, refused: _ } =
            self;
        (*schema, *dry_run, *organization, *resource, *summary)
            == (other.schema, other.dry_run, other.organization, other.resource, other.summary)
            && *operations == other.operations
    }
}

impl Eq for Report {}

/// One line: the counts, and the error to act on first.
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
    /// Whether waiting for it ended before it was finished. Where nobody waits, all of its paths are accepted.
    fn is_unfinished(&self) -> bool {
        let mut states = self.paths.states();
        self.state == OperationState::Accepted
            && (self.error.is_some()
                || self.paths.is_empty()
                || states.any(|(state, _)| state != PathState::Accepted))
    }

    fn is_success(&self) -> bool {
        let mut states = self.paths.states();
        !self.state.is_failure()
            && !self.is_unfinished()
            && states.all(|(state, _)| !state.is_failure() && state != PathState::Pending)
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

    /// The operation of a job that somebody else created: its paths are not known yet.
    pub(crate) fn of_job(op_id: OperationId) -> Self {
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
