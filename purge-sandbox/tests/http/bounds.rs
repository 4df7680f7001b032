//! One client cannot starve the others, and memory stays bounded for weeks.

use std::time::Duration;

use purge_sandbox::{Pop, Sandbox, SandboxBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{body, created, http, listed, post, url};

async fn started(builder: SandboxBuilder) -> Sandbox {
    builder.purge_delay(Duration::ZERO).start().await.expect("a sandbox")
}

async fn sent(sandbox: &Sandbox, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.address()).await.expect("a connection");
    stream.write_all(text.as_bytes()).await.expect("to write");
    stream
}

/// Everything that is received until the server closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A server that closes a connection with unread data resets it.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

#[tokio::test]
async fn an_incomplete_request_times_out() {
    let sandbox = started(Sandbox::builder().read_timeout(Duration::from_millis(50))).await;
    for half in ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nX-"] {
        assert_eq!(rest(sent(&sandbox, half).await).await, "", "{half:?}");
    }
    let idle = sent(&sandbox, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let answer = rest(idle).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok\n"), "{answer}");

    let head = "POST /api/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345";
    let answer = rest(sent(&sandbox, head).await).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("the body did not arrive within 50ms"), "{answer}");
    assert_eq!(sandbox.requests()[0].status, Some(408));
}

#[tokio::test]
async fn idle_connections_do_not_lock_out_others() {
    let sandbox = started(Sandbox::builder().max_connections(4)).await;
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(sent(&sandbox, "GET / HTTP/1.1\r\nHost: loc").await);
    }
    created(&sandbox, &["/a"]).await;
    // Only those that made room were closed.
    let mut open = Vec::new();
    for stream in idle.split_off(47) {
        open.push(stream);
    }
    for stream in idle {
        assert_eq!(rest(stream).await, "");
    }
    let mut last = open.pop().expect("a connection");
    last.write_all(b"alhost\r\nConnection: close\r\n\r\n").await.expect("to write");
    assert!(rest(last).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let sandbox = started(Sandbox::builder()).await;
    let mut stream = TcpStream::connect(sandbox.address()).await.expect("a connection");
    let line = format!("X: {}\r\n", "x".repeat(200_000));
    let text = format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{line}\r\n");
    // The server may close the connection while the client still writes, and the client may see nothing else.
    let _ = stream.write_all(text.as_bytes()).await;
    let answer = rest(stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn bodies_without_the_token_are_not_kept() {
    let sandbox = started(Sandbox::builder()).await;
    let large = vec![b'x'; 1024 * 1024];
    for token in [None, Some("wrong")] {
        for _ in 0..75 {
            let request = http().post(url(&sandbox)).body(large.clone());
            let request =
                token.into_iter().fold(request, |request, token| request.bearer_auth(token));
            assert_eq!(request.send().await.expect("a response").status(), 401);
        }
    }
    let requests = sandbox.requests();
    assert_eq!((requests.len(), sandbox.dropped_requests()), (150, 0));
    assert!(requests.iter().all(|r| r.body.is_empty() && r.body_length == 1024 * 1024));
    // A short body is kept, to show what a client sent with an outdated token.
    let short = body(&sandbox, &["/a"]).to_string();
    http().post(url(&sandbox)).body(short.clone()).send().await.expect("a response");
    assert_eq!(sandbox.requests()[150].body, short.as_bytes());
}

#[tokio::test]
async fn bodies_of_an_expired_token_are_kept() {
    let sandbox = started(Sandbox::builder().token_uses(0)).await;
    let path = format!("/{}", "x".repeat(10_000));
    assert_eq!(post(&sandbox, &[&path]).send().await.expect("a response").status(), 401);
    assert_eq!(sandbox.requests()[0].body, body(&sandbox, &[&path]).to_string().as_bytes());
}

#[tokio::test]
async fn the_log_drops_the_oldest_requests_and_counts_them() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let observed = std::sync::Arc::clone(&seen);
    let builder = Sandbox::builder().log_bytes(100_000).on_request(move |request| {
        let entry = (request.body_length, request.body.len(), request.status);
        observed.lock().expect("a lock").push(entry);
    });
    let sandbox = started(builder).await;
    let path = format!("/{}", "x".repeat(40_000));
    let length = body(&sandbox, &[&path]).to_string().len();
    for _ in 0..5 {
        created(&sandbox, &[&path]).await;
    }
    assert_eq!((sandbox.requests().len(), sandbox.dropped_requests()), (2, 3));
    assert_eq!(*seen.lock().expect("a lock"), vec![(length as u64, length, Some(200)); 5]);
    let page = http().get(sandbox.base_url()).send().await.expect("a response");
    let page = page.text().await.expect("a body");
    assert!(page.contains("3 earlier requests are no longer kept"), "{page}");

    // Heads count as well.
    for _ in 0..20 {
        let target = format!("{}?{}", url(&sandbox), "x".repeat(30_000));
        http().get(target).send().await.expect("a response");
    }
    assert!(sandbox.requests().len() <= 3, "{}", sandbox.requests().len());
}

#[tokio::test]
async fn old_jobs_are_forgotten_and_the_list_stays_consistent() {
    let sandbox = started(Sandbox::builder().job_bytes(50_000)).await;
    let path = format!("/{}", "x".repeat(10_000));
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(created(&sandbox, &[&path, "/short"]).await);
    }
    let data = listed(&sandbox, "page=1&limit=100").await;
    assert_eq!(data["total"], 8);
    let listed_ids: Vec<_> =
        data["requests"].as_array().expect("a list").iter().map(|r| &r["opID"]).collect();
    assert_eq!(listed_ids, ids.iter().rev().take(4).flat_map(|id| [id, id]).collect::<Vec<_>>());
    for (id, total) in [(&ids[5], 0), (&ids[6], 2)] {
        let data = listed(&sandbox, &format!("page=1&limit=100&opID={id}")).await;
        assert_eq!(
            (&data["total"], data["requests"].as_array().map(Vec::len)),
            (&total.into(), Some(total))
        );
    }
    let page = http().get(sandbox.base_url()).send().await.expect("a response");
    let page = page.text().await.expect("a body");
    assert!(page.contains(">8 (12 older ones are no longer kept)</td>"), "{page}");
}

