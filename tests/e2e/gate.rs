//! All requests of a client share one rate, the pauses that the service asks for, and the end of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use purge_api_ext::{Client, ErrorKind, Event, Plan, Rate, Resource, Shutdown, TokenProvider};
use purge_sandbox::{Fault, Sandbox, SandboxBuilder};
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;

use crate::account::{count, impatient, plan, purge_at, resource_of, site};

const RATE: u32 = 20;

/// A service that accepts [`RATE`] requests per second.
fn limited() -> SandboxBuilder {
    Sandbox::builder().rate_limit(RATE, Duration::from_secs(1)).purge_delay(Duration::ZERO)
}

/// The resource for a program that keeps below the service's limit.
fn limited_site(base: &str) -> Resource {
    let client = Client::builder("sandbox-token").base_url(base);
    resource_of(&client.rate(Rate::new(RATE, Duration::from_secs(1))).build().expect("a client"))
}

fn refused(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|request| request.status == Some(429)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_one_client_keep_its_rate_together() {
    let sandbox = limited().start().await.expect("a sandbox");
    let site = limited_site(sandbox.base_url());
    let mut runs = tokio::task::JoinSet::new();
    for run in 0..30 {
        let plan = Plan::parse([format!("/{run}")]).expect("a plan");
        let purge = site.purge(plan).wait_for(Duration::from_secs(60));
        runs.spawn(async move { purge.await });
    }
    for report in runs.join_all().await {
        assert!(report.is_success(), "{report:?}");
    }
    assert_eq!(count(&sandbox, "POST"), 30);
    assert!(count(&sandbox, "GET") >= 30, "each waits for its own job");
    assert_eq!(refused(&sandbox), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_and_polls_keep_the_rate_as_posts_do() {
    let lost = Fault::reset().after_applying().on_post().times(10);
    let sandbox = limited().fault(lost).start().await.expect("a sandbox");
    let purge = limited_site(sandbox.base_url()).purge(plan(20, 100));
    let report = impatient(purge).wait_for(Duration::from_secs(60)).await;
    assert!(report.is_success(), "{:?}", report.error());
    assert!(count(&sandbox, "GET") > 10);
    assert_eq!(refused(&sandbox), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn command_line_keeps_its_rate_while_it_waits() {
    // A burst smaller than the run, so that polls have no room between the requests.
    let builder = Sandbox::builder().rate_limit(2, Duration::from_secs(1));
    let sandbox = builder.purge_delay(Duration::ZERO).start().await.expect("a sandbox");
    let arguments = ["create", "--from", "-", "--rate", "2/s", "--wait", "--quiet"];
    let paths = crate::account::lines(400);
    let ended = purge_at(&sandbox, &arguments).input(paths).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(count(&sandbox, "GET") > 0, "it waited");
    assert_eq!(refused(&sandbox), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_requested_of_one_run_holds_for_all_runs_of_the_client() {
    let busy = || answer("429 Too Many Requests\r\nretry-after: 3600", "");
    for first_is_post in [true, false] {
        let server = ScriptServer::sending([busy()]).await;
        let site = site(server.base_url());
        if first_is_post {
            let report = site.purge(Plan::parse(["/a"]).expect("a plan")).await;
            assert_eq!(report.summary.not_sent, 1);
        } else {
            site.list().page(std::num::NonZeroU64::MIN).await.expect_err("a refusal");
        }
        let report = site.purge(plan(4, 1)).await;
        assert_eq!(report.summary.not_sent, 4);
        let error = report.error().expect("a reason");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(
            error.to_string(),
            "the service asked for a pause, which ends in 1h; try again then"
        );
        let left = error.retry_after().expect("a pause");
        assert!((3500..=3600).contains(&left.as_secs()), "{left:?}");
        site.list().page(std::num::NonZeroU64::MIN).await.expect_err("a pause");
        assert_eq!(server.requests().len(), 1);
    }
}

/// A sandbox whose list has 700 records, and that loses the response to the next request. The shutdown
/// begins when the list is requested.
async fn losing(shutdown: &Shutdown) -> (Sandbox, Arc<AtomicUsize>) {
    let (begins, lists) = (shutdown.clone(), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&lists);
    let begin = move |method: &str| {
        if method == "GET" {
            seen.fetch_add(1, Ordering::SeqCst);
            begins.begin();
        }
    };
    let sandbox = Sandbox::builder()
        .faults([Fault::answer().on_post().times(7), Fault::reset().without_applying().on_post()])
        .on_request(move |request| begin(&request.method))
        .start()
        .await
        .expect("a sandbox");
    let report = site(sandbox.base_url()).purge(plan(7, 100)).await;
    assert!(report.is_success(), "{:?}", report.error());
    (sandbox, lists)
}

#[tokio::test(flavor = "multi_thread")]
async fn look_up_requests_no_page_after_a_shutdown() {
    let shutdown = Shutdown::new();
    let (sandbox, lists) = losing(&shutdown).await;
    let purge = site(sandbox.base_url()).purge(Plan::parse(["/lost"]).expect("a plan"));
    let report = purge.concurrency(100).shutdown(shutdown).await;
    assert_eq!(report.summary.unconfirmed, 1, "{report:?}");
    assert_eq!((lists.load(Ordering::SeqCst), count(&sandbox, "GET")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_does_not_wait_for_a_new_token() {
    let sandbox = Sandbox::builder().token("another").start().await.expect("a sandbox");
    let shutdown = Shutdown::new();
    let (begins, asked) = (shutdown.clone(), AtomicUsize::new(0));
    let provider = TokenProvider::from_fn(move || {
        let renews = asked.fetch_add(1, Ordering::SeqCst) > 0;
        let begins = begins.clone();
        async move {
            if renews {
                begins.begin();
                std::future::pending::<()>().await;
            }
            Ok::<_, std::io::Error>("an-old-token")
        }
    });
    let client = Client::builder(provider).base_url(sandbox.base_url()).build().expect("a client");
    let purge = resource_of(&client).purge(plan(3, 1)).concurrency(1);
    let report = purge.shutdown(shutdown).await;
    assert_eq!((report.summary.failed, report.summary.not_sent), (0, 3), "{report:?}");
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Interrupted));
    assert_eq!(count(&sandbox, "POST"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unpolled_run_does_not_block_others() {
    use futures_util::StreamExt as _;

    let sandbox = limited().start().await.expect("a sandbox");
    let site = limited_site(sandbox.base_url());
    let mut events = site.purge(plan(6, 1)).events();
    while let Some(event) = events.next().await {
        if matches!(event, Event::Accepted { .. }) {
            break;
        }
    }
    // The other requests of that run wait for their turn, and nothing polls them.
    let list = site.list();
    let page = list.page(std::num::NonZeroU64::MIN);
    let page = tokio::time::timeout(Duration::from_secs(20), page);
    page.await.expect("soon").expect("a page");
    let purge = site.purge(Plan::parse(["/other"]).expect("a plan"));
    let report = tokio::time::timeout(Duration::from_secs(20), purge.into_future());
    assert!(report.await.expect("soon").is_success());
    let rest: Vec<_> = events.collect().await;
    let Some(Event::Finished(report)) = rest.last() else { panic!("{rest:?}") };
    assert!(report.is_success(), "{report:?}");
    assert_eq!(refused(&sandbox), 0);
}
