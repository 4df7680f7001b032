//! The command by itself.

use std::fs;

use purge_sandbox::Sandbox;
use purge_tests::cli::{Ended, Run};
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;
use serde_json::{Value, json};

use super::Bench;
use crate::PURGE;

const SITE: [&str; 4] = ["--site", "new", "--baseline", "old"];

#[track_caller]
fn check(ended: &Ended, code: i32, out: &str) {
    assert_eq!((ended.code, &*ended.out), (Some(code), out), "{ended:?}");
}

async fn bench() -> Bench {
    Bench::new(Sandbox::builder()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_stale_before_a_purge_and_fresh_after_it() {
    let bench = bench().await;
    bench.cached("a.html", "old").await;
    bench.cached("b.html", "same").await;
    bench.built("a.html", "new");
    bench.built("b.html", "same");
    let verify = || bench.verify(&[&["/a.html", "/b.html"], &SITE[..]].concat());
    let ended = verify().end().await;
    let stale = "  stale        /a.html  (the bytes of the old build; EDGE, identity, Age 0 s)\n  fresh        /b.html\n\
                 2 paths at the edge: 1 fresh, 1 stale\nstill stale, to be purged again:\n/a.html\n";
    check(&Ended { out: hidden(&bench, &ended.out), ..ended }, 1, stale);
    let ended = verify().end().await;
    let advice = "error: 2 paths at the edge: 1 stale; to purge again: cdn-purge create /a.html\n";
    assert!(ended.err.ends_with(advice), "{ended:?}");
    bench.purge(&["/a.html"]).await;
    let fresh = "  fresh        /a.html\n  fresh        /b.html\n2 paths at the edge: 2 fresh\n";
    check(&verify().end().await, 0, fresh);
}

/// The output without what differs between runs.
fn hidden(bench: &Bench, out: &str) -> String {
    let out = out.replace(&bench.edge(), "EDGE");
    (1..9).fold(out, |out, age| out.replace(&format!("Age {age} s"), "Age 0 s"))
}

#[tokio::test(flavor = "multi_thread")]
async fn variant_that_is_stale_is_found_in_each_coding() {
    for coding in ["identity", "gzip", "br"] {
        let bench = Bench::new(Sandbox::builder().compress()).await;
        bench.write("old/a.html", "old");
        bench.write("public/a.html", "old");
        bench.visit_with("/a.html", &format!("accept-encoding: {coding}\r\n")).await;
        bench.built("a.html", "new");
        let verify = || bench.verify(&[&["/a.html", "--output", "json"], &SITE[..]].concat());
        let looks = |ended: &Ended| {
            let looks = ended.json()["verification"]["paths"][0]["looks"].take();
            let look = |look: &Value| (look["coding"].to_string(), look["verdict"].to_string());
            looks.as_array().expect("looks").iter().map(look).collect::<Vec<_>>()
        };
        let expected = |stale: &str| {
            ["identity", "gzip", "br", "browser"].map(|coding| {
                // The edge sends browsers its Brotli variant.
                let variant = if coding == "browser" { "br" } else { coding };
                let verdict = if variant == stale { "stale" } else { "fresh" };
                (format!("{coding:?}"), format!("{verdict:?}"))
            })
        };
        let ended = verify().end().await;
        assert_eq!(ended.code, Some(1), "{coding}: {ended:?}");
        assert_eq!(looks(&ended), expected(coding), "{ended:?}");
        bench.purge(&["/a.html"]).await;
        let ended = verify().end().await;
        assert_eq!(ended.code, Some(0), "{coding}: {ended:?}");
        assert_eq!(looks(&ended), expected("none"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_compare_with_is_unverifiable() {
    let bench = bench().await;
    bench.cached("a.html", "x").await;
    let ended = bench.verify(&["/a.html", "--quiet"]).end().await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert!(
        ended.out.contains("unverifiable /a.html  (it is unknown when the purge was sent"),
        "{ended:?}"
    );
    let ended = bench.verify(&["/none", "/a/*"]).end().await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert!(
        ended.out.contains("unverifiable /none  (status 404: the edge has no such file"),
        "{ended:?}"
    );
    assert!(
        ended.out.contains("unverifiable /a/*  (no path is known that it matches"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_and_different_files_are_distinguished() {
    let bench = bench().await;
    bench.cached("gone.html", "old").await;
    bench.cached("late.html", "old").await;
    bench.cached("other.html", "edited at the edge").await;
    fs::remove_file(bench.path("public/gone.html")).expect("a file");
    bench.write("new/late.html", "new");
    bench.write("new/other.html", "new");
    bench.write("old/other.html", "old");
    bench.purge(&["/gone.html"]).await;
    let all = ["/gone.html", "/late.html", "/other.html", "--output", "json"];
    let ended = bench.verify(&[&all, &SITE[..]].concat()).end().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let found = &ended.json()["verification"];
    let reasons: Vec<_> =
        found["paths"].as_array().expect("paths").iter().map(|p| &p["reason"]).collect();
    assert_eq!(reasons, ["gone", "old_bytes", "not_as_site"]);
    assert_eq!(found["stale"], json!(["/late.html"]));
    let summary = json!({ "paths": 3, "fresh": 1, "stale": 1, "differs": 1, "unverifiable": 0 });
    assert_eq!(found["summary"], summary);
}

#[tokio::test(flavor = "multi_thread")]
async fn formats_have_the_verdict_of_every_path() {
    let bench = bench().await;
    bench.cached("a.html", "old").await;
    bench.built("a.html", "new");
    bench.built("b|.html", "new");
    let all = ["/a.html", "/b|.html", "--summary", "summary.md", "--output", "ndjson"];
    let ended = bench.verify(&[&all, &SITE[..]].concat()).end().await;
    let lines: Vec<Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut verdicts: Vec<_> = lines.iter().map(|line| (&line["path"], &line["verdict"])).collect();
    verdicts.sort_by_key(|(path, _)| path.to_string());
    let (a, b) = (json!("/a.html"), json!("/b|.html"));
    assert_eq!(verdicts, [(&a, &json!("stale")), (&b, &json!("fresh"))]);
    let error: Value =
        serde_json::from_str(ended.err.lines().last().expect("a line")).expect("JSON");
    assert_eq!(error["error"]["exit_code"], 1);
    let summary = fs::read_to_string(bench.path("summary.md")).expect("a summary");
    assert!(summary.starts_with("### CDN edge: 2 paths: 1 fresh, 1 stale\n"), "{summary}");
    assert!(
        summary.contains("| stale | <code>/a.html</code> | the bytes of the old build"),
        "{summary}"
    );
    assert!(summary.contains("| fresh | <code>/b&#124;.html</code> |"), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wildcards_are_verified_by_the_files_that_they_match() {
    let bench = bench().await;
    for number in 0..230 {
        bench.built(&format!("img/{number}.svg"), "new");
    }
    bench.built("img/a/index.html", "new");
    bench.cached("img/7.svg", "old").await;
    bench.built("img/7.svg", "new");
    let run = async |more: &[&str]| {
        let fast = ["--verify-rate", "100000/s", "--output", "json"];
        let ended = bench.verify(&[&fast, more, &SITE[..]].concat()).end().await;
        ended.json()["verification"].clone()
    };
    let few = run(&["/img/1*", "/img/7.svg"]).await;
    assert_eq!((&few["summary"]["paths"], &few["stale"]), (&json!(112), &json!(["/img/7.svg"])));
    assert_eq!(few["samples"], json!([]));
    // Other addresses of a file have its content.
    let index = run(&["/img/a/*", "--index", "index.html"]).await;
    assert_eq!(index["paths"][0]["path"], "/img/a/index.html");
    let many = run(&["/img/*", "--seed", "7"]).await;
    let sample = json!([{ "pattern": "/img/*", "paths": 200, "of": 231, "seed": 7 }]);
    assert_eq!((&many["samples"], &many["summary"]["paths"]), (&sample, &json!(200)));
    let paths = |found: &Value| {
        let paths = found["paths"].as_array().expect("paths").iter();
        paths.map(|checked| checked["path"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&run(&["/img/*", "--seed", "7"]).await), paths(&many));
    assert_ne!(paths(&run(&["/img/*", "--seed", "8"]).await), paths(&many));
}

/// A program that reads the lines sees every path that it gave.
#[tokio::test(flavor = "multi_thread")]
async fn paths_that_are_not_asked_for_have_a_line() {
    let bench = bench().await;
    let run = async |format: &str| {
        let paths = ["/zzz*", "/a.html", "--output", format];
        bench.verify(&[&paths[..], &SITE[..]].concat()).end().await
    };
    let json = run("json").await.json();
    let mut expected: Vec<_> = json["verification"]["paths"].as_array().expect("paths").clone();
    let lines = run("ndjson").await;
    let mut found: Vec<Value> =
        lines.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for paths in [&mut expected, &mut found] {
        paths.sort_by_key(|checked| checked["path"].to_string());
    }
    assert_eq!((found.len(), &found), (2, &expected), "{lines:?}");
    assert_eq!(found[1]["verdict"], "unverifiable", "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn variants_that_are_not_asked_for_are_named() {
    let bench = bench().await;
    bench.write("new/a.html", "new");
    let response = answer("200 OK\r\nvary: Accept-Language", "new");
    let edge = ScriptServer::sending([response.clone(), response.clone(), response]).await;
    let arguments = ["verify", "/a.html", "--site", "new", "--edge", edge.base_url(), "--quiet"];
    let options = ["--summary", "summary.md"];
    let run = Run::new(PURGE, [&arguments[..], &options].concat()).folder(bench.folder.path());
    let note = "1 path varies by accept-language: only one variant was verified\n";
    let out = format!("  fresh        /a.html\n1 path at the edge: 1 fresh\n  {note}");
    check(&run.end().await, 0, &out);
    let summary = fs::read_to_string(bench.path("summary.md")).expect("a summary");
    assert!(summary.contains("\n1 path varies by accept"), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inventory_names_the_paths_of_a_wildcard() {
    let bench = bench().await;
    bench.cached("a/b", "x").await;
    bench.write("all.txt", "/a/b\n/c\n");
    let ended = bench.verify(&["/a/*", "--inventory", "all.txt", "--output", "json"]).end().await;
    let found = &ended.json()["verification"];
    assert_eq!(found["paths"][0]["path"], "/a/b");
    assert_eq!((ended.code, &found["summary"]["unverifiable"]), (Some(6), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_ends_when_all_are_fresh() {
    let bench = bench().await;
    bench.cached("a.html", "old").await;
    bench.built("a.html", "new");
    let run = bench.verify(&[&["/a.html", "--wait=60s"], &SITE[..]].concat()).start();
    // The edge was asked once, and is asked again after the purge.
    while bench.sandbox.requests().len() < 4 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    bench.purge(&["/a.html"]).await;
    check(&run.end().await, 0, "  fresh        /a.html\n1 path at the edge: 1 fresh\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_of_every_purge_are_verified_too() {
    let bench = bench().await;
    bench.built("a/index.html", "new");
    bench.built("feed.xml", "new");
    bench.write("always.txt", "/feed.xml\n");
    let options = ["/a/index.html", "--index", "index.html", "--always", "always.txt", "--verbose"];
    let ended = bench.verify(&[&options, &SITE[..]].concat()).end().await;
    let fresh = "  fresh        /a/index.html\n  fresh        /a/\n  fresh        /a\n  fresh        /feed.xml\n\
                 4 paths at the edge: 4 fresh\n";
    check(&ended, 0, fresh);
    assert!(ended.err.contains("/feed.xml: fresh (the bytes of the new build)\n"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_behind_tls_is_asked_if_its_certificate_is_trusted() {
    let bench = bench().await;
    bench.write("new/a.html", "new");
    let (edge, authority) = ScriptServer::vouched_for("127.0.0.1", answer("200 OK", "new")).await;
    bench.write("authority.pem", &authority);
    let run = || {
        let arguments =
            ["verify", "/a.html", "--site", "new", "--edge", edge.base_url(), "--quiet"];
        Run::new(PURGE, arguments).folder(bench.folder.path())
    };
    let ended = run().env("SSL_CERT_FILE", "authority.pem").end().await;
    check(&ended, 0, "  fresh        /a.html\n1 path at the edge: 1 fresh\n");
    let ended = run().end().await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert!(ended.out.contains("(no response: cannot connect: "), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_waiting() {
    let bench = bench().await;
    bench.cached("a.html", "old").await;
    bench.built("a.html", "new");
    let mut run = bench.verify(&[&["/a.html", "--wait=1h"], &SITE[..]].concat()).start();
    assert!(run.says("verifying 1 path").await);
    // The earlier visit, and the first request of the verification.
    while bench.sandbox.requests().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    run.signal("INT").await;
    let ended = run.end().await;
    assert_eq!((ended.code, &*ended.out), (Some(130), ""), "{ended:?}");
    assert!(ended.err.ends_with("error: the verification was interrupted\n"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_usage_is_refused_before_anything_is_asked() {
    let bench = bench().await;
    let refused = async |arguments: &[&str], says: &str| {
        let ended = bench.verify(arguments).end().await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains(says) && !ended.err.contains("secret"), "{says}: {ended:?}");
    };
    refused(&[], "no paths to verify").await;
    refused(&["/a", "--wait", "5m"], "`5m` is not a path; write `--wait=5m`").await;
    refused(&["/a", "--since", "tomorrow"], "write how long ago").await;
    refused(&["/a", "--edge", "https://user:secret@example.com"], "--edge: it has a user name")
        .await;
    refused(&["/a", "--resolve", "a:1:127.0.0.1"], "no --edge has the host and port `a:1`").await;
    refused(&["/a", "--verify-bytes", "much"], "write a number of bytes").await;
    assert_eq!(bench.sandbox.requests().len(), 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_of_a_site_is_named() {
    let bench = bench().await;
    std::os::unix::fs::symlink("nowhere", bench.path("new/broken.html")).expect("a link");
    let ended = bench.verify(&["/a.html", "--site", "new"]).end().await;
    let note = "left out: `broken.html`: a broken symbolic link\n";
    assert!(ended.err.contains(note), "{ended:?}");
}
