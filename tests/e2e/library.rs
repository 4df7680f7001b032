//! The library, where the command line does not reach.

use std::collections::BTreeSet;
use std::future::IntoFuture;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use purge_api_ext::{
    Client, ErrorKind, Event, OperationId, OperationState, PageSize, PathState, Plan, Purge,
    Resource,
};
use purge_sandbox::Sandbox;
use purge_tests::raw::{RawServer, answer};

use crate::{ORGANIZATION, RESOURCE};

fn site(base: &str) -> Resource {
    let client = Client::builder("sandbox-token").base_url(base).build().expect("a client");
    client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"))
}

#[tokio::test(flavor = "multi_thread")]
async fn unneeded_page_is_never_fetched() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let site = site(sandbox.base_url());
    let plan = Plan::parse(["/1", "/2", "/3", "/4", "/5", "/6"]).expect("a plan");
    assert!(site.purge(plan).await.is_success());
    let gets = || sandbox.requests().iter().filter(|request| request.method == "GET").count();

    let two = || site.list().page_size(PageSize::new(2).expect("a size"));
    assert_eq!(two().items().try_collect::<Vec<_>>().await.expect("records").len(), 6);
    assert_eq!(gets(), 3, "the third page is full, and the total says that it is the last");

    let some: Vec<_> = two().items().take(2).try_collect().await.expect("records");
    assert_eq!((some.len(), gets()), (2, 4));

    let beyond = two().page(NonZeroU64::new(9).expect("a page")).await.expect("a page");
    assert_eq!((beyond.requests.len(), beyond.total), (0, Some(6)));
}

