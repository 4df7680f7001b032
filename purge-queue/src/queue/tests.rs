use purge_api_ext::PurgePath;

use super::*;
use crate::memory::{Fault, MemoryEngine};
use crate::outcome::{State, StoredResult};

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
async fn lost_responses_store_nothing_twice() {
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
    assert_eq!(all.len(), 2_600, "each once");
}

#[tokio::test(start_paused = true)]
async fn reused_name_does_not_swallow_other_requests() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let id: RequestId = "deploy".parse().expect("a name");
    for producer in ["cms", "cms", "shop"] {
        let queue = queue(&engine, producer);
        queue.enqueue(resource(), &paths(1)).id(id.clone()).await.expect("stored");
    }
    assert_eq!(engine.messages(Stream::Input).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn storing_failures_are_reported() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let cms = queue(&engine, "cms");
    let kind = async |enqueue: Enqueue<MemoryEngine>| enqueue.await.expect_err("refused").kind();
    assert_eq!(kind(cms.enqueue(resource(), &paths(0))).await, QueueErrorKind::InvalidInput);
    let mut full = Paths::new();
    full.try_push("/*").expect("a path");
    assert_eq!(kind(cms.enqueue(resource(), &full)).await, QueueErrorKind::InvalidInput);
    let consent = cms.enqueue(resource(), &full).allow_full_purge(PurgeEverything);
    consent.deadline(Duration::MAX).await.expect("consent, and no deadline");
    engine.quota(2);
    assert_eq!(kind(cms.enqueue(resource(), &paths(1_001))).await, QueueErrorKind::Full);
    queue(&engine, "other").enqueue(resource(), &paths(1)).await.expect("another producer's quota");
    engine.faults(|_| Fault::Lost);
    let began = Instant::now();
    let id: RequestId = "named".parse().expect("a name");
    let error = cms.enqueue(resource(), &paths(1)).id(id).await.expect_err("no response");
    assert_eq!(error.kind(), QueueErrorKind::Unavailable);
    assert!(error.to_string().contains("so use the name named again"), "{error}");
    assert!((29..=30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    let waiting = cms.outcome(resource(), &RequestId::random(), Duration::from_secs(9)).await;
    assert_eq!(waiting.expect_err("no worker").kind(), QueueErrorKind::Deadline);
}

#[tokio::test(start_paused = true)]
async fn request_has_a_bounded_number_of_messages() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let cms = queue(&engine, "cms");
    let mut enqueue = cms.enqueue(resource(), &paths(1));
    enqueue.bodies = vec!["/a\n".to_owned(); MAX_CHUNKS as usize + 1];
    let error = enqueue.await.expect_err("too many");
    assert_eq!(error.kind(), QueueErrorKind::InvalidInput);
    assert!(error.to_string().contains("20001 messages, and the maximum is 20000"), "{error}");
    assert!(engine.messages(Stream::Input).is_empty());

    // As an earlier version stored it for a header that says so.
    let id: RequestId = "huge".parse().expect("a name");
    let lane = "shop".parse().expect("a lane");
    let address = Address::new(lane, resource(), "cms".parse().expect("a producer"));
    let subject = address.outcome(&id, 1);
    let body = ChunkOutcome::new(subject.clone(), 1, (1, u32::MAX), Vec::new()).stored();
    let new = NewMessage { subject, body, ..NewMessage::default() };
    engine.store(new).await.expect("stored");
    let error = cms.status(resource(), &id).await.expect_err("too many");
    assert!(error.to_string().contains("correct its header `Purge-Chunk`"), "{error}");
    let again = cms.enqueue(resource(), &paths(1)).id(id).await;
    again.expect("the name has no complete outcome");
}

#[tokio::test(start_paused = true)]
async fn expiry_is_never_in_the_past_and_never_ignored() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let cms = queue(&engine, "cms");
    let day = Duration::from_secs(24 * 3600);
    for (after, least, most) in [
        (Duration::from_millis(900), Duration::from_millis(899), Duration::from_millis(900)),
        (Duration::MAX, day * 364, day * 366),
        (Duration::from_secs(8_000 * 366 * 24 * 3600), day * 364, day * 366),
    ] {
        let before = SystemTime::now();
        cms.enqueue(resource(), &paths(1)).expires(after).await.expect("stored");
        let passed = before.elapsed().unwrap_or_default();
        let stored = engine.messages(Stream::Input).pop().expect("a message");
        let at = stored.header("Purge-Expires").and_then(crate::time::parse).expect("a time");
        let left = at.duration_since(before).expect("it is later");
        assert!((least..=most + passed).contains(&left), "{left:?}");
    }
}

