use proptest::prelude::*;
use serde_json::Value;

use super::super::{OperationOutcome, OperationState, PathOutcome, PathState, Report, Summary};
use crate::error::{Error, ErrorKind};
use crate::sanitize::escape;

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

/// A message as this crate writes it.
fn message() -> impl Strategy<Value = Option<String>> {
    prop::option::of("\\PC{0,12}".prop_map(|text| escape(&text)))
}

prop_compose! {
    /// An operation of any state with paths of any state.
    fn operation()(
        op_id in prop::option::of("[a-z0-9\"\\\\-]{1,9}"),
        state in one_of(&OperationState::ALL),
        attempts in any::<u32>(),
        possible_duplicate in any::<bool>(),
        message in message(),
        paths in prop::collection::vec(("/[a-z\"*\u{e9}]{0,9}", one_of(&PathState::ALL), message()), 0..4),
        error in prop::option::of(Just(())),
    ) -> OperationOutcome {
        let paths = paths.iter().map(|(path, state, message)| PathOutcome {
            path,
            state: *state,
            message: message.as_deref(),
        });
        OperationOutcome {
            op_id: op_id.map(|id| id.parse().expect("an ID")),
            state,
            attempts,
            possible_duplicate,
            message,
            paths: paths.collect(),
            error: error.map(|()| Error::new(ErrorKind::Untrusted, "it failed")),
            foreign: false,
        }
    }
}

/// Adds an unknown member to every object.
fn with_unknown_members(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(with_unknown_members);
            object.insert("newer".to_owned(), serde_json::json!({ "than": ["this"] }));
        }
        Value::Array(values) => values.iter_mut().for_each(with_unknown_members),
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_report_is_read_as_it_was_written(
        operations in prop::collection::vec(operation(), 0..4),
        dry_run in any::<bool>(),
        ids in prop::option::of(any::<[u128; 2]>()),
        input in any::<usize>(),
        extra in prop::option::of(any::<usize>()),
    ) {
        let [organization, resource] = ids.map_or([None; 2], |ids| ids.map(Some));
        let report = Report {
            dry_run,
            ..Report::new(
                organization.map(|id| uuid::Uuid::from_u128(id).into()),
                resource.map(|id| uuid::Uuid::from_u128(id).into()),
                Summary { input, extra, ..Summary::default() },
                operations,
            )
        };
        let json = serde_json::to_string(&report).expect("JSON");
        let read: Report = serde_json::from_str(&json).expect("a report");
        prop_assert_eq!(&read, &report);
        prop_assert_eq!(serde_json::to_string(&read).expect("JSON"), json.as_str());
        // Even without errors, only what the service has accepted is a success.
        let accepted = [PathState::Accepted, PathState::Purged, PathState::NotCached];
        let all = read.paths().all(|path| accepted.contains(&path.state));
        prop_assert!(!read.is_success() || (all && !read.dry_run));
        prop_assert_eq!(read.clone().into_result().is_ok(), read.is_success());
        prop_assert!(read.failed_paths().eq(report.failed_paths()));

        let mut newer: Value = serde_json::from_str(&json).expect("JSON");
        with_unknown_members(&mut newer);
        prop_assert_eq!(serde_json::from_value::<Report>(newer).expect("a report"), report);
    }
}

fn changed(pointer: &str, to: Value) -> Result<Report, serde_json::Error> {
    let plan = crate::plan::Plan::parse(["/a"]).expect("a plan");
    let mut json = serde_json::to_value(Report::planned(&plan)).expect("JSON");
    *json.pointer_mut(pointer).expect(pointer) = to;
    serde_json::from_value(json)
}

#[test]
fn unknown_states_and_schemas_are_refused() {
    let error = |pointer: &str, to: &str| changed(pointer, to.into()).expect_err(to).to_string();
    let state = error("/operations/0/state", "lost");
    assert!(state.starts_with("unknown variant `lost`, expected one of `planned`"), "{state}");
    error("/operations/0/paths/0/state", "finished");
    let schema = changed("/schema", 2.into()).expect_err("another schema").to_string();
    assert_eq!(
        schema,
        "the report has schema 2, but this version reads only schema 1; use a newer version"
    );
}

#[test]
fn messages_are_escaped_when_they_are_read() {
    for pointer in ["/operations/0/message", "/operations/0/paths/0/message"] {
        let report = changed(pointer, "\u{1b}[31m".into()).expect("a report");
        let operation = &report.operations[0];
        let messages = operation.paths.iter().map(|path| path.message);
        let message = messages.chain([operation.message.as_deref()]).flatten().next();
        assert_eq!(message, Some("\\u{1b}[31m"));
    }
}

#[test]
fn unfinished_report_without_an_error_is_not_a_success() {
    let report = |paths: &[PathState]| {
        let paths = paths.iter().map(|&state| PathOutcome { path: "/a", state, message: None });
        let operation = OperationOutcome {
            paths: paths.collect(),
            ..OperationOutcome::of_operation("a".parse().expect("an ID"))
        };
        let report = Report::new(None, None, Summary::default(), vec![operation]);
        let json = serde_json::to_string(&report).expect("JSON");
        serde_json::from_str::<Report>(&json).expect("a report")
    };
    for unfinished in [
        &[][..],
        &[PathState::Pending],
        &[PathState::Purged],
        &[PathState::Accepted, PathState::Pending],
        &[PathState::Purged, PathState::NotCached],
    ] {
        let report = report(unfinished);
        assert!(!report.is_success(), "{unfinished:?}");
        assert_eq!(report.pending_operations().count(), 1, "{unfinished:?}");
        let error = report.into_result().expect_err("it is not finished");
        assert_eq!(error.kind(), ErrorKind::Deadline);
    }
    let accepted = report(&[PathState::Accepted; 2]);
    assert!(accepted.is_success() && accepted.pending_operations().next().is_none());
    let plan = crate::plan::Plan::parse(["/a"]).expect("a plan");
    for dry_run in [true, false] {
        let planned = Report { dry_run, ..Report::planned(&plan) };
        assert!(!planned.is_success());
        let error = planned.into_result().expect_err("nothing was sent");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), "a plan was not sent: 1 path in 1 request, not sent yet");
    }
    let nothing = Report::new(None, None, Summary::default(), Vec::new());
    assert!(!nothing.is_success());
}
