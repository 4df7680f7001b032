use super::*;
use crate::memory::{Fault, MemoryEngine};

const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";

fn queue(engine: &MemoryEngine, producer: &str) -> Queue<MemoryEngine> {
    let (lane, producer) = ("shop".parse().expect("a lane"), producer.parse().expect("a name"));
    Queue::new(engine.clone(), lane, producer)
}

fn paths(count: usize) -> Paths {
    (0..count).map(|n| PurgePath::new(format!("/{n}")).expect("a path")).collect()
}

fn resource() -> ResourceId {
    RESOURCE.parse().expect("a resource")
}

#[tokio::test(start_paused = true)]
async fn lost_answers_store_nothing_twice() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let mut number = 0;
    engine.faults(move |_| {
        number += 1;
        [Fault::None, Fault::Lost, Fault::AnswerLost][number % 3]
    });
    let ticket = queue(&engine, "cms").enqueue(resource(), &paths(2_600)).await.expect("stored");
    assert_eq!(ticket.chunks(), 6);
    let stored = engine.messages(Stream::Input);
    let mut all: Vec<_> =
        stored.iter().flat_map(|message| message.body.split(|b| *b == b'\n')).collect();
    all.retain(|path| !path.is_empty());
    all.sort_unstable();
    assert_eq!(all.len(), 2_600);
    all.dedup();
    assert_eq!(all.len(), 2_600, "none twice");
}

#[tokio::test(start_paused = true)]
async fn same_name_does_not_swallow_a_later_request_or_that_of_another() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let id: RequestId = "deploy".parse().expect("a name");
    for producer in ["cms", "cms", "shop"] {
        let queue = queue(&engine, producer);
        queue.enqueue(resource(), &paths(1)).id(id.clone()).await.expect("stored");
    }
    assert_eq!(engine.messages(Stream::Input).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_is_said() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let cms = queue(&engine, "cms");
    let kind = async |enqueue: Enqueue<MemoryEngine>| enqueue.await.expect_err("refused").kind();
    assert_eq!(kind(cms.enqueue(resource(), &paths(0))).await, QueueErrorKind::InvalidInput);
    let mut full = Paths::new();
    full.try_push("/*").expect("a path");
    assert_eq!(kind(cms.enqueue(resource(), &full)).await, QueueErrorKind::InvalidInput);
    cms.enqueue(resource(), &full).allow_full_purge(PurgeEverything).await.expect("consent");
    engine.quota(2);
    assert_eq!(kind(cms.enqueue(resource(), &paths(1_001))).await, QueueErrorKind::Full);
    queue(&engine, "other").enqueue(resource(), &paths(1)).await.expect("another's quota");
    engine.faults(|_| Fault::Lost);
    let began = Instant::now();
    assert_eq!(kind(cms.enqueue(resource(), &paths(1))).await, QueueErrorKind::Unavailable);
    assert!((29..=30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    let waiting = cms.outcome(resource(), &RequestId::random(), Duration::from_secs(9)).await;
    assert_eq!(waiting.expect_err("no worker").kind(), QueueErrorKind::Deadline);
}
