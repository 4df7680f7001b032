//! A worker that takes over from another, however that one ended.

use super::*;

#[tokio::test]
async fn successor_takes_over_immediately_after_a_clean_shutdown() {
    let bench = Bench::new().await;
    let (first, shutdown) = bench.start(&bench.engine);
    let ticket = bench.enqueue("cms", &numbered(0..10)).await;
    ticket.outcome(PATIENCE).await.expect("an outcome");
    let (_second, _ends) = bench.start(&bench.engine.connect());
    shutdown.begin();
    first.await.expect("it ends");
    let ticket = bench.enqueue("cms", &numbered(10..20)).await;
    let outcome = ticket.outcome(LEASE).await.expect("within the lease");
    assert!(outcome.is_success());
}

#[tokio::test]
async fn pause_requested_by_the_service_outlives_the_worker() {
    let bench = Bench::new().await;
    bench.sandbox.fault(ServiceFault::status(429).header("retry-after", "90").on_post());
    let ticket = bench.enqueue("cms", &numbered(0..5)).await;
    let (first, shutdown) = bench.start(&bench.engine);
    bench.until_noted("pause").await;
    shutdown.begin();
    first.await.expect("it ends");
    let (_second, _ends) = bench.start(&bench.engine.connect());
    ticket.outcome(LEASE).await.expect_err("the service asked for a pause");
    assert_eq!(bench.posted().1, 1);
}

#[tokio::test]
async fn pause_that_a_run_waits_out_outlives_a_worker_that_dies() {
    let bench = Bench::new().await;
    bench.sandbox.fault(ServiceFault::status(429).header("retry-after", "30").on_post());
    let ticket = bench.enqueue("cms", &numbered(0..5)).await;
    let (first, _shutdown) = bench.start(&bench.engine);
    let noted = tokio::time::timeout(Duration::from_secs(15), bench.until_noted("pause"));
    noted.await.expect("it is noted when the service asks for it, not when the round has ended");
    first.abort();
    let (_second, _ends) = bench.start(&bench.engine.connect());
    ticket.outcome(LEASE * 3).await.expect_err("the service asked for a pause");
    assert_eq!(bench.posted().1, 1);
}

#[tokio::test]
async fn request_that_is_repeated_after_a_doubt_is_a_possible_duplicate() {
    let bench = Bench::new().await;
    let ticket = bench.enqueue("cms", &numbered(0..3)).await;
    // The request is applied, there is no response, and the list cannot be read.
    bench.sandbox.fault(ServiceFault::reset().after_applying().on_post());
    bench.sandbox.fault(ServiceFault::status(500).on_get().times(1_000_000));
    let (first, shutdown) = bench.start(&bench.engine);
    bench.until_posted(1).await;
    shutdown.begin();
    first.await.expect("it ends");
    let ended = tokio::time::timeout(Duration::ZERO, bench.until_noted("sent")).await;
    ended.expect("the round has ended");
    let worker = bench.worker(&bench.engine.connect()).follow(Duration::ZERO);
    tokio::spawn(worker.run(Shutdown::new()));
    let outcome = ticket.outcome(PATIENCE).await.expect("an outcome");
    all_in(&outcome, &[State::Accepted]);
    assert!(outcome.paths.iter().all(|path| path.possible_duplicate), "{outcome:?}");
}

/// A lane whose earlier holder ended in a round, after it had written this journal.
async fn ended_in_a_round(bench: &Bench, journal: &str) -> crate::queue::Ticket<MemoryEngine> {
    let lane: Lane = "shop".parse().expect("a lane");
    let ticket = bench.enqueue("cms", &numbered(0..1)).await;
    let term = Term::begin(&bench.engine, &lane, "before", &Metrics::new(lane.clone())).await;
    let term = term.expect("an engine").expect("it is free");
    let begun =
        Begun { resource: bench.resource().to_string(), upto: 1, everything: false, input: None };
    let round = term.append(&Note::Round(begun)).await.expect("it holds");
    let lines = Note::Lines { round, offset: 0, bytes: journal.as_bytes().to_vec() };
    term.append(&lines).await.expect("it holds");
    term.release().await;
    ticket
}

#[tokio::test]
async fn round_whose_journal_cannot_be_read_is_not_repeated() {
    let version = |version: u32| {
        format!("{{\"crc\":\"0\",\"header\":{{\"version\":{version},\"requests\":1}}}}\n")
    };
    let request = "{\"crc\":\"0\",\"request\":{\"number\":0,\"paths\":[\"/0\"]}}\n";
    for journal in [version(2), version(1) + request] {
        let bench = Bench::new().await;
        ended_in_a_round(&bench, &journal).await;
        let ended = bench.worker(&bench.engine).run(Shutdown::new()).await;
        let error = ended.expect_err("it is unknown what was sent");
        assert_eq!(error.kind(), QueueErrorKind::Incompatible);
        assert!(error.to_string().starts_with("round 2 cannot be resumed: "), "{error}");
        assert_eq!(bench.posted().1, 0);
    }
    for journal in ["{\"crc\"", &version(1), &(version(1) + "{\"crc\"")] {
        let bench = Bench::new().await;
        let ticket = ended_in_a_round(&bench, journal).await;
        let (_running, _shutdown) = bench.start(&bench.engine);
        let outcome = ticket.outcome(PATIENCE).await.expect("an outcome");
        assert!(outcome.is_success(), "its plan was not written, so nothing was sent");
    }
}