/// Stores an outcome as a worker does.
async fn purge(engine: &MemoryEngine, request: &RequestId, sequence: u64, paths: &[&str]) {
    purge_chunk(engine, request, sequence, (1, 1), paths).await;
}

async fn purge_chunk(
    engine: &MemoryEngine,
    request: &RequestId,
    sequence: u64,
    place: (u32, u32),
    paths: &[&str],
) {
    let address = Address::new(
        "shop".parse().expect("a lane"),
        resource(),
        "cms".parse().expect("a producer"),
    );
    let verdict = crate::outcome::Verdict::new(State::Purged, None);
    let paths = paths.iter().map(|path| StoredResult::new(path, &verdict, None)).collect();
    let subject = address.outcome(request, place.0);
    let outcome = ChunkOutcome::new(subject.clone(), sequence, place, paths);
    let body = outcome.stored();
    let new = NewMessage { subject, body, ..NewMessage::default() };
    engine.store(new).await.expect("stored");
}

#[tokio::test(start_paused = true)]
async fn outcome_of_another_request_with_the_same_name_is_not_taken_for_its_own() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let (cms, id): (_, RequestId) = (queue(&engine, "cms"), "deploy".parse().expect("a name"));
    let enqueue = |path: &str| {
        let mut paths = Paths::new();
        paths.try_push(path).expect("a path");
        cms.enqueue(resource(), &paths).id(id.clone())
    };
    let first = enqueue("/a").await.expect("stored");
    // The first one has no outcome yet, so it may be a retry.
    let again = enqueue("/a").await.expect("stored");
    let other = enqueue("/b").await.expect("stored");
    let soon = Duration::from_secs(3);
    let kind = async |ticket: &Ticket<MemoryEngine>| {
        ticket.outcome(soon).await.map(|outcome| outcome.paths.len()).map_err(|e| e.kind())
    };
    purge(&engine, &id, 1, &["/a"]).await;
    assert_eq!(kind(&first).await, Ok(1));
    assert_eq!(kind(&again).await, Err(QueueErrorKind::Deadline), "its own is not known yet");
    assert_eq!(kind(&other).await, Err(QueueErrorKind::Deadline));
    purge(&engine, &id, 2, &["/a"]).await;
    assert_eq!((kind(&first).await, kind(&again).await), (Ok(1), Ok(1)), "purged later, too");
    assert_eq!(kind(&other).await, Err(QueueErrorKind::Deadline));
    purge(&engine, &id, 3, &["/b"]).await;
    assert_eq!((kind(&first).await, kind(&other).await), (Err(QueueErrorKind::Replaced), Ok(1)));

    let before = engine.messages(Stream::Input).len();
    let refused = enqueue("/c").await.expect_err("the name has an outcome");
    assert_eq!(refused.kind(), QueueErrorKind::InvalidInput);
    assert!(refused.to_string().contains("use another name for a new request"), "{refused}");
    assert_eq!(engine.messages(Stream::Input).len(), before, "nothing was stored");
}

#[tokio::test(start_paused = true)]
async fn outcomes_of_an_earlier_request_with_more_or_fewer_messages_do_not_count() {
    let engine = MemoryEngine::new(Duration::from_secs(30));
    let (cms, id): (_, RequestId) = (queue(&engine, "cms"), "deploy".parse().expect("a name"));
    let known = async || {
        let outcome = cms.status(resource(), &id).await.expect("a status");
        let paths: Vec<_> = outcome.paths.into_iter().map(|result| result.path).collect();
        (outcome.chunks, outcome.missing, paths)
    };
    purge_chunk(&engine, &id, 1, (1, 2), &["/one"]).await;
    purge_chunk(&engine, &id, 2, (2, 2), &["/two"]).await;
    assert_eq!(known().await, (Some(2), vec![], vec!["/one".to_owned(), "/two".to_owned()]));
    purge_chunk(&engine, &id, 3, (1, 1), &["/three"]).await;
    assert_eq!(known().await, (Some(1), vec![], vec!["/three".to_owned()]));
    purge_chunk(&engine, &id, 5, (2, 3), &["/five"]).await;
    assert_eq!(known().await, (Some(3), vec![1, 3], vec!["/five".to_owned()]));
}
