//! What a queue costs and what it saves.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use purge_queue::{NatsEngine, Queue, QueueErrorKind, Urgency};
use purge_tests::cli::Run;

use crate::bench::{Bench, PATIENCE};
use crate::servers::{Cluster, Options};
use crate::{PURGE, is_full, numbered, parsed, resource};

#[tokio::test(flavor = "multi_thread")]
async fn backlog_of_a_million_paths_is_coalesced_exactly() {
    const DISTINCT: usize = 200_000;
    const EACH: usize = 15_625;
    let Some(cluster) = Cluster::start(3, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "figures").await;
    let mut random = fastrand::Rng::with_seed(1);
    let mut distinct = std::collections::HashSet::new();
    let mut enqueued = Vec::new();
    for p in 0..64 {
        let numbers: Vec<_> = (0..EACH).map(|_| random.usize(..DISTINCT)).collect();
        distinct.extend(numbers.iter().copied());
        let (queue, paths) =
            (bench.queue(&format!("p{p}")).await, numbers.iter().map(|n| format!("/{n}")));
        enqueued.push((queue, parsed(paths)));
    }
    let tickets = enqueued
        .iter()
        .map(|(queue, paths)| async { queue.enqueue(resource(), paths).await.expect("stored") });
    let tickets = join_all(tickets).await;
    let began = Instant::now();
    let mut worker = bench.measured(&["--follow", "0s", "--concurrency", "16"]);
    worker.says("holds the lane").await;
    for ticket in &tickets {
        let outcome = ticket.outcome(Duration::from_secs(300)).await.expect("an outcome");
        assert!(outcome.is_accepted());
    }
    println!(
        "1,000,000 paths, {} distinct: an outcome for each after {:.2?}",
        distinct.len(),
        began.elapsed()
    );
    let (posted, requests) = bench.posted();
    assert_eq!((posted.len(), requests), (distinct.len(), distinct.len().div_ceil(100)));
    assert!(posted.values().all(|count| *count == 1), "each once");
}

/// While producers enqueue, a path that is stored after an equal one was sent must be sent again. The window keeps that
/// rare.
#[tokio::test(flavor = "multi_thread")]
async fn paths_that_are_enqueued_while_a_worker_sends_are_nearly_all_coalesced() {
    let (distinct, each) = if is_full() { (200_000, 15_625) } else { (40_000, 3_125) };
    let Some(cluster) = Cluster::start(3, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "windows").await;
    let mut worker = bench.measured(&["--follow", "0s", "--concurrency", "16", "--window", "3s"]);
    worker.says("holds the lane").await;
    let mut random = fastrand::Rng::with_seed(2);
    let mut paths = std::collections::HashSet::new();
    let mut enqueued = Vec::new();
    for p in 0..64 {
        let numbers: Vec<_> = (0..each).map(|_| random.usize(..distinct)).collect();
        paths.extend(numbers.iter().copied());
        let texts = numbers.iter().map(|n| format!("/{n}"));
        enqueued.push((bench.queue(&format!("p{p}")).await, parsed(texts)));
    }
    let tickets = enqueued
        .iter()
        .map(|(queue, paths)| async { queue.enqueue(resource(), paths).await.expect("stored") });
    for ticket in join_all(tickets).await {
        assert!(ticket.outcome(Duration::from_secs(300)).await.expect("an outcome").is_accepted());
    }
    let (posted, requests) = bench.posted();
    let fewest = paths.len().div_ceil(100);
    println!(
        "{} paths, {} distinct: {requests} requests, {fewest} at best",
        64 * each,
        paths.len()
    );
    assert_eq!(posted.len(), paths.len());
    assert!(requests * 10 <= fewest * 11, "{requests} requests, {fewest} at best");
}

