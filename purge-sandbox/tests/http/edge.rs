use std::path::Path;
use std::time::Duration;

use purge_sandbox::{Sandbox, SandboxBuilder};
use reqwest::{Method, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::created;

async fn started(builder: SandboxBuilder) -> Sandbox {
    builder.purge_delay(Duration::ZERO).start().await.expect("a sandbox")
}

async fn visit(sandbox: &Sandbox, path: &str) -> Response {
    let url = format!("{}/edge/{}{path}", sandbox.base_url(), sandbox.resource());
    crate::support::http().get(url).send().await.expect("a response")
}

/// Status, `X-Cache` and body.
async fn seen(sandbox: &Sandbox, path: &str) -> (u16, String, String) {
    let response = visit(sandbox, path).await;
    let cache = response.headers()["x-cache"].to_str().expect("text").to_owned();
    (response.status().as_u16(), cache, response.text().await.expect("a body"))
}

fn saw(cache: &str, body: &str) -> (u16, String, String) {
    (200, cache.to_owned(), body.to_owned())
}

fn write(folder: &Path, name: &str, content: &str) {
    std::fs::write(folder.join(name), content).expect("to write a file");
}

#[tokio::test]
async fn a_changed_file_is_stale_until_it_is_purged() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.html", "old");
    write(folder.path(), "b.html", "old");
    let sandbox = started(Sandbox::builder().origin(folder.path())).await;
    assert_eq!(sandbox.cached(sandbox.resource()), Vec::<String>::new());
    assert_eq!(seen(&sandbox, "/a.html").await, saw("MISS", "old"));
    assert_eq!(seen(&sandbox, "/b.html?x=1").await, saw("MISS", "old"));
    write(folder.path(), "a.html", "new");
    write(folder.path(), "b.html", "new");
    assert_eq!(seen(&sandbox, "/a.html").await, saw("HIT", "old"));
    assert_eq!(sandbox.cached(sandbox.resource()), ["/a.html", "/b.html?x=1"]);

    created(&sandbox, &["/a.html"]).await;
    assert_eq!(seen(&sandbox, "/a.html").await, saw("MISS", "new"));
    assert_eq!(seen(&sandbox, "/a.html").await, saw("HIT", "new"));
    assert_eq!(seen(&sandbox, "/b.html?x=1").await, saw("HIT", "old"));
    created(&sandbox, &["/*.html*"]).await;
    assert_eq!(seen(&sandbox, "/b.html?x=1").await, saw("MISS", "new"));
}

#[tokio::test]
async fn a_hit_has_an_age_and_a_known_tag_gets_no_body() {
    let sandbox = started(Sandbox::builder()).await;
    let response = visit(&sandbox, "/index.html").await;
    let headers = response.headers();
    assert_eq!(headers["x-cache"], "HIT");
    assert_eq!(headers["cache-control"], "public, max-age=3600");
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let date = headers["date"].to_str().expect("text");
    assert!(date.ends_with(" GMT") && httpdate::parse_http_date(date).is_ok(), "{date}");
    let age: u64 = headers["age"].to_str().expect("text").parse().expect("seconds");
    assert!(age < 3600);
    sandbox.fill(["/filled"]);
    let filled = visit(&sandbox, "/filled").await;
    assert_eq!(filled.headers()["content-type"], "text/plain; charset=utf-8");
    let tag = headers["etag"].to_str().expect("text").to_owned();
    for (sent, status) in [(format!("\"x\", W/{tag}"), 304), ("\"x\"".to_owned(), 200)] {
        let url = format!("{}/edge/{}/index.html", sandbox.base_url(), sandbox.resource());
        let request = crate::support::http().get(url).header("if-none-match", sent);
        assert_eq!(request.send().await.expect("a response").status(), status);
    }
}

#[tokio::test]
async fn cache_control_of_the_origin_is_respected() {
    for (value, then) in [("no-store", "MISS"), ("max-age=0", "MISS"), ("private", "MISS")]
        .into_iter()
        .chain([("max-age=60", "HIT"), ("s-maxage=60, max-age=0", "HIT")])
    {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "a", "x");
        let sandbox = started(Sandbox::builder().origin(folder.path()).cache_control(value)).await;
        assert_eq!(seen(&sandbox, "/a").await.1, "MISS");
        assert_eq!(seen(&sandbox, "/a").await.1, then, "{value}");
    }
}

#[tokio::test]
async fn only_files_of_the_folder_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("a b")).expect("a folder");
    write(folder.path(), "secret", "secret");
    write(&root.join("a b"), "index.html", "the index");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).expect("a link");
    let sandbox = started(Sandbox::builder().origin(&root)).await;
    assert_eq!(seen(&sandbox, "/a%20b/").await, saw("MISS", "the index"));
    for path in ["/%2e%2e/secret", "/a%20b/..%2f../secret", "/link", "/none", "/%ff", "/"] {
        assert_eq!(visit(&sandbox, path).await.status(), 404, "{path}");
    }
    assert_eq!(sandbox.cached(sandbox.resource()), ["/a%20b/"]);
}

#[tokio::test]
async fn a_server_can_be_the_origin_and_may_be_unreachable() {
    let origin = started(Sandbox::builder()).await;
    let sandbox = started(Sandbox::builder().origin_server(origin.address())).await;
    let path = format!("/edge/{}/robots.txt", origin.resource());
    assert_eq!(seen(&sandbox, &path).await.1, "MISS");
    let (status, cache, body) = seen(&sandbox, &path).await;
    assert_eq!((status, cache.as_str()), (200, "HIT"));
    assert!(body.starts_with("User-agent"), "{body}");
    origin.shutdown().await;
    assert_eq!(visit(&sandbox, "/other").await.status(), 502);
    assert_eq!(visit(&sandbox, &path).await.status(), 200);
}

