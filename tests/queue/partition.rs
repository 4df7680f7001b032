//! Nodes that cannot reach each other: their routes go through proxies that a test can cut.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::load::{bound, under_load};
use crate::servers::{Cluster, Options};

/// Forwards traffic from one node to another while the link is up.
struct Link {
    cut: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Link {
    /// A link to a port of this machine.
    async fn start(port: u16, to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        let cut = Arc::new(AtomicBool::new(false));
        let is_cut = Arc::clone(&cut);
        let task = tokio::spawn(async move {
            loop {
                let Ok((mut near, _)) = listener.accept().await else { return };
                let is_cut = Arc::clone(&is_cut);
                tokio::spawn(async move {
                    if is_cut.load(Ordering::SeqCst) {
                        return;
                    }
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                    let broken = async {
                        while !is_cut.load(Ordering::SeqCst) {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        () = broken => {}
                    }
                });
            }
        });
        Self { cut, task }
    }

    fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A cluster whose nodes reach each other through links, with the nodes that each link connects.
async fn linked() -> Option<(Cluster, Vec<(usize, usize, Link)>)> {
    let options = Options { linked: true, ..Options::default() };
    let cluster = Cluster::spawn(&purge_tests::nats::server()?, 3, &options);
    let mut links = Vec::new();
    for &(from, to, port) in &cluster.links {
        links.push((from, to, Link::start(port, cluster.nodes[to].route).await));
    }
    cluster.set_up(3, &options).await;
    Some((cluster, links))
}

const CUT: Duration = Duration::from_secs(30);

async fn cut(links: &[(usize, usize, Link)], is_cut: impl Fn(usize, usize) -> bool) {
    links.iter().for_each(|(from, to, link)| link.cut(is_cut(*from, *to)));
    tokio::time::sleep(CUT).await;
    links.iter().for_each(|(.., link)| link.cut(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_leader_is_cut_off() {
    let Some((mut cluster, links)) = linked().await else { return };
    let longest = under_load(&mut cluster, "alone", async |cluster| {
        let leader = cluster.leader("PURGE_IN").await;
        cut(&links, |from, to| from == leader || to == leader).await;
        cluster.leader("PURGE_IN").await;
    });
    let longest = longest.await;
    assert!(longest < bound(), "{longest:?}");
    replicas_are_equal(&cluster).await;
    let longest = under_load(&mut cluster, "link", async |cluster| {
        let leader = cluster.leader("PURGE_IN").await;
        let follower = (leader + 1) % 3;
        cut(&links, |from, to| {
            [from, to] == [leader, follower] || [to, from] == [leader, follower]
        })
        .await;
        cluster.leader("PURGE_IN").await;
    });
    let longest = longest.await;
    assert!(longest < bound(), "{longest:?}");
    replicas_are_equal(&cluster).await;
}

/// What a node has of each stream: how many messages, and the first and the last of them.
async fn holds(cluster: &Cluster, node: usize) -> BTreeMap<String, [Value; 3]> {
    let monitor = cluster.nodes[node].monitor;
    let mut node = TcpStream::connect(("127.0.0.1", monitor)).await.expect("monitoring");
    node.write_all(b"GET /jsz?streams=true HTTP/1.0\r\n\r\n").await.expect("a request");
    let mut answer = String::new();
    node.read_to_string(&mut answer).await.expect("a response");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let answer: Value = serde_json::from_str(body).expect("JSON");
    let streams = answer.pointer("/account_details/0/stream_detail").and_then(Value::as_array);
    let streams = streams.expect("streams").iter().map(|stream| {
        let state = ["messages", "first_seq", "last_seq"].map(|name| stream["state"][name].clone());
        (stream["name"].as_str().expect("a name").to_owned(), state)
    });
    // Leases expire by themselves, on each node at its own moment.
    streams.filter(|(name, _)| name != "PURGE_LEASE").collect()
}

async fn replicas_are_equal(cluster: &Cluster) {
    for _ in 0..300 {
        let (first, second) = (holds(cluster, 0).await, holds(cluster, 1).await);
        if first == second && first == holds(cluster, 2).await {
            assert_eq!(first.len(), 4, "{first:?}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the replicas differ: {:?} {:?}", holds(cluster, 0).await, holds(cluster, 1).await);
}
