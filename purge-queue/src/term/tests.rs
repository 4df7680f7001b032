use super::*;
use crate::memory::{Fault, MemoryEngine};

const LEASE: Duration = Duration::from_secs(30);

async fn begin(engine: &MemoryEngine, holder: &str) -> Option<Term<MemoryEngine>> {
    let lane: Lane = "shop".parse().expect("a lane");
    let metrics = Metrics::new(lane.clone());
    Term::begin(engine, &lane, holder, &metrics).await.expect("an engine")
}

fn sent() -> Note {
    Note::Sent { round: 1 }
}

#[tokio::test(start_paused = true)]
async fn holder_keeps_the_lane_until_its_lease_expires() {
    let engine = MemoryEngine::new(LEASE);
    let first = begin(&engine, "a").await.expect("free");
    assert!(begin(&engine, "b").await.is_none());
    sleep(LEASE - Duration::from_millis(1)).await;
    assert!(begin(&engine, "b").await.is_none());
    sleep(Duration::from_millis(2)).await;
    let second = begin(&engine, "b").await.expect("free");
    second.append(&sent()).await.expect("it holds");
    first.append(&sent()).await.expect_err("its lease has ended");
    second.append(&sent()).await.expect("it still holds");
}

#[tokio::test(start_paused = true)]
async fn renewed_lease_lasts_and_released_lease_is_free() {
    let engine = MemoryEngine::new(LEASE);
    let first = begin(&engine, "a").await.expect("free");
    let renewing = first.clone();
    let task = tokio::spawn(async move { renewing.renew().await });
    sleep(LEASE * 3).await;
    first.append(&sent()).await.expect("it holds");
    assert!(begin(&engine, "b").await.is_none());
    first.release().await;
    task.await.expect("it ends");
    begin(&engine, "b").await.expect("free immediately");
}

#[tokio::test(start_paused = true)]
async fn lease_is_renewed_while_requests_in_flight_end() {
    let engine = MemoryEngine::new(LEASE);
    let term = begin(&engine, "a").await.expect("free");
    let renewing = term.clone();
    let task = tokio::spawn(async move { renewing.renew().await });
    term.shutdown().begin();
    sleep(LEASE * 2).await;
    assert!(begin(&engine, "b").await.is_none(), "the lane is still held");
    term.append(&sent()).await.expect("the result of a request is recorded");
    term.release().await;
    task.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn append_by_a_suspended_holder_is_refused_even_if_its_lease_looks_valid() {
    let engine = MemoryEngine::new(LEASE);
    let first = begin(&engine, "a").await.expect("free");
    sleep(LEASE * 2).await;
    let second = begin(&engine, "b").await.expect("free");
    // As after a clock that stood still while the machine was suspended.
    first.seems_valid();
    let why = first.append(&sent()).await.expect_err("fenced");
    assert_eq!(why, "another worker has taken over");
    assert!(first.shutdown().has_begun(), "its runs end");
    assert_eq!(first.ended(), Some(why));
    second.append(&sent()).await.expect("it holds");
}

#[tokio::test(start_paused = true)]
async fn append_without_a_response_is_read_back() {
    for fault in [Fault::Lost, Fault::AnswerLost] {
        let engine = MemoryEngine::new(LEASE);
        let term = begin(&engine, "a").await.expect("free");
        let mut first = true;
        engine.faults(move |_| if std::mem::take(&mut first) { fault } else { Fault::None });
        let sequence = term.append(&sent()).await.expect("stored");
        let next = term.append(&sent()).await.expect("stored");
        assert_eq!(next, sequence + 1, "{fault:?}");
        assert_eq!(engine.messages(Stream::Journal).len(), 3, "{fault:?}: each once");
    }
}

#[tokio::test(start_paused = true)]
async fn term_ends_before_a_lease_that_cannot_be_renewed() {
    let engine = MemoryEngine::new(LEASE);
    let term = begin(&engine, "a").await.expect("free");
    engine.faults(|_| Fault::Lost);
    let began = Instant::now();
    term.renew().await;
    assert!((26..30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert!(engine.reconnections() >= 4, "it tried other nodes: {}", engine.reconnections());
    term.append(&sent()).await.expect_err("nothing more is sent");
}

#[tokio::test(start_paused = true)]
async fn renewal_whose_response_was_lost_is_recognized() {
    let engine = MemoryEngine::new(LEASE);
    let term = begin(&engine, "a").await.expect("free");
    let mut number = 0;
    engine.faults(move |_| {
        number += 1;
        if number % 2 == 1 { Fault::AnswerLost } else { Fault::None }
    });
    let renewing = term.clone();
    let task = tokio::spawn(async move { renewing.renew().await });
    sleep(LEASE * 10).await;
    assert_eq!(term.ended(), None);
    term.release().await;
    task.await.expect("it ends");
}

/// What a server stores if a producer names this subject as the one to respond to.
async fn acknowledge(engine: &MemoryEngine, subject: &str) {
    let (subject, body) = (subject.to_owned(), br#"{"stream":"PURGE_IN","seq":1}"#.to_vec());
    engine.store(NewMessage { subject, body, ..NewMessage::default() }).await.expect("stored");
}

#[tokio::test(start_paused = true)]
async fn messages_of_no_worker_are_stepped_over() {
    let engine = MemoryEngine::new(LEASE);
    acknowledge(&engine, "purge.journal.shop").await;
    let first = begin(&engine, "a").await.expect("free");
    for count in [1, 2, 300] {
        for _ in 0..count {
            acknowledge(&engine, "purge.journal.shop").await;
        }
        let own = first.append(&sent()).await.expect("it holds");
        assert_eq!(first.tail().await, own, "only its own notes are kept when it trims");
    }
    // One comes right after a note whose response was lost.
    let (others, mut number) = (engine.connect(), 0);
    engine.faults(move |_| {
        number += 1;
        if number > 1 {
            return Fault::None;
        }
        let others = others.clone();
        tokio::spawn(async move { acknowledge(&others, "purge.journal.shop").await });
        Fault::AnswerLost
    });
    first.append(&sent()).await.expect("it holds");
    first.append(&sent()).await.expect("it holds");
    let written = engine.messages(Stream::Journal);
    let own = written.iter().filter(|message| message.header(WRITER).is_some()).count();
    assert_eq!(own, 6, "each once");

    // They do not hide a successor.
    sleep(LEASE * 2).await;
    let second = begin(&engine, "b").await.expect("free");
    acknowledge(&engine, "purge.journal.shop").await;
    first.seems_valid();
    assert_eq!(first.append(&sent()).await.expect_err("fenced"), "another worker has taken over");
    second.append(&sent()).await.expect("it holds");
}

#[tokio::test(start_paused = true)]
async fn message_of_no_worker_does_not_take_the_lease() {
    let engine = MemoryEngine::new(LEASE);
    let first = begin(&engine, "a").await.expect("free");
    let renewing = first.clone();
    let task = tokio::spawn(async move { renewing.renew().await });
    for body in [&b"{}"[..], b""] {
        let (subject, body) = ("purge.lease.shop".to_owned(), body.to_vec());
        engine.store(NewMessage { subject, body, ..NewMessage::default() }).await.expect("stored");
        assert!(begin(&engine, "b").await.is_none(), "its holder has renewed it");
        first.append(&sent()).await.expect("it holds");
    }
    first.release().await;
    task.await.expect("it ends");
    acknowledge(&engine, "purge.lease.shop").await;
    begin(&engine, "b").await.expect("nobody renews it");
}
