//! Random failures: workers and nodes are killed and stopped while producers keep enqueueing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use purge_queue::Ticket;

use crate::bench::{Bench, PATIENCE, WorkerProcess};
use crate::servers::{Cluster, Options};
use crate::{parsed, resource};

const PRODUCERS: usize = 8;
/// Few enough paths that each one is enqueued many times.
const HOT: usize = 60;

fn length() -> Duration {
    let given = std::env::var("PURGE_QUEUE_CHAOS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(given.unwrap_or(60))
}

fn seed() -> u64 {
    let given = std::env::var("PURGE_QUEUE_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| fastrand::u64(..))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_whatever_fails() {
    let options = Options { lease: Some(Duration::from_secs(3)), ..Options::default() };
    let Some(mut cluster) = Cluster::start(3, &options).await else { return };
    let (seed, mut kills) = (seed(), [0; 4]);
    println!("PURGE_QUEUE_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    // The nodes are changed below; this view only has their addresses.
    let urls = cluster.urls();
    let view = Cluster::view(&urls);
    let bench = Bench::new(&view, "chaos").await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut producers = Vec::new();
    for p in 0..PRODUCERS {
        let (queue, stop) = (bench.queue(&format!("p{p}")).await, Arc::clone(&stop));
        let sandbox = &bench.sandbox;
        let mut random = fastrand::Rng::with_seed(seed ^ p as u64);
        producers.push(async move {
            let mut tickets: Vec<Ticket<_>> = Vec::new();
            while !stop.load(Ordering::SeqCst) {
                let paths: Vec<_> =
                    (0..5).map(|_| format!("/hot/{}", random.usize(..HOT))).collect();
                // The page changes: its old copy is in the cache and must be purged.
                sandbox.fill(&paths);
                let enqueue = queue.enqueue(resource(), &parsed(&paths));
                tickets.push(enqueue.deadline(PATIENCE).await.expect("stored"));
                tokio::time::sleep(Duration::from_millis(random.u64(5..50))).await;
            }
            tickets
        });
    }
    let harm = async {
        let began = Instant::now();
        let start = |worker| match worker {
            0 => bench.worker(None, &[]),
            _ => bench.worker_ahead(),
        };
        let mut workers: Vec<WorkerProcess> = (0..2).map(start).collect();
        while began.elapsed() < length() {
            tokio::time::sleep(Duration::from_millis(random.u64(500..4000))).await;
            let (worker, node, what) = (random.usize(..2), random.usize(..3), random.usize(..4));
            kills[what] += 1;
            match what {
                0 => {
                    workers[worker].kill().await;
                    workers[worker] = start(worker);
                }
                1 => {
                    workers[worker].signal("STOP");
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    workers[worker].signal("CONT");
                }
                2 => {
                    cluster.nodes[node].kill();
                    tokio::time::sleep(Duration::from_millis(random.u64(..3000))).await;
                    cluster.nodes[node].start();
                    // If a second node failed while this one catches up, there would be no majority for a while.
                    tokio::time::sleep(Duration::from_secs(3)).await;
                }
                _ => {
                    cluster.nodes[node].signal("STOP");
                    tokio::time::sleep(Duration::from_millis(random.u64(500..6000))).await;
                    cluster.nodes[node].signal("CONT");
                }
            }
        }
        stop.store(true, Ordering::SeqCst);
        workers
    };
    let (_workers, tickets) = tokio::join!(harm, futures_util::future::join_all(producers));
    let tickets: Vec<_> = tickets.into_iter().flatten().collect();
    let (mut twice, mut coalesced, mut given_up) = (0, 0, Vec::new());
    for ticket in &tickets {
        let outcome = ticket.outcome(PATIENCE).await.expect("an outcome");
        twice += outcome.paths.iter().filter(|path| path.possible_duplicate).count();
        coalesced += outcome.paths.len();
        for path in outcome.paths.into_iter().filter(|path| path.state.is_failure()) {
            // Three workers happened to die in the same round: its producer is told.
            let why = path.message.as_deref().unwrap_or_default();
            assert!(why.starts_with("workers ended 3 times"), "seed {seed}: {path:?}");
            given_up.push(path.path);
        }
    }
    let rare = given_up.len() * 100 <= coalesced;
    assert!(rare, "seed {seed}: {} of {coalesced} paths are given up", given_up.len());
    let cached = bench.sandbox.cached(bench.sandbox.resource());
    let left = cached.iter().filter(|path| path.starts_with("/hot/") && !given_up.contains(path));
    let left: Vec<_> = left.collect();
    assert!(left.is_empty(), "seed {seed}: not purged: {left:?}");
    let (paths, requests) = bench.posted();
    let sent: usize = paths.values().sum();
    println!(
        "{} requests with {coalesced} paths in {requests} POSTs with {sent}; workers killed {}, stopped {}, nodes killed \
         {}, stopped {}; {twice} paths possibly sent twice, {} given up",
        tickets.len(),
        kills[0],
        kills[1],
        kills[2],
        kills[3],
        given_up.len(),
    );
}