/// A server that sends this response to every request and closes the connection.
async fn origin_that_sends(response: &'static str) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a request"));
            }
            stream.write_all(response.as_bytes()).await.expect("to write");
        }
    });
    address
}

#[tokio::test]
async fn headers_of_the_connection_to_the_origin_are_not_passed_on() {
    let origin = origin_that_sends(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\
         Keep-Alive: timeout=5\r\nTrailer: X-Sum\r\nX-End: 2\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 3\r\n\r\n",
    )
    .await;
    let sandbox = started(Sandbox::builder().origin_server(origin)).await;
    let at_origin = format!("{}/origin/a", sandbox.base_url());
    let at_origin = crate::support::http().get(at_origin).send().await.expect("a response");
    for response in [at_origin, visit(&sandbox, "/a").await] {
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        for name in ["x-hop", "keep-alive", "trailer", "transfer-encoding"] {
            assert!(!headers.contains_key(name), "{name}: {headers:?}");
        }
        assert_eq!((&headers["content-length"], &headers["x-end"]), (&3.into(), &2.into()));
        assert_eq!(response.text().await.expect("a body"), "abc");
    }
}

#[tokio::test]
async fn front_page_can_be_requested_from_the_origin() {
    let sandbox = started(Sandbox::builder()).await;
    let url = format!("{}/origin/", sandbox.base_url());
    let response = crate::support::http().get(url).send().await.expect("a response");
    assert_eq!(response.status(), 200);
    let page = response.text().await.expect("a body");
    assert_eq!(seen(&sandbox, "/").await, saw("MISS", &page));
}

#[tokio::test]
async fn visitors_share_a_copy_whatever_they_send() {
    let origin = origin_that_sends(
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nCache-Control: max-age=60\r\n\
         Vary: Accept-Encoding, Accept-Language, Accept\r\n\r\na",
    )
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a", "a");
    let plain = started(Sandbox::builder().origin_server(origin)).await;
    let compressing = started(Sandbox::builder().origin(folder.path()).compress()).await;
    for sandbox in [plain, compressing] {
        let url = format!("{}/edge/{}/a", sandbox.base_url(), sandbox.resource());
        let mut caches = Vec::new();
        for (coding, language) in [("br", "en"), ("gzip, br", "de"), ("br, gzip, zstd", "*")] {
            let request = crate::support::http().get(&url).header("accept-encoding", coding);
            let request = request.header("accept-language", language).header("accept", language);
            let response = request.send().await.expect("a response");
            caches.push(response.headers()["x-cache"].to_str().expect("text").to_owned());
        }
        assert_eq!(caches, ["MISS", "HIT", "HIT"]);
    }
}

#[tokio::test]
async fn a_silent_origin_times_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let origin = listener.local_addr().expect("an address");
    let builder = Sandbox::builder().origin_server(origin).read_timeout(Duration::from_millis(50));
    let sandbox = started(builder).await;
    assert_eq!(visit(&sandbox, "/a").await.status(), 504);
    assert_eq!(sandbox.cached(sandbox.resource()), Vec::<String>::new());
}

#[tokio::test]
async fn a_full_cache_drops_the_least_recently_used_objects() {
    let folder = tempfile::tempdir().expect("a folder");
    ["a", "b", "c"].iter().for_each(|name| write(folder.path(), name, &"x".repeat(40_000)));
    let sandbox = started(Sandbox::builder().origin(folder.path()).cache_bytes(100_000)).await;
    for (path, cache) in [
        ("/a", "MISS"),
        ("/b", "MISS"),
        ("/a", "HIT"),
        ("/c", "MISS"),
        ("/a", "HIT"),
        ("/b", "MISS"),
    ] {
        assert_eq!(seen(&sandbox, path).await.1, cache, "{path}");
    }
}

#[tokio::test]
async fn small_objects_cannot_fill_the_memory() {
    let sandbox = started(Sandbox::builder().cache_bytes(100_000)).await;
    for query in 0..200 {
        visit(&sandbox, &format!("/robots.txt?{query}")).await;
    }
    let cached = sandbox.cached(sandbox.resource()).len();
    assert!((10..190).contains(&cached), "{cached} objects of about 1 KB each in 100 KB");
}

#[tokio::test]
async fn the_edge_refuses_invalid_requests_and_the_server_stays_healthy() {
    let sandbox = started(Sandbox::builder()).await;
    let edge = format!("{}/edge", sandbox.base_url());
    let status = async |method, url: &str| {
        crate::support::http()
            .request(method, url)
            .send()
            .await
            .expect("a response")
            .status()
            .as_u16()
    };
    assert_eq!(status(Method::GET, &format!("{edge}/x/a")).await, 404);
    let unknown = "00000000-0000-4000-8000-000000000000";
    assert_eq!(status(Method::GET, &format!("{edge}/{unknown}/a")).await, 404);
    let known = format!("{edge}/{}/index.html", sandbox.resource());
    assert_eq!(status(Method::HEAD, &known).await, 200);
    let before = sandbox.requests().len();
    assert_eq!(status(Method::GET, &format!("{}/healthz", sandbox.base_url())).await, 200);
    assert_eq!(sandbox.requests().len(), before);
}
