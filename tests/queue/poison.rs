//! Messages that no worker can purge as they stand. They come from clients that are not ours, or from somebody who means
//! harm: they fail alone, with the reason, and no worker ends because of them.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use purge_queue::{Engine as _, NatsEngine, NewMessage, RequestOutcome, State, Ticket};
use purge_sandbox::Fault;

use crate::bench::{Bench, PATIENCE, WorkerProcess};
use crate::raw;
use crate::servers::{Cluster, Options};
use crate::{RESOURCE, numbered, resource};

const OTHER: &str = "660f9511-0000-4000-8000-557766551111";

/// A kind of poison: its name, the headers and the body of its message, and how many paths of it are purged and fail.
type Kind = (&'static str, Vec<(&'static str, &'static str)>, Vec<u8>, usize, usize);

fn kinds() -> Vec<Kind> {
    let named = || vec![("Purge-Request", "poison"), ("Purge-Chunk", "1/1")];
    let with = |name, value| [named(), vec![(name, value)]].concat();
    let lines =
        |count: usize| (0..count).flat_map(|n| format!("/p{n}\n").into_bytes()).collect::<Vec<_>>();
    vec![
        ("not-utf-8", named(), b"/\xff\xfe\n/p\n".to_vec(), 1, 1),
        ("no-path", named(), b"p\nhttps://example.com/a\n/a/../b\n/p\n".to_vec(), 1, 3),
        ("everything", named(), b"/*\n/p\n".to_vec(), 1, 1),
        ("everything-yes", with("Purge-Everything", "yes"), b"/*\n/p\n".to_vec(), 1, 1),
        ("binary", named(), (0..=255).collect(), 0, 2),
        ("json", named(), br#"{"paths":["/a"]}"#.to_vec(), 0, 1),
        ("empty", named(), Vec::new(), 0, 0),
        ("too-many", named(), lines(502), 500, 1),
        ("hundred-thousand", named(), b"x\n".repeat(100_000), 0, 1),
        (
            "all-different",
            named(),
            (0..40_000).flat_map(|n| format!("{n}\n").into_bytes()).collect(),
            0,
            501,
        ),
        (
            "no-such-chunk",
            vec![("Purge-Request", "poison"), ("Purge-Chunk", "9/3")],
            b"/p".to_vec(),
            1,
            0,
        ),
        (
            "huge-count",
            vec![("Purge-Request", "poison"), ("Purge-Chunk", "1/x")],
            b"/p".to_vec(),
            1,
            0,
        ),
        (
            "too-many-messages",
            vec![("Purge-Request", "poison"), ("Purge-Chunk", "1/4294967295")],
            b"/p\n/q".to_vec(),
            0,
            2,
        ),
        ("expires-soon", with("Purge-Expires", "soon"), b"/p".to_vec(), 0, 1),
        ("exact", with("Purge-Paths", "exact"), b"/p,\np\n".to_vec(), 1, 1),
        ("odd-urgency", with("Purge-Urgency", "yesterday"), b"/p".to_vec(), 1, 0),
    ]
}

/// Stores a message as a client that knows only the published subjects.
async fn publish(engine: &NatsEngine, subject: &str, headers: &[(&str, &str)], body: &[u8]) {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (subject, headers, body) = (subject.to_owned(), headers.collect(), body.to_vec());
    let message = NewMessage { subject, headers, body, ..NewMessage::default() };
    engine.store(message).await.expect("stored");
}

/// 99 paths of nine other producers, with old copies in the cache.
async fn good(bench: &Bench<'_>) -> Vec<Ticket<NatsEngine>> {
    bench.sandbox.fill(numbered(0..99));
    let mut tickets = Vec::new();
    for p in 0..9 {
        tickets.push(bench.enqueue(&format!("good{p}"), &numbered(p * 11..(p + 1) * 11)).await);
    }
    tickets
}

async fn good_are_purged(bench: &Bench<'_>, tickets: &[Ticket<NatsEngine>], kind: &str) {
    for ticket in tickets {
        let outcome = ticket.outcome(PATIENCE).await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert!(outcome.is_success(), "{kind}: {outcome:?}");
    }
    let cached = bench.sandbox.cached(bench.sandbox.resource());
    assert!(numbered(0..99).iter().all(|path| !cached.contains(path)), "{kind}: not purged");
}

fn count(outcome: &RequestOutcome, failed: bool) -> usize {
    outcome.paths.iter().filter(|path| (path.state == State::Failed) == failed).count()
}

/// The worker has not begun anew, and still works.
async fn works_on(bench: &Bench<'_>, worker: &WorkerProcess, kind: &str) {
    let ticket = bench.enqueue("after", &["/after".to_owned()]).await;
    let outcome = ticket.outcome(PATIENCE).await;
    assert!(outcome.unwrap_or_else(|error| panic!("{kind}: {error}")).is_success(), "{kind}");
    let said = worker.said();
    assert_eq!(said.matches("holds the lane").count(), 1, "{kind}: {said}");
}

async fn poisoned(cluster: &Cluster, kind: &Kind, company: bool) {
    let (name, headers, body, purged, failed) = kind;
    let what = format!("{name}{}", if company { " in company" } else { "" });
    let bench = Bench::new(cluster, &format!("{name}-{}", u8::from(company))).await;
    let engine = cluster.engine().await.expect("a connection");
    let subject = format!("purge.in.{}.{RESOURCE}.raw", bench.lane);
    let tickets = if company { good(&bench).await } else { Vec::new() };
    publish(&engine, &subject, headers, body).await;
    let worker = bench.worker(None, &[]);
    good_are_purged(&bench, &tickets, &what).await;
    let id = "poison".parse().expect("a name");
    let outcome = bench.queue("raw").await.outcome(resource(), &id, PATIENCE).await;
    let outcome = outcome.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!((count(&outcome, false), count(&outcome, true)), (*purged, *failed), "{what}");
    let mut failures = outcome.paths.iter().filter(|path| path.state == State::Failed);
    assert!(failures.all(|path| path.message.is_some()), "{what}: {outcome:?}");
    let needed = (99 * usize::from(company) + purged).div_ceil(100);
    assert_eq!(bench.posts(), needed, "{what}");
    works_on(&bench, &worker, &what).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_fails_alone_and_ends_no_worker() {
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let kinds = kinds();
    let cases = kinds.iter().flat_map(|kind| [false, true].map(|company| (kind, company)));
    let cases = stream::iter(cases).map(|(kind, company)| poisoned(&cluster, kind, company));
    let count = cases.buffer_unordered(4).count().await;
    println!("{count} cases of poison");
}

/// Messages whose outcome nobody can ask for: without a name, or under a subject that no producer has.
#[tokio::test(flavor = "multi_thread")]
async fn poison_without_an_outcome_is_removed() {
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "nameless").await;
    let engine = cluster.engine().await.expect("a connection");
    let tickets = good(&bench).await;
    let odd = [("Purge-Request", "a b"), ("Purge-Chunk", "1/1")];
    for (subject, headers) in [
        (format!("purge.in.nameless.{RESOURCE}.raw"), &[][..]),
        (format!("purge.in.nameless.{RESOURCE}.raw"), &odd),
        ("purge.in.nameless.no-resource.raw".to_owned(), &[]),
        (format!("purge.in.nameless.{}.raw", RESOURCE.to_uppercase()), &[]),
        (format!("purge.in.nameless.{RESOURCE}.Raw!"), &[]),
    ] {
        publish(&engine, &subject, headers, b"/nameless\n/*\nx\n").await;
    }
    let id = [("Purge-Request", "other"), ("Purge-Chunk", "1/1")];
    publish(&engine, &format!("purge.in.nameless.{OTHER}.raw"), &id, b"/other\n").await;
    let worker = bench.worker(None, &[]);
    good_are_purged(&bench, &tickets, "nameless").await;
    let (id, other) = ("other".parse().expect("a name"), OTHER.parse().expect("a resource"));
    let outcome = bench.queue("raw").await.outcome(other, &id, PATIENCE).await.expect("an outcome");
    let why = outcome.paths[0].message.as_deref().unwrap_or_default();
    assert!(why.contains("no worker of this queue purges the resource"), "{outcome:?}");
    assert!(bench.posted().0.contains_key("/nameless"), "its paths are purged all the same");
    works_on(&bench, &worker, "nameless").await;
    let read = async || engine.read(purge_queue::Stream::Input, "purge.in.nameless.>", 1).await;
    for _ in 0..300 {
        if read().await.expect("the input").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not removed: {:?}", read().await);
}

/// Headers that the client cannot read, or that look like those with which a server describes a message.
fn odd_headers() -> Vec<Vec<u8>> {
    let named = |more: &[u8]| {
        [b"NATS/1.0\r\nPurge-Request: odd\r\nPurge-Chunk: 1/1\r\n", more, b"\r\n\r\n"].concat()
    };
    vec![
        named(b"no colon"),
        named(b"X: \xff"),
        named(b"a name: x"),
        named(b"Nats-Subject: purge.in.odd.660f9511-f30c-52e5-b827-557766551111.ops"),
        named(b"Nats-Sequence: 1000000"),
        named(b"Nats-Last-Sequence: 1000000"),
        named(b"Nats-Time-Stamp: 9999-01-01T00:00:00Z"),
        b"NATS/1.0 404 Message Not Found\r\nPurge-Request: odd\r\n\r\n".to_vec(),
        b"HTTP/1.1 200\r\nPurge-Request: odd\r\n\r\n".to_vec(),
        b"Purge-Request: odd".to_vec(),
        b"\xff".to_vec(),
    ]
}

/// A message with such headers, or in a subject that is not UTF-8, costs nobody a connection.
#[tokio::test(flavor = "multi_thread")]
async fn odd_headers_harm_nobody() {
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "odd").await;
    let subject = format!("purge.in.odd.{RESOURCE}.raw").into_bytes();
    let mut messages: Vec<_> = odd_headers()
        .into_iter()
        .map(|headers| (subject.clone(), headers, b"/odd\n/*\n".to_vec()))
        .collect();
    let not_utf_8 = [b"purge.in.odd.\xff.".as_slice(), b"raw"].concat();
    messages.push((not_utf_8, b"NATS/1.0\r\n\r\n".to_vec(), b"/odd".to_vec()));
    let tickets = good(&bench).await;
    raw::publish(&cluster, &messages).await;
    let operator = purge_queue::Operator::new(
        cluster.engine().await.expect("a connection"),
        "odd".parse().expect("a lane"),
    );
    let waiting = operator.show().await.expect("a lane").waiting;
    let raw = waiting.iter().find(|waiting| waiting.producer.as_str() == "raw").expect("waiting");
    assert_eq!(raw.messages, messages.len() - 1, "{waiting:?}");
    // `/*` fails, whatever a header says about who enqueued it.
    let worker = bench.worker(None, &["--everything-from", "ops"]);
    good_are_purged(&bench, &tickets, "odd").await;
    let id = "odd".parse().expect("a name");
    let outcome = bench.queue("raw").await.outcome(resource(), &id, PATIENCE).await;
    let outcome = outcome.expect("an outcome");
    assert_eq!((count(&outcome, false), count(&outcome, true)), (1, 1), "{outcome:?}");
    // While it runs, too.
    for _ in 0..3 {
        raw::publish(&cluster, &messages).await;
        works_on(&bench, &worker, "odd").await;
    }
    for _ in 0..300 {
        if operator.show().await.expect("a lane").waiting.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not removed: {:?}", operator.show().await);
}

/// A message of bad lines takes up much more memory than it has bytes, until its outcome is stored.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_do_not_fill_the_memory() {
    const MESSAGES: usize = 1_000;
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "bad-lines").await;
    let subject = format!("purge.in.bad-lines.{RESOURCE}.raw").into_bytes();
    let body = (0..500).flat_map(|n| format!("{n}\n").into_bytes()).collect::<Vec<_>>();
    let messages: Vec<_> = (0..MESSAGES)
        .map(|n| {
            let headers = format!("NATS/1.0\r\nPurge-Request: bad-{n}\r\n\r\n").into_bytes();
            (subject.clone(), headers, body.clone())
        })
        .collect();
    raw::publish(&cluster, &messages).await;
    let worker = bench.worker(None, &[]);
    let id = format!("bad-{}", MESSAGES - 1).parse().expect("a name");
    let outcome = bench.queue("raw").await.outcome(resource(), &id, PATIENCE).await;
    assert_eq!(count(&outcome.expect("an outcome"), true), 500);
    let peak = worker.peak() / 1024;
    println!("{MESSAGES} messages of 500 bad lines: at most {peak} MiB");
    assert!(peak < 100, "{peak} MiB");
}

/// A path that only the service refuses is found by sending its companions without it.
#[tokio::test(flavor = "multi_thread")]
async fn path_that_the_service_refuses_costs_at_most_twenty_more_requests() {
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "refused").await;
    let mut tickets = good(&bench).await;
    tickets.push(bench.enqueue("bad", &["/bad".to_owned()]).await);
    // The service refuses the request with all of them, then one of ten, then the path by itself.
    bench.sandbox.fault(Fault::status(422).on_post().times(2));
    let worker = bench.worker(None, &["--concurrency", "1"]);
    for ticket in &tickets {
        ticket.outcome(PATIENCE).await.expect("an outcome");
    }
    let more = bench.posts() - 1;
    println!("a refused path among 99 others: {more} more requests");
    assert!(more <= 20, "{more}");
    works_on(&bench, &worker, "refused").await;

    let alone = Bench::new(&cluster, "refused-alone").await;
    alone.sandbox.fault(Fault::status(422).on_post());
    let ticket = alone.enqueue("bad", &["/bad".to_owned()]).await;
    let worker = alone.worker(None, &[]);
    let outcome = ticket.outcome(PATIENCE).await.expect("an outcome");
    assert_eq!((outcome.paths[0].state, alone.posts()), (State::Failed, 1), "{outcome:?}");
    works_on(&alone, &worker, "refused alone").await;
}
