//! Workers on the engine in memory and a real sandbox: whatever fails in between, enqueued paths are purged.

mod foreign;
mod orders;
mod take_over;
mod engine;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use purge_api_ext::{Client, Paths, PurgeEverything, Shutdown, Throttle};
use purge_sandbox::{Fault as ServiceFault, Sandbox};
use tokio::task::JoinHandle;

use super::*;
use crate::chunk::Urgency;
use crate::engine::Stream;
use crate::memory::{Fault, MemoryEngine, ReadFault};
use crate::note::{Begun, Note};
use crate::outcome::{Judged, State, Verdict};
use crate::queue::{Queue, RequestOutcome};

const LEASE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(60);

struct Bench {
    engine: MemoryEngine,
    sandbox: Sandbox,
}

impl Bench {
    async fn new() -> Self {
        let sandbox = Sandbox::builder().purge_delay(Duration::from_millis(20)).start();
        let sandbox = sandbox.await.expect("a sandbox");
        Self { engine: MemoryEngine::new(LEASE), sandbox }
    }

    fn resource(&self) -> ResourceId {
        self.sandbox.resource().parse().expect("a resource")
    }

    fn queue(&self, producer: &str) -> Queue<MemoryEngine> {
        let lane = "shop".parse().expect("a lane");
        Queue::new(self.engine.connect(), lane, producer.parse().expect("a producer"))
    }

    async fn enqueue(
        &self,
        producer: &str,
        paths: &[String],
    ) -> crate::queue::Ticket<MemoryEngine> {
        let paths = parsed(paths);
        self.queue(producer).enqueue(self.resource(), &paths).await.expect("stored")
    }

    fn worker(&self, engine: &MemoryEngine) -> Worker<MemoryEngine> {
        let throttle = Throttle::default();
        let client = Client::builder(self.sandbox.token())
            .base_url(self.sandbox.base_url())
            .throttle(throttle.clone())
            .build()
            .expect("a client");
        let organization = self.sandbox.organization().parse().expect("an organization");
        Worker::new(engine.clone(), "shop".parse().expect("a lane"), client, organization)
            .resource(self.resource())
            .throttle(throttle, None)
            .window(Duration::ZERO)
    }

    fn start(&self, engine: &MemoryEngine) -> (JoinHandle<()>, Shutdown) {
        let (worker, shutdown) = (self.worker(engine), Shutdown::new());
        let ends = shutdown.clone();
        let run = async move { worker.run(ends).await.expect("it keeps working") };
        (tokio::spawn(run), shutdown)
    }

