use std::io::Read as _;
use std::time::Duration;

use brotli_decompressor::Decompressor;
use flate2::read::GzDecoder;
use purge_sandbox::{Fault, Pop, RecordState, Sandbox, SandboxBuilder};
use reqwest::Response;
use tempfile::TempDir;

use crate::support::{created, http};

async fn started(builder: SandboxBuilder) -> (TempDir, Sandbox) {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder, "old");
    let builder = builder.origin(folder.path()).purge_delay(Duration::ZERO);
    let sandbox = builder.start().await.expect("a sandbox");
    (folder, sandbox)
}

fn write(folder: &TempDir, text: &str) {
    std::fs::write(folder.path().join("a.html"), text).expect("a file");
}

async fn get(sandbox: &Sandbox, route: &str, coding: &str) -> Response {
    let url = format!("{}/{route}/a.html", sandbox.base_url());
    http().get(url).header("accept-encoding", coding).send().await.expect("a response")
}

async fn text(sandbox: &Sandbox, route: &str) -> String {
    get(sandbox, route, "identity").await.text().await.expect("a text")
}

#[tokio::test]
async fn a_point_of_presence_is_purged_after_its_lag() {
    let late = Pop::new("late").lag(Duration::from_millis(500));
    let never = Pop::new("never").lag(Duration::MAX);
    let builder = Sandbox::builder().pop(late).pop(never).pop(Pop::new("soon"));
    let (folder, sandbox) = started(builder).await;
    let pop = |name: &str| format!("pop/{name}/{}", sandbox.resource());
    for name in ["late", "never", "soon"] {
        assert_eq!(text(&sandbox, &pop(name)).await, "old");
    }
    write(&folder, "new");
    created(&sandbox, &["/a.html"]).await;
    assert_eq!(text(&sandbox, &pop("soon")).await, "new");
    assert_eq!(text(&sandbox, &pop("late")).await, "old");
    while text(&sandbox, &pop("late")).await == "old" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(text(&sandbox, &pop("never")).await, "old");
}

#[tokio::test]
async fn a_copy_keeps_the_date_of_the_origin() {
    let (_folder, sandbox) = started(Sandbox::builder()).await;
    let route = format!("edge/{}", sandbox.resource());
    let date = async || {
        let response = get(&sandbox, &route, "identity").await;
        let date = response.headers()["date"].to_str().expect("text").to_owned();
        (response.headers().get("age").is_some(), date)
    };
    let (has_age, first) = date().await;
    assert!(!has_age);
    let at = httpdate::parse_http_date(&first).expect("a date");
    while at.elapsed().expect("in the past") < Duration::from_millis(1100) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(date().await, (true, first));
}

#[tokio::test]
async fn visitors_may_be_refused_or_challenged() {
    let builder =
        Sandbox::builder().pop(Pop::new("no").forbidding()).pop(Pop::new("who").challenging());
    let (_folder, sandbox) = started(builder).await;
    let resource = sandbox.resource();
    assert_eq!(get(&sandbox, &format!("pop/no/{resource}"), "identity").await.status(), 403);
    let challenge = get(&sandbox, &format!("pop/who/{resource}"), "identity").await;
    assert_eq!(
        (challenge.status().as_u16(), &challenge.headers()["cf-mitigated"]),
        (403, &"challenge".parse().expect("text"))
    );
    assert_eq!(get(&sandbox, &format!("pop/none/{resource}"), "identity").await.status(), 404);
    for names in [["a b", "c"], ["", "c"], ["c", "c"]] {
        let builder =
            names.iter().fold(Sandbox::builder(), |builder, name| builder.pop(Pop::new(*name)));
        let error = builder.start().await.expect_err("a name").to_string();
        assert!(error.contains("is not a valid name"), "{error}");
    }
}

