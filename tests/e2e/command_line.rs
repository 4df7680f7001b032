//! The binary, as a pipeline uses it.

use std::collections::BTreeSet;
use std::time::Duration;

use purge_sandbox::Sandbox;
use purge_tests::cli::Run;
use serde_json::{Value, json};

use crate::account::{posts, purge_at};
use crate::{ORGANIZATION, PURGE, RESOURCE};

fn purge<const N: usize>(arguments: [&str; N]) -> Run {
    Run::new(PURGE, arguments)
}

/// The paths of all POSTs, and how many each had.
fn posted(sandbox: &Sandbox) -> (Vec<String>, Vec<usize>) {
    let bodies = posts(sandbox);
    let sizes = bodies.iter().map(Vec::len).collect();
    (bodies.into_iter().flatten().collect(), sizes)
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_server_needs_no_account() {
    let run = purge(["create", "--sandbox", "--wait", "/index.html", "/images/*", "/not-there"]);
    let ended = run.end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let out = ended.out.lines().filter(|line| !line.contains("operation")).collect::<Vec<_>>();
    insta::assert_snapshot!(out.join("\n"), @r"
      purged      /index.html
      purged      /images/*
      not cached  /not-there
    3 paths: 3 accepted, 2 purged, 1 not cached
    ");
    assert_eq!(ended.err, "purging 3 paths in 1 request\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_paths_from_standard_input_arrive_exactly() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let paths: Vec<String> =
        (0..10_001).map(|i| format!("/docs/{}/page-{i}.html", i % 17)).collect();
    let input = format!("# a site\n{}\n{}\n", paths.join("\n"), paths[0]);
    let ended = purge_at(&sandbox, &["create", "--from", "-", "--wait", "--output", "json"])
        .input(input)
        .end()
        .await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);

    let (sent, sizes) = posted(&sandbox);
    assert_eq!(sizes.len(), 101);
    assert!(sizes.iter().all(|size| (1..=100).contains(size)));
    assert_eq!(sent.len(), paths.len());
    assert_eq!(BTreeSet::from_iter(&sent), BTreeSet::from_iter(&paths));

    let report = ended.json();
    assert_eq!(
        report["summary"],
        json!({
            "input": 10_002, "duplicates": 1, "covered": 0, "extra": 0, "requests": 101,
            "paths": 10_001, "accepted": 10_001, "purged": 0, "not_cached": 10_001, "pending": 0,
            "failed": 0, "unconfirmed": 0, "not_sent": 0,
        })
    );
    let operations = report["operations"].as_array().expect("operations");
    let reported = operations.iter().flat_map(|o| o["paths"].as_array().expect("paths"));
    let reported: Vec<&str> = reported.map(|p| p["path"].as_str().expect("a path")).collect();
    assert_eq!(reported, paths, "the report keeps the order of the input");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_and_one_paths_make_two_requests() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let paths: String = (0..101).map(|i| format!("/{i}\n")).collect();
    let ended = purge_at(&sandbox, &["create", "--from", "-"]).input(paths).end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(posted(&sandbox).1.iter().sum::<usize>(), 101);
    assert_eq!(posted(&sandbox).1.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_sends_nothing_and_says_what_to_mend() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let check = async |arguments: &[&str], input: &str, expected: &str| {
        let run = Run::new(PURGE, arguments).input(input);
        let (organization, resource) = (sandbox.organization(), sandbox.resource());
        let run = run.account(sandbox.base_url(), sandbox.token(), organization, resource);
        let ended = run.end().await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.out, "", "{arguments:?}");
        assert!(!ended.err.contains("s3cret"), "{arguments:?}: {}", ended.err);
    };
    check(&["create"], "", "no paths to purge").await;
    check(&["create", "--from", "-"], "\n# nothing\n", "no paths to purge").await;
    check(
        &["create", "--from", "-"],
        "/a\n/b\nc\n",
        "standard input:3: `c`: it does not begin with `/`",
    )
    .await;
    check(&["create", "/a", "b c"], "", "argument 2: `b c`: it does not begin with `/`").await;
    check(&["create", "--from", "/not/there"], "", "/not/there cannot be read").await;
    check(&["create", "/a", "/**"], "", "pass --allow-full-purge").await;
    check(&["create", "--dry-run"], "", "no paths to purge").await;
    check(&["create", "/a", "--wait", "5m"], "", "`5m` is not a path; write `--wait=5m`").await;
    check(&["list", "--page", "0"], "", "pages count from 1").await;
    check(&["create", "--timeout", "0", "/a"], "", "write for example `30s`").await;
    check(&["sandbox", "--listen", "localhost:8499"], "", "write `127.0.0.1:8499`").await;
    check(&["create", "--base-url", "https://e.net/api/v1", "/a"], "", "leave `/api/v1` out").await;
    check(&["create", "--resource", "www", "/a"], "", "the resource `www` is not a UUID").await;
    check(&["create", "--base-url", "http://example.com", "/a"], "", "use https").await;
    let open = "login 's3cret";
    check(&["create", "--token-command", open, "/a"], "", "--token-command: a quote is not closed")
        .await;
    check(&["list", "--limit", "101"], "", "a page has 1 to 100 records").await;
    check(&["list", "--page", "0"], "", "--page").await;
    assert_eq!(sandbox.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn account_is_asked_for() {
    let ended = purge(["create", "/a"]).end().await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("set PURGE_ORGANIZATION, or use --sandbox"), "{}", ended.err);
    let ended = purge(["create", "/a", "-o", ORGANIZATION, "-r", RESOURCE]).end().await;
    assert!(ended.err.contains("--token-command CMD or set PURGE_TOKEN"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_token_stops_the_run() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let paths: String = (0..1000).map(|i| format!("/{i}\n")).collect();
    let run =
        purge_at(&sandbox, &["create", "--from", "-", "--concurrency", "1", "--output", "json"])
            .env("PURGE_TOKEN", "wr0ng-t0ken");
    let ended = run.input(paths).end().await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert_eq!(sandbox.requests().len(), 1);
    let summary = &ended.json()["summary"];
    assert_eq!((&summary["failed"], &summary["not_sent"]), (&json!(100), &json!(900)));
    let error = ended.err.lines().last().expect("an error");
    let error: Value = serde_json::from_str(error).expect("JSON");
    assert_eq!(error["error"]["kind"], "unauthorized");
    assert_eq!(error["error"]["exit_code"], 3);
    assert!(!format!("{ended:?}").contains("wr0ng"), "the token is shown: {ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dry_run_shows_what_would_be_sent() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for arguments in [&["plan"][..], &["create", "--dry-run"]] {
        let arguments = [arguments, &["--output", "json", "/a", "/b*", "/bc", "/a"]].concat();
        let run = Run::new(PURGE, arguments);
        let run = run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE);
        let ended = run.end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let plan = ended.json();
        assert_eq!(plan["dry_run"], true);
        assert_eq!(plan["operations"][0]["state"], "planned");
        assert_eq!(
            plan["operations"][0]["paths"][1],
            json!({ "path": "/b*", "state": "planned", "message": null })
        );
        assert_eq!(plan["summary"]["covered"], 1);
        assert_eq!(plan["summary"]["duplicates"], 1);
    }
    assert_eq!(sandbox.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn created_operations_can_be_listed_and_waited_for() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let created =
        purge_at(&sandbox, &["create", "--output", "json", "/index.html", "/b"]).end().await;
    let created = created.json();
    assert_eq!(created["operations"][0]["state"], "accepted");
    let id = created["operations"][0]["op_id"].as_str().expect("an operation");

    let waited = purge_at(&sandbox, &["wait", "--output", "json", id]).end().await;
    assert_eq!(waited.code, Some(0), "{waited:?}");
    let waited = waited.json();
    assert_eq!(waited["operations"][0]["state"], "finished");
    assert_eq!(
        (&waited["summary"]["purged"], &waited["summary"]["not_cached"]),
        (&json!(1), &json!(1))
    );

    let listed = purge_at(&sandbox, &["list", "--output", "json", "--op-id", id, "--limit", "1"]);
    let listed = listed.end().await.json();
    assert_eq!(
        (&listed["schema"], &listed["page"], &listed["limit"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!((&listed["total"], listed["requests"][0]["op_id"].as_str()), (&json!(2), Some(id)));

    let all =
        purge_at(&sandbox, &["list", "--output", "json", "--limit", "1", "--all"]).end().await;
    assert_eq!(all.json()["requests"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn deadline_has_its_own_exit_code() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let unknown = "00000000-0000-4000-8000-000000000000";
    let ended = purge_at(&sandbox, &["wait", "--wait", "300ms", unknown]).end().await;
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.err.contains("not finished within 300ms"), "{}", ended.err);
    let expected =
        format!("no record was seen of {unknown}; to wait longer: cdn-purge wait {unknown}\n");
    assert!(ended.err.contains(&expected), "{}", ended.err);
    let ended = purge_at(&sandbox, &["wait", "--wait=0s", unknown]).end().await;
    assert!(ended.err.contains("not finished within 0s; "), "{}", ended.err);

    let day = Duration::from_secs(24 * 3600);
    let sandbox = Sandbox::builder().purge_delay(day).start().await.expect("a sandbox");
    let created = purge_at(&sandbox, &["create", "/a", "--output", "json"]).end().await.json();
    let known = created["operations"][0]["op_id"].as_str().expect("an operation");
    let ended = purge_at(&sandbox, &["wait", "--wait", "300ms", known, unknown]).end().await;
    let expected = format!(
        "the jobs go on; to follow them: cdn-purge wait {known}; no record was seen of {unknown}; to wait longer: \
         cdn-purge wait {unknown}\n"
    );
    assert!(ended.err.ends_with(&expected), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn unreachable_service_is_temporary() {
    // A port that was free a moment ago, and on which nobody listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let run = purge(["create", "--max-attempts", "1", "/a", "--output", "json"]);
    let ended = run.account(&base, "t0ken", ORGANIZATION, RESOURCE).end().await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert_eq!(ended.json()["summary"]["not_sent"], 1);
}
