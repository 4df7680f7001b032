//! Derives the outcomes of an operation's paths from its records alone.

use std::collections::{BTreeMap, HashMap};

use percent_encoding::percent_decode_str;

use crate::error::{Error, ErrorKind};
use crate::list::{PurgeRecord, RecordState};
use crate::report::{OperationOutcome, OperationState, PathOutcome, PathOutcomes, PathState};

/// Whether the records are all that the list has for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    Whole,
    Partly,
}

/// Applies the records of an operation to its paths.
pub(super) fn apply(operation: &mut OperationOutcome, records: &[&PurgeRecord], listed: Listed) {
    let pending = records.iter().any(|record| record.state() == RecordState::Pending);
    let mut by_path: BTreeMap<&str, &PurgeRecord> = BTreeMap::new();
    for &record in records {
        let Some(path) = record.written_path() else { continue };
        worse(by_path.entry(path).or_insert(record), record);
    }
    if operation.foreign {
        // Its paths are known only from its records, and each response may have more of these.
        operation.paths = PathOutcomes::each(by_path.iter().map(|(path, record)| {
            let (state, message) = state_of(record);
            (record.path().unwrap_or(path).into(), state, message)
        }));
    } else {
        let whole = listed == Listed::Whole && !pending && by_path.len() >= operation.paths.len();
        let by_spelling = other_spellings(&operation.paths, &by_path);
        operation.paths.judge(|PathOutcome { path, .. }| {
            match by_path.get(path).or_else(|| by_spelling.get(path)) {
                None if whole => {
                    let message = "the finished operation has no record of this path".to_owned();
                    (PathState::Unconfirmed, Some(message))
                }
                None => (PathState::Pending, None),
                Some(record) => state_of(record),
            }
        });
    }
    let open = operation.paths.iter().any(|path| path.state == PathState::Pending)
        // The paths of another client's operation are known only once all of its records are.
        || (operation.foreign && (pending || listed == Listed::Partly));
    if open || operation.paths.is_empty() {
        return;
    }
    operation.state = OperationState::Finished;
    operation.message = None;
    if operation.paths.iter().any(|path| path.state == PathState::Unconfirmed) {
        let message = "the operation is finished, but not all of its paths are confirmed";
        operation.message = Some(message.to_owned());
        operation.error = Some(Error::new(ErrorKind::Untrusted, message));
    }
}

/// Records for paths that have none in their own spelling, but one in another: how the service writes percent escapes
/// in records is not published.
///
/// A record that belongs to another path, or could belong to two, is not used.
fn other_spellings<'a>(
    paths: &PathOutcomes,
    by_path: &BTreeMap<&str, &'a PurgeRecord>,
) -> HashMap<Box<str>, &'a PurgeRecord> {
    let decoded = |path: &str| -> Vec<u8> { percent_decode_str(path).collect() };
    if paths.iter().all(|path| by_path.contains_key(path.path)) {
        return HashMap::new();
    }
    let mut spelled: HashMap<Vec<u8>, Vec<&str>> = HashMap::new();
    paths.iter().for_each(|path| spelled.entry(decoded(path.path)).or_default().push(path.path));
    let mut found: HashMap<Box<str>, &PurgeRecord> = HashMap::new();
    for (&path, &record) in by_path {
        match spelled.get(&decoded(path)).map(Vec::as_slice) {
            Some(&[own]) if own != path => worse(found.entry(own.into()).or_insert(record), record),
            _ => {}
        }
    }
    found
}

/// Replaces a record by another one for the same path, if that has the worse state.
fn worse<'a>(known: &mut &'a PurgeRecord, record: &'a PurgeRecord) {
    let severity = |record: &PurgeRecord| match record.state() {
        RecordState::NotCached => 0,
        RecordState::Purged => 1,
        RecordState::Unknown(_) => 2,
        RecordState::Pending => 3,
    };
    if severity(record) > severity(known) {
        *known = record;
    }
}

