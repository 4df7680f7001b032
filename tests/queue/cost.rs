//! What sending through a queue costs, compared with sending directly.

#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use purge_tests::cli::Run;

use crate::bench::{Bench, PATIENCE};
use crate::servers::{Cluster, Options};
use crate::{is_full, measured, parsed, resource};

/// The processor time of the command, from the second line that the shell's `times` prints.
fn processor(times: &str) -> Duration {
    let seconds = times.lines().last().expect("times").split_whitespace().map(|time| {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').expect("a time");
        let minutes: f64 = minutes.parse().expect("minutes");
        minutes * 60.0 + seconds.parse::<f64>().expect("seconds")
    });
    Duration::from_secs_f64(seconds.sum())
}

/// Sends paths with a journal in a file, and returns the wall time and the processor time.
async fn directly(bench: &Bench<'_>, paths: &[String]) -> (Duration, Duration) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("paths"), paths.join("\n")).expect("a file");
    let script = "\"$0\" create --quiet --from paths --journal j --concurrency 16 > report; times";
    let sandbox = &bench.sandbox;
    let run = Run::new("bash", ["-c", script, &measured()]).folder(folder.path()).account(
        sandbox.base_url(),
        sandbox.token(),
        sandbox.organization(),
        sandbox.resource(),
    );
    let began = Instant::now();
    let ended = run.end().await;
    let wall = began.elapsed();
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    (wall, processor(&ended.out))
}

/// Sends the same paths through a queue in which they are waiting, until each has an outcome.
async fn queued(bench: &Bench<'_>, paths: &[String]) -> (Duration, Duration) {
    let queue = bench.queue("cms").await;
    queue.enqueue(resource(), &parsed(paths)).await.expect("stored");
    let client = async_nats::connect(bench.cluster.nats_addresses()).await.expect("a connection");
    let began = Instant::now();
    let worker = bench.measured(&["--follow", "0s", "--concurrency", "16", "--quiet"]);
    loop {
        let info = client.request("$JS.API.STREAM.INFO.PURGE_IN", "".into()).await.expect("info");
        let info: serde_json::Value = serde_json::from_slice(&info.payload).expect("JSON");
        if info["state"]["messages"] == 0 {
            return (began.elapsed(), worker.processor());
        }
        assert!(began.elapsed() < 8 * PATIENCE, "{info}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Compares both for a service that takes some time for each request, and returns the ratio of the wall times and that
/// of the processor times.
async fn compared(count: usize, time: Duration) -> Option<(f64, f64)> {
    let cluster = Cluster::start(3, &Options::default()).await?;
    let paths: Vec<_> = (0..count).map(|n| format!("/section-{}/page-{n}.html", n % 100)).collect();
    let direct = Bench::taking(&cluster, "direct", time).await;
    let bench = Bench::taking(&cluster, "cost", time).await;
    let (wall, processor) = directly(&direct, &paths).await;
    let (queued_wall, queued_processor) = queued(&bench, &paths).await;
    assert_eq!((direct.posts(), bench.posts()), (count / 100, count / 100));
    let walls = queued_wall.as_secs_f64() / wall.as_secs_f64();
    let processors = queued_processor.as_secs_f64() / processor.as_secs_f64();
    println!(
        "{count} paths, {time:?} for each request: {wall:.2?} directly, {queued_wall:.2?} through the queue \
         ({walls:.2}); processor time {processor:.2?} and {queued_processor:.2?} ({processors:.2})"
    );
    Some((walls, processors))
}

#[tokio::test(flavor = "multi_thread")]
async fn queue_costs_little_more_than_a_journal_in_a_file() {
    let count = if is_full() { 1_000_000 } else { 50_000 };
    let Some((walls, processors)) = compared(count, Duration::ZERO).await else { return };
    // Each path is also read from the engine, kept until it is sent, and has an outcome that is stored. In the gate,
    // other tests run alongside.
    let bound = if is_full() { 4.0 } else { 8.0 };
    assert!(walls < bound && processors < bound, "{walls:.2} {processors:.2}");
}

#[tokio::test(flavor = "multi_thread")]
async fn queue_costs_little_time_beside_a_service_that_takes_some() {
    let count = if is_full() { 1_000_000 } else { 50_000 };
    let Some((walls, _)) = compared(count, Duration::from_millis(20)).await else { return };
    let bound = if is_full() { 1.5 } else { 3.0 };
    assert!(walls < bound, "{walls:.2}");
}