#[tokio::test(flavor = "multi_thread")]
async fn page_that_repeats_is_an_error() {
    let page = r#"{"status":true,"data":{"requests":[{"opID":"a","url":"/a","status":2}]}}"#;
    let server = RawServer::start([answer("200 OK", page), answer("200 OK", page)]).await;
    let list = site(server.base_url()).list().page_size(PageSize::new(1).expect("a size"));
    let error = list.items().try_collect::<Vec<_>>().await.expect_err("the same page twice");
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    assert_eq!(error.to_string(), "page 2 of the list repeats the one before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal_inside_a_success_status_is_a_refusal() {
    let refusal = r#"{"status":false,"message":"no such \u001b[1mresource"}"#;
    let server = RawServer::start([answer("200 OK", refusal), answer("200 OK", refusal)]).await;
    let site = site(server.base_url());
    let report = site.purge(Plan::parse(["/a"]).expect("a plan")).await;
    let error = report.error().expect("a refusal");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().ends_with(r": no such \u{1b}[1mresource"), "{error}");
    let error = site.list().page(NonZeroU64::MIN).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn service_that_is_busy_is_asked_again() {
    let accepted = r#"{"status":true,"opID":"a"}"#;
    let busy = answer("429 Too Many Requests\r\nretry-after: 0", "");
    let server = RawServer::start([busy, answer("200 OK", accepted)]).await;
    let report = impatient(&server, "/a").await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(report.operations[0].attempts, 2);
    assert!(!report.operations[0].possible_duplicate, "what was refused was not carried out");
    assert_eq!(server.requests().len(), 2);
}

/// A purge that does not pause between attempts.
fn impatient(server: &RawServer, path: &str) -> Purge {
    let plan = Plan::parse([path]).expect("a plan");
    site(server.base_url()).purge(plan).backoff(Duration::ZERO, Duration::ZERO)
}

/// A page whose only record is of an operation `lost` for `/a`, in the answer of a service whose clock
/// shows the 6th of November 1994, 08:49:37.
fn page_of_1994(created: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"status":true,"data":{{"total":1,"requests":[
            {{"opID":"lost","url":"https://e.com/a","status":2,"createdAt":"{created}"}}]}}}}"#
    );
    answer("200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT", &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_whose_answer_got_lost_is_found_in_the_list() {
    let nothing = Vec::new();
    let server = RawServer::start([nothing, page_of_1994("1994-11-06T08:49:37Z")]).await;
    let report = impatient(&server, "/a").await;
    let operation = &report.operations[0];
    assert_eq!(operation.op_id.as_ref().map(OperationId::as_str), Some("lost"), "{report:?}");
    assert_eq!((operation.attempts, operation.possible_duplicate), (1, false));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn older_operation_for_the_same_paths_is_not_mistaken_for_the_lost_one() {
    let accepted = answer("200 OK", r#"{"status":true,"opID":"new"}"#);
    let failed = answer("502 Bad Gateway", "");
    let old = page_of_1994("1994-11-06T08:49:00Z");
    let server = RawServer::start([failed, old, accepted]).await;
    let report = impatient(&server, "/a").await;
    let operation = &report.operations[0];
    assert_eq!(operation.op_id.as_ref().map(OperationId::as_str), Some("new"), "{report:?}");
    assert_eq!((operation.attempts, operation.possible_duplicate), (2, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_carried_out_is_sent_three_times_at_most() {
    // After the script, the server answers 500 to everything, the list included.
    let server = RawServer::start([answer("500 Oops", "")]).await;
    let report = impatient(&server, "/a").max_attempts(10).await;
    assert_eq!(report.operations[0].state, OperationState::Unconfirmed, "{report:?}");
    assert!(report.operations[0].possible_duplicate);
    let posts = server.requests().iter().filter(|request| request.starts_with("POST")).count();
    assert_eq!(posts, 3);
    assert_eq!(report.failed_paths().map(String::from).collect::<Vec<_>>(), ["/a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_the_story_in_order() {
    let busy = answer("503 Busy", "");
    let accepted = answer("200 OK", r#"{"status":true,"opID":"a"}"#);
    let refused = answer("404 Not Found", "");
    let server = RawServer::start([busy, accepted, refused]).await;
    let plan = Plan::planner().batch_size(1).plan(["/a", "/b"].map(|p| p.parse().expect(p)));
    let purge = site(server.base_url()).purge(plan.expect("a plan"));
    let purge = purge.concurrency(1).backoff(Duration::ZERO, Duration::ZERO);
    let told: Vec<String> = purge
        .events()
        .map(|event| match event {
            Event::Started { requests, paths } => format!("started {requests} {paths}"),
            Event::Attempt { request, attempt } => format!("attempt {attempt} of {request}"),
            Event::Retrying { request, error, .. } => format!("retrying {request}: {error}"),
            Event::Accepted { request, op_id } => format!("accepted {request} as {op_id}"),
            Event::Failed { request, error } => format!("failed {request}: {error}"),
            Event::Settled { outcome } => format!("settled: {}", outcome.state),
            Event::Finished(report) => format!("finished, {} failed", report.summary.failed),
            other => format!("{other:?}"),
        })
        .collect()
        .await;
    insta::assert_snapshot!(told.join("\n"), @r"
    started 2 2
    attempt 1 of 0
    retrying 0: the service is unavailable (503)
    attempt 2 of 0
    accepted 0 as a
    settled: accepted
    attempt 1 of 1
    failed 1: the service refused the request (404)
    settled: failed
    finished, 1 failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn list_goes_on_where_it_was_left() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let site = site(sandbox.base_url());
    let plan = Plan::parse(["/1", "/2", "/3", "/4", "/5"]).expect("a plan");
    assert!(site.purge(plan).await.is_success());
    let list = site.list().page_size(PageSize::new(2).expect("a size"));
    let first = list.page(NonZeroU64::MIN).await.expect("a page");
    let kept = serde_json::to_string(&first.next.expect("a next page")).expect("JSON");

    let cursor = serde_json::from_str(&kept).expect("a cursor");
    let rest: Vec<_> = site.list().resume(cursor).items().try_collect().await.expect("records");
    let paths: Vec<_> = first.requests.iter().chain(&rest).filter_map(|r| r.path()).collect();
    assert_eq!(paths.len(), 5);
    assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), 5, "{paths:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_many_operations_takes_few_requests() {
    let sandbox = Sandbox::builder().purge_delay(Duration::from_secs(1)).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let site = site(sandbox.base_url());
    let gets = || sandbox.requests().iter().filter(|request| request.method == "GET").count();

    let hundred = (0..10_000).map(|i| format!("/{i}").parse().expect("a path"));
    let plan = Plan::new(hundred).expect("a plan");
    let report = site.purge(plan).wait(Duration::from_secs(60)).await;
    assert!(report.is_success());
    let many_paths = gets();
    // 100 operations: one answer each is the least, and each round adds at most four.
    assert!((100..160).contains(&many_paths), "{many_paths}");

    let one = (0..100).map(|i| format!("/x{i}").parse().expect("a path"));
    let plan = Plan::planner().batch_size(1).plan(one).expect("a plan");
    let report = site.purge(plan).wait(Duration::from_secs(60)).await;
    assert!(report.is_success());
    assert!(gets() - many_paths < 80, "{}", gets() - many_paths);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_that_was_asked_for_has_an_outcome() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let asked = ["/images/*", "/images/logo.png", "/index.html", "/index.html", "/images/**"];
    let plan = Plan::parse(asked).expect("a plan");
    assert_eq!((plan.duplicates(), plan.covered()), (2, 1));
    let report = site(sandbox.base_url()).purge(plan).wait(Duration::from_secs(60)).await;
    for path in asked {
        let outcome = report.outcome(path).expect(path);
        assert_eq!(outcome.state, PathState::Purged, "{path}");
    }
    assert_eq!(report.outcome("/about.html"), None);
    assert_eq!(report.outcome("no path"), None);
}

/// A place for log lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_tell_the_attempts_and_never_the_token() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _guard = purge_tests::logs::listen(subscriber);

    let accepted = answer("200 OK", r#"{"status":true,"opID":"a"}"#);
    let script = [answer("503 Busy", ""), accepted, answer("401 Unauthorized", "")];
    let server = RawServer::start(script).await;
    let canary = "c4nary-t0ken";
    let client = Client::builder(canary).base_url(server.base_url()).build().expect("a client");
    let site =
        client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"));
    let plan = Plan::planner().batch_size(1).plan(["/a", "/b"].map(|p| p.parse().expect(p)));
    let purge = site.purge(plan.expect("a plan")).concurrency(1);
    let report = purge.backoff(Duration::ZERO, Duration::ZERO).await;
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Unauthorized));

    let log = String::from_utf8(log.0.lock().expect("the log").clone()).expect("text");
    for part in ["request=0", "attempt=2", "trying again", "accepted", "401"] {
        assert!(log.contains(part), "{part} is not in {log}");
    }
    let shown = format!("{client:?} {site:?} {report:?} {log}");
    assert!(server.requests()[0].contains(canary), "the token is sent");
    assert!(!shown.contains("c4nary"), "the token is shown: {shown}");
}

#[tokio::test]
async fn events_of_many_requests_at_once_all_arrive() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let plan = Plan::planner().batch_size(1);
    let plan = plan.plan((0..300).map(|i| format!("/{i}").parse().expect("a path")));
    // More at once than a task may receive before it has to yield.
    let events = site(sandbox.base_url()).purge(plan.expect("a plan")).concurrency(300).events();
    let told: Vec<Event> = events.collect().await;
    let accepted = told.iter().filter(|event| matches!(event, Event::Accepted { .. })).count();
    assert_eq!(accepted, 300);
    assert!(matches!(told.last(), Some(Event::Finished(report)) if report.is_success()));
}

#[tokio::test(flavor = "multi_thread")]
async fn service_that_asks_for_more_patience_than_there_is_ends_the_run() {
    let wait = || answer("429 Too Many Requests\r\nretry-after: 3600", "");
    let server = RawServer::start((0..20).map(|_| wait())).await;
    let plan = Plan::planner().batch_size(1);
    let plan = plan.plan((0..20).map(|i| format!("/{i}").parse().expect("a path")));
    let report = site(server.base_url()).purge(plan.expect("a plan")).concurrency(2).await;
    assert!(server.requests().len() <= 2, "{}", server.requests().len());
    assert_eq!(report.summary.not_sent, 20);
    let error = report.error().expect("a reason");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_token_ends_a_run_that_keeps_to_a_rate_at_once() {
    let sandbox = Sandbox::builder().token("another").start().await.expect("a sandbox");
    let plan = Plan::planner().batch_size(1);
    let plan = plan.plan((0..10).map(|i| format!("/{i}").parse().expect("a path")));
    let purge = site(sandbox.base_url()).purge(plan.expect("a plan"));
    let started = std::time::Instant::now();
    let report = purge.rate("1/h".parse().expect("a rate")).await;
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Unauthorized));
    assert_eq!((report.summary.failed, report.summary.not_sent), (1, 9));
    // The second request would have been sent after an hour.
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn undocumented_statuses_of_success_are_accepted_when_they_name_the_operation() {
    for status in ["201 Created", "202 Accepted"] {
        let server = RawServer::start([answer(status, r#"{"status":true,"opID":"a"}"#)]).await;
        let report = impatient(&server, "/a").await;
        assert!(report.is_success(), "{status}: {report:?}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_forbidden_request_does_not_end_the_run() {
    let accepted = answer("200 OK", r#"{"status":true,"opID":"a"}"#);
    let server = RawServer::start([answer("403 Forbidden", "<html>no</html>"), accepted]).await;
    let plan = Plan::planner().batch_size(1).plan(["/a", "/b"].map(|p| p.parse().expect(p)));
    let report = site(server.base_url()).purge(plan.expect("a plan")).concurrency(1).await;
    assert_eq!((report.summary.failed, report.summary.accepted), (1, 1), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_that_is_taken_but_not_named_is_not_sent_again() {
    for taken in [answer("200 OK", r#"{"status":true}"#), answer("409 Conflict", "")] {
        let server = RawServer::start([taken, page_of_1994("1994-11-06T08:49:37Z")]).await;
        let report = impatient(&server, "/a").await;
        let operation = &report.operations[0];
        assert_eq!(operation.op_id.as_ref().map(OperationId::as_str), Some("lost"), "{report:?}");
        let posts = server.requests().iter().filter(|request| request.starts_with("POST")).count();
        assert_eq!(posts, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_that_is_refused_after_a_lost_answer_is_what_to_act_on() {
    let refused = || answer("401 Unauthorized", "");
    // The list cannot be read either; then the request is sent again.
    let script = [answer("500 Oops", ""), answer("500 Oops", ""), refused(), refused(), refused()];
    let server = RawServer::start(script).await;
    let report = impatient(&server, "/a").await;
    assert_eq!(report.operations[0].state, OperationState::Unconfirmed, "{report:?}");
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Unauthorized));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_other_operations_do_not_end_a_wait() {
    // A service that ignores the filter, and has an old record of the same path.
    let old = r#"{"status":true,"data":{"total":1,"requests":[{"opID":"old","url":"https://e.com/a",
        "status":1,"completedAt":"2025-08-06T11:39:53Z"}]}}"#;
    let server = RawServer::start((0..50).map(|_| answer("200 OK", old))).await;
    let id: OperationId = "new".parse().expect("an ID");
    let report =
        site(server.base_url()).wait([id.clone()]).deadline(Duration::from_millis(300)).await;
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Deadline));
    assert_eq!(report.pending_operations().collect::<Vec<_>>(), [&id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unreadable_page_does_not_end_a_wait() {
    let done = r#"{"status":true,"data":{"total":1,"requests":[{"opID":"a","url":"https://e.com/a",
        "status":1,"completedAt":"2025-08-06T11:39:53Z"}]}}"#;
    let server = RawServer::start([answer("200 OK", "<html>"), answer("200 OK", done)]).await;
    let report = site(server.base_url()).wait(["a".parse().expect("an ID")]).await;
    assert!(report.is_success(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn list_that_grows_while_it_is_read_is_no_error() {
    let page = |total: u32| {
        answer(
            "200 OK",
            &format!(
                r#"{{"status":true,"data":{{"total":{total},"requests":[{{"opID":"a","url":"/a","status":2}}]}}}}"#
            ),
        )
    };
    let end = answer("200 OK", r#"{"status":true,"data":{"total":3,"requests":[]}}"#);
    let server = RawServer::start([page(2), page(3), end]).await;
    let list = site(server.base_url()).list().page_size(PageSize::new(1).expect("a size"));
    assert_eq!(list.items().try_collect::<Vec<_>>().await.expect("records").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_run_sends_nothing_more() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let plan = Plan::planner().batch_size(1);
    let plan = plan.plan((0..1000).map(|i| format!("/{i}").parse().expect("a path")));
    let purge = site(sandbox.base_url()).purge(plan.expect("a plan")).concurrency(2);
    let mut events = purge.events();
    let mut accepted = 0;
    while accepted < 5 {
        let event = events.next().await.expect("an event");
        accepted += usize::from(matches!(event, Event::Accepted { .. }));
    }
    drop(events);
    // Whatever was under way has arrived when a later request is answered.
    site(sandbox.base_url()).list().page(NonZeroU64::MIN).await.expect("a page");
    let posts = sandbox.requests().iter().filter(|request| request.method == "POST").count();
    assert!(posts < 20, "{posts}");
}

#[test]
fn calls_can_move_between_threads() {
    fn sent<T: Send>(_: &T) {}
    fn shared<T: Send + Sync>(_: &T) {}

    let site = site("http://127.0.0.1:1");
    let plan = || Plan::parse(["/a"]).expect("a plan");
    shared(&site);
    sent(&site.purge(plan()).into_future());
    sent(&site.purge(plan()).events());
    sent(&site.wait([]).into_future());
    let list = site.list();
    sent(&list.page(NonZeroU64::MIN));
    sent(&site.list().items());
}
