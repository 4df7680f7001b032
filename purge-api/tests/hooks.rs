//! What the hooks do to a request and a response, seen from a raw TCP server.

use purge_api::{Bearer, Client, Error, MAX_RESPONSE_BYTES, ResponseValue, types};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

type Listed = Result<ResponseValue<types::ListPurgeRequestsResponse>, Error<()>>;

/// Answers one list request with `body`, whose length is stated or shown by the end of the connection;
/// returns the head of the request and what the client made of the answer.
async fn exchange(body: Vec<u8>, states_length: bool) -> (String, Listed) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("a request head"));
        }
        let length = if states_length {
            format!("content-length: {}\r\n", body.len())
        } else {
            "connection: close\r\n".to_owned()
        };
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{length}\r\n");
        socket.write_all(answer.as_bytes()).await.expect("write");
        // A client that stops reading closes the connection, which is what one test wants.
        let _ = socket.write_all(&body).await;
        String::from_utf8(head).expect("ASCII").to_lowercase()
    });
    // Whether this HTTP client has TLS depends on what else is built, and then it needs a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let listed = Client::new_with_client(&base, http, Bearer::new("s3cret").expect("a token"))
        .list_purge_requests()
        .organization_uuid(uuid::Uuid::nil())
        .resource_uuid(uuid::Uuid::nil())
        .page(std::num::NonZeroU64::MIN)
        .limit(std::num::NonZeroU64::MIN)
        .send()
        .await;
    (server.await.expect("the server"), listed)
}

fn padded(bytes: usize) -> Vec<u8> {
    let mut body = br#"{"status":true}"#.to_vec();
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn undocumented_version_header_is_not_sent() {
    let (head, listed) = exchange(padded(100), true).await;
    assert!(!head.contains("api-version"), "{head}");
    assert!(head.contains("accept: application/json"), "{head}");
    assert!(head.contains("authorization: bearer s3cret"), "{head}");
    assert!(listed.expect("a page").status);
}

#[tokio::test]
async fn an_empty_list_in_place_of_the_page_is_a_page() {
    let (_, listed) = exchange(br#"{"status":true,"data":[]}"#.to_vec(), true).await;
    let page = listed.expect("an answer").into_inner().data.expect("a page");
    assert!(page.requests.is_none() && page.total.is_none());
    let (_, listed) = exchange(br#"{"status":true,"data":null}"#.to_vec(), true).await;
    assert!(listed.expect("an answer").data.is_none());
    let (_, listed) = exchange(br#"{"status":true,"data":[{"opID":"a"}]}"#.to_vec(), true).await;
    assert!(matches!(listed, Err(Error::InvalidResponsePayload(..))), "{listed:?}");
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    listener.set_nonblocking(true).expect("a socket");
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let listed: Listed = Client::new_with_client(&base, http, Bearer::from_fn(|| None))
        .list_purge_requests()
        .organization_uuid(uuid::Uuid::nil())
        .resource_uuid(uuid::Uuid::nil())
        .page(std::num::NonZeroU64::MIN)
        .limit(std::num::NonZeroU64::MIN)
        .send()
        .await;
    assert!(matches!(listed, Err(Error::Custom(_))), "{listed:?}");
    listener.accept().expect_err("nobody connected");
}

#[tokio::test]
async fn body_of_the_greatest_length_is_read() {
    for states_length in [true, false] {
        let (_, listed) = exchange(padded(MAX_RESPONSE_BYTES), states_length).await;
        assert!(listed.expect("a page").status);
    }
}

#[tokio::test]
async fn longer_body_is_an_error() {
    for states_length in [true, false] {
        let (_, listed) = exchange(padded(MAX_RESPONSE_BYTES + 1), states_length).await;
        assert!(matches!(listed, Err(Error::ResponseBodyError(_))), "{listed:?}");
    }
}
