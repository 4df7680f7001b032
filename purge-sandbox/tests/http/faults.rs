use std::time::{Duration, Instant};

use purge_sandbox::{Fault, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{created, get, head, json_of, listed, post};

async fn with(fault: Fault) -> Sandbox {
    Sandbox::builder().fault(fault).start().await.expect("a sandbox")
}

async fn total(sandbox: &Sandbox) -> i64 {
    listed(sandbox, "page=1&limit=1").await["total"].as_i64().expect("an integer")
}

#[tokio::test]
async fn a_status_fault_is_sent_as_often_as_set_and_applies_nothing() {
    let sandbox =
        with(Fault::status(429).header("retry-after", "7").body("slow down").on_post().times(2))
            .await;
    assert_eq!(total(&sandbox).await, 0);
    for _ in 0..2 {
        let response = post(&sandbox, &["/a"]).send().await.expect("a response");
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "7");
        assert_eq!(response.text().await.expect("a body"), "slow down");
    }
    created(&sandbox, &["/a"]).await;
    assert_eq!(total(&sandbox).await, 1);
    assert_eq!(sandbox.requests()[1].status, Some(429));
}

#[tokio::test]
async fn a_modified_response_applies_the_request() {
    let sandbox = with(Fault::answer().header("content-type", "text/html").on_post()).await;
    let response = post(&sandbox, &["/a"]).send().await.expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get_all("content-type").iter().count(), 1);
    assert_eq!(response.headers()["content-type"], "text/html");
    assert!(response.text().await.expect("a body").contains("opID"));
    sandbox.fault(Fault::answer().body(r#"{"status":false}"#).without_applying());
    assert_eq!(json_of(post(&sandbox, &["/a"])).await.1["status"], false);
    assert_eq!(total(&sandbox).await, 1);
}

#[tokio::test]
async fn a_replaced_body_has_its_own_length() {
    let sandbox = with(Fault::answer().body("short").on_post()).await;
    let response = post(&sandbox, &["/a"]).send().await.expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-length"], "5");
    assert_eq!(response.text().await.expect("a body"), "short");
    assert_eq!(total(&sandbox).await, 1);
}

#[tokio::test]
async fn a_response_without_a_body_has_no_length() {
    for status in [204, 304] {
        let sandbox = with(Fault::status(status).header("retry-after", "1").times(2)).await;
        let text = head(&sandbox, "GET", "/api/v1?page=1", "").await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert!(text.contains("retry-after: 1\r\n"), "{text}");
        assert!(!text.contains("content-length") && !text.contains("transfer-encoding"), "{text}");
        assert!(text.ends_with("\r\n\r\n"), "{text}");
        let own = "X-Sandbox-Fault: {\"status\": 204}\r\n";
        let text = head(&sandbox, "POST", "/api/v1", own).await;
        assert!(text.starts_with("HTTP/1.1 204 ") && !text.contains("content-length"), "{text}");
    }
}

#[tokio::test]
async fn a_fault_in_a_header_that_cannot_be_sent_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for (fault, member) in [
        (r#"{ "headers": { "Content-Length": "1" } }"#, "`headers`: \"Content-Length\""),
        (
            r#"{ "headers": { "transfer-encoding": "chunked" } }"#,
            "`headers`: \"transfer-encoding\"",
        ),
        (r#"{ "headers": { "connection": "close" } }"#, "`headers`: \"connection\""),
        (r#"{ "status": 204, "body": "x" }"#, "`body`: "),
        (r#"{ "status": 304, "ending": "truncated" }"#, "`ending`: "),
        (r#"{ "status": 103 }"#, "`status`: 103"),
    ] {
        let request = post(&sandbox, &["/a"]).header("X-Sandbox-Fault", fault);
        let (status, answer) = json_of(request).await;
        let message = answer["message"].as_str().expect("a message");
        assert!(status == 400 && message.contains(member), "{status} {message}");
    }
    let two = post(&sandbox, &["/a"]).header("X-Sandbox-Fault", "{}");
    let (status, answer) = json_of(two.header("X-Sandbox-Fault", r#"{ "status": 503 }"#)).await;
    let message = answer["message"].as_str().expect("a message");
    assert!(status == 400 && message.contains("several such headers"), "{status} {message}");
    assert_eq!(total(&sandbox).await, 0);
}

#[tokio::test]
async fn a_reset_comes_before_or_after_the_request_is_applied() {
    for (fault, applied) in [(Fault::reset(), 0), (Fault::reset().after_applying(), 1)] {
        let sandbox = with(fault.on_post()).await;
        let error = post(&sandbox, &["/a"]).send().await.expect_err("a reset");
        assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
        assert_eq!(total(&sandbox).await, applied);
        assert_eq!(sandbox.requests()[0].status, None);
    }
}

#[tokio::test]
async fn a_truncated_response_announces_more_than_it_contains() {
    let sandbox = with(Fault::truncated().on_post()).await;
    let response = post(&sandbox, &["/a"]).send().await.expect("a head");
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
    assert_eq!(total(&sandbox).await, 1);
    assert_eq!(sandbox.requests()[0].status, Some(200));
    let own = r#"X-Sandbox-Fault: {"status":500,"body":"abcd","ending":"truncated"}"#;
    for (method, rest) in [("GET", "ab"), ("HEAD", "")] {
        let text = head(&sandbox, method, "/api/v1", &format!("{own}\r\n")).await;
        assert!(text.ends_with(&format!("\r\ncontent-length: 4\r\n\r\n{rest}")), "{text}");
    }
}

#[tokio::test]
async fn garbage_is_not_http_and_raw_bytes_are_sent_as_they_are() {
    let sandbox = with(Fault::garbage().on_post()).await;
    assert!(post(&sandbox, &["/a"]).send().await.is_err());
    assert_eq!(total(&sandbox).await, 0);
    assert_eq!(sandbox.requests()[0].status, None);
    sandbox
        .fault(Fault::raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"));
    assert!(post(&sandbox, &["/a"]).send().await.is_err());
    sandbox.fault(Fault::raw("HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n"));
    assert_eq!(post(&sandbox, &["/a"]).send().await.expect("a response").status(), 429);
    assert_eq!(sandbox.requests().last().expect("a request").status, Some(429));
}

#[tokio::test]
async fn a_stall_sends_the_first_half_and_then_nothing() {
    let sandbox = with(Fault::stall(Duration::MAX / 4).on_get()).await;
    let mut stream = TcpStream::connect(sandbox.address()).await.expect("a connection");
    let request = get(&sandbox, "page=1&limit=1").build().expect("a request");
    let text = format!(
        "GET {}?page=1&limit=1 HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        request.url().path(),
        sandbox.token()
    );
    stream.write_all(text.as_bytes()).await.expect("to write");
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"status\":true") && answer.len() < 4096 {
        let byte = stream.read_u8().await.expect("the first half");
        answer.push(byte);
        if answer.windows(8).any(|w| w == b"\"data\":{") {
            break;
        }
    }
    let more = tokio::time::timeout(Duration::from_millis(50), async {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.map(|_| rest)
    });
    assert!(more.await.is_err(), "there was more to read");
}

#[tokio::test]
async fn a_stall_ends_with_a_reset() {
    let sandbox = with(Fault::stall(Duration::from_millis(1)).on_post()).await;
    let response = post(&sandbox, &["/a"]).send().await.expect("a head");
    assert!(response.bytes().await.is_err());
    assert_eq!(total(&sandbox).await, 1);
}

#[tokio::test]
async fn a_slow_response_is_late_but_its_request_is_applied_immediately() {
    let delay = Duration::from_millis(150);
    let sandbox = with(Fault::slow(delay).on_post()).await;
    let asked = Instant::now();
    let slow = tokio::spawn(post(&sandbox, &["/a"]).send());
    while total(&sandbox).await == 0 {
        assert!(asked.elapsed() < Duration::from_secs(10), "never applied");
    }
    assert!(!slow.is_finished());
    assert_eq!(slow.await.expect("no panic").expect("a response").status(), 200);
    assert!(asked.elapsed() >= delay);
}

#[tokio::test]
async fn a_request_can_carry_its_own_fault() {
    let sandbox = with(Fault::status(500)).await;
    let own = |json: &'static str| post(&sandbox, &["/a"]).header("X-Sandbox-Fault", json);
    let response = own(r#"{ "status": 418, "applies": true }"#).send().await.expect("a response");
    assert_eq!(response.status(), 418);
    assert!(own(r#"{ "ending": "reset" }"#).send().await.is_err());
    let (status, answer) = json_of(own(r#"{ "times": 2 }"#)).await;
    assert_eq!(status, 400, "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.starts_with("in the header x-sandbox-fault: "), "{message}");
    // The queue was not touched.
    assert_eq!(get(&sandbox, "page=1&limit=1").send().await.expect("a response").status(), 500);
    assert_eq!(total(&sandbox).await, 1);
}

#[tokio::test]
async fn too_many_requests_get_retry_after() {
    let sandbox = Sandbox::builder().rate_limit(2, Duration::from_secs(3600)).start().await;
    let sandbox = sandbox.expect("a sandbox");
    created(&sandbox, &["/a"]).await;
    created(&sandbox, &["/a"]).await;
    let response = post(&sandbox, &["/a"]).send().await.expect("a response");
    assert_eq!(response.status(), 429);
    let wait: u64 =
        response.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1790..=1800).contains(&wait), "{wait}");
    assert!(response.text().await.expect("a body").contains("\"status\":false"));
}

#[tokio::test]
async fn a_token_expires_after_its_uses_and_can_be_replaced() {
    let mut sandbox = Sandbox::builder().token_uses(1).start().await.expect("a sandbox");
    created(&sandbox, &["/a"]).await;
    let (status, answer) = json_of(post(&sandbox, &["/a"])).await;
    assert_eq!((status, &answer["message"]), (401, &"the token has expired".into()));
    let old = post(&sandbox, &["/a"]);
    sandbox.replace_token("new").expect("a token");
    assert_eq!(old.send().await.expect("a response").status(), 401);
    created(&sandbox, &["/a"]).await;
    assert!(sandbox.replace_token("a b").is_err());
}