#[tokio::test(flavor = "multi_thread")]
async fn path_waits_for_the_window_and_not_much_longer() {
    const WINDOW: Duration = Duration::from_millis(300);
    let samples = if is_full() { 200 } else { 30 };
    let Some(cluster) = Cluster::start(3, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "latency").await;
    let mut worker = bench.measured(&["--follow", "0s", "--window", "300ms"]);
    worker.says("holds the lane").await;
    let queue = bench.queue("cms").await;
    let mut took = Vec::new();
    for n in 0..samples {
        let paths = parsed(numbered(n..n + 1));
        let ticket = queue.enqueue(resource(), &paths).await.expect("stored");
        let began = Instant::now();
        ticket.outcome(PATIENCE).await.expect("an outcome");
        took.push(began.elapsed());
    }
    took.sort();
    let (median, last) = (took[samples / 2], took[samples - 1]);
    let p99 = p99(&took);
    println!(
        "stored to outcome, window {WINDOW:?}: median {median:.0?}, p99 {p99:.0?}, longest {last:.0?}"
    );
    assert!(took[0] >= WINDOW - Duration::from_millis(50), "{:?}", took[0]);
    if is_full() {
        assert!(p99 < WINDOW + Duration::from_millis(100), "{p99:?}");
    }
    // Generous, since this build is not optimized and other tests run alongside.
    assert!(median < WINDOW + Duration::from_millis(700), "{median:?}");
}

/// Enqueues one path at a time, and returns how long each took.
async fn pace(queue: &Queue<NatsEngine>, count: usize) -> Vec<Duration> {
    let one = parsed(numbered(0..1));
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        queue.enqueue(resource(), &one).await.expect("another producer's quota");
        took.push(began.elapsed());
    }
    took.sort();
    took
}

/// The 99th percentile.
fn p99(sorted: &[Duration]) -> Duration {
    sorted[(sorted.len() * 99 / 100).min(sorted.len() - 1)]
}

