//! What a client cannot take away from the others, and what does not grow for weeks.

use std::time::Duration;

use purge_sandbox::{Sandbox, SandboxBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::created;

async fn started(builder: SandboxBuilder) -> Sandbox {
    builder.purge_delay(Duration::ZERO).start().await.expect("a sandbox")
}

async fn sent(sandbox: &Sandbox, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.address()).await.expect("a connection");
    stream.write_all(text.as_bytes()).await.expect("to write");
    stream
}

/// What comes until the server ends the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A server that ends a connection with something unread in it resets it.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

#[tokio::test]
async fn a_request_that_does_not_come_to_its_end_is_ended() {
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
    assert!(answer.contains("the body did not come within 50ms"), "{answer}");
    assert_eq!(sandbox.requests()[0].status, Some(408));
}

#[tokio::test]
async fn connections_that_send_nothing_lock_nobody_out() {
    let sandbox = started(Sandbox::builder().max_connections(4)).await;
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(sent(&sandbox, "GET / HTTP/1.1\r\nHost: loc").await);
    }
    created(&sandbox, &["/a"]).await;
    // Those that made room, and no others.
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
    // The server may end the connection while it is still written to, and the client see nothing else.
    let _ = stream.write_all(text.as_bytes()).await;
    let answer = rest(stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}
