//! What is asked, and how.

use std::io::Write as _;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use purge_verify::{
    Checked, Coding, Expected, New, Purge, Target, Verdict, Verifier, VerifierBuilder,
};

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::server::{Request, Response, Server, digest, target};

/// A body that every edge encodes that encodes such files at all.
const LARGE: &[u8] = &[b'a'; 2048];

/// What browsers ask for.
const BROWSER: &str = "gzip, deflate, br, zstd";

/// `hello` and a line break, in Brotli.
const HELLO: &[u8] = b"\x8b\x02\x80hello\n\x03";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn builder(server: &Server) -> VerifierBuilder {
    Verifier::builder().edge(server.edge()).interval(Duration::ZERO)
}

async fn verify(builder: VerifierBuilder, paths: &[&str]) -> Vec<Checked> {
    let verifier = builder.build().expect("a verifier");
    let targets = paths.iter().map(|path| target(path, b"hello\n")).collect();
    verifier.verify(targets, None, |_| {}).await
}

fn coded(request: &Request<'_>) -> Response {
    let body = match request.coding {
        "gzip" => gzip(b"hello\n"),
        "br" => HELLO.to_vec(),
        BROWSER => compress_to_vec(&b"hello\n"[..], CompressionLevel::Fastest),
        _ => b"hello\n".to_vec(),
    };
    let response = Response::new(200, body);
    match request.coding {
        "identity" => response,
        BROWSER => response.header("content-encoding", "zstd"),
        coding => response.header("content-encoding", coding),
    }
}

#[tokio::test]
async fn a_request_has_nothing_that_a_visitor_does_not_send() {
    let server = Server::start(|_| Response::new(200, "hello\n")).await;
    let found = verify(builder(&server).user_agent("test/1"), &["/a?b=%20c"]).await;
    assert_eq!(found[0].verdict, Verdict::Fresh);
    for head in server.heads() {
        let mut lines: Vec<_> = head.trim_end().lines().map(str::to_ascii_lowercase).collect();
        lines.sort();
        let coding = lines.remove(0);
        assert!(coding.starts_with("accept-encoding: "), "{head}");
        let host = format!("host: 127.0.0.1:{}", server.port);
        assert_eq!(lines, ["accept: */*", "get /a?b=%20c http/1.1", &host, "user-agent: test/1"]);
    }
}

#[tokio::test]
async fn codings_are_asked_for_where_the_edge_varies() {
    let varied = Server::start(|request| coded(request).header("vary", "Accept-Encoding")).await;
    let found = verify(builder(&varied), &["/a.html", "/b.html"]).await;
    assert!(found.iter().all(|checked| checked.verdict == Verdict::Fresh), "{found:?}");
    let codings: Vec<_> = found[1].looks.iter().map(|look| look.coding).collect();
    assert_eq!(codings, Coding::ALL);
    assert_eq!(varied.asked().len(), 8);

    // Only the first path of each kind is asked for in all codings.
    let plain = Server::start(|_| Response::new(200, LARGE)).await;
    verify(builder(&plain), &["/a.png", "/b.png", "/c.txt"]).await;
    assert_eq!(
        plain.asked(),
        [
            "/a.png br",
            "/a.png gzip",
            "/a.png identity",
            "/b.png identity",
            "/c.txt br",
            "/c.txt gzip",
            "/c.txt identity"
        ]
    );
    // A file of another type with the same ending is not of the same kind.
    let types = Server::start(|request| match request.path {
        "/a" => Response::new(200, LARGE).header("content-type", "image/png"),
        _ => coded(request).header("content-type", "text/html; charset=utf-8"),
    });
    let types = types.await;
    verify(builder(&types), &["/a", "/b"]).await;
    assert_eq!(types.asked().len(), 3 + 4);
    // A variant that no header announces.
    let silent = Server::start(coded).await;
    verify(builder(&silent), &["/a.html", "/b.html"]).await;
    assert_eq!(silent.asked().len(), 8);
    let varied = Server::start(|request| coded(request).header("vary", "*")).await;
    verify(builder(&varied).identity_only(), &["/a.html"]).await;
    assert_eq!(varied.asked(), ["/a.html identity"]);
}

