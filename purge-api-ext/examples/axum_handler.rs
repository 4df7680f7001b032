//! Purge from a web service: a CMS calls a hook whenever content is published.
//!
//!     cargo run -p purge-api-ext --example axum_handler

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::net::SocketAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use purge_api_ext::{Client, Plan, PurgePath, Report, Resource};
use purge_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Takes a JSON array of paths. An invalid path is rejected before the handler runs, because `PurgePath` is
/// validated when it is deserialized.
async fn published(
    State(site): State<Resource>,
    Json(paths): Json<Vec<PurgePath>>,
) -> Result<(StatusCode, Json<Report>), (StatusCode, String)> {
    let plan = Plan::new(paths).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    // A task of its own: if the CMS closes the connection, the handler is dropped, but the purge must not be. All
    // handlers share one client, and so its connections, its rate limit and its pauses.
    let purge = tokio::spawn(async move {
        let report = site.purge(plan).await;
        if !report.is_success() {
            // Nobody may be left to read the response.
            eprintln!("{report}; to purge again: {:?}", report.failed_paths().collect::<Vec<_>>());
        }
        report
    });
    let report = purge.await.map_err(|e| (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
    let status = if report.is_success() { StatusCode::OK } else { StatusCode::BAD_GATEWAY };
    Ok((status, Json(report)))
}

/// Starts the web service on a free port.
async fn serve(sandbox: &Sandbox) -> Result<(SocketAddr, JoinHandle<()>), Box<dyn Error>> {
    let client = Client::builder(sandbox.token())
        .base_url(sandbox.base_url())
        // For all handlers together.
        .rate("5/s".parse()?)
        .build()?;
    let site = client.resource(sandbox.organization().parse()?, sandbox.resource().parse()?);

    let app = Router::new().route("/published", post(published)).with_state(site);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("a server") });
    Ok((address, server))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let (address, server) = serve(&sandbox).await?;
    let (status, body) = call(address, r#"["/index.html","/images/*"]"#).await?;
    println!("{status}: {body}");
    assert_eq!(status, 200);
    let (status, body) = call(address, r#"["index.html"]"#).await?;
    println!("{status}: {body}");
    assert_eq!(status, 422);
    server.abort();
    Ok(())
}

/// Stands for the CMS.
async fn call(address: SocketAddr, body: &str) -> Result<(u16, String), Box<dyn Error>> {
    let mut response = String::new();
    send(address, body).await?.read_to_string(&mut response).await?;
    let status = response.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok((status, response.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()))
}

async fn send(address: SocketAddr, body: &str) -> Result<TcpStream, Box<dyn Error>> {
    let mut socket = TcpStream::connect(address).await?;
    let head = "POST /published HTTP/1.1\r\nhost: here\r\ncontent-type: application/json";
    let length = body.len();
    let request = format!("{head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    socket.write_all(request.as_bytes()).await?;
    Ok(socket)
}

#[test]
fn runs() {
    main().expect("the example works");
}

#[tokio::test(flavor = "multi_thread")]
async fn purge_outlives_a_closed_connection() {
    use std::time::{Duration, Instant};

    // The purge is sent again after a second, and the CMS is gone by then.
    let busy = purge_sandbox::Fault::status(429).header("retry-after", "1").on_post();
    let sandbox = Sandbox::builder().fault(busy).start().await.expect("a sandbox");
    let (address, server) = serve(&sandbox).await.expect("a server");
    let socket = send(address, r#"["/index.html"]"#).await.expect("a connection");
    let started = Instant::now();
    let until = async |what: &dyn Fn() -> bool| {
        while !what() {
            assert!(started.elapsed() < Duration::from_secs(30), "it does not happen");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    until(&|| !sandbox.requests().is_empty()).await;
    drop(socket);
    until(&|| !sandbox.jobs().is_empty()).await;
    server.abort();
}
