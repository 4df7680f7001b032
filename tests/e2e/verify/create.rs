//! `create --verify`, `--again` and `--origin-ready`.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use purge_sandbox::{Fault, Pop, Sandbox, SandboxBuilder};
use purge_tests::cli::{Ended, Run};
use serde_json::json;

use super::Bench;
use crate::account::{posts, purge_at};

/// A site with one file that has changed since the baseline, and an edge that has the old copy. The new build is at the
/// origin only after an upload.
pub(super) async fn bench(builder: SandboxBuilder) -> Bench {
    let bench = Bench::new(builder).await;
    bench.cached("a.html", "old").await;
    bench.cached("b.html", "same").await;
    let first = ["create", "--site", "old", "--baseline", "base", "--first-run"];
    let ended = purge_at(&bench.sandbox, &first).folder(bench.folder.path()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    bench.write("new/a.html", "new");
    bench.write("new/b.html", "same");
    bench
}

/// A site from which one file has been removed since the baseline. The origin and the edge still have it.
async fn removed(builder: SandboxBuilder) -> Bench {
    let bench = Bench::new(builder).await;
    bench.cached("gone.html", "old").await;
    bench.cached("b.html", "same").await;
    let first = ["create", "--site", "old", "--baseline", "base", "--first-run"];
    let ended = purge_at(&bench.sandbox, &first).folder(bench.folder.path()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    bench.write("new/b.html", "same");
    bench
}

fn create(bench: &Bench, options: &[&str]) -> Run {
    let fixed = ["create", "--site", "new", "--baseline", "base", "--wait"];
    purge_at(&bench.sandbox, &[&fixed, options].concat()).folder(bench.folder.path())
}

pub(super) async fn json(bench: &Bench, options: &[&str]) -> Ended {
    create(bench, &[options, &["--output", "json", "--quiet"]].concat()).end().await
}

fn upload(bench: &Bench) {
    bench.write("public/a.html", "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_when_all_edges_have_the_new_file() {
    let late = Pop::new("late").lag(Duration::from_millis(700));
    let bench = bench(Sandbox::builder().pop(late)).await;
    let route = format!("/pop/late/{}", bench.sandbox.resource());
    bench.visit_at(&route, "/a.html").await;
    upload(&bench);
    let pop = format!("{}{route}", bench.sandbox.base_url());
    let edges = ["--verify=60s", "--edge", &bench.edge(), "--edge", &pop];
    let ended = json(&bench, &edges).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = ended.json();
    let found = &report["verification"];
    assert_eq!((&report["summary"]["purged"], &found["summary"]["fresh"]), (&json!(1), &json!(1)));
    let looks = found["paths"][0]["looks"].as_array().expect("looks");
    assert!(looks.iter().all(|look| look["reason"] == "same_as_site"), "{found}");
    assert!(looks.iter().any(|look| look["edge"] == pop.as_str()), "{found}");
    // The token is for the service alone.
    let requests = bench.sandbox.requests();
    let at_edges = requests.iter().filter(|request| !request.path.starts_with("/api/"));
    assert!(at_edges.clone().count() > 4);
    assert!(at_edges.clone().all(|request| request.header("authorization").is_none()));
    // The new build is the baseline now.
    let ended = json(&bench, &edges).await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 1), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn age_shows_that_a_copy_was_fetched_after_the_purge() {
    let bench = bench(Sandbox::builder()).await;
    let edge = bench.edge();
    let arguments =
        ["create", "/a.html", "--wait", "--verify=20s", "--output", "json", "--edge", &edge];
    let ended = purge_at(&bench.sandbox, &arguments).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["verification"]["paths"][0]["reason"], "fetched_after");
}

#[tokio::test(flavor = "multi_thread")]
async fn query_strings_that_are_not_known_are_named_and_no_failure() {
    let bench = bench(Sandbox::builder()).await;
    upload(&bench);
    let edge = bench.edge();
    let ended = create(&bench, &["--with-query", "--verify=60s", "--edge", &edge]).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(posts(&bench.sandbox), [["/a.html", "/a.html?*"]]);
    let note = "1 path is verified without query strings: none is known that matches, for example, `/a.html?*`";
    assert!(ended.err.contains(note), "{ended:?}");
    assert!(ended.out.contains("1 path at the edge: 1 fresh"), "{ended:?}");
    let ended = create(&bench, &["--with-query"]).end().await;
    assert!(ended.out.contains("nothing changed"), "the baseline was replaced: {ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_files_are_named_and_purged_again_by_the_next_run() {
    let keeps = Fault::answer().keeping_objects().on_post();
    let bench = bench(Sandbox::builder().fault(keeps)).await;
    upload(&bench);
    let edge = bench.edge();
    let verify = ["--verify=100ms", "--edge", &edge];
    let ended = create(&bench, &verify).end().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.ends_with("still stale, to be purged again:\n/a.html\n"), "{ended:?}");
    assert!(ended.err.ends_with("to purge again: cdn-purge create /a.html\n"), "{ended:?}");
    let ended = create(&bench, &verify).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.out.contains("  fresh        /a.html\n1 path at the edge: 1 fresh\n"),
        "{ended:?}"
    );
    assert_eq!(posts(&bench.sandbox), [["/a.html"], ["/a.html"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_files_are_purged_once_more_on_request() {
    let keeps = Fault::answer().keeping_objects().on_post();
    let bench = bench(Sandbox::builder().fault(keeps.clone())).await;
    upload(&bench);
    let edge = bench.edge();
    let again = ["--verify=100ms", "--again", "--edge", &edge];
    let files = ["--audit", "audit", "--summary", "summary"];
    let ended = json(&bench, &[&again[..], &files].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // Both purges are in the records.
    let audit = fs::read_to_string(bench.path("audit")).expect("a file");
    let audit: serde_json::Value = serde_json::from_str(&audit).expect("JSON");
    assert_eq!(audit["operations"].as_array().map(Vec::len), Some(2), "{audit}");
    let summary = fs::read_to_string(bench.path("summary")).expect("a file");
    assert!(summary.contains("purged the stale paths again"), "{summary}");
    let found = &ended.json()["verification"];
    assert_eq!((&found["again"]["summary"]["purged"], &found["stale"]), (&json!(1), &json!([])));
    assert_eq!(posts(&bench.sandbox), [["/a.html"], ["/a.html"]]);
    // Only once, even if it does not help.
    let bench = self::bench(Sandbox::builder().fault(keeps.times(9))).await;
    upload(&bench);
    let edge = bench.edge();
    let ended = json(&bench, &["--verify=100ms", "--again", "--edge", &edge]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.json()["verification"]["stale"], json!(["/a.html"]));
    assert_eq!(posts(&bench.sandbox).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_verified_is_purged_again_by_the_next_run() {
    let bench = bench(Sandbox::builder()).await;
    upload(&bench);
    let closed = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr();
    let nowhere = format!("http://{}", closed.expect("an address"));
    for runs in 1..=2 {
        let ended = json(&bench, &["--verify=100ms", "--edge", &nowhere]).await;
        assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(6), runs), "{ended:?}");
        assert_eq!(ended.json()["verification"]["paths"][0]["reason"], "unreachable");
    }
    let edge = bench.edge();
    let verify = ["--verify=60s", "--edge", &edge];
    assert_eq!(json(&bench, &verify).await.code, Some(0));
    let ended = json(&bench, &verify).await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 3), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_before_the_verification_is_not_a_success() {
    let slow = Fault::slow(Duration::from_secs(1)).on_post();
    let bench = bench(Sandbox::builder().fault(slow)).await;
    upload(&bench);
    let edge = bench.edge();
    let arguments =
        ["create", "--site", "new", "--baseline", "base", "--verify", "--edge", &edge, "--quiet"];
    let create = || purge_at(&bench.sandbox, &arguments).folder(bench.folder.path());
    let run = create().start();
    while posts(&bench.sandbox).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    run.signal("INT").await;
    let ended = run.end().await;
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.out.contains("1 path: 1 accepted"), "{ended:?}");
    assert!(ended.err.ends_with("error: the verification was interrupted\n"), "{ended:?}");
    let ended = create().end().await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 2), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_the_origin_is_asked_says_that_nothing_was_sent() {
    let bench = bench(Sandbox::builder()).await;
    // It accepts a request and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("http://{}", silent.local_addr().expect("an address"));
    let run = create(&bench, &["--origin-ready=60s", "--origin", &origin]).start();
    let accepted = tokio::task::spawn_blocking(move || silent.accept().expect("a request"));
    let _open = accepted.await.expect("a thread");
    run.signal("INT").await;
    let ended = run.end().await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(130), 0), "{ended:?}");
    let why = "error: interrupted while waiting for the origin; nothing was sent\n";
    assert!(ended.err.ends_with(why), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_were_not_accepted_are_not_verified() {
    let refuses = Fault::status(422).on_post();
    let bench = bench(Sandbox::builder().fault(refuses)).await;
    upload(&bench);
    let edge = bench.edge();
    let ended = json(&bench, &["--verify=60s", "--edge", &edge]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let report = ended.json();
    assert_eq!((&report["summary"]["failed"], report.get("verification")), (&json!(1), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_upload_is_not_a_success() {
    let bench = bench(Sandbox::builder()).await;
    let origin = format!("{}/origin", bench.sandbox.base_url());
    let edge = bench.edge();
    let verify = ["--verify=100ms", "--edge", &edge, "--origin", &origin];
    let ended = json(&bench, &verify).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.json()["verification"]["paths"][0]["reason"], "old_at_origin");
    // The next run purges it again, after the upload.
    upload(&bench);
    let ended = json(&bench, &verify).await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 2), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_does_not_take_a_removed_file_for_a_page_of_the_origin() {
    let bench = removed(Sandbox::builder()).await;
    let origin = format!("{}/origin", bench.sandbox.base_url());
    let edge = bench.edge();
    let verify = ["--verify=100ms", "--edge", &edge, "--origin", &origin];
    // The origin still serves the file. However often that is verified, it is never fresh.
    for _ in 0..2 {
        let ended = json(&bench, &verify).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let found = &ended.json()["verification"]["paths"];
        assert_eq!((found[0]["path"].as_str(), found.get(1)), (Some("/gone.html"), None));
        assert_eq!(found[0]["reason"], "old_at_origin");
    }
    // An older build whose purge did not finish may have left other contents.
    bench.write("public/gone.html", "of another build");
    let ended = json(&bench, &verify).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.json()["verification"]["paths"][0]["reason"], "not_gone");
    let by_itself = ["/gone.html", "--site", "new", "--baseline", "base", "--origin", &origin];
    let ended = bench.verify(&by_itself).end().await;
    assert!(ended.out.contains("  differs      /gone.html  (still there"), "{ended:?}");
    fs::remove_file(bench.path("public/gone.html")).expect("a file");
    let ended = json(&bench, &verify).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_before_the_origin_has_the_new_build() {
    let bench = bench(Sandbox::builder()).await;
    let origin = format!("{}/origin", bench.sandbox.base_url());
    let ended = json(&bench, &["--origin-ready=100ms", "--origin", &origin]).await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(5), 0), "{ended:?}");
    let why = "the origin does not have the new build after 100ms: 1 of 1 path, such as /a.html";
    assert!(ended.err.contains(why) && ended.err.contains("nothing was sent"), "{ended:?}");
    let run = create(&bench, &["--origin-ready=60s", "--origin", &origin]).start();
    let is_asked = |bench: &Bench| {
        let requests = bench.sandbox.requests();
        requests.iter().filter(|request| request.path.starts_with("/origin/")).count() >= 5
    };
    while !is_asked(&bench) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(posts(&bench.sandbox).len(), 0);
    upload(&bench);
    let ended = run.end().await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 1), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_before_removed_files_are_gone_from_the_origin() {
    let bench = removed(Sandbox::builder()).await;
    let origin = format!("{}/origin", bench.sandbox.base_url());
    let ready = async |wait: &str| json(&bench, &[wait, "--origin", &origin]).await;
    let ended = ready("--origin-ready=100ms").await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(5), 0), "{ended:?}");
    let why = "the origin does not have the new build after 100ms: 1 of 1 path, such as /gone.html (still there, \
               although the site no longer has it: remove it from the origin, or omit --origin-ready";
    assert!(ended.err.contains(why), "{ended:?}");
    // Another page in its place, as of a site that is one page.
    bench.write("public/gone.html", "the page for everything");
    let ended = ready("--origin-ready=60s").await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 1), "{ended:?}");

    let bench = removed(Sandbox::builder()).await;
    let origin = format!("{}/origin", bench.sandbox.base_url());
    fs::remove_file(bench.path("public/gone.html")).expect("a file");
    let ended = json(&bench, &["--origin-ready=60s", "--origin", &origin]).await;
    assert_eq!((ended.code, posts(&bench.sandbox).len()), (Some(0), 1), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_files_of_any_name_are_purged_once_more() {
    let names = ["a,", "x\ny.html", "a'", "C:/x"];
    let keeps = Fault::answer().keeping_objects().on_post();
    let bench = Bench::new(Sandbox::builder().fault(keeps)).await;
    for name in names {
        bench.write(&format!("old/{name}"), "old");
        bench.write(&format!("public/{name}"), "old");
    }
    let first = ["create", "--site", "old", "--baseline", "base", "--first-run"];
    let ended = purge_at(&bench.sandbox, &first).folder(bench.folder.path()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let paths = ["/C:/x", "/a'", "/a,", "/x%0Ay.html"];
    for path in paths {
        bench.visit(path).await;
    }
    for name in names {
        bench.built(name, "new");
    }
    let edge = bench.edge();
    let ended = json(&bench, &["--verify=100ms", "--again", "--edge", &edge]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(posts(&bench.sandbox), [paths; 2]);
    assert_eq!(ended.json()["verification"]["summary"]["fresh"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_in_a_name_is_purged_and_verified_by_a_wildcard() {
    let bench = Bench::new(Sandbox::builder()).await;
    bench.cached("c*d.html", "old").await;
    let first = ["create", "--site", "old", "--baseline", "base", "--first-run"];
    let ended = purge_at(&bench.sandbox, &first).folder(bench.folder.path()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    bench.built("c*d.html", "new");
    let edge = bench.edge();
    let verify = ["--verify=100ms", "--edge", &edge];
    let ended = create(&bench, &verify).end().await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    let note = "`/c*d.html` is purged only by a wildcard: browsers do not encode the `*` in the name of a file; to \
                purge `/c*d.html`, pass it as a path, which also purges what it matches\n";
    assert!(ended.err.contains(note), "{ended:?}");
    assert!(ended.out.contains("  unverifiable /c*d.html  (no path purges it alone"), "{ended:?}");
    let ended = create(&bench, &[&verify[..], &["/c*d.html"]].concat()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("  fresh        /c*d.html\n"), "{ended:?}");
    assert!(!ended.err.contains("is purged only"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_would_do_nothing_are_refused() {
    let bench = bench(Sandbox::builder()).await;
    for options in [
        &["--verify"][..],
        &["--edge", "http://127.0.0.1"],
        &["--origin", "http://127.0.0.1"],
        &["--again"],
        &["--origin-ready"],
        &["--verify-rate", "1/s"],
        &["--verify", "--edge", "http://127.0.0.1", "--dry-run"],
    ] {
        let ended = create(&bench, options).end().await;
        assert_eq!(
            (ended.code, posts(&bench.sandbox).len()),
            (Some(2), 0),
            "{options:?}: {ended:?}"
        );
    }
}

/// The purge and its verification both need the inventory, which may be a pipe.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn inventory_that_can_be_read_only_once_is_verified() {
    for inventory in ["-", "/dev/stdin"] {
        let bench = Bench::new(Sandbox::builder()).await;
        bench.built("d/a.html", "new");
        let edge = bench.edge();
        let create = ["create", "/d/*", "--wait", "--verify=20s", "--edge", &edge, "--origin"];
        let create = [&create[..], &[&edge, "--inventory", inventory]].concat();
        let run = purge_at(&bench.sandbox, &[&create[..], &["--output", "json"]].concat());
        let ended = run.input("/d/a.html\n").end().await;
        let verified = &ended.json()["verification"]["paths"][0];
        assert_eq!(verified["path"], "/d/a.html", "{ended:?}");
    }
}
