//! What operators order, and paths that expire.

use super::*;

#[tokio::test]
async fn expired_and_dropped_paths_are_not_sent() {
    let bench = Bench::new().await;
    let lane: Lane = "shop".parse().expect("a lane");
    let order = |subject: String, body: &[u8]| crate::NewMessage {
        subject,
        body: body.to_vec(),
        ..crate::NewMessage::default()
    };
    let pause = order(crate::subject::paused(&lane), b"yes");
    bench.engine.store(pause).await.expect("stored");
    let dropped = bench.enqueue("cms", &numbered(0..5)).await;
    let queue = bench.queue("cms");
    let paths = parsed(&numbered(5..9));
    let expired = queue.enqueue(bench.resource(), &paths).expires(Duration::ZERO);
    let expired = expired.urgency(Urgency::Bulk).await.expect("stored");
    let address = crate::subject::Address::new(
        lane.clone(),
        bench.resource(),
        "cms".parse().expect("a producer"),
    );
    let drop = order(address.dropping(dropped.request()), b"yes");
    bench.engine.store(drop).await.expect("stored");
    let (_running, _shutdown) = bench.start(&bench.engine);
    for ticket in [dropped, expired] {
        all_in(&ticket.outcome(PATIENCE).await.expect("an outcome"), &[State::NotSent]);
    }
    let waiting = bench.enqueue("cms", &numbered(9..10)).await;
    waiting.outcome(Duration::from_secs(2)).await.expect_err("the lane is paused");
    assert_eq!(bench.posted().1, 0);
    bench.engine.store(order(crate::subject::paused(&lane), b"no")).await.expect("stored");
    assert!(waiting.outcome(PATIENCE).await.expect("an outcome").is_success());
}

#[tokio::test]
async fn path_that_expires_while_it_is_sent_keeps_the_outcome_of_its_request() {
    let bench = Bench::new().await;
    bench.sandbox.fault(ServiceFault::slow(Duration::from_secs(4)).on_post());
    // By the clock of the engine, 2 s after it began.
    let headers = [
        ("Purge-Request", "late"),
        ("Purge-Chunk", "1/1"),
        ("Purge-Expires", "2027-01-15T08:00:02Z"),
    ];
    let new = crate::NewMessage {
        subject: format!("purge.in.shop.{}.cms", bench.resource()),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: b"/sent".to_vec(),
        ..crate::NewMessage::default()
    };
    bench.engine.store(new).await.expect("stored");
    let (_running, _shutdown) = bench.start(&bench.engine);
    let (queue, id) = (bench.queue("cms"), "late".parse().expect("a name"));
    let outcome = queue.outcome(bench.resource(), &id, PATIENCE).await.expect("an outcome");
    all_in(&outcome, &[State::NotCached]);
    assert_eq!(bench.posted().1, 1);
}

#[tokio::test]
async fn order_to_drop_waits_for_messages_that_memory_has_no_room_for() {
    let bench = Bench::new().await;
    let operator = crate::Operator::new(bench.engine.connect(), "shop".parse().expect("a lane"));
    let id = || "nightly".parse().expect("a name");
    operator.pause().await.expect("stored");
    // The first of these fills the memory.
    let first = bench.enqueue("other", &numbered(0..1)).await;
    for n in 1..4 {
        bench.enqueue("other", &numbered(n..n + 1)).await;
    }
    let (queue, paths) = (bench.queue("cms"), parsed(&numbered(300..303)));
    let dropped = queue.enqueue(bench.resource(), &paths).id(id()).await.expect("stored");
    let producer = "cms".parse().expect("a producer");
    operator.drop_request(bench.resource(), &producer, &id()).await.expect("stored");
    let worker = bench.worker(&bench.engine).memory(1);
    tokio::spawn(worker.run(Shutdown::new()));
    tokio::time::sleep(LEASE).await;
    operator.go().await.expect("stored");
    all_in(&dropped.outcome(PATIENCE).await.expect("an outcome"), &[State::NotSent]);
    first.outcome(PATIENCE).await.expect("an outcome");
    assert_eq!(bench.posted().0.len(), 4);
}

