//! The effect of the hooks on requests and responses, observed from a raw TCP server.

use std::sync::{Arc, Mutex};

use purge_api::{
    Bearer, Client, Error, MAX_RESPONSE_BYTES, ObservedResponse, ResponseValue, observe, types,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

type Listed = Result<ResponseValue<types::ListPurgeRequestsResponse>, Error<()>>;

/// Responds to one list request with `body`. The length is stated, or implied by closing the connection. Returns the
/// head of the request and the result of the client.
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
        let response = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{length}\r\n");
        socket.write_all(response.as_bytes()).await.expect("write");
        // Fails in the tests whose client stops reading and closes the connection.
        let _ = socket.write_all(&body).await;
        String::from_utf8(head).expect("ASCII").to_lowercase()
    });
    // Cargo's feature unification may enable TLS in this HTTP client, which then needs a provider.
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
async fn an_empty_array_is_an_empty_page() {
    let (_, listed) = exchange(br#"{"status":true,"data":[]}"#.to_vec(), true).await;
    let page = listed.expect("a response").into_inner().data.expect("a page");
    assert!(page.requests.is_none() && page.total.is_none());
    let (_, listed) = exchange(br#"{"status":true,"data":null}"#.to_vec(), true).await;
    assert!(listed.expect("a response").data.is_none());
    let (_, listed) = exchange(br#"{"status":true,"data":[{"opID":"a"}]}"#.to_vec(), true).await;
    assert!(matches!(listed, Err(Error::InvalidResponsePayload(..))), "{listed:?}");
}

#[tokio::test]
async fn observer_sees_every_response_as_it_arrived() {
    for (body, states_length) in [
        (&br#"{"status":true,"more":[1]}"#[..], true),
        (br#"{"status":true,"more":[1]}"#, false),
        (b"<html>", true),
        (b"", false),
    ] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let observer = {
            let seen = Arc::clone(&seen);
            move |response: ObservedResponse| seen.lock().expect("no panic").push(response)
        };
        let (head, listed) = observe(observer, exchange(body.to_vec(), states_length)).await;
        assert_eq!(listed.is_ok(), body.starts_with(b"{"), "the response is decoded as ever");
        let seen = seen.lock().expect("no panic");
        let [response] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!((response.body.as_slice(), response.status.as_u16()), (body, 200));
        assert_eq!(response.headers["content-type"], "application/json");
        let line = format!("{} {}?", response.method, response.url.path()).to_lowercase();
        assert!(
            head.starts_with(&line) && response.url.query() == Some("limit=1&page=1"),
            "{head}"
        );
        assert!(response.remote.is_some() && response.sent <= response.received);
        assert!(!format!("{response:?}").contains("more"), "{response:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_without_a_token() {
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
async fn body_of_the_maximum_size_is_read() {
    for states_length in [true, false] {
        let (_, listed) = exchange(padded(MAX_RESPONSE_BYTES), states_length).await;
        assert!(listed.expect("a page").status);
    }
}

#[tokio::test]
async fn larger_body_is_an_error() {
    for states_length in [true, false] {
        let (_, listed) = exchange(padded(MAX_RESPONSE_BYTES + 1), states_length).await;
        assert!(matches!(listed, Err(Error::ResponseBodyError(_))), "{listed:?}");
    }
}
