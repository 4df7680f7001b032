//! A request whose response was lost: the list of purge requests shows whether it was applied.

use std::time::Duration;

use purge_api_ext::{Client, OperationId, Plan, TokenProvider};
use purge_sandbox::{Fault, Sandbox};
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;
use serde_json::{Value, json};

use crate::account::{count, impatient, purge_a, resource_of, site};

/// A page whose only record is of an operation `lost` for `/a`, from a service whose clock shows 6 November
/// 1994, 08:49:37.
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
async fn lost_operation_is_found_behind_later_requests() {
    const NEW: &str = "1994-11-06T08:49:37Z";
    // Full pages of records that belong to other requests in flight.
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
    // With a concurrency of two, at most two other requests follow one.
    check(NEW, 2, ("", 6)).await;
    // Records after an older one are even older.
    check("1994-11-06T08:49:00Z", 4, ("", 6)).await;
}

#[tokio::test]
async fn slow_token_makes_no_older_operation_look_newer() {
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

#[tokio::test]
async fn operation_of_an_earlier_purge_is_not_mistaken_for_a_lost_one() {
    let accepted = |id: &str| answer("200 OK", &format!(r#"{{"status":true,"opID":"{id}"}}"#));
    let listed = page(1, &[record("first", "/a", "1994-11-06T08:49:37Z")]);
    // The second purge never arrives.
    let script = [accepted("first"), Vec::new(), listed, accepted("second")];
    let server = ScriptServer::sending(script).await;
    let site = site(server.base_url());
    let mut operations = Vec::new();
    for _ in 0..2 {
        let plan = Plan::parse(["/a"]).expect("a plan");
        let report = impatient(site.purge(plan)).await;
        let operation = &report.operations[0];
        let id = operation.op_id.as_ref().map_or("", OperationId::as_str).to_owned();
        operations.push((id, operation.attempts, operation.possible_duplicate));
    }
    let expected = [("first", 1, false), ("second", 2, true)];
    assert_eq!(operations, expected.map(|(id, sent, twice)| (id.to_owned(), sent, twice)));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn operation_of_an_earlier_lost_request_is_not_mistaken_for_a_lost_one() {
    let accepted = answer("200 OK", r#"{"status":true,"opID":"second"}"#);
    // The operation of the first purge is listed late, and the second purge never arrives.
    let late = page(1, &[record("first", "/a", "1994-11-06T08:49:37Z")]);
    let server =
        ScriptServer::sending([Vec::new(), page(0, &[]), Vec::new(), late, accepted]).await;
    let site = site(server.base_url());
    let purge = || impatient(site.purge(Plan::parse(["/a"]).expect("a plan")));
    let first = purge().max_attempts(1).await;
    assert_eq!(first.summary.unconfirmed, 1, "{first:?}");
    let second = purge().await;
    let operation = &second.operations[0];
    assert_eq!(operation.op_id.as_ref().map(OperationId::as_str), Some("second"), "{second:?}");
    assert_eq!((operation.attempts, operation.possible_duplicate), (2, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_of_a_request_in_flight_is_not_mistaken_for_a_lost_one() {
    let late = Fault::slow(Duration::from_millis(500)).on_post();
    let sandbox = Sandbox::builder().fault(late).fault(Fault::reset().on_post()).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let site = site(sandbox.base_url());
    let purge = || impatient(site.purge(Plan::parse(["/a"]).expect("a plan")));
    let second = async {
        while count(&sandbox, "POST") == 0 {
            tokio::task::yield_now().await;
        }
        purge().await
    };
    let (first, second) = tokio::join!(purge(), second);
    let (first, second) = (&first.operations[0], &second.operations[0]);
    assert_ne!(first.op_id, second.op_id);
    assert_eq!((first.attempts, first.possible_duplicate), (1, false));
    assert_eq!((second.attempts, second.possible_duplicate), (2, true));
    assert_eq!(count(&sandbox, "POST"), 3);
}