fn state_of(record: &PurgeRecord) -> (PathState, Option<String>) {
    let said = record.message.clone().filter(|said| !said.is_empty());
    match record.state() {
        RecordState::Pending => (PathState::Pending, said),
        RecordState::Purged => (PathState::Purged, said),
        RecordState::NotCached => (PathState::NotCached, said),
        RecordState::Unknown(status) => {
            let status = status
                .map_or("without a status".to_owned(), |s| format!("with the unknown status {s}"));
            let said = said.map(|said| format!(": {said}")).unwrap_or_default();
            (PathState::Unconfirmed, Some(format!("finished {status}{said}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: Option<&str> = Some("2025-08-06T11:39:53Z");

    fn record(url: &str, status: i64, completed: Option<&str>) -> PurgeRecord {
        PurgeRecord::new(Some("a"), Some(url), Some(status), None, completed)
    }

    /// An operation with these paths, after these records were applied.
    fn applied(paths: &[&str], records: &[PurgeRecord]) -> OperationOutcome {
        let mut operation = OperationOutcome::of_operation("a".parse().expect("an ID"));
        let accepted = |path| PathOutcome { path, state: PathState::Accepted, message: None };
        operation.paths = paths.iter().copied().map(accepted).collect();
        operation.foreign = paths.is_empty();
        apply(&mut operation, &records.iter().collect::<Vec<_>>(), Listed::Whole);
        operation
    }

    fn states(operation: &OperationOutcome) -> Vec<PathState> {
        operation.paths.iter().map(|path| path.state).collect()
    }

    fn first(operation: &OperationOutcome) -> PathOutcome<'_> {
        operation.paths.iter().next().expect("a path")
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
    fn record_may_spell_percent_escapes_differently() {
        for (path, url) in
            [("/%C3%BC", "/\u{fc}"), ("/a%2fb", "/a%2Fb"), ("/~", "/%7E"), ("/*", "/%2A")]
        {
            let operation = applied(&[path], &[record(url, 1, DONE)]);
            assert_eq!(states(&operation), [PathState::Purged], "{path} {url}");
        }
    }

    #[test]
    fn record_of_one_path_is_not_taken_for_that_of_another_spelling() {
        let pending = (PathState::Pending, PathState::Purged);
        for (first, second) in [("/a%2Fb", "/a/b"), ("/%7Ea", "/~a")] {
            let operation = applied(&[first, second], &[record(second, 1, DONE)]);
            assert_eq!((states(&operation)[0], states(&operation)[1]), pending, "{first}");
            assert_eq!(operation.state, OperationState::Accepted);
        }
        // A third spelling could be either.
        let operation =
            applied(&["/%61", "/a"], &[record("/%6", 1, DONE), record("/%61%", 1, DONE)]);
        assert!(states(&operation).iter().all(|state| *state != PathState::Purged));
        let operation = applied(&["/%7Ea", "/%7ea"], &[record("/~a", 1, DONE)]);
        assert_eq!(states(&operation), [PathState::Pending; 2]);
    }

    #[test]
    fn undocumented_status_is_not_a_success() {
        let operation = applied(&["/a"], &[record("/a", 7, DONE)]);
        assert_eq!(states(&operation), [PathState::Unconfirmed]);
        assert_eq!(operation.error.as_ref().map(Error::kind), Some(ErrorKind::Untrusted));
        assert!(first(&operation).message.is_some_and(|m| m.contains("unknown status 7")));
    }

    #[test]
    fn finished_operation_without_a_record_of_a_path_does_not_confirm_it() {
        let operation = applied(&["/a", "/b"], &[record("/a", 1, DONE), record("/c", 1, DONE)]);
        assert_eq!(states(&operation), [PathState::Purged, PathState::Unconfirmed]);
    }

    #[test]
    fn paths_of_a_foreign_operation_come_from_its_records() {
        let operation = applied(&[], &[record("https://e.com/a*", 1, DONE)]);
        assert_eq!(first(&operation).path, "/a*");
        assert_eq!(operation.state, OperationState::Finished);
    }

    #[test]
    fn foreign_operation_is_finished_when_all_of_its_records_are() {
        let mut operation = OperationOutcome::of_operation("a".parse().expect("an ID"));
        let mut answer = |records: &[PurgeRecord]| {
            apply(&mut operation, &records.iter().collect::<Vec<_>>(), Listed::Whole);
            (operation.state, operation.paths.len())
        };
        let nameless = PurgeRecord::new(Some("a"), None, Some(2), None, None);
        let done = |path| record(path, 1, DONE);
        assert_eq!(answer(&[record("/a", 2, None)]), (OperationState::Accepted, 1));
        assert_eq!(answer(&[done("/a"), record("/b", 2, None)]), (OperationState::Accepted, 2));
        assert_eq!(answer(&[done("/a"), done("/b"), nameless]), (OperationState::Accepted, 2));
        assert_eq!(answer(&[done("/a"), done("/b")]), (OperationState::Finished, 2));
    }

    #[test]
    fn worst_of_several_records_of_a_path_counts() {
        let purged = || record("https://x/p", 1, DONE);
        for (other, state) in [
            (record("https://y/p", 7, DONE), PathState::Unconfirmed),
            (record("https://y/p", 2, None), PathState::Pending),
            (record("https://y/p", 0, DONE), PathState::Purged),
            (record("https://y/%70", 2, None), PathState::Purged),
        ] {
            assert_eq!(states(&applied(&["/p"], &[purged(), other.clone()])), [state]);
            assert_eq!(states(&applied(&["/p"], &[other, purged()])), [state]);
        }
    }

    #[test]
    fn three_records_of_one_path_do_not_make_two_paths() {
        let done = || record("/a", 1, DONE);
        let operation = applied(&["/a", "/b"], &[done(), done(), done()]);
        assert_eq!(states(&operation), [PathState::Purged, PathState::Pending]);
    }
}
