//! What is acknowledged is stored, once, whatever happens to the nodes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use purge_queue::{Engine as _, NatsEngine, Producer, Queue, Stream};

use crate::servers::{Cluster, Options};
use crate::{parsed, resource};

/// Every path that the input holds, and how often. A node that was away may be behind: the leader says when all is
/// read.
async fn stored(engine: &NatsEngine) -> HashMap<String, usize> {
    let last = loop {
        match engine.last(Stream::Input, "purge.in.shop.>").await {
            Ok(last) => break last.map_or(0, |last| last.sequence),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    };
    let (mut paths, mut next) = (HashMap::new(), 1);
    while next <= last {
        let messages = match engine.read(Stream::Input, "purge.in.shop.>", next).await {
            Ok(messages) => messages,
            Err(error) => {
                println!("reading again: {error}");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Some(newest) = messages.last() else { continue };
        next = newest.sequence + 1;
        for message in messages {
            for path in String::from_utf8(message.body).expect("text").lines() {
                *paths.entry(path.to_owned()).or_default() += 1;
            }
        }
    }
    paths
}

async fn queue(cluster: &Cluster, producer: &str) -> Queue<NatsEngine> {
    let producer: Producer = producer.parse().expect("a producer");
    let engine = cluster.producer(&producer).await;
    Queue::new(engine, "shop".parse().expect("a lane"), producer)
}

#[tokio::test(flavor = "multi_thread")]
async fn million_paths_of_64_producers_are_stored_once() {
    const EACH: usize = 15_625;
    let Some(cluster) = Cluster::start(3, &Options::default()).await else { return };
    let lists: Vec<_> =
        (0..64).map(|p| parsed((0..EACH).map(|n| format!("/p{p}/page-{n}.html")))).collect();
    let queues = join_all((0..64).map(|p| {
        let cluster = &cluster;
        async move { queue(cluster, &format!("p{p}")).await }
    }));
    let queues = queues.await;
    let began = Instant::now();
    let tasks = queues.into_iter().zip(lists).map(|(queue, paths)| {
        tokio::spawn(async move { queue.enqueue(resource(), &paths).await.expect("stored") })
    });
    for ended in join_all(tasks).await {
        assert_eq!(ended.expect("a ticket").chunks(), 32);
    }
    let took = began.elapsed();
    println!("1,000,000 paths of 64 producers: {took:.2?}");
    // Without optimization, making the messages takes longer than storing them.
    let bound = if cfg!(debug_assertions) { 30 } else { 5 };
    assert!(took < Duration::from_secs(bound), "{took:?}");
    let began = Instant::now();
    let paths = stored(&cluster.engine().await.expect("a connection")).await;
    println!("read back in {:.2?}", began.elapsed());
    assert_eq!(paths.len(), 64 * EACH);
    assert!(paths.values().all(|count| *count == 1), "none twice");
}

/// Producers that enqueue one request after the other while something is done to the nodes; the longest that one of
/// them had to wait.
pub(crate) async fn under_load<T>(
    cluster: &mut Cluster,
    tag: &str,
    harm: impl AsyncFnOnce(&mut Cluster) -> T,
) -> Duration {
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for p in 0..16 {
        let tag = tag.to_owned();
        let (queue, stop) = (queue(cluster, &format!("p{p}")).await, Arc::clone(&stop));
        tasks.push(tokio::spawn(async move {
            let (mut acknowledged, mut longest) = (Vec::new(), Duration::ZERO);
            for n in 0.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let paths: Vec<_> = (0..5).map(|i| format!("/{tag}/p{p}/{n}/{i}")).collect();
                let began = Instant::now();
                let id = format!("r{n}").parse().expect("a name");
                queue.enqueue(resource(), &parsed(&paths)).id(id).await.expect("stored in 30 s");
                longest = longest.max(began.elapsed());
                acknowledged.extend(paths);
            }
            (acknowledged, longest)
        }));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    harm(cluster).await;
    // All of them have stored something since.
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::SeqCst);
    let (mut acknowledged, mut longest) = (Vec::new(), Duration::ZERO);
    for task in tasks {
        let (paths, wait) = task.await.expect("a producer");
        acknowledged.extend(paths);
        longest = longest.max(wait);
    }
    let paths = stored(&cluster.engine().await.expect("a connection")).await;
    let lost = acknowledged.iter().filter(|path| !paths.contains_key(*path)).count();
    let twice = paths.values().filter(|count| **count > 1).count();
    println!(
        "{} acknowledged, {lost} lost, {twice} twice, longest wait {longest:.2?}",
        acknowledged.len()
    );
    assert_eq!((lost, twice), (0, 0));
    longest
}

pub(crate) const BOUND: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_with_the_leader() {
    let Some(mut cluster) = Cluster::start(3, &Options::default()).await else { return };
    let longest = under_load(&mut cluster, "kill", async |cluster| {
        let leader = cluster.leader("PURGE_IN").await;
        cluster.nodes[leader].kill();
        cluster.leader("PURGE_IN").await;
        cluster.nodes[leader].start();
    });
    assert!(longest.await < BOUND);
    let longest = under_load(&mut cluster, "stop", async |cluster| {
        let leader = cluster.leader("PURGE_IN").await;
        cluster.nodes[leader].signal("STOP");
        tokio::time::sleep(Duration::from_secs(8)).await;
        cluster.nodes[leader].signal("CONT");
    });
    assert!(longest.await < BOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_with_all_nodes() {
    let Some(mut cluster) = Cluster::start(3, &Options::default()).await else { return };
    let longest = under_load(&mut cluster, "all", async |cluster| {
        cluster.nodes.iter_mut().for_each(|node| node.kill());
        cluster.nodes.iter_mut().for_each(|node| node.start());
        cluster.leader("PURGE_IN").await;
    });
    assert!(longest.await < BOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_with_a_leader_that_ends_in_good_order() {
    let Some(mut cluster) = Cluster::start(3, &Options::default()).await else { return };
    let longest = under_load(&mut cluster, "lame", async |cluster| {
        let leader = cluster.leader("PURGE_IN").await;
        // A node in lame duck gives its leadership away at once, and ends later.
        cluster.nodes[leader].signal("USR2");
        tokio::time::sleep(Duration::from_secs(4)).await;
        cluster.nodes[leader].kill();
        cluster.nodes[leader].start();
    });
    assert!(longest.await < BOUND);
}
