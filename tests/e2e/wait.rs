//! Waiting for operations.

use std::time::Duration;

use futures_util::StreamExt as _;
use purge_api_ext::{ErrorKind, Event, OperationId, Plan};
use purge_sandbox::{Fault, Sandbox};

use crate::account::{count, plan, site};

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_many_operations_takes_few_requests() {
    let sandbox = Sandbox::builder().purge_delay(Duration::from_secs(1)).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let site = site(sandbox.base_url());
    let gets = || count(&sandbox, "GET");

    let hundred = (0..10_000).map(|i| format!("/{i}").parse().expect("a path"));
    let plan = Plan::new(hundred).expect("a plan");
    let report = site.purge(plan).wait_for(Duration::from_secs(60)).await;
    assert!(report.is_success());
    let many_paths = gets();
    // 100 operations need at least one response each, and each round adds at most four.
    assert!((100..160).contains(&many_paths), "{many_paths}");

    let one = (0..100).map(|i| format!("/x{i}").parse().expect("a path"));
    let plan = Plan::planner().batch_size(1).plan(one).expect("a plan");
    let report = site.purge(plan).wait_for(Duration::from_secs(60)).await;
    assert!(report.is_success());
    assert!(gets() - many_paths < 80, "{}", gets() - many_paths);
}

#[tokio::test(flavor = "multi_thread")]
async fn pauses_and_operations_without_a_record_are_reported_while_waiting() {
    let busy = Fault::status(429).header("retry-after", "1").on_get();
    let day = Duration::from_secs(24 * 3600);
    let sandbox = Sandbox::builder().fault(busy).purge_delay(day).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let site = site(sandbox.base_url());
    let report = site.purge(Plan::parse(["/a"]).expect("a plan")).await;
    let known = report.operations[0].op_id.clone().expect("an ID");
    let unknown: OperationId = "unknown".parse().expect("an ID");
    let mut events = site.wait([known, unknown.clone()]).wait_for(Duration::from_secs(60)).events();
    let (mut pauses, mut unseen) = (Vec::new(), Vec::new());
    while unseen.is_empty() {
        match events.next().await.expect("an event") {
            Event::Paused { delay, error } => pauses.push((delay, error.status())),
            Event::Unseen { op_id } => unseen.push(op_id),
            Event::Finished(report) => panic!("{report:?}"),
            _ => {}
        }
    }
    assert_eq!(unseen, [unknown]);
    assert_eq!(pauses, [(Duration::from_secs(1), Some(429))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forbidden_poll_gives_no_operation_up() {
    let forbidden = || Fault::status(403).on_get();
    let sandbox = Sandbox::builder().purge_delay(Duration::ZERO).start().await.expect("a sandbox");
    let site = site(sandbox.base_url());
    sandbox.fault(forbidden());
    let report = site.purge(plan(3, 1)).wait_for(Duration::from_secs(60)).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(report.summary.not_cached, 3);

    sandbox.fault(forbidden().times(1000));
    let report = site.purge(plan(1, 1)).wait_for(Duration::from_millis(300)).await;
    let error = report.error().expect("an error");
    assert_eq!((error.kind(), report.summary.pending), (ErrorKind::Deadline, 1));
    let expected = "not finished within 300ms; the last response: the request was forbidden (403)";
    assert!(error.to_string().starts_with(expected), "{error}");
}
