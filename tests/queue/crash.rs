//! Workers that end or stop at each marked place: what they leave is finished by their successor.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};

use crate::bench::{Bench, PATIENCE};
use crate::numbered;
use crate::servers::{Cluster, Options};

/// All marked places, in the order in which a worker comes to them.
const PLACES: [&str; 15] = [
    "leased", "led", "read", "selected", "round", "sending", "answered", "sent", "judged", "noted",
    "followed", "settled", "told", "trimmed", "told:2",
];
const LEASE: Duration = Duration::from_secs(3);
/// How many requests are under way at once.
const CONCURRENCY: usize = 4;
/// 250 paths, and three of them once more.
const NEEDED: usize = 4;

fn repetitions() -> usize {
    std::env::var("PURGE_QUEUE_REPEAT").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn mark(place: &str, action: &str) -> String {
    format!("{place}={action}")
}

/// Enqueues what two producers want, overlapping, with an old copy of each path in the cache.
async fn wanted(bench: &Bench<'_>) -> Vec<purge_queue::Ticket<purge_queue::NatsEngine>> {
    bench.sandbox.fill(numbered(0..250));
    vec![bench.enqueue("a", &numbered(0..150)).await, bench.enqueue("b", &numbered(100..250)).await]
}

/// What must hold when all have their outcome.
async fn check(
    bench: &Bench<'_>,
    tickets: &[purge_queue::Ticket<purge_queue::NatsEngine>],
    place: &str,
) -> usize {
    for ticket in tickets {
        let outcome =
            ticket.outcome(PATIENCE).await.unwrap_or_else(|error| panic!("{place}: {error}"));
        assert!(outcome.is_success(), "{place}: {:?}", outcome.counts());
    }
    let cached = bench.sandbox.cached(bench.sandbox.resource());
    let left = numbered(0..250).iter().filter(|path| cached.contains(path)).count();
    assert_eq!(left, 0, "{place}: unpurged after they were asked for");
    let (paths, requests) = bench.posted();
    assert_eq!(paths.len(), 250, "{place}");
    let twice = requests.saturating_sub(NEEDED);
    assert!(twice <= CONCURRENCY, "{place}: {requests} requests");
    twice
}

async fn killed(cluster: &Cluster, place: &str, run: usize) -> (Duration, usize) {
    let lane = format!("kill-{run}-{}", place.replace(':', "-"));
    let bench = Bench::new(cluster, &lane).await;
    let mut tickets = wanted(&bench).await;
    let mut first = bench.worker(Some(&mark(place, "kill")), &[]);
    if place == "told:2" {
        // It comes there when it tells of a second request.
        tickets[1].outcome(PATIENCE).await.expect("an outcome");
        tickets.push(bench.enqueue("c", &numbered(0..3)).await);
    }
    first.ended().await;
    let died = Instant::now();
    // The page changes after the death, although an equal path may have been purged before it.
    bench.sandbox.fill(numbered(0..3));
    tickets.push(bench.enqueue("c", &numbered(0..3)).await);
    let mut second = bench.worker(None, &[]);
    second.says("holds the lane").await;
    let taken = died.elapsed();
    let twice = check(&bench, &tickets, place).await;
    (taken, twice)
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_killed_at_each_place_loses_nothing() {
    let options = Options { lease: Some(LEASE), ..Options::default() };
    let Some(cluster) = Cluster::start(3, &options).await else { return };
    for run in 0..repetitions() {
        let cases = stream::iter(PLACES).map(|place| {
            let cluster = &cluster;
            async move { (place, killed(cluster, place, run).await) }
        });
        let ends: Vec<_> = cases.buffer_unordered(4).collect().await;
        for (place, (taken, twice)) in ends {
            println!("killed at {place}: held again after {taken:.2?}, {twice} requests twice");
            assert!(taken < LEASE + Duration::from_secs(5), "{place}: {taken:?}");
        }
    }
}

async fn stopped(cluster: &Cluster, place: &str, run: usize) -> usize {
    let lane = format!("stop-{run}-{}", place.replace(':', "-"));
    let bench = Bench::new(cluster, &lane).await;
    let mut tickets = wanted(&bench).await;
    let mut first = bench.worker(Some(&mark(place, "stop")), &[]);
    first.stopped().await;
    bench.sandbox.fill(numbered(0..3));
    tickets.push(bench.enqueue("c", &numbered(0..3)).await);
    let mut second = bench.worker(None, &[]);
    second.says("holds the lane").await;
    let twice = check(&bench, &tickets, place).await;
    let before: Vec<_> = outcomes(&tickets).await;
    first.signal("CONT");
    // It notices that its time is over, whatever it was about to do.
    first.says("does not hold the lane").await;
    second.signal("TERM");
    second.ended().await;
    first.says("holds the lane").await;
    let late = bench.posted().1.saturating_sub(NEEDED + twice);
    assert!(late <= CONCURRENCY, "{place}: {late} late requests");
    assert_eq!(outcomes(&tickets).await, before, "{place}: no second outcome");
    twice + late
}

async fn outcomes(
    tickets: &[purge_queue::Ticket<purge_queue::NatsEngine>],
) -> Vec<purge_queue::RequestOutcome> {
    let mut outcomes = Vec::new();
    for ticket in tickets {
        outcomes.push(ticket.outcome(PATIENCE).await.expect("an outcome"));
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_asleep_at_each_place_is_fenced() {
    let options = Options { lease: Some(LEASE), ..Options::default() };
    let Some(cluster) = Cluster::start(3, &options).await else { return };
    for run in 0..repetitions() {
        // Before it leads, there is nothing to be fenced.
        let places = stream::iter(&PLACES[1..14]);
        let cases = places.map(|place| {
            let cluster = &cluster;
            async move { (place, stopped(cluster, place, run).await) }
        });
        let ends: Vec<_> = cases.buffer_unordered(4).collect().await;
        for (place, twice) in ends {
            println!("stopped at {place}: {twice} requests twice");
        }
    }
}