/// An edge that does not say that it varies, and encodes neither small files nor what is missing.
#[tokio::test]
async fn a_response_that_no_edge_encodes_shows_nothing_about_others() {
    for (first, status) in [("/missing.html", 404), ("/moved.html", 301), ("/small.html", 200)] {
        let server = Server::start(move |request| match (request.path, request.coding) {
            ("/stale.html", "gzip") => {
                Response::new(200, gzip(b"old")).header("content-encoding", "gzip")
            }
            ("/stale.html", _) => Response::new(404, ""),
            _ => Response::new(status, "hello\n"),
        });
        let server = server.await;
        let gone = |path: &str| Target {
            expected: Expected { new: New::Gone, ..Expected::default() },
            ..target(path, b"")
        };
        let verifier = builder(&server).build().expect("a verifier");
        let targets = vec![gone(first), gone("/stale.html")];
        let found = verifier.verify(targets, None, |_| {}).await;
        assert_eq!(found[1].reason, "not_gone", "{first}: {found:?}");
        assert_eq!(found[1].worst().expect("a look").coding, Coding::Gzip);
    }
}

#[tokio::test]
async fn a_stale_variant_of_one_coding_is_found() {
    let server = Server::start(|request| match request.coding {
        "gzip" => Response::new(200, gzip(b"old")).header("content-encoding", "gzip"),
        _ => coded(request),
    });
    let server = server.await;
    let found = verify(builder(&server), &["/a"]).await;
    let verdicts: Vec<_> = found[0].looks.iter().map(|look| look.verdict).collect();
    assert_eq!(verdicts, [Verdict::Fresh, Verdict::Differs, Verdict::Fresh, Verdict::Fresh]);
    assert_eq!(found[0].verdict, Verdict::Differs);
    assert_eq!(found[0].worst().expect("a look").coding, Coding::Gzip);
}

#[tokio::test]
async fn the_copy_that_browsers_get_is_asked_for() {
    let server = Server::start(|request| {
        let body = if request.coding == BROWSER { "old" } else { "hello\n" };
        Response::new(200, body).header("vary", "Accept-Encoding")
    });
    let server = server.await;
    let found = verify(builder(&server), &["/a"]).await;
    assert_eq!((found[0].verdict, found[0].looks.len()), (Verdict::Differs, 4), "{found:?}");
    assert_eq!(found[0].worst().expect("a look").coding, Coding::Browser);
}

#[tokio::test]
async fn other_variants_are_named_and_not_taken_for_verified() {
    let server = Server::start(|request| match request.path {
        "/all" => Response::new(200, "hello\n").header("vary", "*"),
        _ => Response::new(200, "hello\n").header("vary", "Accept-Language, accept"),
    });
    let server = server.await;
    let found = verify(builder(&server), &["/some", "/all"]).await;
    assert_eq!(found[0].verdict, Verdict::Fresh);
    assert_eq!(found[0].looks[0].varies_by, ["accept", "accept-language"]);
    let all = (found[1].verdict, found[1].reason.as_str());
    assert_eq!(all, (Verdict::Unverifiable, "varies_by_all"));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::start(|request| match request.path {
        "/a" => Response::new(301, "").header("location", "/b"),
        _ => Response::new(200, "hello\n"),
    });
    let server = server.await;
    let found = verify(builder(&server), &["/a"]).await;
    assert_eq!((found[0].verdict, found[0].reason.as_str()), (Verdict::Unverifiable, "redirect"));
    assert!(server.asked().iter().all(|asked| asked.starts_with("/a ")), "{:?}", server.asked());
}

#[tokio::test]
async fn an_address_is_asked_whatever_the_host_resolves_to() {
    let server = Server::start(|_| Response::new(200, "hello\n")).await;
    let host = format!("no-such-host.example:{}", server.port);
    let edge: purge_verify::Edge = format!("http://{host}").parse().expect("an edge");
    let resolve = format!("{host}:127.0.0.1,127.0.0.1").parse().expect("addresses");
    let mut builder = Verifier::builder();
    for edge in edge.pinned(&[resolve]) {
        builder = builder.edge(edge);
    }
    let found = verify(builder.identity_only(), &["/a"]).await;
    assert_eq!(found[0].verdict, Verdict::Fresh, "{found:?}");
    assert_eq!(found[0].looks.len(), 2);
    assert_eq!(found[0].looks[1].edge, format!("http://{host} at 127.0.0.1"));
    assert!(server.heads()[0].contains(&format!("host: {host}\r\n")), "{:?}", server.heads());
}

