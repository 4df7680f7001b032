//! Translates a report into verdicts on the paths of a round, for the settlement rule.

use purge_api_ext::{ErrorKind, OperationOutcome, OperationState, PathState, Report};

use super::journal;
use crate::metrics::Metrics;
use crate::outcome::{Judged, State, Verdict};

/// The verdicts on the requests of a round.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Paths that are no longer waiting, and, as [`State::Queued`], paths that wait again although their request may
    /// have been applied.
    pub(super) judged: Vec<Judged>,
    /// Paths of refused requests with several paths, any of which may be the reason.
    pub(super) suspects: Vec<String>,
    /// The first reason why a request was not sent, or why its outcome is unknown.
    pub(super) why: Option<String>,
}

/// Judges the requests. Paths that were not sent, or whose outcome is unknown, wait again.
pub(super) fn requests(report: &Report) -> Judgement {
    let mut judgement = Judgement::default();
    for operation in &report.operations {
        let paths = || operation.paths.iter().map(|path| path.path.to_owned());
        let is_doubtful =
            operation.possible_duplicate || operation.state == OperationState::Unconfirmed;
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
                if is_doubtful {
                    judgement.judged.push(Judged::in_doubt(paths().collect()));
                }
                let why = operation.error.as_ref().map(ToString::to_string);
                judgement.why = judgement.why.take().or(why);
            }
        }
    }
    judgement
}

/// Judges the operations. One that is not known to have ended stays accepted.
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
                // Why its end is unknown.
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

/// Whether the plan of a run was not written completely, so that nothing was sent. A journal that cannot be understood
/// counts as finished.
pub(super) fn is_unfinished(journal: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Line {
        header: Header,
    }
    #[derive(serde::Deserialize)]
    struct Header {
        version: u32,
        requests: usize,
    }
    let mut lines = journal.split_inclusive(|byte| *byte == b'\n').filter(|l| l.ends_with(b"\n"));
    let Some(first) = lines.next() else { return true };
    // In another version, a line may hold several requests.
    serde_json::from_slice::<Line>(first)
        .is_ok_and(|Line { header }| header.version == 1 && lines.count() < header.requests)
}

/// All paths of a run that is given up. Its requests that were accepted stay accepted.
pub(super) fn given_up(journal: &[u8], holders: u32) -> Vec<Judged> {
    let why =
        format!("workers ended {holders} times while sending this path; it is not tried again");
    let failed = Verdict::new(State::Failed, why);
    let (requests, _) = journal::requests(journal);
    let judged = requests.into_iter().map(|request| Judged {
        verdict: request.accepted.unwrap_or_else(|| failed.clone()),
        paths: request.paths,
    });
    judged.collect()
}

/// The verdicts on the requests of a run that ends without sending the rest. `None` if its journal was not understood:
/// then it is unknown what was sent.
pub(super) fn abandoned(journal: &[u8]) -> Option<Vec<Judged>> {
    let (requests, true) = journal::requests(journal) else { return None };
    let judged = requests.into_iter().filter_map(|request| match request.accepted {
        Some(verdict) => Some(Judged { verdict, paths: request.paths }),
        None => request.is_in_doubt().then(|| Judged::in_doubt(request.paths)),
    });
    Some(judged.collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_requests_of_a_run_that_is_given_up_stay_accepted() {
        let journal = br#"{"crc":"0","header":{"version":1}}
{"crc":"0","request":{"number":0,"paths":["/a","/b","/c"]}}
{"crc":"0","request":{"number":1,"paths":["/d"]}}
{"crc":"0","events":[{"sending":{"request":0,"attempt":1,"at":0}},{"ended":{"at":1}}]}
{"crc":"0","events":[{"split":{"request":0,"at":1,"into":[2,3]}}]}
{"crc":"0","events":[{"accepted":{"request":3,"op_id":"op","message":null,"possible_duplicate":true}}]}
{"crc":"0","events":[{"acc"#;
        let judged = given_up(journal, 3);
        let all: Vec<_> = judged
            .iter()
            .map(|judged| {
                (judged.paths.join(" "), judged.verdict.state, judged.verdict.possible_duplicate)
            })
            .collect();
        let expected = [
            ("/d", State::Failed, false),
            ("/a", State::Failed, false),
            ("/b /c", State::Accepted, true),
        ];
        assert_eq!(all, expected.map(|(paths, state, twice)| (paths.to_owned(), state, twice)));
    }

    #[test]
    fn run_that_is_abandoned_has_only_requests_in_doubt_and_accepted_ones() {
        let journal = |version: u32, events: &str| {
            let request =
                |n: u32| format!("{{\"request\":{{\"number\":{n},\"paths\":[\"/{n}\"]}}}}\n");
            let requests = (0..3).map(request).collect::<String>();
            format!(
                "{{\"header\":{{\"version\":{version}}}}}\n{requests}{{\"events\":[{events}]}}\n"
            )
        };
        let paths = |version, events: &str| {
            let judged = abandoned(journal(version, events).as_bytes())?;
            let paths =
                judged.into_iter().map(|judged| (judged.paths.concat(), judged.verdict.state));
            Some(paths.collect::<Vec<_>>())
        };
        let (sending, failed) = (
            |n: u32| format!("{{\"sending\":{{\"request\":{n},\"attempt\":1,\"at\":0}}}}"),
            |applied: &str| {
                format!(
                    "{{\"failed\":{{\"request\":1,\"applied\":\"{applied}\",\"message\":\"\"}}}}"
                )
            },
        );
        let accepted = "{\"accepted\":{\"request\":1,\"op_id\":\"op\",\"message\":null}}";
        let in_doubt = Some(vec![("/1".to_owned(), State::Queued)]);
        assert_eq!(paths(1, ""), Some(vec![]));
        assert_eq!(paths(1, &sending(1)), in_doubt);
        for (applied, expected) in
            [("no", Some(vec![])), ("refused", Some(vec![])), ("maybe", in_doubt.clone())]
        {
            assert_eq!(paths(1, &[sending(1), failed(applied)].join(",")), expected, "{applied}");
        }
        // The earlier attempt may have been applied.
        let again = [sending(1), sending(1), failed("no")].join(",");
        assert_eq!(paths(1, &again), in_doubt);
        let accepted = [sending(1), accepted.to_owned()].join(",");
        assert_eq!(paths(1, &accepted), Some(vec![("/1".to_owned(), State::Accepted)]));
        assert_eq!(paths(2, &sending(1)), None, "another version");
        assert_eq!(paths(1, "{\"later\":{}}"), None, "an unknown event");
        assert_eq!(paths(1, &sending(9)), None, "an unknown request");
    }
}
