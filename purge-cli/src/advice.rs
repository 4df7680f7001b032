//! What to do after a run that did not succeed. The commands work as they are printed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use purge_api_ext::{
    Error, ErrorKind, OperationId, OperationOutcome, OperationState, PurgePath, Report,
};

use crate::exit::{Exit, Failure};

/// More IDs or paths would bury the message before them.
const NAMED: usize = 5;

/// What a command that follows a run needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Next {
    /// The profile of the run.
    pub(crate) profile: Option<String>,
    /// Whether paths that are written without a prefix get that of the profile.
    pub(crate) has_prefix: bool,
    /// Further options for the account and the resource, as in [`option`].
    pub(crate) options: String,
    /// Whether the run was against an embedded server, which has ended.
    pub(crate) is_sandbox: bool,
    /// The journal of the run.
    pub(crate) journal: Option<PathBuf>,
    /// Whether the journal is a folder whose journals are all resumed.
    pub(crate) resumes_all: bool,
    /// Whether the run waits for its operations.
    pub(crate) waits: bool,
}

impl Next {
    /// What a pipeline needs to know about a report that is not a success.
    pub(crate) fn failure(&self, report: &Report, exit: Exit) -> Failure {
        let interrupted = interrupted_early(report, exit);
        let why = report.error().map_or("some paths failed".to_owned(), ToString::to_string);
        // The operations under way are fine; the paths that were not sent are still stale.
        let why = if interrupted { "the run was interrupted".to_owned() } else { why };
        let next = match &self.journal {
            Some(journal) => vec![self.resume(report, journal)],
            None => vec![again(report, interrupted), self.wait(report)],
        };
        let said: Vec<_> = std::iter::once(why).chain(next.into_iter().flatten()).collect();
        Failure::new(exit, said.join("; "))
    }

    /// How to purge these paths; none if there are none or too many, or if one cannot be written as a path.
    pub(crate) fn create(&self, paths: &[String]) -> Option<String> {
        let words: Option<Vec<_>> = paths.iter().map(|path| word(path)).collect();
        let words = words.filter(|_| (1..=NAMED).contains(&paths.len()) && !self.is_sandbox)?;
        let is_path = |path: &String| PurgePath::new(path.as_str()).is_ok();
        let may_be_path = |path: &String| PurgePath::with_query(path.as_str()).is_ok();
        let query = match paths.iter().all(is_path) {
            true => "",
            // Not in another spelling: that would be another path.
            false if paths.iter().all(may_be_path) => " --query",
            false => return None,
        };
        let prefix = if self.has_prefix { " --prefix /" } else { "" };
        Some(format!("cdn-purge create {}{query}{prefix}{}", words.join(" "), self.account()))
    }

    /// The options for the account and the resource.
    fn account(&self) -> String {
        let profile = self.profile.as_deref().map(|name| option("profile", name));
        format!("{}{}", profile.unwrap_or_default(), self.options)
    }

    /// How to resume a run that has a journal.
    fn resume(&self, report: &Report, journal: &Path) -> Option<String> {
        let broken = report.error().is_some_and(|error| error.kind() == ErrorKind::Journal);
        // A journal that could not be created is empty.
        let is_empty = || !std::fs::metadata(journal).is_ok_and(|file| file.len() > 0);
        let file = file(journal)?;
        let is_full =
            |path: &str| PurgePath::with_query(path).is_ok_and(|path| path.is_full_purge());
        // The consent is not in the journal.
        let full = report.paths().any(|path| is_full(path.path));
        let consent = if full { " --allow-full-purge" } else { "" };
        // Without it, the next run would succeed as soon as everything is accepted.
        let wait = if self.waits { " --wait" } else { "" };
        let account = if self.resumes_all { self.options.clone() } else { self.account() };
        (!broken || !is_empty())
            .then(|| format!("resume with: cdn-purge resume {file}{consent}{wait}{account}"))
    }

