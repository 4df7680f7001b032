//! The verdicts, immediately and after a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use purge_verify::{Checked, Expected, New, Purge, Target, Verdict, Verifier};

use crate::server::{Response, Server, digest, target};

fn purged(path: &str, ago: u64) -> Target {
    let purge = Some(Purge::ago(Duration::from_secs(ago)));
    Target { path: path.to_owned(), expected: Expected::default(), purge }
}

async fn verify(verifier: &Verifier, target: Target, wait: Option<Duration>) -> Checked {
    verifier.verify(vec![target], wait, |_| {}).await.remove(0)
}

fn verifier(server: &Server) -> Verifier {
    Verifier::builder().edge(server.edge()).build().expect("a verifier")
}

#[tokio::test]
async fn a_copy_is_older_or_younger_than_the_purge() {
    let server = Server::start(|request| match request.path {
        "/old" => Response::new(200, "x").aged(3600),
        _ => Response::new(200, "x").aged(10),
    });
    let server = server.await;
    let found = verify(&verifier(&server), purged("/old", 60), None).await;
    assert_eq!((found.verdict, found.reason.as_str()), (Verdict::Stale, "older_than_purge"));
    assert_eq!(found.looks[0].age, Some(3600));
    let found = verify(&verifier(&server), purged("/new", 60), None).await;
    assert_eq!((found.verdict, found.reason.as_str()), (Verdict::Fresh, "fetched_after"));
    let unknown = Target { purge: None, ..purged("/old", 0) };
    let found = verify(&verifier(&server), unknown, None).await;
    assert_eq!(found.reason, "purge_unknown");
}

#[tokio::test]
async fn a_copy_that_was_just_fetched_has_an_age_the_next_time() {
    let server = Server::start(|request| match request.earlier {
        0 => Response::new(200, "x").aged_now(),
        _ => Response::new(200, "x").aged(0),
    });
    let server = server.await;
    let found = verify(&verifier(&server), purged("/a", 60), None).await;
    assert_eq!(found.reason, "fetched_after");
    assert_eq!(server.asked().len(), 6, "each content coding twice");
    // A page that differs each time is as old as its `Age`.
    let origin = Server::start(|_| Response::new(200, "y")).await;
    let server = Server::start(|request| match request.earlier {
        0 => Response::new(200, "x"),
        _ => Response::new(200, "x").aged(0),
    });
    let server = server.await;
    let builder = Verifier::builder().edge(server.edge()).origin(origin.edge());
    let found = verify(&builder.build().expect("a verifier"), purged("/a", 60), None).await;
    assert_eq!(found.reason, "fetched_after");
    let never = Server::start(|_| Response::new(200, "x")).await;
    let found = verify(&verifier(&never), purged("/a", 60), Some(Duration::from_secs(60))).await;
    assert_eq!(found.reason, "nothing_to_compare");
    assert_eq!(never.asked().len(), 6, "and not until the time is over");
}

#[tokio::test]
async fn an_origin_that_sends_age_explains_the_age_of_a_copy() {
    let edge = Server::start(|_| Response::new(200, "x").aged(3600)).await;
    let of_origin = async |with_age: bool| {
        // A cache in front of the origin that sends `Age` only with what it has stored.
        let origin = Server::start(move |request| match with_age && request.earlier > 0 {
            true => Response::new(200, "y").aged(3000),
            false => Response::new(200, "y").aged_now(),
        });
        let origin = origin.await;
        let builder = Verifier::builder().edge(edge.edge()).origin(origin.edge());
        verify(&builder.build().expect("a verifier"), purged("/a", 60), None).await
    };
    assert_eq!(of_origin(false).await.reason, "older_than_purge");
    let found = of_origin(true).await;
    assert_eq!((found.verdict, found.reason.as_str()), (Verdict::Differs, "not_as_origin"));
}

