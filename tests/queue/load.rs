//! Acknowledged paths are stored exactly once, whatever happens to the nodes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use purge_queue::{Engine as _, NatsEngine, NewMessage, Producer, Queue, Stream};

use crate::servers::{Cluster, Options};
use crate::{is_full, parsed, resource};

/// Every path in the input, and how often it occurs. A node that was down may be behind, so the leader decides when
/// everything has been read.
async fn stored(engine: &NatsEngine) -> HashMap<String, usize> {
    let last = last(engine, Stream::Input, "purge.in.shop.>").await;
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

/// The sequence of the last message, from the leader, which may still have to be elected.
async fn last(engine: &NatsEngine, stream: Stream, subject: &str) -> u64 {
    for _ in 0..300 {
        match engine.last(stream, subject).await {
            Ok(last) => return last.map_or(0, |last| last.sequence),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
    panic!("{stream} has no leader");
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
    // Without optimization, creating the messages takes longer than storing them.
    let bound = if cfg!(debug_assertions) { 30 } else { 5 };
    assert!(took < Duration::from_secs(bound), "{took:?}");
    let began = Instant::now();
    let paths = stored(&cluster.engine().await.expect("a connection")).await;
    println!("read back in {:.2?}", began.elapsed());
    assert_eq!(paths.len(), 64 * EACH);
    assert!(paths.values().all(|count| *count == 1), "each once");
}

/// Appends to a journal, as holders of a lane do, in a race with others: each message says which one it follows. Returns
/// the sequences of the messages that are known to be stored.
async fn append(engine: NatsEngine, writer: usize, stop: Arc<AtomicBool>) -> Vec<u64> {
    let (mut acknowledged, mut number) = (Vec::new(), 0);
    while !stop.load(Ordering::SeqCst) {
        let last = match engine.last(Stream::Journal, CHAIN).await {
            Ok(last) => last.map_or(0, |last| last.sequence),
            Err(_) => {
                engine.reconnect().await;
                continue;
            }
        };
        number += 1;
        let message = NewMessage {
            subject: CHAIN.to_owned(),
            headers: vec![("Purge-Writer".to_owned(), format!("{writer}.{number}"))],
            body: last.to_string().into_bytes(),
            id: None,
            after: Some(last),
        };
        if let Ok(sequence) = engine.store(message).await {
            acknowledged.push(sequence);
        }
        // The producers are the load.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    acknowledged
}

const CHAIN: &str = "purge.journal.chain";

/// Checks that each message of the journal follows the one that it names.
async fn check_chain(engine: &NatsEngine, acknowledged: &[u64]) -> usize {
    let last = last(engine, Stream::Journal, CHAIN).await;
    let (mut sequences, mut next) = (vec![0], 1);
    while next <= last {
        let Ok(messages) = engine.read(Stream::Journal, CHAIN, next).await else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        for message in messages {
            let before = *sequences.last().expect("one");
            assert_eq!(message.body, before.to_string().into_bytes(), "the chain is broken");
            sequences.push(message.sequence);
            next = message.sequence + 1;
        }
    }
    let stored: HashSet<_> = sequences.into_iter().collect();
    assert!(acknowledged.iter().all(|sequence| stored.contains(sequence)), "an append was lost");
    acknowledged.len()
}

/// Runs producers that enqueue one request after another, and writers that append to a journal, while something happens
/// to the nodes. Returns the longest time that a producer had to wait.
pub(crate) async fn under_load<T>(
    cluster: &mut Cluster,
    tag: &str,
    harm: impl AsyncFnOnce(&mut Cluster) -> T,
) -> Duration {
    let stop = Arc::new(AtomicBool::new(false));
    let (mut tasks, mut writers) = (Vec::new(), Vec::new());
    for writer in 0..4 {
        let engine = cluster.engine().await.expect("a connection");
        writers.push(tokio::spawn(append(engine, writer, Arc::clone(&stop))));
    }
    for p in 0..if is_full() { 64 } else { 16 } {
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
    // Each of them has stored something since.
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::SeqCst);
    let (mut acknowledged, mut longest) = (Vec::new(), Duration::ZERO);
    for task in tasks {
        let (paths, wait) = task.await.expect("a producer");
        acknowledged.extend(paths);
        longest = longest.max(wait);
    }
    let mut appended = Vec::new();
    for writer in writers {
        appended.extend(writer.await.expect("a writer"));
    }
    let engine = cluster.engine().await.expect("a connection");
    let paths = stored(&engine).await;
    let appends = check_chain(&engine, &appended).await;
    let lost = acknowledged.iter().filter(|path| !paths.contains_key(*path)).count();
    let twice = paths.values().filter(|count| **count > 1).count();
    println!(
        "{} acknowledged, {lost} lost, {twice} twice, longest wait {longest:.2?}, {appends} appends in a chain",
        acknowledged.len()
    );
    assert_eq!((lost, twice), (0, 0));
    longest
}

/// The longest time that a producer may have to wait. In the gate, other tests slow down the elections.
pub(crate) fn bound() -> Duration {
    Duration::from_secs(if is_full() { 15 } else { 25 })
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_with_the_leader() {
    let Some(mut cluster) = Cluster::start(3, &Options::default()).await else { return };
    let longest = under_load(&mut cluster, "kill", async |cluster| {
        let leader = cluster.leader("PURGE_IN").await;
        cluster.nodes[leader].kill();
        cluster.leader("PURGE_IN").await;
        cluster.nodes[leader].start();
    });
    assert!(longest.await < bound());
    let longest = under_load(&mut cluster, "stop", async |cluster| {
        let leader = cluster.leader("PURGE_IN").await;
        cluster.nodes[leader].signal("STOP");
        tokio::time::sleep(Duration::from_secs(8)).await;
        cluster.nodes[leader].signal("CONT");
    });
    assert!(longest.await < bound());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_with_all_nodes() {
    let Some(mut cluster) = Cluster::start(3, &Options::default()).await else { return };
    let longest = under_load(&mut cluster, "all", async |cluster| {
        cluster.nodes.iter_mut().for_each(|node| node.kill());
        cluster.nodes.iter_mut().for_each(|node| node.start());
        cluster.leader("PURGE_IN").await;
    });
    assert!(longest.await < bound());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_leader_shuts_down() {
    let Some(mut cluster) = Cluster::start(3, &Options::default()).await else { return };
    let longest = under_load(&mut cluster, "lame", async |cluster| {
        let leader = cluster.leader("PURGE_IN").await;
        // A node in lame duck mode hands over its leadership immediately, and exits later.
        cluster.nodes[leader].signal("USR2");
        tokio::time::sleep(Duration::from_secs(4)).await;
        cluster.nodes[leader].kill();
        cluster.nodes[leader].start();
    });
    let longest = longest.await;
    assert!(longest < Duration::from_secs(if is_full() { 1 } else { 3 }), "{longest:?}");
}
