//! Real servers: a cluster of NATS on loopback. Each node is a process that is ended by its process ID.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use purge_queue::{Layout, NatsEngine, NatsOptions, Producer};
use tempfile::TempDir;

/// How a cluster differs from the recommended one.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// Additions to a node's configuration.
    pub(crate) more: String,
    pub(crate) lazy: bool,
    pub(crate) lease: Option<Duration>,
    /// Whether the nodes reach each other through ports that a test links and can cut.
    pub(crate) linked: bool,
}

/// A node.
pub(crate) struct Node {
    binary: PathBuf,
    config: PathBuf,
    pub(crate) port: u16,
    pub(crate) route: u16,
    pub(crate) monitor: u16,
    child: Option<Child>,
}

/// A cluster. Dropping it ends its nodes.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    urls: String,
    /// The port of each link from one node to another.
    pub(crate) links: Vec<(usize, usize, u16)>,
    _folder: Option<TempDir>,
}

/// Ports that are currently free.
pub(crate) fn ports(count: usize) -> Vec<u16> {
    let listeners: Vec<_> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    listeners.iter().map(|listener| listener.local_addr().expect("an address").port()).collect()
}

impl Cluster {
    /// Starts a cluster with this many nodes and sets up the queue; `None` if there is no server.
    pub(crate) async fn start(count: usize, options: &Options) -> Option<Self> {
        let cluster = Self::spawn(&purge_tests::nats::server()?, count, options);
        cluster.set_up(count, options).await;
        Some(cluster)
    }

    /// Waits until the nodes form a cluster, and sets up the queue.
    pub(crate) async fn set_up(&self, replicas: usize, options: &Options) {
        let mut layout = Layout::default();
        layout.replicas = replicas;
        layout.lease = options.lease.unwrap_or(Duration::from_secs(3));
        let mut tries = 0;
        loop {
            let made = match self.engine().await {
                Ok(engine) => engine.init(layout).await.map(drop),
                Err(error) => Err(error),
            };
            let Err(error) = made else { return };
            tries += 1;
            assert!(tries < 300, "the cluster did not come up: {error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Starts the nodes, without waiting or setting up the queue.
    pub(crate) fn spawn(binary: &std::path::Path, count: usize, options: &Options) -> Self {
        let folder = TempDir::new().expect("a folder");
        let all = ports(3 * count + count * (count - 1));
        let routes: Vec<_> = all[count..2 * count].to_vec();
        let pairs: Vec<_> = (0..count)
            .flat_map(|from| (0..count).map(move |to| (from, to)))
            .filter(|(from, to)| from != to)
            .collect();
        let between = &all[3 * count..];
        let links = pairs.iter().zip(between).map(|(&(from, to), &port)| (from, to, port));
        let links: Vec<_> = links.filter(|_| options.linked).collect();
        let nodes = (0..count).map(|number| {
            let through = links.iter().filter(|(from, ..)| *from == number);
            let seen: Vec<_> = match options.linked {
                true => through.map(|(.., port)| *port).collect(),
                false => routes.clone(),
            };
            let others: Vec<_> =
                seen.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
            let sync = if options.lazy { "" } else { ", sync_interval: always" };
            let (port, route, monitor) = (all[number], routes[number], all[2 * count + number]);
            let store = folder.path().join(format!("store-{number}"));
            let cluster = format!(
                "cluster {{ name: purge, listen: \"127.0.0.1:{route}\", no_advertise: true, routes: {others:?} }}\n"
            );
            let config = format!(
                "server_name: n{number}\nlisten: \"127.0.0.1:{port}\"\nhttp: \"127.0.0.1:{monitor}\"\n\
                 jetstream {{ store_dir: {store:?}{sync} }}\n{}{}\n",
                if count > 1 { cluster } else { String::new() },
                options.more
            );
            let file = folder.path().join(format!("n{number}.conf"));
            std::fs::write(&file, config).expect("a file");
            let binary = binary.to_owned();
            let mut node = Node { binary, config: file, port, route, monitor, child: None };
            node.start();
            node
        });
        let nodes: Vec<_> = nodes.collect();
        let urls = nodes.iter().map(|node| format!("nats://127.0.0.1:{}", node.port));
        let urls = urls.collect::<Vec<_>>().join(",");
        Self { nodes, urls, links, _folder: Some(folder) }
    }

    /// The same cluster, for clients that only need its addresses.
    pub(crate) fn view(urls: &str) -> Self {
        Self { nodes: Vec::new(), urls: urls.to_owned(), links: Vec::new(), _folder: None }
    }

    pub(crate) fn urls(&self) -> String {
        self.urls.clone()
    }

    /// The addresses, for a client of the test's own.
    pub(crate) fn nats_addresses(&self) -> Vec<async_nats::ServerAddr> {
        let urls = self.urls.split(',').map(|url| url.parse());
        urls.collect::<Result<_, _>>().expect("addresses")
    }

    pub(crate) async fn engine(&self) -> Result<NatsEngine, purge_queue::QueueError> {
        NatsEngine::connect(NatsOptions::new(self.urls())).await
    }

    pub(crate) async fn producer(&self, name: &Producer) -> NatsEngine {
        let options = NatsOptions::new(self.urls()).producer(name.clone());
        NatsEngine::connect(options).await.expect("a connection")
    }

    /// The node that leads a stream.
    pub(crate) async fn leader(&self, stream: &str) -> usize {
        let mut tries = 0;
        loop {
            if let Some(leader) = self.try_leader(stream).await {
                return leader;
            }
            tries += 1;
            assert!(tries < 300, "{stream} has no leader");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn try_leader(&self, stream: &str) -> Option<usize> {
        let client = async_nats::connect(self.nats_addresses()).await.ok()?;
        let info = client.request(format!("$JS.API.STREAM.INFO.{stream}"), "".into()).await.ok()?;
        let info: serde_json::Value = serde_json::from_slice(&info.payload).ok()?;
        let name = info.pointer("/cluster/leader")?.as_str()?;
        name.strip_prefix('n')?.parse().ok()
    }
}

impl Node {
    pub(crate) fn start(&mut self) {
        let mut command = Command::new(&self.binary);
        command.arg("-c").arg(&self.config).stdin(Stdio::null());
        let log = std::fs::File::create(self.config.with_extension("log")).expect("a file");
        command.stdout(log.try_clone().expect("a file")).stderr(log);
        self.child = Some(command.spawn().expect("a server"));
    }

    /// Kills it, as a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it has ended");
        }
    }

    /// Sends a signal: `STOP`, `CONT`, `USR2` (lame duck).
    pub(crate) fn signal(&self, name: &str) {
        let Some(child) = &self.child else { return };
        signal(child.id(), name);
    }
}

pub(crate) fn signal(id: u32, name: &str) {
    let kill = format!("kill -{name} {id}");
    Command::new("sh").args(["-c", &kill]).status().expect("a shell");
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            node.signal("CONT");
            node.kill();
        }
    }
}