#[tokio::test]
async fn paths_that_a_point_of_presence_still_has_to_purge_are_bounded() {
    let late = Pop::new("late").lag(Duration::from_secs(3600));
    let sandbox = started(Sandbox::builder().pop(late).job_bytes(50_000)).await;
    let path = format!("/{}", "x".repeat(10_000));
    let mut accepted = 0;
    while post(&sandbox, &[&path]).send().await.expect("a response").status() == 200 {
        accepted += 1;
    }
    assert_eq!(accepted, 2, "each path is kept in the list and at the point of presence");
}

#[tokio::test]
async fn page_that_is_open_is_written_to_although_nothing_changes() {
    let sandbox = started(Sandbox::builder().read_timeout(Duration::from_millis(100))).await;
    let mut page = sent(&sandbox, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let mut seen = String::new();
    let mut bytes = [0; 4096];
    // Comments of the stream, after its first event: writing them fails if the page has been closed.
    while seen.matches("\n: no change\n").count() < 2 {
        let read = page.read(&mut bytes).await.expect("to read");
        assert!(read > 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
}

#[tokio::test]
async fn a_job_that_does_not_fit_is_refused_and_none_is_lost() {
    let builder = Sandbox::builder().job_bytes(15_000).purge_delay(Duration::MAX);
    let sandbox = builder.start().await.expect("a sandbox");
    let path = format!("/{}", "x".repeat(10_000));
    created(&sandbox, &[&path]).await;
    let response = post(&sandbox, &[&path]).send().await.expect("a response");
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &1.into()));
    let text = response.text().await.expect("a body");
    assert!(text.contains("no room for another job"), "{text}");
    assert_eq!(listed(&sandbox, "page=1&limit=1").await["total"], 1);
}
