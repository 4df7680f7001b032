//! What a report says of the paths of a round: for the rule of settlement.

use purge_api_ext::{ErrorKind, OperationOutcome, OperationState, PathState, Report};

use crate::metrics::Metrics;
use crate::outcome::{Judged, State, Verdict};

/// What became of the requests of a round.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Paths that do not wait any more.
    pub(super) judged: Vec<Judged>,
    /// Paths that were refused in company, so that one of the others may be the reason.
    pub(super) suspects: Vec<String>,
    /// Why requests were not sent, or it is unknown what became of them: the first reason.
    pub(super) why: Option<String>,
}

/// Judges the requests. What was not sent, or may have been applied without anybody knowing, waits again.
pub(super) fn requests(report: &Report) -> Judgement {
    let mut judgement = Judgement::default();
    for operation in &report.operations {
        let paths = || operation.paths.iter().map(|path| path.path.to_owned());
        let kind = operation.error.as_ref().map(purge_api_ext::Error::kind);
        // A refused token says nothing about the paths.
        let is_refused =
            operation.state == OperationState::Failed && kind == Some(ErrorKind::Refused);
        match operation.state {
            OperationState::Accepted | OperationState::Finished => {
                judgement.judged.push(Judged {
                    verdict: verdict(operation, State::Accepted, operation.message.clone()),
                    paths: paths().collect(),
                });
            }
            _ if is_refused && operation.paths.len() == 1 => {
                judgement.judged.push(Judged {
                    verdict: verdict(operation, State::Failed, operation.message.clone()),
                    paths: paths().collect(),
                });
            }
            _ if is_refused => judgement.suspects.extend(paths()),
            _ => {
                let why = operation.error.as_ref().map(ToString::to_string);
                judgement.why = judgement.why.take().or(why);
            }
        }
    }
    judgement
}

/// Judges the operations. What is not known to have ended is still accepted.
pub(super) fn operations(report: &Report) -> Vec<Judged> {
    let mut all: Vec<Judged> = Vec::new();
    for operation in report.operations.iter().filter(|operation| operation.op_id.is_some()) {
        for path in operation.paths.iter() {
            let state = match path.state {
                PathState::Purged => State::Purged,
                PathState::NotCached => State::NotCached,
                PathState::Failed => State::Failed,
                PathState::Unconfirmed => State::Unconfirmed,
                _ => State::Accepted,
            };
            let message = path.message.map(str::to_owned).or_else(|| {
                // Why it is not known how it ended.
                operation.message.clone().filter(|_| state == State::Accepted)
            });
            let verdict = verdict(operation, state, message);
            match all.last_mut() {
                Some(last) if last.verdict == verdict => last.paths.push(path.path.to_owned()),
                _ => all.push(Judged { verdict, paths: vec![path.path.to_owned()] }),
            }
        }
    }
    all
}

fn verdict(operation: &OperationOutcome, state: State, message: Option<String>) -> Verdict {
    Verdict {
        op_id: operation.op_id.as_ref().map(ToString::to_string),
        possible_duplicate: operation.possible_duplicate,
        ..Verdict::new(state, message)
    }
}

/// All paths of a run that is given up, from its journal.
pub(super) fn given_up(journal: &[u8], holders: u32) -> Vec<Judged> {
    #[derive(serde::Deserialize)]
    struct Line {
        request: Option<Request>,
    }
    #[derive(serde::Deserialize)]
    struct Request {
        paths: Vec<String>,
    }
    let why =
        format!("the worker ended {holders} times while it sent this path; it is not tried again");
    let verdict = Verdict::new(State::Failed, why);
    let lines = journal.split(|byte| *byte == b'\n');
    let requests = lines.filter_map(|line| serde_json::from_slice::<Line>(line).ok()?.request);
    let paths = requests.flat_map(|request| request.paths).collect();
    vec![Judged { verdict, paths }]
}

pub(super) fn count(report: &Report, metrics: &Metrics) {
    for operation in &report.operations {
        let outcome = match operation.state {
            OperationState::Accepted | OperationState::Finished => "accepted",
            OperationState::Failed => "failed",
            OperationState::Unconfirmed => "unconfirmed",
            _ => "not_sent",
        };
        metrics.request(outcome, operation.possible_duplicate);
    }
}
