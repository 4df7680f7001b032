//! The responses that a service may give to a purge, and how they are interpreted.

use std::num::NonZeroU64;
use std::time::Duration;

use futures_util::StreamExt as _;
use purge_api_ext::{Client, Error, ErrorKind, Event, OperationState, PathState, Plan};
use purge_sandbox::{Fault, Sandbox};

use crate::account::{count, impatient, plan, posts, resource_of, site};

#[tokio::test(flavor = "multi_thread")]
async fn every_requested_path_has_an_outcome() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let asked =
        ["/images/*", "/images/logo.png", "/images/", "/index.html", "/index.html", "/images/**"];
    let plan = Plan::parse(asked).expect("a plan");
    assert_eq!((plan.duplicates(), plan.covered(), plan.path_count()), (1, 2, 3));
    sandbox.fill(["/images/"]);
    let report = site(sandbox.base_url()).purge(plan).wait_for(Duration::from_secs(60)).await;
    for path in asked {
        let outcome = report.outcome(path).expect(path);
        assert_eq!(outcome.state, PathState::Purged, "{path}");
    }
    assert_eq!(report.outcome("/images/").map(|outcome| outcome.path), Some("/images/"));
    assert_eq!(report.outcome("/about.html"), None);
    assert_eq!(report.outcome("no path"), None);
    let report = site(sandbox.base_url()).purge(Plan::parse(["/blog/*"]).expect("a plan")).await;
    assert!(report.outcome("/blog/1.html").is_some());
    assert_eq!(report.outcome("/blog/"), None, "its outcome is unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_token_ends_a_rate_limited_run_immediately() {
    let sandbox = Sandbox::builder().token("another").start().await.expect("a sandbox");
    let client = Client::builder("sandbox-token").base_url(sandbox.base_url());
    let client = client.rate("1/h".parse().expect("a rate")).build().expect("a client");
    let started = std::time::Instant::now();
    let report = resource_of(&client).purge(plan(10, 1)).await;
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Unauthorized));
    assert_eq!((report.summary.failed, report.summary.not_sent), (1, 9));
    // The second request would have been sent after an hour.
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_request_is_split_until_it_fits() {
    // The first five requests are too large, whatever they contain.
    let fault = Fault::status(413).on_post().times(5);
    let sandbox = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let site = site(sandbox.base_url());
    let events: Vec<_> = site.purge(plan(1, 9)).concurrency(1).events().collect().await;
    let splits = events.iter().filter_map(|event| match event {
        Event::Split { request, into } => Some((*request, *into)),
        _ => None,
    });
    // 9 becomes 4 and 5, 4 becomes 2 and 2, 2 becomes 1 and 1; those last two cannot be split.
    assert_eq!(splits.collect::<Vec<_>>(), [(0, [1, 2]), (1, [3, 4]), (3, [5, 6])]);
    let Some(Event::Finished(report)) = events.last() else { panic!("{events:#?}") };
    let shapes: Vec<_> = report.operations.iter().map(|o| (o.paths.len(), o.state)).collect();
    use OperationState::{Accepted, Failed};
    assert_eq!(shapes, [(1, Failed), (1, Failed), (2, Accepted), (5, Accepted)]);
    let paths: Vec<_> = report.paths().map(|path| path.path).collect();
    assert_eq!(paths, (0..9).map(|i| format!("/{i}")).collect::<Vec<_>>());
    assert_eq!(report.error().and_then(Error::status), Some(413));
    assert_eq!((report.summary.requests, report.summary.failed), (1, 2));
    assert_eq!(posts(&sandbox).len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_a_request_that_may_have_been_applied_is_unconfirmed() {
    // The request is applied, but its response is lost and the list does not show it. Sent again, it is too
    // large, so its paths are sent one by one.
    let faults = [
        Fault::reset().after_applying().on_post(),
        Fault::status(500).on_get(),
        Fault::status(413).on_post(),
        Fault::status(404).on_post(),
        Fault::status(429).header("retry-after", "3600").on_post(),
    ];
    let sandbox = Sandbox::builder().faults(faults).start().await.expect("a sandbox");
    let report = impatient(site(sandbox.base_url()).purge(plan(1, 2))).concurrency(1).await;
    let states: Vec<_> = report.operations.iter().map(|o| (o.state, o.attempts)).collect();
    let unconfirmed = OperationState::Unconfirmed;
    assert_eq!(states, [(unconfirmed, 1), (unconfirmed, 1)], "{report:?}");
    // Each can be in one operation only.
    assert!(report.operations.iter().all(|operation| !operation.possible_duplicate));
    assert_eq!(report.error().and_then(Error::status), Some(404));
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_run_sends_nothing_more() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let purge = site(sandbox.base_url()).purge(plan(1000, 1)).concurrency(2);
    let mut events = purge.events();
    let mut accepted = 0;
    while accepted < 5 {
        let event = events.next().await.expect("an event");
        accepted += usize::from(matches!(event, Event::Accepted { .. }));
    }
    drop(events);
    // By the time a later request gets its response, all requests in flight have arrived.
    site(sandbox.base_url()).list().page(NonZeroU64::MIN).await.expect("a page");
    let posts = count(&sandbox, "POST");
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