#[tokio::test]
async fn the_clock_of_the_origin_is_taken_into_account() {
    // Half an hour behind, and the edge corrects `Age` by it.
    let behind = Duration::from_secs(1800);
    let date = move |ago: u64| {
        httpdate::fmt_http_date(SystemTime::now() - behind - Duration::from_secs(ago))
    };
    let edge = Server::start(move |request| {
        let ago = if request.path == "/old" { 3600 } else { 5 };
        Response::new(200, "x").header("age", 1800 + ago).header("date", date(ago))
    });
    let edge = edge.await;
    let origin = Server::start(move |_| Response::new(503, "").header("date", date(0))).await;
    let builder = Verifier::builder().edge(edge.edge()).origin(origin.edge());
    let verifier = builder.build().expect("a verifier");
    assert_eq!(verify(&verifier, purged("/new", 60), None).await.reason, "age_against_date");
    assert_eq!(verify(&verifier, purged("/old", 60), None).await.reason, "older_than_purge");
}

#[tokio::test]
async fn an_edge_that_replaces_the_date_is_looked_at_twice() {
    let start = Instant::now();
    let server = Server::start(move |request| {
        let age = match request.path {
            "/kept" => 3600 + start.elapsed().as_secs(),
            // The `Age` of a cache behind it, passed on unchanged.
            _ => 3600,
        };
        Response::new(200, "x").header("age", age).aged_now()
    });
    let server = server.await;
    let targets = vec![purged("/kept", 60), purged("/passed-on", 60)];
    let mut told = Vec::new();
    let found = verifier(&server).verify(targets, None, |checked| told.push(checked.clone())).await;
    assert_eq!(found[0].reason, "older_than_purge");
    assert_eq!(found[1].reason, "age_against_date");
    assert_eq!(told.len(), 2);
    assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_path_is_requested_again_until_it_is_fresh() {
    let is_new = Arc::<AtomicBool>::default();
    let seen = Arc::clone(&is_new);
    let server = Server::start(move |request| match request.path {
        "/late" if !seen.load(Ordering::SeqCst) => Response::new(200, "old"),
        // It was fetched after the purge.
        "/redirect" => Response::new(302, "").aged(1),
        _ => Response::new(200, "new"),
    });
    let server = server.await;
    let mut targets = ["/late", "/new", "/redirect"].map(|path| target(path, b"new")).to_vec();
    targets[2].purge = Some(Purge::ago(Duration::from_secs(60)));
    let mut told = Vec::new();
    let wait = Some(Duration::from_secs(60));
    let found = verifier(&server)
        .verify(targets, wait, |checked| {
            told.push(checked.path.clone());
            // The others are known before it.
            is_new.store(told.len() >= 2, Ordering::SeqCst);
        })
        .await;
    let verdicts: Vec<_> = found.iter().map(|checked| checked.verdict).collect();
    assert_eq!(verdicts, [Verdict::Fresh, Verdict::Fresh, Verdict::Unverifiable]);
    assert_eq!(told.last().map(String::as_str), Some("/late"));
    assert_eq!(told.len(), 3);
    // Paths that are fresh, or cannot change, are asked for only once.
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|asked| *asked == "/new identity").count(), 1);
    assert_eq!(asked.iter().filter(|asked| *asked == "/redirect identity").count(), 1);
    assert_eq!(asked.iter().filter(|asked| *asked == "/late identity").count(), 2);
}

#[tokio::test]
async fn waiting_ends_with_the_time() {
    let server = Server::start(|_| Response::new(200, "old")).await;
    let (new, old) = (New::Is(digest(b"new")), Some(digest(b"old")));
    let expected = Expected { new, old, is_in_doubt: false };
    let target = Target { expected, ..target("/a", b"new") };
    let start = Instant::now();
    let found = verify(&verifier(&server), target, Some(Duration::from_millis(1200))).await;
    assert_eq!((found.verdict, found.reason.as_str()), (Verdict::Stale, "old_bytes"));
    assert!((1200..10_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert!(server.asked().len() >= 3);
}