#[tokio::test]
async fn no_more_requests_than_the_limit_are_in_flight_at_a_host() {
    let slow = |_: &Request<'_>| Response::new(200, "hello\n").delay(Duration::from_millis(20));
    let server = Server::start(slow).await;
    let paths: Vec<_> = (0..30).map(|n| format!("/{n}")).collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    // The same host, named twice.
    let builder = builder(&server).edge(server.edge()).concurrency(3);
    verify(builder, &paths).await;
    assert_eq!(server.most_in_flight(), 3);
}

#[tokio::test]
async fn bodies_are_compared_up_to_the_limit() {
    let server = Server::start(|request| match request.path {
        "/cut" => Response::new(200, "hel").length(6),
        "/zstd" => Response::new(200, "hello\n").header("content-encoding", "zstd"),
        "/deflate" => Response::new(200, "hello\n").header("content-encoding", "deflate"),
        "/bomb" if request.coding == "gzip" => {
            Response::new(200, gzip(&vec![0; 100_000])).header("content-encoding", "gzip")
        }
        _ => Response::new(200, "hello\n"),
    });
    let server = server.await;
    let reasons = async |limit, path| {
        let found = verify(builder(&server).body_limit(limit), &[path]).await;
        found[0].looks.iter().map(|look| look.reason.clone()).collect::<Vec<_>>()
    };
    let same = "same_as_site";
    assert_eq!(reasons(6, "/a").await, [same, same, same]);
    assert_eq!(reasons(5, "/a").await[0], "too_large");
    assert_eq!(reasons(1000, "/cut").await[0], "damaged");
    assert_eq!(reasons(1000, "/zstd").await, ["coded", "coded", "coded", "damaged"]);
    assert_eq!(reasons(1000, "/deflate").await, ["coded"; 4]);
    assert_eq!(reasons(1000, "/bomb").await, [same, "too_large", same, same]);
}

#[tokio::test]
async fn an_edge_that_is_not_there_is_unverifiable_and_says_why() {
    let server = Server::start(|_| Response::new(200, "")).await;
    let edge = server.edge();
    drop(server);
    let found = verify(Verifier::builder().edge(edge), &["/a", "/b/../c"]).await;
    assert_eq!(
        (found[0].verdict, found[0].reason.as_str()),
        (Verdict::Unverifiable, "unreachable")
    );
    assert!(found[0].message.starts_with("no response: cannot connect: "), "{}", found[0].message);
    assert_eq!(found[1].message, "no response: an HTTP client cannot send this path as it is");
    let error = Verifier::builder().build().map(drop).expect_err("no edge");
    assert_eq!(error.to_string(), "there is no edge to ask");
}

/// A copy from before the purge may be a redirect, too large, or for one visitor, and the next one the file.
#[tokio::test]
async fn what_may_be_older_than_the_purge_is_asked_for_again() {
    let server = Server::start(|request| match (request.path, request.earlier) {
        ("/moved", 0) => Response::new(301, "").header("location", "/b"),
        ("/large", 0) => Response::new(200, vec![b'a'; 100]),
        ("/cookie", 0) => Response::new(200, "old").header("set-cookie", "a=b"),
        ("/secret", 0) => Response::new(200, "old").header("cache-control", "no-store"),
        ("/coded", 0) => Response::new(200, "old").header("content-encoding", "deflate"),
        // What was fetched after the purge stays as it is, and so does the path of a file that is gone.
        ("/younger" | "/gone", 0) => Response::new(301, "").header("location", "/b").aged(1),
        ("/younger" | "/gone", _) => panic!("it is asked for only once in each content coding"),
        _ => Response::new(200, "hello\n"),
    });
    let server = server.await;
    let verifier = builder(&server).body_limit(50).build().expect("a verifier");
    let later = ["/moved", "/large", "/cookie", "/secret", "/coded"];
    let purge = Some(Purge::ago(Duration::from_secs(60)));
    let expected = Expected { new: New::Gone, old: Some(digest(b"old")), ..Expected::default() };
    let mut targets: Vec<_> = later.iter().map(|path| target(path, b"hello\n")).collect();
    targets.push(Target { purge, ..target("/younger", b"hello\n") });
    targets.push(Target { expected, ..target("/gone", b"") });
    let found = verifier.verify(targets, Some(Duration::from_secs(60)), |_| {}).await;
    for checked in &found[..later.len()] {
        assert_eq!(checked.verdict, Verdict::Fresh, "{checked:?}");
    }
    let reasons: Vec<_> = found[later.len()..].iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["redirect", "redirect"]);
}