    /// How to resume waiting.
    fn wait(&self, report: &Report) -> Option<String> {
        if self.is_sandbox {
            return None;
        }
        let by_id: HashMap<&OperationId, &OperationOutcome> =
            report.operations.iter().filter_map(|o| Some((o.op_id.as_ref()?, o))).collect();
        let (mut seen, mut unseen, mut unasked) = (Vec::new(), Vec::new(), Vec::new());
        for id in report.pending_operations() {
            let is = |what: fn(&OperationOutcome) -> bool| by_id.get(id).is_some_and(|o| what(o));
            let ids = match (is(is_seen), is(was_asked_for)) {
                (true, _) => &mut seen,
                (false, true) => &mut unseen,
                (false, false) => &mut unasked,
            };
            ids.push(id);
        }
        let said = [self.follow(&seen), self.unseen(&unseen), self.ask(&unasked)];
        let said: Vec<_> = said.into_iter().flatten().collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// The operations that have records.
    fn follow(&self, ids: &[&OperationId]) -> Option<String> {
        let going = if ids.len() > NAMED { format!("{} ", ids.len()) } else { "the ".to_owned() };
        let command = self.wait_for(ids)?;
        Some(format!("{going}operations continue; to follow them: {command}"))
    }

    /// The operations of which the list has no record.
    fn unseen(&self, ids: &[&OperationId]) -> Option<String> {
        let command = self.wait_for(ids)?;
        let are = if ids.len() == 1 {
            "it may not be an operation"
        } else {
            "they may not be operations"
        };
        let what = match ids.len() {
            1..=NAMED => joined(ids),
            count => format!("{count} operations"),
        };
        Some(format!(
            "no record of {what} was found; {are} of this resource; to wait longer: {command}"
        ))
    }

    /// The operations of which no response says anything.
    fn ask(&self, ids: &[&OperationId]) -> Option<String> {
        self.wait_for(ids).map(|command| format!("to wait again: {command}"))
    }

    fn wait_for(&self, ids: &[&OperationId]) -> Option<String> {
        let account = self.account();
        let texts: Vec<_> = ids.iter().map(|id| id.as_str()).collect();
        match ids.len() {
            0..=NAMED => wait_for(&texts, &account),
            _ => Some(format!("`cdn-purge wait{account}` with their IDs, listed above")),
        }
    }
}

/// The command that waits for operations, with further options; none if there are none or too many.
pub(crate) fn wait_for(ids: &[&str], options: &str) -> Option<String> {
    if !(1..=NAMED).contains(&ids.len()) {
        return None;
    }
    let words: Vec<_> = ids.iter().filter_map(|id| word(id)).collect();
    let words = words.join(" ");
    Some(match ids.iter().any(|id| id.starts_with('-')) {
        true => format!("cdn-purge wait{options} -- {words}"),
        false => format!("cdn-purge wait {words}{options}"),
    })
}

/// An option of a command, after a space.
pub(crate) fn option(name: &str, value: &str) -> String {
    word(value).map(|value| format!(" --{name} {value}")).unwrap_or_default()
}

/// An option whose value is a file.
pub(crate) fn file_option(name: &str, path: &Path) -> String {
    file(path).map(|file| format!(" --{name} {file}")).unwrap_or_default()
}

fn file(path: &Path) -> Option<String> {
    let name = path.to_str()?;
    // It would be an option.
    let name = if name.starts_with('-') { format!("./{name}").into() } else { Cow::Borrowed(name) };
    word(&name)
}

/// A word for a shell. IDs come from the service, and no shell must act on them.
fn word(text: &str) -> Option<String> {
    shlex::try_quote(text).ok().map(Cow::into_owned)
}

fn joined(ids: &[&OperationId]) -> String {
    let ids: Vec<_> = ids.iter().filter_map(|id| word(id.as_str())).collect();
    ids.join(" ")
}

/// Whether the list has had a record of an operation. A mistyped ID belongs to no operation that could continue.
fn is_seen(operation: &OperationOutcome) -> bool {
    !operation.paths.is_empty()
}

/// Whether the list was read until the deadline. After a refusal, or while the service is down, nobody has looked.
fn was_asked_for(operation: &OperationOutcome) -> bool {
    let waited = |kind: ErrorKind| matches!(kind, ErrorKind::Deadline | ErrorKind::Interrupted);
    let has_failed = |message: &String| message.contains("; the last response: ");
    operation.error.as_ref().is_some_and(|error| waited(error.kind()))
        && !operation.message.as_ref().is_some_and(has_failed)
}

/// Whether a run was interrupted before everything was sent. Other errors may be more urgent, but they are not the reason.
fn interrupted_early(report: &Report, exit: Exit) -> bool {
    let is_signal = matches!(exit, Exit::Interrupted | Exit::Terminated);
    let is_interrupted = |operation: &OperationOutcome| {
        let error = operation.error.as_ref().map(Error::kind);
        operation.state == OperationState::NotSent && error == Some(ErrorKind::Interrupted)
    };
    is_signal && report.operations.iter().any(is_interrupted)
}

/// What to do about the paths that a run without a journal did not send, although it sent others. In an outage, it may be
/// unknown whether they were applied.
fn again(report: &Report, interrupted: bool) -> Option<String> {
    let summary = &report.summary;
    let (unsent, doubt, all) = (summary.not_sent, summary.unconfirmed, summary.paths);
    let is_outage = report.error().is_some_and(|error| error.kind() == ErrorKind::Unavailable);
    if summary.accepted == 0 && !interrupted {
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

#[cfg(test)]
mod tests;
