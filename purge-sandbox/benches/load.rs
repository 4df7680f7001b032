//! How much the sandbox can hold, and how fast it is: 10,000 jobs of 100 paths from 64 concurrent
//! clients, 1,000,000 cached objects, and any page of 1,000,000 records. Everything goes over HTTP;
//! exceeding a limit is a failure.
#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use purge_sandbox::Sandbox;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const CLIENTS: usize = 64;
const JOBS: usize = 10_000;
const PATHS: usize = 100;
const OBJECTS: usize = 1_000_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    // Feature unification builds this HTTP client without a TLS provider, because the library brings its
    // own.
    let _ = rustls::crypto::ring::default_provider().install_default();

    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Failure> {
    let builder = Sandbox::builder().purge_delay(Duration::ZERO).cache_bytes(usize::MAX);
    let sandbox = Arc::new(builder.start().await?);
    let begun = Instant::now();
    sandbox.fill((0..OBJECTS).map(|i| format!("/site/{:03}/{i}.html", i % 1000)));
    report(&format!("fill the cache with {OBJECTS} objects"), begun.elapsed());

    let url = format!(
        "{}/api/v1/cdn/{}/job/{}/purge",
        sandbox.base_url(),
        sandbox.organization(),
        sandbox.resource()
    );
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (sandbox, url) = (Arc::clone(&sandbox), url.clone());
        clients.spawn(async move {
            let http = Client::new();
            for job in (client..JOBS).step_by(CLIENTS) {
                let paths: Vec<String> = (0..PATHS).map(|n| format!("/job/{job}/{n}")).collect();
                create(&http, &url, &sandbox, &paths).await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(done) = clients.join_next().await {
        done??;
    }
    report(&format!("{JOBS} jobs of {PATHS} paths from {CLIENTS} clients"), begun.elapsed());

    let http = Client::new();
    let records = JOBS * PATHS;
    for page in [1, 2, records / 200, records / 100, records / 100 + 1] {
        let begun = Instant::now();
        let data = list(&http, &url, &sandbox, page).await?;
        let took = begun.elapsed();
        report(&format!("list page {page} of {}", records / 100), took);
        assert_eq!(data["total"], records, "records were lost");
        let expected = if page > records / 100 { 0 } else { 100 };
        assert_eq!(data["requests"].as_array().map(Vec::len), Some(expected));
        assert!(took < Duration::from_millis(10), "a page took {took:?}");
    }

    let all = sandbox.cached(sandbox.resource()).len();
    assert!(all >= OBJECTS, "only {all} objects are cached");
    for (pattern, left) in [
        ("/site/007/7.html", all - 1),
        ("/site/008/*", all - 1 - 1000),
        ("/site/009/*.html", all - 1 - 2000),
        ("/*", 0),
    ] {
        create(&http, &url, &sandbox, &[pattern.to_owned()]).await?;
        let begun = Instant::now();
        let data = list(&http, &url, &sandbox, 1).await?;
        let took = begun.elapsed();
        report(&format!("purge {pattern}"), took);
        assert_eq!(data["requests"][0]["status"], 1, "nothing was purged");
        let cached = sandbox.cached(sandbox.resource()).len();
        assert_eq!(cached, left, "objects are left after a purge of {pattern}");
        let few = pattern != "/*";
        assert!(!few || took < Duration::from_millis(50), "a small purge took {took:?}");
    }
    Ok(())
}

fn report(what: &str, took: Duration) {
    println!("{took:>12.1?}  {what}");
}

async fn create(
    http: &Client,
    url: &str,
    sandbox: &Sandbox,
    paths: &[String],
) -> Result<(), Failure> {
    let body = json!({ "resource_uuid": sandbox.resource(), "file_path": paths });
    let request = http.post(url).bearer_auth(sandbox.token());
    let request = request.header("content-type", "application/json").body(body.to_string());
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(())
}

async fn list(http: &Client, url: &str, sandbox: &Sandbox, page: usize) -> Result<Value, Failure> {
    let request = http.get(format!("{url}?page={page}&limit=100")).bearer_auth(sandbox.token());
    let text = request.send().await?.error_for_status()?.text().await?;
    Ok(serde_json::from_str::<Value>(&text)?["data"].take())
}
