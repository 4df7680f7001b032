//! Purge from a web service: a CMS calls a hook whenever content is published.
//!
//!     cargo run -p purge-api-ext --example axum_handler

#![allow(clippy::print_stdout)]

use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use purge_api_ext::{Client, Plan, PurgePath, Report, Resource};
use purge_sandbox::Sandbox;

/// Takes a JSON array of paths. An invalid path is rejected before the handler runs, because `PurgePath` is
/// validated when it is deserialized.
async fn published(
    State(site): State<Resource>,
    Json(paths): Json<Vec<PurgePath>>,
) -> Result<Json<Report>, (StatusCode, String)> {
    let plan = Plan::new(paths).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    // All handlers share one client, and so its connections, its rate limit and its pauses.
    let report = site.purge(plan).await.into_result();
    report.map(Json).map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start().await?;
    let client = Client::builder(sandbox.token())
        .base_url(sandbox.base_url())
        // For all handlers together.
        .rate("5/s".parse()?)
        .build()?;
    let site = client.resource(sandbox.organization().parse()?, sandbox.resource().parse()?);

    let app = Router::new().route("/published", post(published)).with_state(site);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

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
async fn call(address: std::net::SocketAddr, body: &str) -> Result<(u16, String), Box<dyn Error>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut socket = tokio::net::TcpStream::connect(address).await?;
    let head = "POST /published HTTP/1.1\r\nhost: here\r\ncontent-type: application/json";
    let length = body.len();
    let request = format!("{head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    socket.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    socket.read_to_string(&mut response).await?;
    let status = response.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok((status, response.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()))
}

#[test]
fn runs() {
    main().expect("the example works");
}