#[tokio::test]
async fn redirect_of_a_folder_to_its_slash_is_not_a_reason_to_doubt() {
    let server = Server::start(|request| {
        let to = |location: &str| Response::new(301, "").header("location", location);
        match request.path {
            "/d" | "/own" => to(&format!("{}/", request.path)),
            "/old" => to("/old/").aged(3600),
            "/any" => to("/any/").header("vary", "*"),
            "/e?a=1" => to("http://127.0.0.1:1/e/?a=1"),
            "/f" => to("/g/"),
            "/h" => to("http://127.0.0.2/h/"),
            _ => Response::new(200, "hello\n"),
        }
    });
    let server = server.await;
    let paths = ["/d", "/e?a=1", "/f", "/h", "/old", "/any", "/own"];
    let folders = paths[..6].iter().map(|path| (*path).to_owned());
    let verifier = builder(&server).build().expect("a verifier").with_folders(folders);
    let purge = Some(Purge::ago(Duration::from_secs(60)));
    let target = |path: &&str| Target { purge, ..target(path, b"hello\n") };
    let found = verifier.verify(paths.iter().map(target).collect(), None, |_| {}).await;
    let reasons: Vec<_> = found.iter().map(|checked| checked.reason.as_str()).collect();
    // The last ones are elsewhere, older than the purge, different for each request, or no folder.
    assert_eq!(reasons[..2], ["to_folder"; 2]);
    assert_eq!(reasons[2..], ["redirect"; 5]);
}

#[tokio::test]
async fn silent_edge_does_not_extend_the_time() {
    let server = Server::start(|_| Response::new(200, "").delay(Duration::from_secs(60))).await;
    let other = Server::start(|_| Response::new(200, "hello\n")).await;
    let builder = builder(&server).edge(other.edge());
    let start = Instant::now();
    let paths: Vec<_> = (0..40).map(|n| format!("/{n}")).collect();
    let targets = paths.iter().map(|path| target(path, b"hello\n")).collect();
    let wait = Some(Duration::from_secs(1));
    let found = builder.build().expect("a verifier").verify(targets, wait, |_| {}).await;
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let messages = |edge: usize, says: &str| {
        let looks = found.iter().flat_map(|checked| &checked.looks);
        looks
            .filter(|look| look.edge == found[0].looks[edge].edge && look.message.contains(says))
            .count()
    };
    let (asked, skipped) =
        (messages(0, "no response: timed out"), messages(0, "so this path was not asked for"));
    assert!(asked >= 8 && skipped > 0 && asked + skipped == 40, "{asked} and {skipped}");
    assert!(found.iter().all(|checked| checked.verdict == Verdict::Unverifiable));
    // The other edge is asked for all paths.
    assert_eq!(other.asked().iter().filter(|asked| asked.ends_with(" identity")).count(), 40);
}

#[tokio::test]
async fn path_that_cannot_be_asked_for_is_not_waited_for() {
    let server = Server::start(|_| Response::new(200, "hello\n")).await;
    let verifier = builder(&server).build().expect("a verifier");
    let wait = Some(Duration::from_secs(600));
    let found = verifier.verify(vec![target("/a/../b", b"hello\n")], wait, |_| {}).await;
    assert_eq!(found[0].reason, "unreachable");
}
