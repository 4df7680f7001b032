use std::sync::LazyLock;

use purge_sandbox::Sandbox;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The HTTP client of all tests, since creating one reads the system's certificates. It keeps no
/// connection: that would belong to the runtime of the test that opened it.
pub(crate) fn http() -> Client {
    static HTTP: LazyLock<Client> = LazyLock::new(|| {
        // Feature unification may enable TLS, which needs a provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder().pool_max_idle_per_host(0).build().expect("a client")
    });
    HTTP.clone()
}

pub(crate) fn url(sandbox: &Sandbox) -> String {
    format!(
        "{}/api/v1/cdn/{}/job/{}/purge",
        sandbox.base_url(),
        sandbox.organization(),
        sandbox.resource()
    )
}

pub(crate) fn body(sandbox: &Sandbox, paths: &[&str]) -> Value {
    json!({ "resource_uuid": sandbox.resource(), "file_path": paths })
}

pub(crate) fn post(sandbox: &Sandbox, paths: &[&str]) -> RequestBuilder {
    http()
        .post(url(sandbox))
        .bearer_auth(sandbox.token())
        .header("content-type", "application/json")
        .body(body(sandbox, paths).to_string())
}

pub(crate) fn get(sandbox: &Sandbox, query: &str) -> RequestBuilder {
    http().get(format!("{}?{query}", url(sandbox))).bearer_auth(sandbox.token())
}

/// Sends a request and parses the response as JSON.
pub(crate) async fn json_of(request: RequestBuilder) -> (u16, Value) {
    let response: Response = request.send().await.expect("a response");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a complete body");
    (status, serde_json::from_str(&text).expect("a JSON body"))
}

/// Creates a job and returns its operation ID.
pub(crate) async fn created(sandbox: &Sandbox, paths: &[&str]) -> String {
    let (status, answer) = json_of(post(sandbox, paths)).await;
    assert_eq!((status, &answer["status"]), (200, &Value::Bool(true)), "{answer}");
    answer["opID"].as_str().expect("an operation ID").to_owned()
}

pub(crate) async fn listed(sandbox: &Sandbox, query: &str) -> Value {
    let (status, mut answer) = json_of(get(sandbox, query)).await;
    assert_eq!((status, &answer["status"]), (200, &Value::Bool(true)), "{answer}");
    answer["data"].take()
}

/// The complete response to a request without a body, with these lines in its head.
pub(crate) async fn head(sandbox: &Sandbox, method: &str, target: &str, lines: &str) -> String {
    let host = sandbox.address();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    raw(sandbox, &format!("{head}{lines}\r\n")).await
}

/// Writes raw bytes and reads until the server closes the connection.
pub(crate) async fn raw(sandbox: &Sandbox, request: &str) -> String {
    let mut stream = TcpStream::connect(sandbox.address()).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("to write the request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("a clean close");
    String::from_utf8(answer).expect("text")
}
