use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use purge_api_ext::{
    Error, ErrorKind, OperationId, PlanError, PurgePath, Report, without_web_tokens,
};

use crate::environment::without_token;

/// The exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Success = 0,
    Failed = 1,
    Usage = 2,
    Unauthorized = 3,
    Temporary = 4,
    Deadline = 5,
    Untrusted = 6,
    Interrupted = 130,
    Terminated = 143,
}

impl Exit {
    /// The word for this exit code in JSON.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Unauthorized => "unauthorized",
            Self::Temporary => "temporary",
            Self::Deadline => "deadline",
            Self::Untrusted => "untrusted",
            Self::Interrupted | Self::Terminated => "interrupted",
        }
    }

    /// The worst of several exit codes. Failures that need attention come before those that go away by themselves.
    pub(crate) fn worst(exits: impl IntoIterator<Item = Self>) -> Self {
        const ORDER: [Exit; 9] = [
            Exit::Terminated,
            Exit::Interrupted,
            Exit::Untrusted,
            Exit::Unauthorized,
            Exit::Usage,
            Exit::Failed,
            Exit::Deadline,
            Exit::Temporary,
            Exit::Success,
        ];
        let place = |exit: &Exit| ORDER.iter().position(|known| known == exit);
        exits.into_iter().min_by_key(place).unwrap_or(Exit::Success)
    }

    /// A signal that arrives after everything is done does not count.
    pub(crate) fn from_report(report: &Report, signal: Option<Self>) -> Self {
        match report.error() {
            Some(error) => signal.unwrap_or_else(|| error.kind().into()),
            None if report.is_success() => Self::Success,
            None => Self::Failed,
        }
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput => Self::Usage,
            ErrorKind::Unauthorized => Self::Unauthorized,
            ErrorKind::Unavailable => Self::Temporary,
            ErrorKind::Deadline => Self::Deadline,
            ErrorKind::Untrusted => Self::Untrusted,
            ErrorKind::Interrupted => Self::Interrupted,
            // Kinds that a later version of the library may add are failures until they are handled here.
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command has no result.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What a pipeline needs to know about a report that is not a success.
    pub(crate) fn from_report(report: &Report, exit: Exit, journal: Option<&Path>) -> Self {
        let why = report.error().map_or("some paths failed".to_owned(), ToString::to_string);
        // The operations under way are fine; the paths that were not sent are still stale.
        let why =
            if interrupted_early(report) { "the run was interrupted".to_owned() } else { why };
        let next = match journal {
            Some(journal) => vec![resume(report, journal)],
            None => vec![again(report), wait(report)],
        };
        let said: Vec<_> = std::iter::once(why).chain(next.into_iter().flatten()).collect();
        Self::new(exit, said.join("; "))
    }

    /// The same failure, with the name of its profile.
    pub(crate) fn of_profile(self, name: &str) -> Self {
        Self { message: format!("profile `{name}`: {}", self.message), ..self }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

/// Whether a run was interrupted before everything was sent.
fn interrupted_early(report: &Report) -> bool {
    let interrupted = report.error().is_some_and(|error| error.kind() == ErrorKind::Interrupted);
    interrupted && report.summary.not_sent > 0
}

/// What to do about the paths that a run without a journal did not send, although it sent others. In an outage, it may be
/// unknown whether they were applied.
fn again(report: &Report) -> Option<String> {
    let summary = &report.summary;
    let (unsent, doubt, all) = (summary.not_sent, summary.unconfirmed, summary.paths);
    let is_outage = report.error().is_some_and(|error| error.kind() == ErrorKind::Unavailable);
    if summary.accepted == 0 && !interrupted_early(report) {
        return None;
    }
    let were = if unsent == 1 { "was" } else { "were" };
    let what = match (unsent, doubt) {
        (0, 0) => return None,
        (0, _) if !is_outage => return None,
        (0, 1) => format!("1 of {all} paths is unconfirmed"),
        (0, _) => format!("{doubt} of {all} paths are unconfirmed"),
        (_, 0) => format!("{unsent} of {all} paths {were} not sent"),
        _ => format!("{unsent} of {all} paths {were} not sent and {doubt} unconfirmed"),
    };
    Some(format!("{what}: run the command again; with --journal, a run can be resumed"))
}

/// How to resume a run that has a journal.
fn resume(report: &Report, journal: &Path) -> Option<String> {
    let broken = report.error().is_some_and(|error| error.kind() == ErrorKind::Journal);
    // A journal that could not be created is empty.
    let is_empty = || !std::fs::metadata(journal).is_ok_and(|file| file.len() > 0);
    let file = journal.to_str().and_then(|file| shlex::try_quote(file).ok())?;
    let is_full = |path: &str| PurgePath::with_query(path).is_ok_and(|path| path.is_full_purge());
    // The consent is not in the journal.
    let full = report.paths().any(|path| is_full(path.path));
    let consent = if full { " --allow-full-purge" } else { "" };
    (!broken || !is_empty()).then(|| format!("resume with: cdn-purge resume {file}{consent}"))
}

/// How to resume waiting.
fn wait(report: &Report) -> Option<String> {
    /// More IDs would bury the message before them.
    const NAMED: usize = 5;
    // A mistyped ID belongs to no operation that could continue.
    let seen = |id: &OperationId| {
        let mut operations = report.operations.iter().filter(|o| o.op_id.as_ref() == Some(id));
        operations.any(|operation| !operation.paths.is_empty())
    };
    let (seen, unseen): (Vec<_>, Vec<_>) = report.pending_operations().partition(|id| seen(id));
    let named = |ids: &[&OperationId]| {
        let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        ids.join(" ")
    };
    let going = match seen.len() {
        0 => None,
        1..=NAMED => Some(format!(
            "the operations continue; to follow them: cdn-purge wait {}",
            named(&seen)
        )),
        count => Some(format!(
            "{count} operations continue; to follow them: `cdn-purge wait` with their IDs, listed above"
        )),
    };
    let unknown = match unseen.len() {
        0 => None,
        1..=NAMED => {
            let ids = named(&unseen);
            let are = if unseen.len() == 1 {
                "it may not be an operation"
            } else {
                "they may not be operations"
            };
            Some(format!(
                "no record of {ids} was found; {are} of this resource; to wait longer: cdn-purge wait {ids}"
            ))
        }
        count => Some(format!(
            "no record of {count} operations, listed above, was found; they may not be operations of this resource"
        )),
    };
    let said: Vec<_> = going.into_iter().chain(unknown).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// Every failure message passes through here, so that none shows a token that was typed by mistake.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_web_tokens(&without_token(&self.message)))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.kind().into(), error.to_string())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let fix = match error.full_purge_path() {
            Some(_) => "; pass --allow-full-purge if that is what you want",
            None => "",
        };
        Self::usage(format!("{error}{fix}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, format!("the result cannot be written: {error}"))
    }
}
