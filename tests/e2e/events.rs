//! What a run reports about its requests while it is in progress.

use std::time::Duration;

use futures_util::StreamExt;
use purge_api_ext::{Client, Event, Events, Plan, Report, Shutdown, TokenProvider};
use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::Run;
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;
use serde_json::{Value, json};

use crate::account::{count, plan, purge_a, resource_of, site};
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// The outcomes of the requests, as reported by events, and the report.
async fn settled(mut events: Events) -> (Vec<Value>, Report) {
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Event::Settled { outcome } => told.push(json!(outcome)),
            Event::Finished(report) => return (told, *report),
            _ => {}
        }
    }
    panic!("no report");
}

/// Each exactly once, in any order.
fn assert_told(mut told: Vec<Value>, report: &Report) {
    let mut reported: Vec<_> = report.operations.iter().map(|operation| json!(operation)).collect();
    told.sort_by_key(Value::to_string);
    reported.sort_by_key(Value::to_string);
    assert_eq!(told, reported);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_settled_once_with_its_outcome_in_the_report() {
    let faults = || [Fault::status(404).on_post(), Fault::status(503).on_post()];
    let plan = || Plan::parse((0..450).map(|i| format!("/{i}"))).expect("a plan");
    let fast = Duration::from_millis(1);

    let sandbox = Sandbox::builder().faults(faults()).start().await.expect("a sandbox");
    let purge = site(sandbox.base_url()).purge(plan()).backoff(fast, fast);
    let (told, report) = settled(purge.events()).await;
    assert_eq!((told.len(), report.summary.failed), (5, 100));
    assert_told(told, &report);

    let sandbox = Sandbox::builder().faults(faults()).start().await.expect("a sandbox");
    let purge = site(sandbox.base_url())
        .purge(plan())
        .backoff(fast, fast)
        .wait_for(Duration::from_secs(60));
    let (told, report) = settled(purge.events()).await;
    assert_eq!((told.len(), report.summary.failed, report.summary.not_cached), (5, 100, 350));
    assert_told(told, &report);

    let ids = report.operations.iter().filter_map(|o| o.op_id.clone());
    let unknown = "00000000-0000-4000-8000-000000000000".parse().expect("an ID");
    let wait = site(sandbox.base_url()).wait(ids.chain([unknown])).wait_for(Duration::from_secs(2));
    let (told, report) = settled(wait.events()).await;
    assert_eq!((told.len(), report.summary.not_cached), (5, 350));
    assert_told(told, &report);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_the_story_in_order() {
    let busy = answer("429 Too Many Requests", "");
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec();
    let accepted = answer("200 OK", r#"{"status":true,"opID":"a"}"#);
    let refused = answer("404 Not Found", "");
    let none = answer("200 OK", r#"{"status":true,"data":{"requests":[],"total":0}}"#);
    let late = answer("200 OK", r#"{"status":true,"opID":"c"}"#);
    let server = ScriptServer::sending([busy, accepted, refused, cut, none, late]).await;
    let plan = Plan::planner().batch_size(1).plan(["/a", "/b", "/c"].map(|p| p.parse().expect(p)));
    let purge = site(server.base_url()).purge(plan.expect("a plan"));
    let purge = purge.concurrency(1).backoff(Duration::ZERO, Duration::ZERO);
    let told: Vec<String> = purge
        .events()
        .map(|event| match event {
            Event::Started { requests, paths } => format!("started {requests} {paths}"),
            Event::Attempt { request, attempt } => format!("attempt {attempt} of {request}"),
            Event::LookingUp { request, error } => {
                format!("looking up {request}: {}", error.expect("why"))
            }
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
    started 3 3
    attempt 1 of 0
    retrying 0: too many requests (429)
    attempt 2 of 0
    accepted 0 as a
    settled: accepted
    attempt 1 of 1
    failed 1: the service refused the request (404)
    settled: failed
    attempt 1 of 2
    looking up 2: the response was cut off: end of file before message length reached
    retrying 2: the response was cut off: end of file before message length reached
    attempt 2 of 2
    accepted 2 as c
    settled: accepted
    finished, 1 failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_before_a_look_up_is_announced() {
    let busy = answer("503 Busy\r\nretry-after: 1", "");
    let none = answer("200 OK", r#"{"status":true,"data":{"requests":[],"total":0}}"#);
    let accepted = answer("200 OK", r#"{"status":true,"opID":"a"}"#);
    let server = ScriptServer::sending([busy, none, accepted]).await;
    let told: Vec<_> = purge_a(server.base_url())
        .events()
        .filter_map(async |event| match event {
            Event::LookingUp { error, .. } => Some(("looking up", error.expect("why"), None)),
            Event::Paused { delay, error } => Some(("paused", error, Some(delay))),
            // The pause is over.
            Event::Retrying { delay, error, .. } => Some(("retrying", error, Some(delay))),
            _ => None,
        })
        .map(|(what, error, delay)| (what, error.status(), delay.map(|delay| delay.as_secs())))
        .collect()
        .await;
    let expected = [("looking up", None), ("paused", Some(1)), ("retrying", Some(0))];
    assert_eq!(told, expected.map(|(what, delay)| (what, Some(503), delay)));
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_that_the_list_asks_for_is_announced_and_waited_for() {
    let busy = answer("503 Busy", "");
    let limited = answer("429 Too Many Requests\r\nretry-after: 1", "");
    let accepted = answer("200 OK", r#"{"status":true,"opID":"a"}"#);
    let server = ScriptServer::sending([busy, limited, accepted]).await;
    let told: Vec<_> = purge_a(server.base_url())
        .events()
        .filter_map(async |event| match event {
            Event::Paused { delay, error } => Some(("paused", error.status(), delay)),
            Event::Retrying { delay, error, .. } => Some(("retrying", error.status(), delay)),
            Event::Finished(report) => {
                assert!(report.is_success() && report.operations[0].possible_duplicate);
                None
            }
            _ => None,
        })
        .collect()
        .await;
    let [("paused", Some(429), paused), ("retrying", Some(503), left)] = told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(paused, Duration::from_secs(1));
    // A part of it has passed.
    assert!(left <= paused && left > Duration::from_millis(500), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_of_a_login_is_announced() {
    let limited = || Fault::status(429).header("retry-after", "4").on_login();
    let start = || Sandbox::builder().api_key("the-key", "the-secret").fault(limited()).start();
    let (of_library, of_program) = (start().await, start().await);
    let (of_library, of_program) = (of_library.expect("a sandbox"), of_program.expect("a sandbox"));
    let pauses = async {
        let provider = TokenProvider::from_api_key("the-key", "the-secret");
        let client = Client::builder(provider).base_url(of_library.base_url());
        let site = resource_of(&client.build().expect("a client"));
        let events = site.purge(plan(1, 1)).events();
        let pauses = events.filter_map(async |event| match event {
            Event::Paused { delay, .. } => Some(delay.as_secs_f64()),
            Event::Finished(report) => {
                assert!(report.is_success(), "{report:?}");
                None
            }
            _ => None,
        });
        pauses.collect::<Vec<_>>().await
    };
    let run = Run::new(PURGE, ["create", "/a"])
        .env("PURGE_BASE_URL", of_program.base_url())
        .env("PURGE_ORGANIZATION", ORGANIZATION)
        .env("PURGE_RESOURCE", RESOURCE)
        .env("PURGE_API_KEY", "the-key")
        .env("PURGE_API_SECRET", "the-secret");
    let (pauses, ended) = tokio::join!(pauses, run.end());
    let [pause] = pauses[..] else { panic!("{pauses:?}") };
    assert!((3.0..=4.0).contains(&pause), "{pause}");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = "waiting: the service asked for a pause; again in ";
    assert_eq!(ended.err.matches(said).count(), 1, "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_attempt_is_announced_after_a_shutdown() {
    let slow = Fault::status(429).header("retry-after", "30").delay(Duration::from_millis(200));
    let slow = slow.on_post().times(9);
    let sandbox = Sandbox::builder().fault(slow).start().await.expect("a sandbox");
    let shutdown = Shutdown::new();
    let purge = site(sandbox.base_url()).purge(plan(3, 1)).concurrency(3);
    let mut events = purge.shutdown(shutdown.clone()).events();
    let mut attempts = 0;
    while let Some(event) = events.next().await {
        match event {
            Event::Attempt { .. } => {
                attempts += 1;
                if attempts == 3 {
                    shutdown.begin();
                }
            }
            Event::Retrying { .. } => panic!("{event:?}"),
            Event::Finished(report) => assert_eq!(report.summary.not_sent, 3, "{report:?}"),
            _ => {}
        }
    }
    assert_eq!(count(&sandbox, "POST"), 3);
}

#[tokio::test]
async fn events_of_many_requests_at_once_all_arrive() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    // More at once than a task may receive before it has to yield.
    let events = site(sandbox.base_url()).purge(plan(300, 1)).concurrency(300).events();
    let told: Vec<Event> = events.collect().await;
    let accepted = told.iter().filter(|event| matches!(event, Event::Accepted { .. })).count();
    assert_eq!(accepted, 300);
    assert!(matches!(told.last(), Some(Event::Finished(report)) if report.is_success()));
}