/// A worker whose machine dies, or is cut off, at its n-th message, and a successor that finishes. Returns how many
/// requests were sent beyond the necessary ones, or `None` if the worker finished before that.
async fn dies_at(number: usize, fault: Fault, service: Option<ServiceFault>) -> Option<usize> {
    let bench = Bench::new().await;
    if let Some(fault) = service {
        bench.sandbox.fault(fault);
    }
    let tickets = [
        bench.enqueue("a", &numbered(0..150)).await,
        bench.enqueue("b", &numbered(100..250)).await,
    ];
    let (connection, stored) = (bench.engine.connect(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&stored);
    connection.faults(move |_| match (count.fetch_add(1, Ordering::SeqCst) + 1).cmp(&number) {
        std::cmp::Ordering::Less => Fault::None,
        std::cmp::Ordering::Equal => fault,
        std::cmp::Ordering::Greater => Fault::Lost,
    });
    let (first, _shutdown) = bench.start(&connection);
    let mut died = true;
    while stored.load(Ordering::SeqCst) < number {
        let outcome = tickets[1].outcome(Duration::from_millis(1)).await;
        if outcome.is_ok() && tickets[0].outcome(Duration::from_millis(1)).await.is_ok() {
            died = false;
            break;
        }
    }
    first.abort();
    let (_second, _ends) = bench.start(&bench.engine.connect());
    // A path that is enqueued after the death is purged, even if an equal one was purged before.
    let late = bench.enqueue("c", &numbered(0..3)).await;
    for ticket in tickets.iter().chain([&late]) {
        let outcome = ticket.outcome(PATIENCE).await.expect("an outcome");
        assert!(outcome.is_success(), "{number} {fault:?}: {:?}", outcome.counts());
    }
    let (posted, requests) = bench.posted();
    assert_eq!(posted.len(), 250, "{number} {fault:?}");
    died.then(|| requests.saturating_sub(4))
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_that_dies_at_any_message_loses_nothing() {
    let cases = (1..=24).flat_map(|number| [Fault::Lost, Fault::AnswerLost].map(|f| (number, f)));
    let ends = join_all(cases.map(|(number, fault)| dies_at(number, fault, None))).await;
    let died: Vec<_> = ends.iter().flatten().copied().collect();
    assert!(died.len() > 20, "{ends:?}");
    assert!(died.iter().all(|twice| *twice <= 4), "at most what was in flight: {ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_that_dies_after_a_lost_response_loses_nothing() {
    let lost = || ServiceFault::reset().after_applying().on_post();
    let cases = (5..=16).map(|number| dies_at(number, Fault::Lost, Some(lost())));
    let ends = join_all(cases).await;
    assert!(ends.iter().flatten().all(|twice| *twice <= 5), "{ends:?}");
}

#[tokio::test]
async fn successor_does_not_take_an_operation_of_an_earlier_round_for_a_lost_one() {
    let bench = Bench::new().await;
    let (first, _shutdown) = bench.start(&bench.engine);
    let earlier = bench.enqueue("cms", &numbered(0..1)).await;
    bench.until_posted(1).await;
    // The request of the next round is not applied, and the worker dies before it has a response.
    bench.sandbox.fault(ServiceFault::slow(PATIENCE).without_applying().on_post());
    let later = bench.enqueue("cms", &numbered(0..1)).await;
    bench.until_posted(2).await;
    first.abort();
    let (_second, _ends) = bench.start(&bench.engine.connect());
    for ticket in [earlier, later] {
        assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
    }
    assert_eq!(bench.posted().1, 3, "the later purge was sent again");
}

/// As above, but nothing needs the earlier round any longer when the later one begins.
#[tokio::test]
async fn successor_does_not_take_an_operation_of_a_settled_round_for_a_lost_one() {
    let bench = Bench::new().await;
    let worker = bench.worker(&bench.engine).follow(Duration::ZERO);
    let first = tokio::spawn(worker.run(Shutdown::new()));
    let earlier = bench.enqueue("cms", &numbered(0..1)).await;
    all_in(&earlier.outcome(PATIENCE).await.expect("an outcome"), &[State::Accepted]);
    bench.sandbox.fault(ServiceFault::slow(PATIENCE).without_applying().on_post());
    let later = bench.enqueue("cms", &numbered(0..1)).await;
    bench.until_posted(2).await;
    first.abort();
    let (_second, _ends) = bench.start(&bench.engine.connect());
    assert!(later.outcome(PATIENCE).await.expect("an outcome").is_success());
    assert_eq!(bench.posted().1, 3, "the later purge was sent again");
}