#[tokio::test]
async fn dropped_request_stays_dropped_for_a_successor() {
    let bench = Bench::new().await;
    let operator = crate::Operator::new(bench.engine.connect(), "shop".parse().expect("a lane"));
    operator.pause().await.expect("stored");
    // Since this is open, the input keeps what comes after it.
    let waiting = bench.enqueue("other", &numbered(0..1)).await;
    let (queue, id) = (bench.queue("cms"), || "nightly".parse().expect("a name"));
    let paths = parsed(&numbered(300..303));
    let dropped = queue.enqueue(bench.resource(), &paths).id(id()).await.expect("stored");
    let producer = "cms".parse().expect("a producer");
    operator.drop_request(bench.resource(), &producer, &id()).await.expect("stored");
    let (first, _shutdown) = bench.start(&bench.engine);
    all_in(&dropped.outcome(PATIENCE).await.expect("an outcome"), &[State::NotSent]);
    // It reads the orders again.
    tokio::time::sleep(LEASE).await;
    first.abort();
    let (_second, _ends) = bench.start(&bench.engine);
    tokio::time::sleep(LEASE * 2).await;
    operator.go().await.expect("stored");
    assert!(waiting.outcome(PATIENCE).await.expect("an outcome").is_success());
    assert_eq!(bench.posted().0.keys().collect::<Vec<_>>(), ["/0"]);
    // The order is removed with the request.
    while bench.engine.messages(Stream::Control).len() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn paused_lane_stays_paused_when_a_worker_takes_over() {
    let bench = Bench::new().await;
    let lane: Lane = "shop".parse().expect("a lane");
    let operator = crate::Operator::new(bench.engine.connect(), lane);
    let ticket = bench.enqueue("cms", &numbered(0..150)).await;
    // The worker dies after it has recorded its plan.
    let (connection, mut stored) = (bench.engine.connect(), 0);
    connection.faults(move |message| {
        stored += u32::from(message.headers.iter().any(|(_, value)| value == "lines"));
        if stored < 2 { Fault::None } else { Fault::Lost }
    });
    let (first, _shutdown) = bench.start(&connection);
    let planned = || {
        let notes = bench.engine.messages(Stream::Journal);
        notes.iter().any(|note| note.header("Purge-Kind") == Some("lines"))
    };
    while !planned() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    first.abort();
    operator.pause().await.expect("stored");
    // At first, its successor cannot read the orders. Later, it reads them from a node that is behind.
    let (connection, mut read) = (bench.engine.connect(), 0);
    connection.read_faults(move |stream| {
        read += u32::from(stream == Stream::Control);
        match read {
            _ if stream != Stream::Control => ReadFault::None,
            0..3 => ReadFault::Lost,
            3..9 => ReadFault::Behind(1),
            _ => ReadFault::None,
        }
    });
    let (_second, _ends) = bench.start(&connection);
    ticket.outcome(LEASE * 4).await.expect_err("the lane is paused");
    assert_eq!(bench.posted().1, 0);
    operator.go().await.expect("stored");
    assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
}

#[tokio::test]
async fn pause_ends_the_round_under_way() {
    let bench = Bench::new().await;
    let operator = crate::Operator::new(bench.engine.connect(), "shop".parse().expect("a lane"));
    bench.sandbox.fault(ServiceFault::slow(Duration::from_millis(500)).on_post().times(40));
    let ticket = bench.enqueue("cms", &numbered(0..4_000)).await;
    let (_running, _shutdown) = bench.start(&bench.engine);
    bench.until_posted(4).await;
    operator.pause().await.expect("stored");
    bench.until_noted("sent").await;
    let posted = bench.posted().1;
    assert!(posted < 40, "the rest of the round was sent, too");
    ticket.outcome(LEASE * 2).await.expect_err("the lane is paused");
    assert_eq!(bench.posted().1, posted);
    operator.go().await.expect("stored");
    assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
    let (paths, requests) = bench.posted();
    assert_eq!((paths.len(), requests), (4_000, 40), "each once");
}

#[tokio::test]
async fn round_of_a_dead_worker_is_not_sent_once_its_request_is_dropped() {
    let bench = Bench::new().await;
    let operator = crate::Operator::new(bench.engine.connect(), "shop".parse().expect("a lane"));
    bench.sandbox.fault(ServiceFault::slow(PATIENCE).without_applying().on_post().times(4));
    let dropped = bench.enqueue("cms", &numbered(0..1_000)).await;
    let (first, _shutdown) = bench.start(&bench.engine);
    bench.until_posted(4).await;
    first.abort();
    operator.pause().await.expect("stored");
    let producer = "cms".parse().expect("a producer");
    operator.drop_request(bench.resource(), &producer, dropped.request()).await.expect("stored");
    let (_second, _ends) = bench.start(&bench.engine.connect());
    // Before the lane goes on.
    let outcome = dropped.outcome(PATIENCE).await.expect("an outcome");
    let count = |state| outcome.paths.iter().filter(|path| path.state == state).count();
    let (unsent, in_doubt) = (count(State::NotSent), count(State::Unconfirmed));
    assert_eq!((unsent, in_doubt), (600, 400), "four requests had no response");
    operator.go().await.expect("stored");
    let other = bench.enqueue("other", &numbered(0..1)).await;
    assert!(other.outcome(PATIENCE).await.expect("an outcome").is_success());
    assert_eq!(bench.posted().1, 5, "nothing else was sent");
}