/// Checks that a producer is as fast as before: at full size the slowest of a hundred, and otherwise the median, since
/// other tests run alongside.
fn check_unchanged(before: &[Duration], now: &[Duration]) {
    let (before, now, noise) = match is_full() {
        true => (p99(before), p99(now), 5),
        false => (before[before.len() / 2], now[now.len() / 2], 200),
    };
    assert!(now <= before.mul_f64(1.2) + Duration::from_millis(noise), "{before:?} {now:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn slow_account_takes_little_memory_and_blocks_no_producer() {
    const PATHS: usize = 200_000;
    let Some(cluster) = Cluster::start(3, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "slow").await;
    let mut worker = bench.measured(&["--rate", "1/s"]);
    worker.says("holds the lane").await;
    let cms = bench.queue("cms").await;
    let idle = pace(&cms, 200).await;
    let before = worker.peak();
    let texts: Vec<_> = (0..PATHS).map(|n| format!("/section-{}/page-{n}.html", n % 100)).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let queue = bench.queue("backfill").await;
    let enqueue = queue.enqueue(resource(), &parsed(&texts)).urgency(Urgency::Bulk);
    let began = Instant::now();
    enqueue.await.expect("stored");
    println!("{PATHS} paths stored in {:.2?}", began.elapsed());
    // An urgent path overtakes the backfill.
    let urgent = bench.enqueue("cms", &["/index.html".to_owned()]).await;
    let began = Instant::now();
    urgent.outcome(PATIENCE).await.expect("an outcome");
    println!("an urgent path overtook them in {:.2?}", began.elapsed());
    let busy = pace(&cms, 200).await;
    println!(
        "enqueueing one path: p99 {:.2?} when idle, {:.2?} behind the backfill",
        p99(&idle),
        p99(&busy)
    );
    check_unchanged(&idle, &busy);
    let grown = worker.peak() - before;
    println!("the worker's memory: {} KiB more for {} KiB of paths", grown, bytes / 1024);
    assert!(grown < (64 * 1024 + 2 * bytes / 1024) as u64, "{grown} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn runaway_producer_blocks_only_itself() {
    let Some(cluster) = Cluster::start(3, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "flood").await;
    let (flood, cms) = (bench.queue("flood").await, bench.queue("cms").await);
    let one = parsed(numbered(0..1));
    let before = pace(&cms, 200).await;
    let refused = join_all((0..64).map(|_| async {
        loop {
            if let Err(error) = flood.enqueue(resource(), &one).await {
                return error;
            }
        }
    }));
    for error in &refused.await {
        assert_eq!(error.kind(), QueueErrorKind::Full, "{error}");
        assert!(error.to_string().contains("quota of this producer"), "{error}");
    }
    // It keeps trying, and is refused each time.
    let flooding = async {
        loop {
            flood.enqueue(resource(), &one).await.expect_err("its quota");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let during = tokio::select! {
        () = flooding => unreachable!("it does not end"),
        took = pace(&cms, 200) => took,
    };
    println!(
        "another producer: p99 {:.2?} alone, {:.2?} beside one at its quota",
        p99(&before),
        p99(&during)
    );
    check_unchanged(&before, &during);
}

/// Changes a setting of the stream with the input.
async fn limit_input(cluster: &Cluster, name: &str, value: u64) {
    let client = async_nats::connect(cluster.nats_addresses()).await.expect("a connection");
    let info = client.request("$JS.API.STREAM.INFO.PURGE_IN", "".into()).await.expect("info");
    let info: serde_json::Value = serde_json::from_slice(&info.payload).expect("JSON");
    let mut config = info["config"].clone();
    config[name] = value.into();
    let body = config.to_string().into();
    let answer = client.request("$JS.API.STREAM.UPDATE.PURGE_IN", body).await.expect("an answer");
    assert!(!String::from_utf8_lossy(&answer.payload).contains("error"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn full_queue_refuses_at_once_and_keeps_what_it_has() {
    let Some(cluster) = Cluster::start(3, &Options::default()).await else { return };
    limit_input(&cluster, "max_bytes", 256 * 1024).await;
    let bench = Bench::new(&cluster, "full").await;
    let queue = bench.queue("cms").await;
    let mut tickets = Vec::new();
    let refused = loop {
        let paths: Vec<_> =
            (0..500).map(|n| format!("/part-{}/page-{n}.html", tickets.len())).collect();
        match queue.enqueue(resource(), &parsed(&paths)).await {
            Ok(ticket) => {
                bench.sandbox.fill(&paths);
                tickets.push(ticket);
            }
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind(), QueueErrorKind::Full, "{refused}");
    assert!(refused.to_string().contains("the queue is full"), "{refused}");
    // A message that is a little smaller might still fit.
    let paths: Vec<_> = (0..500).map(|n| format!("/more/page-{n}-of-this-part.html")).collect();
    let enqueue = async || {
        let arguments = ["enqueue", "--from", "-", "--lane", "full", "--producer", "cms"];
        let run = Run::new(PURGE, arguments).input(paths.join("\n"));
        let run = run.env("PURGE_QUEUE_URL", &cluster.urls());
        run.env("PURGE_RESOURCE", crate::RESOURCE).end().await
    };
    let began = Instant::now();
    let ended = enqueue().await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.err.contains("nothing was dropped, so enqueue it again later"), "{ended:?}");
    let took = began.elapsed();
    println!("{} messages stored; the next one was refused in {took:.2?}", tickets.len());
    assert!(took < Duration::from_secs(5), "it is not tried for 30 s: {took:?}");
    let _worker = bench.worker(None, &["--follow", "2s"]);
    for ticket in &tickets {
        let outcome = ticket.outcome(PATIENCE).await.expect("an outcome");
        assert!(outcome.is_accepted(), "{:?}", outcome.counts());
    }
    let cached = bench.sandbox.cached(bench.sandbox.resource());
    let left = cached.iter().filter(|path| path.starts_with("/part-")).count();
    assert_eq!(left, 0, "not purged");
    let began = Instant::now();
    while enqueue().await.code != Some(0) {
        assert!(began.elapsed() < PATIENCE, "there is room again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn successor_takes_over_a_large_backlog_in_time() {
    const LEASE: Duration = Duration::from_secs(3);
    let paths = if is_full() { 1_000_000 } else { 100_000 };
    let options = Options { lease: Some(LEASE), ..Options::default() };
    let Some(cluster) = Cluster::start(3, &options).await else { return };
    let bench = Bench::new(&cluster, "large").await;
    let texts = (0..paths).map(|n| format!("/section-{}/page-{n}.html", n % 100));
    bench.queue("cms").await.enqueue(resource(), &parsed(texts)).await.expect("stored");
    let mut first = bench.measured(&["--rate", "1/s"]);
    let posts = async |least: usize| {
        let waited = Instant::now();
        while bench.posts() < least {
            assert!(waited.elapsed() < PATIENCE, "{} of {least} requests", bench.posts());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    posts(2).await;
    let _second = bench.measured(&["--rate", "1/s"]);
    posts(3).await;
    first.kill().await;
    let (died, before) = (Instant::now(), bench.posts());
    posts(before + 1).await;
    let took = died.elapsed();
    println!(
        "{paths} paths waiting: the successor sent after {took:.2?}, with a lease of {LEASE:?}"
    );
    let bound =
        LEASE + Duration::from_secs(if cfg!(debug_assertions) && !is_full() { 15 } else { 5 });
    assert!(took < bound, "{took:?}");
}