    /// Waits until this many requests were posted.
    async fn until_posted(&self, requests: usize) {
        while self.posted().1 < requests {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the journal has a note of a kind.
    async fn until_noted(&self, kind: &str) {
        let is_noted = || {
            let notes = self.engine.messages(Stream::Journal);
            notes.iter().any(|note| note.header("Purge-Kind") == Some(kind))
        };
        while !is_noted() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How often each path was posted, and how many requests there were.
    fn posted(&self) -> (BTreeMap<String, usize>, usize) {
        let (mut counts, mut requests) = (BTreeMap::new(), 0);
        for request in self.sandbox.requests().iter().filter(|r| r.method == "POST") {
            requests += 1;
            let body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
            for path in body["file_path"].as_array().expect("paths") {
                *counts.entry(path.as_str().expect("a text").to_owned()).or_default() += 1;
            }
        }
        (counts, requests)
    }
}

fn parsed(paths: &[String]) -> Paths {
    let mut parsed = Paths::new();
    paths.iter().for_each(|path| parsed.try_push(path).expect("a path"));
    parsed
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("/{n}")).collect()
}

fn all_in(outcome: &RequestOutcome, states: &[State]) {
    let odd = outcome.paths.iter().find(|path| !states.contains(&path.state));
    assert_eq!(odd, None, "{} of {:?}", outcome.request, outcome.counts());
}

#[tokio::test]
async fn backlog_is_coalesced_exactly() {
    let bench = Bench::new().await;
    let mut tickets = Vec::new();
    for producer in 0..8 {
        let paths = numbered(producer * 50..producer * 50 + 300);
        tickets.push(bench.enqueue(&format!("p{producer}"), &paths).await);
    }
    let (running, shutdown) = bench.start(&bench.engine);
    for ticket in tickets {
        all_in(
            &ticket.outcome(PATIENCE).await.expect("an outcome"),
            &[State::Purged, State::NotCached],
        );
    }
    let (posted, requests) = bench.posted();
    // 650 paths, each once.
    assert_eq!((posted.len(), requests), (650, 7));
    assert!(posted.values().all(|count| *count == 1));
    shutdown.begin();
    running.await.expect("it ends");
    assert!(bench.engine.messages(Stream::Input).is_empty(), "chunks with an outcome are removed");
}

#[tokio::test]
async fn journal_is_trimmed_when_no_look_up_needs_it_any_longer() {
    let bench = Bench::new().await;
    let (_running, _shutdown) = bench.start(&bench.engine);
    let ticket = bench.enqueue("cms", &numbered(0..5)).await;
    ticket.outcome(PATIENCE).await.expect("an outcome");
    assert!(bench.engine.messages(Stream::Journal).len() > 1, "its operation is recent");
    let trimmed = async {
        while bench.engine.messages(Stream::Journal).len() > 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, trimmed).await.expect("only the last note stays");
}

/// As long as purges take longer than it takes until the next round begins.
#[tokio::test]
async fn steady_load_does_not_keep_older_paths_from_their_outcomes() {
    let sandbox = Sandbox::builder().purge_delay(Duration::from_secs(1)).start();
    let sandbox = sandbox.await.expect("a sandbox");
    let bench = Bench { engine: MemoryEngine::new(LEASE), sandbox };
    let (_running, _shutdown) = bench.start(&bench.engine);
    let mut first = Vec::new();
    for n in 0..10 {
        first.push(bench.enqueue("cms", &numbered(n..n + 1)).await);
        bench.until_posted(n + 1).await;
    }
    let load = async {
        for n in 10..100 {
            bench.enqueue("cms", &numbered(n..n + 1)).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let outcomes = join_all(first.iter().map(|ticket| ticket.outcome(PATIENCE)));
    tokio::select! {
        outcomes = outcomes => outcomes.into_iter().for_each(|o| drop(o.expect("an outcome"))),
        () = load => panic!("older paths have no outcome while newer ones are enqueued"),
    }
}

#[tokio::test]
async fn path_enqueued_again_is_purged_again() {
    let bench = Bench::new().await;
    let (_running, _shutdown) = bench.start(&bench.engine);
    for round in 1..=3 {
        let ticket = bench.enqueue("cms", &numbered(0..1)).await;
        assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
        assert_eq!(bench.posted().0["/0"], round);
    }
}

#[tokio::test]
async fn two_requests_with_one_name_have_their_own_outcomes() {
    let bench = Bench::new().await;
    let mut tickets = Vec::new();
    for n in 0..2 {
        let (queue, paths) = (bench.queue("cms"), parsed(&numbered(n..n + 1)));
        let id = "deploy".parse().expect("a name");
        tickets.push(queue.enqueue(bench.resource(), &paths).id(id).await.expect("stored"));
    }
    let (_running, _shutdown) = bench.start(&bench.engine);
    let last = tickets[1].outcome(PATIENCE).await.expect("an outcome");
    assert_eq!((last.paths[0].path.as_str(), last.is_success()), ("/1", true));
    let first = tickets[0].outcome(PATIENCE).await.expect_err("its outcome was replaced");
    assert_eq!(first.kind(), QueueErrorKind::Replaced);
    assert_eq!(bench.posted().0.len(), 2, "both are purged");
}

#[tokio::test]
async fn innocent_paths_of_a_refused_request_are_purged() {
    let bench = Bench::new().await;
    let mut tickets = vec![];
    for n in 0..10 {
        tickets.push(bench.enqueue(&format!("p{n}"), &numbered(n * 10..n * 10 + 10)).await);
    }
    // The service refuses the batch of 100, and then the first batch of ten.
    bench.sandbox.fault(ServiceFault::status(422).on_post().times(2));
    tokio::spawn(bench.worker(&bench.engine).concurrency(1).run(Shutdown::new()));
    for ticket in tickets {
        assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
    }
    assert_eq!(bench.posted().1, 1 + 10 + 10);
}

#[tokio::test]
async fn path_refused_by_itself_fails() {
    let bench = Bench::new().await;
    bench.sandbox.fault(ServiceFault::status(422).on_post());
    let ticket = bench.enqueue("cms", &numbered(0..1)).await;
    let (_running, _shutdown) = bench.start(&bench.engine);
    let outcome = ticket.outcome(PATIENCE).await.expect("an outcome");
    all_in(&outcome, &[State::Failed]);
    assert!(
        outcome.paths[0].message.as_ref().is_some_and(|why| why.contains("422")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn bad_messages_are_reported_and_block_nothing() {
    let bench = Bench::new().await;
    let subject = format!("purge.in.shop.{}.raw", bench.resource());
    let message = |subject: &str, headers: &[(&str, &str)], body: &[u8]| crate::NewMessage {
        subject: subject.to_owned(),
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        body: body.to_vec(),
        ..crate::NewMessage::default()
    };
    let id = [("Purge-Request", "raw-1"), ("Purge-Chunk", "1/1")];
    for new in [
        message(&subject, &[], b"/nameless"),
        message("purge.in.shop.no-resource.raw", &[], b"/x"),
        message(&subject, &id, b"/good\nbad\n\xff\n/*\n"),
    ] {
        bench.engine.store(new).await.expect("stored");
    }
    let (_running, _shutdown) = bench.start(&bench.engine);
    let queue = bench.queue("raw");
    let id = "raw-1".parse().expect("a name");
    let outcome = queue.outcome(bench.resource(), &id, PATIENCE).await.expect("an outcome");
    let mut states: Vec<_> = outcome.paths.iter().map(|path| path.state.as_str()).collect();
    states.sort_unstable();
    assert_eq!(states[..3], ["failed", "failed", "failed"], "{outcome:?}");
    assert_ne!(states[3], "failed");
    assert!(bench.posted().0.contains_key("/nameless"));
    let other = bench.enqueue("cms", &numbered(0..1)).await;
    assert!(other.outcome(PATIENCE).await.expect("an outcome").is_success());
}

#[tokio::test]
async fn full_purge_requires_consent_and_permission() {
    let bench = Bench::new().await;
    let worker = bench.worker(&bench.engine).everything_from(["ops".parse().expect("a name")]);
    tokio::spawn(worker.run(Shutdown::new()));
    for (producer, expected) in [("cms", true), ("ops", false)] {
        let queue = bench.queue(producer);
        let paths = parsed(&["/*".to_owned()]);
        let ticket = queue.enqueue(bench.resource(), &paths).allow_full_purge(PurgeEverything);
        let outcome = ticket.await.expect("stored").outcome(PATIENCE).await.expect("an outcome");
        assert_eq!(outcome.paths[0].state == State::Failed, expected, "{producer}");
    }
}

#[tokio::test]
async fn escaped_star_purges_everything_with_consent_and_stalls_nothing() {
    let bench = Bench::new().await;
    let worker = bench.worker(&bench.engine).everything_from(["ops".parse().expect("a name")]);
    tokio::spawn(worker.run(Shutdown::new()));
    let queue = bench.queue("ops");
    let paths = parsed(&["/%2A".to_owned()]);
    let ticket = queue.enqueue(bench.resource(), &paths).allow_full_purge(PurgeEverything);
    let ticket = ticket.await.expect("stored");
    ticket.outcome(PATIENCE).await.expect("an outcome");
    assert_eq!(bench.posted().0["/%2A"], 1);
}

#[tokio::test]
async fn refused_token_stalls_the_lane_and_loses_nothing() {
    let bench = Bench::new().await;
    for _ in 0..3 {
        bench.sandbox.fault(ServiceFault::status(401).on_post());
    }
    let ticket = bench.enqueue("cms", &numbered(0..5)).await;
    let (_running, _shutdown) = bench.start(&bench.engine);
    assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
}