#[tokio::test]
async fn variants_are_cached_and_purged_together() {
    let (folder, sandbox) = started(Sandbox::builder().compress()).await;
    let route = format!("edge/{}", sandbox.resource());
    let decoded = async |accepted: &str, coding: &str| {
        let response = get(&sandbox, &route, accepted).await;
        assert_eq!(response.headers()["vary"], "accept-encoding");
        assert_eq!(response.headers()["content-encoding"], coding);
        let tag = response.headers()["etag"].to_str().expect("text");
        assert!(tag.starts_with("W/\""), "the bytes are not those of the file: {tag}");
        let cache = response.headers()["x-cache"].to_str().expect("text").to_owned();
        let bytes = response.bytes().await.expect("a body");
        let mut text = String::new();
        match coding {
            "gzip" => GzDecoder::new(&*bytes).read_to_string(&mut text),
            _ => Decompressor::new(&*bytes, 4096).read_to_string(&mut text),
        }
        .expect(coding);
        (cache, text)
    };
    let gzip = async || decoded("deflate, gzip;q=0.5", "gzip").await;
    let brotli = async || decoded("gzip, br", "br").await;
    for (content, next) in [("old", "new"), ("new", "newer")] {
        assert_eq!(gzip().await, ("MISS".into(), content.into()));
        assert_eq!(brotli().await, ("MISS".into(), content.into()));
        assert_eq!(text(&sandbox, &route).await, content);
        write(&folder, next);
        assert_eq!(gzip().await, ("HIT".into(), content.into()));
        assert_eq!(brotli().await, ("HIT".into(), content.into()));
        created(&sandbox, &["/*"]).await;
    }
}

#[tokio::test]
async fn every_variant_counts_as_cached() {
    let (_folder, sandbox) = started(Sandbox::builder().compress()).await;
    let route = format!("edge/{}", sandbox.resource());
    get(&sandbox, &route, "gzip").await;
    assert_eq!(sandbox.cached(sandbox.resource()), ["/a.html"]);
    get(&sandbox, &route, "br").await;
    get(&sandbox, &route, "identity").await;
    sandbox.fill(["/b.html"]);
    assert_eq!(sandbox.cached(sandbox.resource()), ["/a.html", "/b.html"]);
    let page = http().get(sandbox.base_url()).send().await.expect("a response");
    let page = page.text().await.expect("a page");
    assert!(page.contains("Small: 2 objects"), "{page}");
}

#[tokio::test]
async fn copy_at_a_point_of_presence_alone_is_purged_too() {
    for lag in [Duration::ZERO, Duration::from_secs(3600)] {
        let (_folder, sandbox) = started(Sandbox::builder().pop(Pop::new("fra").lag(lag))).await;
        text(&sandbox, &format!("pop/fra/{}", sandbox.resource())).await;
        for path in ["/a.html", "/none", "/*"] {
            created(&sandbox, &[path]).await;
        }
        let states = sandbox.records().into_iter().map(|record| record.state);
        let states: Vec<_> = states.collect();
        // While the point of presence lags, the copy is still there.
        let last = if lag.is_zero() { RecordState::NotCached } else { RecordState::Purged };
        assert_eq!(states, [RecordState::Purged, RecordState::NotCached, last], "{lag:?}");
    }
}

#[tokio::test]
async fn a_job_may_report_what_it_did_not_do() {
    let (folder, sandbox) =
        started(Sandbox::builder().fault(Fault::answer().keeping_objects())).await;
    let route = format!("edge/{}", sandbox.resource());
    assert_eq!(text(&sandbox, &route).await, "old");
    write(&folder, "new");
    created(&sandbox, &["/a.html"]).await;
    assert_eq!(text(&sandbox, &route).await, "old");
    assert_eq!(sandbox.records()[0].state, RecordState::Purged);
    created(&sandbox, &["/a.html"]).await;
    assert_eq!(text(&sandbox, &route).await, "new");
}

#[tokio::test]
async fn an_upload_may_arrive_late() {
    let later = tempfile::tempdir().expect("a folder");
    write(&later, "new");
    let builder = Sandbox::builder().origin_later(later.path(), Duration::from_millis(300));
    let (_folder, sandbox) = started(builder).await;
    assert_eq!(text(&sandbox, "origin").await, "old");
    while text(&sandbox, "origin").await == "old" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(text(&sandbox, "origin").await, "new");
}
