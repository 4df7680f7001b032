//! What a server stores for a producer that names a subject of others as the one to respond to.

use super::*;
use crate::NewMessage;
use crate::subject::{self, Address};

async fn store(bench: &Bench, subject: String, body: &[u8]) {
    let new = NewMessage { subject, body: body.to_vec(), ..NewMessage::default() };
    bench.engine.store(new).await.expect("stored");
}

const ACKNOWLEDGEMENT: &[u8] = br#"{"stream":"PURGE_IN","seq":1}"#;

#[tokio::test]
async fn only_operators_give_orders() {
    let bench = Bench::new().await;
    let lane: Lane = "shop".parse().expect("a lane");
    let cms = "cms".parse().expect("a producer");
    let address = Address::new(lane.clone(), bench.resource(), cms);
    let paused = subject::paused(&lane);
    let said = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (heard, shutdown) = (Arc::clone(&said), Shutdown::new());
    let worker = bench.worker(&bench.engine).messages(move |text| {
        heard.lock().expect("no panic").push(text.to_owned());
    });
    store(&bench, paused.clone(), b"yes").await;
    let ends = shutdown.clone();
    let _running = tokio::spawn(async move { worker.run(ends).await });
    let ticket = bench.enqueue("cms", &numbered(0..1)).await;
    ticket.outcome(LEASE).await.expect_err("the lane is paused");
    for body in [ACKNOWLEDGEMENT, b""] {
        store(&bench, paused.clone(), body).await;
        store(&bench, address.dropping(ticket.request()), body).await;
        ticket.outcome(LEASE).await.expect_err("it is neither dropped nor sent");
    }
    let orders = bench.engine.messages(Stream::Control);
    assert!(orders.is_empty(), "each is ignored once: {orders:?}");
    let texts = said.lock().expect("no panic").join("\n");
    assert_eq!(texts.matches("is not an operator's order").count(), 4, "{texts}");
    store(&bench, paused, b"no").await;
    assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
}

#[tokio::test]
async fn only_workers_store_outcomes() {
    let bench = Bench::new().await;
    let outcome_of = |producer: &str, id: &str| {
        let lane = "shop".parse().expect("a lane");
        let producer = producer.parse().expect("a producer");
        let address = Address::new(lane, bench.resource(), producer);
        address.outcome(&id.parse().expect("a name"), 1)
    };
    let (running, shutdown) = bench.start(&bench.engine);
    let own = bench.enqueue("other", &numbered(0..1)).await;
    assert!(own.outcome(PATIENCE).await.expect("an outcome").is_success());
    shutdown.begin();
    running.await.expect("it ends");

    // A copy of an outcome for the same paths, where that of another producer belongs, and an acknowledgement.
    let own = outcome_of("other", own.request().as_str());
    let outcomes = bench.engine.messages(Stream::Outcomes);
    let copied = outcomes.iter().find(|message| message.subject == own).expect("its outcome");
    let mut tickets = Vec::new();
    for (id, body) in [("copied", &copied.body[..]), ("acknowledged", ACKNOWLEDGEMENT)] {
        let (queue, paths) = (bench.queue("cms"), parsed(&numbered(0..1)));
        let enqueue = queue.enqueue(bench.resource(), &paths).id(id.parse().expect("a name"));
        tickets.push(enqueue.await.expect("stored"));
        store(&bench, outcome_of("cms", id), body).await;
    }
    let soon = Duration::from_millis(100);
    for ticket in &tickets {
        ticket.outcome(soon).await.expect_err("it was not sent");
        let queue = bench.queue("cms");
        let known = queue.outcome(bench.resource(), ticket.request(), soon).await;
        known.expect_err("it was not sent");
    }
    let before = bench.posted().1;
    let (_running, _shutdown) = bench.start(&bench.engine);
    for ticket in &tickets {
        assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
    }
    assert_eq!(bench.posted().1, before + 1);
}

/// Bad lines take up much more memory than they have bytes, until their outcome is stored.
#[tokio::test]
async fn bad_messages_do_not_pile_up_in_memory() {
    const MESSAGES: usize = 100;
    let bench = Bench::new().await;
    for (number, good) in (0..MESSAGES).flat_map(|number| [(number, ""), (number, "/a\n")]) {
        let subject = format!("purge.in.shop.{}.raw", bench.resource());
        let name = format!("{number}-{}", good.len());
        let headers = vec![("Purge-Request".to_owned(), name)];
        let body = format!("{good}{}", (0..400).map(|n| format!("{n}\n")).collect::<String>());
        let body = body.into_bytes();
        let new = NewMessage { subject, headers, body, ..NewMessage::default() };
        bench.engine.store(new).await.expect("stored");
    }
    let memory = 4 * 1024 * 1024;
    let Worker { engine, options } = bench.worker(&bench.engine).memory(memory);
    let term = Term::begin(&engine, &options.lane, "a", &options.metrics).await;
    let term = term.expect("an engine").expect("it is free");
    let mut holder = Holder::new(&engine, &options, &term);
    holder.learn().await.expect("an engine");
    let (taken, most) = (holder.backlog.bytes(), memory + memory / 4);
    assert!((memory..most).contains(&taken), "{taken}");
    assert!(holder.read < 2 * MESSAGES as u64, "what has a good line waits in the engine");
    assert!(!bench.engine.messages(Stream::Outcomes).is_empty(), "the others have an outcome");
    drop((holder, term));
    tokio::time::sleep(LEASE).await;
    // All of them get one.
    let (_running, _shutdown) = bench.start(&bench.engine);
    let queue = bench.queue("raw");
    for id in [format!("{}-0", MESSAGES - 1), format!("{}-3", MESSAGES - 1)] {
        let id = id.parse().expect("a name");
        queue.outcome(bench.resource(), &id, PATIENCE).await.expect("an outcome");
    }
}
