//! The lease, and an engine that does not respond.

use super::*;

fn idle_worker(engine: &MemoryEngine, metrics: &Metrics) -> (JoinHandle<()>, Arc<AtomicUsize>) {
    // No request reaches it.
    let client = Client::builder("token").base_url("http://127.0.0.1:1").build().expect("a client");
    let organization = "550e8400-e29b-41d4-a716-446655440000".parse().expect("an organization");
    let said = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&said);
    let lane = "shop".parse().expect("a lane");
    let worker = Worker::new(engine.clone(), lane, client, organization)
        .metrics(metrics.clone())
        .messages(move |message| {
            let is_about_it = message.starts_with("trying another node of the engine: no response");
            told.fetch_add(usize::from(is_about_it), Ordering::SeqCst);
        });
    let run = async move { worker.run(Shutdown::new()).await.expect("it keeps working") };
    (tokio::spawn(run), said)
}

fn oldest(metrics: &Metrics) -> f64 {
    let text = metrics.text();
    let line =
        text.lines().find_map(|l| l.strip_prefix("purge_oldest_waiting_seconds{lane=\"shop\"} "));
    line.expect("a value").parse().expect("a number")
}

#[tokio::test(start_paused = true)]
async fn standby_worker_whose_node_is_cut_off_tries_another() {
    let engine = MemoryEngine::new(LEASE);
    engine.read_faults(|_| ReadFault::Lost);
    let (_running, said) = idle_worker(&engine, &Metrics::new("shop".parse().expect("a lane")));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(engine.reconnections() > 1, "{}", engine.reconnections());
    assert_eq!(said.load(Ordering::SeqCst), 1, "it says so once");
}

#[tokio::test(start_paused = true)]
async fn holder_that_cannot_read_tries_another_node_and_is_measured() {
    for stream in [Stream::Input, Stream::Journal, Stream::Control] {
        let engine = MemoryEngine::new(LEASE);
        let metrics = Metrics::new("shop".parse().expect("a lane"));
        let mut calls = 0;
        engine.read_faults(move |read| {
            // At the beginning of its term, it reads the journal from the leader.
            calls += u32::from(read == Stream::Journal);
            let is_lost = read == stream && (read != Stream::Journal || calls > 2);
            if is_lost { ReadFault::Lost } else { ReadFault::None }
        });
        let (running, said) = idle_worker(&engine, &metrics);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(engine.reconnections() > 1, "{stream}: {}", engine.reconnections());
        assert_eq!(said.load(Ordering::SeqCst), 1, "{stream}: it says so once");
        assert_eq!(oldest(&metrics) > 30.0, stream != Stream::Control, "{}", metrics.text());
        running.abort();
    }
}

/// Many wildcards that share their start, and some that share their end, too.
#[tokio::test]
async fn message_of_similar_wildcards_is_sent_within_the_lease() {
    let bench = Bench::new().await;
    let long = "a".repeat(500);
    let wildcards = (0..480).map(|n| format!("/*{long}{n:03}"));
    let middle = (0..20).map(|n| format!("/*{long}{n:03}{long}*{long}"));
    let ticket = bench.enqueue("cms", &wildcards.chain(middle).collect::<Vec<_>>()).await;
    let (_running, _shutdown) = bench.start(&bench.engine);
    let outcome = ticket.outcome(PATIENCE).await.expect("an outcome");
    assert!(outcome.is_success());
    let notes = bench.engine.messages(Stream::Journal).into_iter();
    let leads = notes.filter(|note| note.header("Purge-Kind") == Some("lead"));
    assert!(leads.count() <= 1, "no term has ended");
}

/// Whatever is computed, and however long it takes.
#[tokio::test]
async fn lease_is_renewed_during_a_computation() {
    let bench = Bench::new().await;
    let options = bench.worker(&bench.engine).options;
    let (lane, metrics) = (&options.lane, &options.metrics);
    let term = Term::begin(&bench.engine, lane, "a", metrics).await;
    let term = term.expect("an engine").expect("it is free");
    let mut holder = Holder::new(&bench.engine, &options, &term);
    let computing = holder.compute(|_| std::thread::sleep(LEASE * 2));
    tokio::select! {
        () = term.renew() => panic!("{:?}", term.ended()),
        () = computing => {}
    }
    term.append(&Note::Digested).await.expect("it holds");
}

#[tokio::test]
async fn input_that_was_created_again_is_read_from_its_beginning() {
    let bench = Bench::new().await;
    let (running, shutdown) = bench.start(&bench.engine);
    let producer = async |name: &str| bench.enqueue(name, &numbered(0..1)).await;
    for name in ["a", "b", "c"] {
        producer(name).await.outcome(PATIENCE).await.expect("an outcome");
    }
    bench.engine.recreate(Stream::Input);
    producer("d").await.outcome(PATIENCE).await.expect("its holder has noticed");
    assert_eq!(bench.posted().0["/0"], 4);
    // A round of a holder that died took everything up to a sequence that is now another message.
    shutdown.begin();
    running.await.expect("it ends");
    let waiting = producer("e").await;
    let lane: Lane = "shop".parse().expect("a lane");
    let term = Term::begin(&bench.engine, &lane, "before", &Metrics::new(lane.clone())).await;
    let term = term.expect("an engine").expect("it is free");
    let begun =
        Begun { resource: bench.resource().to_string(), upto: 9, everything: false, input: None };
    let round = term.append(&Note::Round(begun)).await.expect("it holds");
    let verdict = Verdict::new(State::Purged, None);
    let judged = vec![Judged { verdict, paths: vec!["/0".to_owned()] }];
    term.append(&Note::Judged { round, judged }).await.expect("it holds");
    term.append(&Note::Sent { round }).await.expect("it holds");
    term.release().await;
    bench.engine.recreate(Stream::Input);
    waiting.outcome(Duration::ZERO).await.expect_err("its message was deleted");
    let last = producer("f").await;
    let (_running, _shutdown) = bench.start(&bench.engine);
    last.outcome(PATIENCE).await.expect("an outcome");
    assert_eq!(bench.posted().0["/0"], 5, "the earlier round did not take it");
}

#[tokio::test]
async fn workers_wait_for_an_input_that_was_deleted() {
    let bench = Bench::new().await;
    let said = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (told, engine) = (Arc::clone(&said), bench.engine.connect());
    let worker = bench.worker(&engine).messages(move |message| {
        told.lock().expect("nobody panics").push(message.to_owned());
    });
    let holder = tokio::spawn(worker.run(Shutdown::new()));
    bench.until_noted("lead").await;
    let (standby, shutdown) = bench.start(&bench.engine.connect());
    bench.engine.delete(Stream::Input);
    let says = async |text: &str| {
        while !said.lock().expect("nobody panics").iter().any(|message| message.contains(text)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    says("PURGE_IN does not exist").await;
    // One that takes over without the input waits for it, too, and can still be ended.
    holder.abort();
    while bench.engine.messages(Stream::Journal).len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shutdown.begin();
    standby.await.expect("it ends");
    let (_last, _ends) = bench.start(&bench.engine);
    while bench.engine.messages(Stream::Journal).len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bench.engine.recreate(Stream::Input);
    let ticket = bench.enqueue("cms", &numbered(0..1)).await;
    assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success());
}
