//! The binary, as a pipeline uses it.

use std::collections::BTreeSet;
use std::time::Duration;

use purge_sandbox::Sandbox;
use purge_tests::cli::Run;
use serde_json::json;

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
async fn missing_account_is_reported() {
    let ended = purge(["create", "/a"]).end().await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("set PURGE_ORGANIZATION, or use --sandbox"), "{}", ended.err);
    let ended = purge(["create", "/a", "-o", ORGANIZATION, "-r", RESOURCE]).end().await;
    assert!(
        ended.err.contains("or set PURGE_API_KEY and PURGE_API_SECRET, or PURGE_TOKEN"),
        "{}",
        ended.err
    );
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
    let unseen = format!(
        "no record of {unknown} was found; it may not be an operation of this resource; to wait longer: cdn-purge \
         wait {unknown}\n"
    );
    let expected = format!("not finished within 300ms; {unseen}");
    assert!(ended.err.contains(&expected), "{}", ended.err);
    let ended = purge_at(&sandbox, &["wait", "--wait=0s", unknown]).end().await;
    assert!(ended.err.contains("not finished within 0s; "), "{}", ended.err);

    let day = Duration::from_secs(24 * 3600);
    let sandbox = Sandbox::builder().purge_delay(day).start().await.expect("a sandbox");
    let created = purge_at(&sandbox, &["create", "/a", "--output", "json"]).end().await.json();
    let known = created["operations"][0]["op_id"].as_str().expect("an operation");
    let ended = purge_at(&sandbox, &["wait", "--wait", "300ms", known, unknown]).end().await;
    let expected =
        format!("the operations continue; to follow them: cdn-purge wait {known}; {unseen}");
    assert!(ended.err.ends_with(&expected), "{}", ended.err);
    assert!(!ended.err.contains("so far"), "it was not asked for often: {}", ended.err);
}
