//! What the records of an operation say of its paths: a function of the records alone.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use crate::list::{PurgeRecord, RecordState};
use crate::report::{OperationOutcome, OperationState, PathOutcome, PathState};
use crate::{Error, ErrorKind, text};

/// Takes over what the records of an operation say of its paths.
pub(super) fn apply(operation: &mut OperationOutcome, records: &[&PurgeRecord]) {
    if operation.paths.is_empty() {
        operation.paths = records.iter().filter_map(|record| path_of_record(record)).collect();
    }
    let mut by_path: HashMap<&str, &PurgeRecord> = HashMap::with_capacity(records.len());
    let mut by_decoded: HashMap<Vec<u8>, &PurgeRecord> = HashMap::new();
    for &record in records {
        let Some(path) = record.path() else { continue };
        // Of two records of a path the unfinished one counts.
        let known = by_path.entry(path).or_insert(record);
        if record.state() == RecordState::Pending {
            *known = record;
        }
        if path.contains('%') {
            by_decoded.insert(percent_decode_str(path).collect(), record);
        }
    }
    let whole = records.len() >= operation.paths.len()
        && records.iter().all(|record| record.state() != RecordState::Pending);
    for path in &mut operation.paths {
        // How the service writes percent escapes in its records is not published.
        let record = by_path.get(&*path.path).copied().or_else(|| {
            let decoded: Vec<u8> = percent_decode_str(&path.path).collect();
            let plain = std::str::from_utf8(&decoded).ok().and_then(|plain| by_path.get(plain));
            plain.or_else(|| by_decoded.get(&decoded)).copied()
        });
        let (state, message) = match record {
            None if whole => {
                let message = "the finished operation has no record of this path".to_owned();
                (PathState::Unconfirmed, Some(message))
            }
            None => (PathState::Pending, None),
            Some(record) => state_of(record),
        };
        path.state = state;
        path.message = message;
    }
    let finished = !operation.paths.is_empty()
        && operation.paths.iter().all(|p| p.state != PathState::Pending);
    if finished {
        operation.state = OperationState::Finished;
        operation.message = None;
        if operation.paths.iter().any(|path| path.state == PathState::Unconfirmed) {
            let message = "the operation is finished, but not all of its paths are confirmed";
            operation.message = Some(message.to_owned());
            operation.error = Some(Error::new(ErrorKind::Untrusted, message));
        }
    }
}

fn path_of_record(record: &PurgeRecord) -> Option<PathOutcome> {
    let path = text::escape(record.path()?);
    Some(PathOutcome { path, state: PathState::Pending, message: None })
}

fn state_of(record: &PurgeRecord) -> (PathState, Option<String>) {
    let said = record.message.as_deref().map(text::excerpt).filter(|said| !said.is_empty());
    match record.state() {
        RecordState::Pending => (PathState::Pending, said),
        RecordState::Purged => (PathState::Purged, said),
        RecordState::NotCached => (PathState::NotCached, said),
        RecordState::Unknown(status) => {
            let status = status.map_or("no status".to_owned(), |s| format!("the status {s}"));
            let said = said.map(|said| format!(": {said}")).unwrap_or_default();
            (
                PathState::Unconfirmed,
                Some(format!("finished with {status}, which is unknown{said}")),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: Option<&str> = Some("2025-08-06T11:39:53Z");

    fn record(url: &str, status: i64, completed: Option<&str>) -> PurgeRecord {
        PurgeRecord {
            op_id: "a".parse().ok(),
            url: Some(url.to_owned()),
            status: Some(status),
            message: None,
            created_at: None,
            started_at: None,
            completed_at: completed.map(str::to_owned),
        }
    }

    /// An operation with these paths, after these records.
    fn applied(paths: &[&str], records: &[PurgeRecord]) -> OperationOutcome {
        let mut operation = OperationOutcome::of_job("a".parse().expect("an ID"));
        let accepted = |path: &&str| PathOutcome {
            path: (*path).to_owned(),
            state: PathState::Accepted,
            message: None,
        };
        operation.paths = paths.iter().map(accepted).collect();
        apply(&mut operation, &records.iter().collect::<Vec<_>>());
        operation
    }

    fn states(operation: &OperationOutcome) -> Vec<PathState> {
        operation.paths.iter().map(|path| path.state).collect()
    }

    #[test]
    fn operation_is_finished_when_each_of_its_paths_is() {
        let some = [record("https://e.com/a", 1, DONE), record("https://e.com/b", 2, None)];
        let operation = applied(&["/a", "/b"], &some);
        assert_eq!(operation.state, OperationState::Accepted);
        assert_eq!(states(&operation), [PathState::Purged, PathState::Pending]);

        let all = [record("/b", 0, DONE), record("https://e.com/a", 1, DONE)];
        let operation = applied(&["/a", "/b"], &all);
        assert_eq!(operation.state, OperationState::Finished);
        assert_eq!(states(&operation), [PathState::Purged, PathState::NotCached]);
    }

    #[test]
    fn operation_that_is_not_listed_yet_stays_pending() {
        let operation = applied(&["/a"], &[]);
        assert_eq!(
            (operation.state, states(&operation)),
            (OperationState::Accepted, vec![PathState::Pending])
        );
        let operation = applied(&[], &[]);
        assert_eq!(operation.state, OperationState::Accepted);
    }

    #[test]
    fn percent_escapes_may_be_written_otherwise() {
        for (path, url) in
            [("/%C3%BC", "/\u{fc}"), ("/a%2fb", "/a%2Fb"), ("/~", "/%7E"), ("/*", "/%2A")]
        {
            let operation = applied(&[path], &[record(url, 1, DONE)]);
            assert_eq!(states(&operation), [PathState::Purged], "{path} {url}");
        }
    }

    #[test]
    fn number_that_nobody_documented_is_no_success() {
        let operation = applied(&["/a"], &[record("/a", 7, DONE)]);
        assert_eq!(states(&operation), [PathState::Unconfirmed]);
        assert_eq!(operation.error.map(|e| e.kind()), Some(ErrorKind::Untrusted));
        assert!(operation.paths[0].message.as_deref().is_some_and(|m| m.contains("status 7")));
    }

    #[test]
    fn finished_operation_without_a_record_of_a_path_does_not_confirm_it() {
        let operation = applied(&["/a", "/b"], &[record("/a", 1, DONE), record("/c", 1, DONE)]);
        assert_eq!(states(&operation), [PathState::Purged, PathState::Unconfirmed]);
    }

    #[test]
    fn paths_of_a_foreign_job_come_from_its_records() {
        let operation = applied(&[], &[record("https://e.com/a*", 1, DONE)]);
        assert_eq!(operation.paths[0].path, "/a*");
        assert_eq!(operation.state, OperationState::Finished);
    }
}
