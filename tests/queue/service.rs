//! The service is busy, away, or refuses the token, also while another worker takes over: nothing is lost.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use purge_queue::State;
use purge_sandbox::Fault;
use purge_tests::cli::{Ended, Run};
use tempfile::TempDir;

use crate::bench::{Bench, PATIENCE};
use crate::servers::{Cluster, Options};
use crate::{PURGE, RESOURCE, is_full, numbered};

const LEASE: Duration = Duration::from_secs(3);

/// A fault and its name.
fn faults() -> Vec<(&'static str, Fault)> {
    vec![
        ("busy", Fault::status(429).header("retry-after", "1").on_post().times(3)),
        ("busy-date", Fault::status(429).on_post().times(3)),
        ("away", Fault::status(503).on_post().times(6)),
        ("refused-token", Fault::status(401).on_post().times(3)),
        ("reset", Fault::reset().on_post().times(4)),
        ("lost", Fault::reset().after_applying().on_post().times(2)),
        ("garbage", Fault::garbage().on_post().times(3)),
        // Look-ups and operations cannot be read, however often they are asked for.
        ("list", Fault::status(500).on_get().times(1_000_000)),
    ]
}

/// The service misbehaves; with `dies`, the worker is killed in the middle of it.
async fn survived(cluster: &Cluster, name: &str, fault: Fault, dies: bool) {
    let what = format!("{name}{}", if dies { " during a take-over" } else { "" });
    let bench = Bench::new(cluster, &format!("{name}-{}", u8::from(dies))).await;
    bench.sandbox.fill(numbered(0..150));
    let mut tickets = vec![bench.enqueue("a", &numbered(0..100)).await];
    bench.sandbox.fault(fault);
    let follow = ["--follow", "3s"];
    let first = match dies {
        true => {
            let mut first = bench.worker(Some("sending=kill"), &follow);
            first.ended().await;
            bench.worker(None, &follow)
        }
        false => bench.worker(None, &follow),
    };
    tickets.push(bench.enqueue("b", &numbered(50..150)).await);
    for ticket in &tickets {
        let outcome = ticket.outcome(PATIENCE).await;
        let outcome = outcome.unwrap_or_else(|e| panic!("{what}: {e}: {}", first.said()));
        assert!(outcome.is_accepted(), "{what}: {:?}", outcome.counts());
        assert_eq!(outcome.is_success(), name != "list", "{what}: {:?}", outcome.counts());
        if name == "list" {
            // How they ended cannot be known, and nothing else is claimed.
            assert!(outcome.paths.iter().all(|path| path.state == State::Accepted), "{what}");
        }
    }
    let cached = bench.sandbox.cached(bench.sandbox.resource());
    let left = numbered(0..150).into_iter().filter(|path| cached.contains(path));
    assert_eq!(left.count(), 0, "{what}: not purged");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_the_service_misbehaves() {
    let options = Options { lease: Some(LEASE), ..Options::default() };
    let Some(cluster) = Cluster::start(3, &options).await else { return };
    let cases = faults()
        .into_iter()
        .flat_map(|(name, fault)| [false, true].map(|dies| (name, fault.clone(), dies)));
    let cases =
        stream::iter(cases).map(|(name, fault, dies)| survived(&cluster, name, fault, dies));
    let count = cases.buffer_unordered(4).count().await;
    println!("{count} cases of a service that misbehaves");
}

/// A pause that the service asked for outlives the worker that was told.
#[tokio::test(flavor = "multi_thread")]
async fn long_pause_outlives_a_killed_worker() {
    const PAUSE: Duration = Duration::from_secs(90);
    let options = Options { lease: Some(LEASE), ..Options::default() };
    let Some(cluster) = Cluster::start(3, &options).await else { return };
    let bench = Bench::new(&cluster, "pause").await;
    bench.sandbox.fault(Fault::status(429).header("retry-after", "90").on_post());
    let ticket = bench.enqueue("cms", &numbered(0..5)).await;
    let mut first = bench.worker(None, &[]);
    first.says("not sent, and still waiting").await;
    let told = Instant::now();
    // The pause is noted right after this message, before anything else is sent.
    let noted = async || {
        let engine = cluster.engine().await.expect("a connection");
        let operator = purge_queue::Operator::new(engine, "pause".parse().expect("a lane"));
        let log = operator.log(None).await.expect("a log");
        log.iter().any(|entry| entry.text.contains("asked for a pause"))
    };
    while !noted().await {
        assert!(told.elapsed() < PATIENCE, "{}", first.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    first.kill().await;
    let mut second = bench.worker(None, &[]);
    second.says("holds the lane").await;
    let waits = if is_full() { PAUSE.saturating_sub(told.elapsed()) } else { LEASE * 2 };
    let early = waits.saturating_sub(Duration::from_secs(2));
    ticket.outcome(early).await.expect_err("the service asked for a pause");
    assert_eq!(bench.posts(), 1);
    if is_full() {
        assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
        println!("sent {:.1?} after the service asked for a pause of {PAUSE:?}", told.elapsed());
    }
}

/// A token that is refused for a while stops the lane, and loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn token_refused_for_a_while_loses_nothing() {
    let refused = Duration::from_secs(if is_full() { 60 } else { 3 });
    let options = Options { lease: Some(LEASE), ..Options::default() };
    let Some(cluster) = Cluster::start(3, &options).await else { return };
    let mut bench = Bench::new(&cluster, "token").await;
    let token = bench.sandbox.token().to_owned();
    let mut first = bench.worker(None, &[]);
    first.says("holds the lane").await;
    bench.sandbox.replace_token("another-token").expect("a token");
    bench.sandbox.fill(numbered(0..150));
    let ticket = bench.enqueue("cms", &numbered(0..150)).await;
    first.says("the token was refused").await;
    first.kill().await;
    bench.sandbox.replace_token(token.clone()).expect("a token");
    let mut second = bench.worker(None, &[]);
    bench.sandbox.replace_token("another-token").expect("a token");
    second.says("the token was refused").await;
    ticket.outcome(refused).await.expect_err("no token is accepted");
    assert!(!second.said().contains(&token) && !first.said().contains(&token));
    bench.sandbox.replace_token(token).expect("a token");
    let outcome = ticket.outcome(2 * PATIENCE).await.expect("an outcome");
    assert!(outcome.is_success(), "{:?}", outcome.counts());
    let cached = bench.sandbox.cached(bench.sandbox.resource());
    assert!(numbered(0..150).iter().all(|path| !cached.contains(path)), "not purged");
}

/// A purge that was accepted and is no longer followed is not reported as finished, and keeps the baseline.
#[tokio::test(flavor = "multi_thread")]
async fn purge_that_is_not_followed_to_its_end_is_not_a_success() {
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "accepted").await;
    let folder = TempDir::new().expect("a folder");
    let run = async |arguments: &[&str]| -> Ended {
        Run::new(PURGE, arguments)
            .folder(folder.path())
            .env("PURGE_QUEUE_URL", &cluster.urls())
            .env("PURGE_QUEUE_LANE", &bench.lane)
            .env("PURGE_QUEUE_PRODUCER", "cms")
            .env("PURGE_RESOURCE", RESOURCE)
            .end()
            .await
    };
    let write = |name: &str, text: &str| {
        let file = folder.path().join("site").join(name);
        std::fs::create_dir_all(folder.path().join("site")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    };
    let site = ["enqueue", "--site", "site", "--baseline", "b"];
    let baseline = || std::fs::read_to_string(folder.path().join("b")).expect("a baseline");
    write("a.html", "one");
    let first = run(&[&site[..], &["--first-run"]].concat()).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let before = baseline();

    // A name that nobody writes as a path is purged as well.
    write("a.html", "two");
    write("b,", "two");
    let mut worker = bench.worker(None, &["--follow", "0s"]);
    let waited = run(&[&site[..], &["--id", "build-2", "--wait=60s"]].concat()).await;
    assert_eq!(waited.code, Some(5), "{waited:?}");
    assert!(waited.out.contains("accepted    /b,\n"), "{waited:?}");
    assert!(waited.err.contains("; to follow it: cdn-purge wait "), "{waited:?}");
    assert_eq!(baseline(), before, "it is not known to be purged");
    let status = run(&["status", "build-2"]).await;
    assert_eq!((status.code, &status.out), (Some(5), &waited.out), "{status:?}");
    worker.kill().await;

    let _worker = bench.worker(None, &[]);
    let waited = run(&[&site[..], &["--id", "build-3", "--wait=60s"]].concat()).await;
    assert_eq!(waited.code, Some(0), "{waited:?}");
    assert!(waited.out.contains(" /a.html\n") && waited.out.contains(" /b,\n"), "{waited:?}");
    assert_ne!(baseline(), before);

    // Nothing waits for the outcome, so the paths must not expire.
    write("a.html", "three");
    let refused = run(&[&site[..], &["--expires", "1h"]].concat()).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("--expires requires --wait"), "{refused:?}");
    let left = run(&[&site[..], &["--id", "build-4"]].concat()).await;
    assert_eq!(left.code, Some(0), "{left:?}");
}
