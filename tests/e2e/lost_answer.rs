//! A request whose answer got lost: the list of purge requests knows what became of it.

use std::time::Duration;

use purge_api_ext::{Client, ErrorKind, OperationId, OperationState, Plan, TokenProvider};
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;
use serde_json::{Value, json};

use crate::account::{impatient, purge_a, resource_of};

/// A page whose only record is of an operation `lost` for `/a`, in the answer of a service whose clock
/// shows the 6th of November 1994, 08:49:37.
fn page_of_1994(created: &str) -> Vec<u8> {
    page(1, &[record("lost", "/a", created)])
}

fn record(operation: &str, path: &str, created: &str) -> Value {
    let url = format!("https://e.com{path}");
    json!({ "opID": operation, "url": url, "status": 2, "createdAt": created })
}

fn page(total: usize, records: &[Value]) -> Vec<u8> {
    let page = json!({ "status": true, "data": { "total": total, "requests": records } });
    answer("200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT", &page.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_whose_answer_got_lost_is_found_in_the_list() {
    let nothing = Vec::new();
    let server = ScriptServer::sending([nothing, page_of_1994("1994-11-06T08:49:37Z")]).await;
    let report = purge_a(server.base_url()).await;
    let operation = &report.operations[0];
    assert_eq!(operation.op_id.as_ref().map(OperationId::as_str), Some("lost"), "{report:?}");
    assert_eq!((operation.attempts, operation.possible_duplicate), (1, false));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_operation_is_found_behind_the_requests_that_followed_it() {
    const NEW: &str = "1994-11-06T08:49:37Z";
    // Of whole pages, whose records are of other requests that were under way.
    let follower = |number: usize, created: &str| {
        let record = |i: usize| record(&format!("other-{number}-{i}"), "/b", created);
        page(601, &(0..100).map(record).collect::<Vec<_>>())
    };
    let pages = |fifth: &str| {
        let mut pages = vec![Vec::new()];
        let created = [NEW, NEW, NEW, NEW, fifth, NEW];
        pages.extend(created.iter().enumerate().map(|(number, created)| follower(number, created)));
        let again = answer("200 OK", r#"{"status":true,"opID":"again"}"#);
        pages.extend([page(601, &[record("lost", "/a", NEW)]), again]);
        pages
    };
    let check = async |fifth, concurrency, expected: (&str, usize)| {
        let server = ScriptServer::sending(pages(fifth)).await;
        let report = purge_a(server.base_url()).concurrency(concurrency).max_attempts(1).await;
        let found = report.operations[0].op_id.as_ref().map_or("", OperationId::as_str);
        assert_eq!((found, server.requests().len()), expected, "{fifth} {concurrency}");
    };
    check(NEW, 4, ("lost", 8)).await;
    check(NEW, usize::MAX, ("lost", 8)).await;
    // Of two requests at once no more than two others follow one.
    check(NEW, 2, ("", 6)).await;
    // What is behind an older record is older still.
    check("1994-11-06T08:49:00Z", 4, ("", 6)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn older_operation_for_the_same_paths_is_not_mistaken_for_the_lost_one() {
    let accepted = answer("200 OK", r#"{"status":true,"opID":"new"}"#);
    let failed = answer("502 Bad Gateway", "");
    let old = page_of_1994("1994-11-06T08:49:00Z");
    let server = ScriptServer::sending([failed, old, accepted]).await;
    let report = purge_a(server.base_url()).await;
    let operation = &report.operations[0];
    assert_eq!(operation.op_id.as_ref().map(OperationId::as_str), Some("new"), "{report:?}");
    assert_eq!((operation.attempts, operation.possible_duplicate), (2, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_that_is_taken_but_not_named_is_not_sent_again() {
    for taken in [answer("200 OK", r#"{"status":true}"#), answer("409 Conflict", "")] {
        let server = ScriptServer::sending([taken, page_of_1994("1994-11-06T08:49:37Z")]).await;
        let report = purge_a(server.base_url()).await;
        let operation = &report.operations[0];
        assert_eq!(operation.op_id.as_ref().map(OperationId::as_str), Some("lost"), "{report:?}");
        let posts = server.requests().iter().filter(|request| request.starts_with("POST")).count();
        assert_eq!(posts, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_carried_out_is_sent_three_times_at_most() {
    // After the script, the server answers 500 to everything, the list included.
    let server = ScriptServer::sending([answer("500 Oops", "")]).await;
    let report = purge_a(server.base_url()).max_attempts(10).await;
    assert_eq!(report.operations[0].state, OperationState::Unconfirmed, "{report:?}");
    assert!(report.operations[0].possible_duplicate);
    let posts = server.requests().iter().filter(|request| request.starts_with("POST")).count();
    assert_eq!(posts, 3);
    assert_eq!(report.failed_paths().map(String::from).collect::<Vec<_>>(), ["/a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_that_is_refused_after_a_lost_answer_is_what_to_act_on() {
    let refused = || answer("401 Unauthorized", "");
    // The list cannot be read either; then the request is sent again.
    let script = [answer("500 Oops", ""), answer("500 Oops", ""), refused(), refused(), refused()];
    let server = ScriptServer::sending(script).await;
    let report = purge_a(server.base_url()).await;
    assert_eq!(report.operations[0].state, OperationState::Unconfirmed, "{report:?}");
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Unauthorized));
}

#[tokio::test]
async fn time_that_a_new_token_takes_makes_no_older_job_look_newer() {
    let provider = {
        let asked = std::sync::atomic::AtomicUsize::new(0);
        TokenProvider::from_fn(move || {
            let renews = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0;
            async move {
                if renews {
                    tokio::time::pause();
                    tokio::time::advance(Duration::from_secs(10)).await;
                    tokio::time::resume();
                }
                Ok::<_, std::io::Error>(if renews { "second-token" } else { "first-token" })
            }
        })
    };
    let accepted = answer("200 OK", r#"{"status":true,"opID":"new"}"#);
    let refused = answer("401 Unauthorized", "");
    // Older than the request by more than the tolerance, but newer than the refused one.
    let older = page_of_1994("1994-11-06T08:49:34Z");
    let server = ScriptServer::sending([refused, Vec::new(), older, accepted]).await;
    let client = Client::builder(provider).base_url(server.base_url()).build().expect("a client");
    let plan = Plan::parse(["/a"]).expect("a plan");
    let report = impatient(resource_of(&client).purge(plan)).await;
    let operation = &report.operations[0];
    assert_eq!(operation.op_id.as_ref().map(OperationId::as_str), Some("new"), "{report:?}");
    assert_eq!((operation.attempts, operation.possible_duplicate), (3, true));
}
