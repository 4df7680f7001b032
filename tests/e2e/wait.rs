//! Waiting for operations.

use std::time::Duration;

use purge_api_ext::{ErrorKind, OperationId, Plan};
use purge_sandbox::Sandbox;
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;

use crate::account::{count, site};

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
    // 100 operations: one answer each is the least, and each round adds at most four.
    assert!((100..160).contains(&many_paths), "{many_paths}");

    let one = (0..100).map(|i| format!("/x{i}").parse().expect("a path"));
    let plan = Plan::planner().batch_size(1).plan(one).expect("a plan");
    let report = site.purge(plan).wait_for(Duration::from_secs(60)).await;
    assert!(report.is_success());
    assert!(gets() - many_paths < 80, "{}", gets() - many_paths);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_other_operations_do_not_end_a_wait() {
    // A service that ignores the filter, and has an old record of the same path.
    let old = r#"{"status":true,"data":{"total":1,"requests":[{"opID":"old","url":"https://e.com/a",
        "status":1,"completedAt":"2025-08-06T11:39:53Z"}]}}"#;
    let server = ScriptServer::sending((0..50).map(|_| answer("200 OK", old))).await;
    let id: OperationId = "new".parse().expect("an ID");
    let report =
        site(server.base_url()).wait([id.clone()]).wait_for(Duration::from_millis(300)).await;
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Deadline));
    assert_eq!(report.pending_operations().collect::<Vec<_>>(), [&id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unreadable_page_does_not_end_a_wait() {
    let done = r#"{"status":true,"data":{"total":1,"requests":[{"opID":"a","url":"https://e.com/a",
        "status":1,"completedAt":"2025-08-06T11:39:53Z"}]}}"#;
    let server = ScriptServer::sending([answer("200 OK", "<html>"), answer("200 OK", done)]).await;
    let report = site(server.base_url()).wait(["a".parse().expect("an ID")]).await;
    assert!(report.is_success(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal_ends_a_wait_at_once() {
    let server = ScriptServer::sending([answer("404 Not Found", "")]).await;
    let id: OperationId = "a".parse().expect("an ID");
    let report = site(server.base_url()).wait([id.clone()]).await;
    let error = report.error().expect("a refusal");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(404)));
    // What became of the job is not known any better.
    assert_eq!(report.pending_operations().collect::<Vec<_>>(), [&id]);
    assert_eq!(server.requests().len(), 1);
}
