//! `docs/recipes.md`: every block is run, and prints what stands below it.

use std::fs;
use std::io::Write as _;

use purge_sandbox::Fault;
use purge_tests::cli::Ended;

use super::Bench;
use super::page::{Example, Page, shown};
use crate::PURGE;

fn recipe(title: &str) -> Example {
    Page::read("recipes.md").example(title)
}

#[track_caller]
fn assert_prints(ended: &Ended, expected: &str) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(shown(&ended.out, expected), expected, "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_commit_changed() {
    let bench = Bench::in_ci().await;
    for name in ["index.html", "about us.html", "docs/index.html", "img/logo.png", "same.txt"] {
        bench.write(name, &format!("the first version of {name}"));
    }
    fs::write(bench.path("README"), "no part of the site").expect("a file");
    bench.git("git init -q; git add README public; git commit -qm one").await;
    bench.sandbox.fill(["/", "/index.html", "/about%20us.html", "/img/logo.png", "/same.txt"]);
    for name in ["index.html", "docs/index.html", "about us.html", "caf\u{e9}.html"] {
        bench.write(name, "the second version");
    }
    fs::write(bench.path("README"), "changed").expect("a file");
    bench.git("git mv public/img/logo.png public/img/new.png; git add README public; git commit -qm two").await;

    let Example { script, output } = recipe("Purge what this commit changed");
    let at = |before| [("BEFORE", before), ("SITE", "public"), ("PURGE", PURGE)];
    assert_prints(&bench.bash(&script, &at("HEAD~1")).await, &output);
    let ended = bench.bash(&script, &at("HEAD")).await;
    assert_prints(&ended, "nothing changed\n");
    let posted = bench.posted().len();
    let ended = bench.bash(&script, &at("0000001")).await;
    assert_ne!(ended.code, Some(0), "a commit that is not there: {ended:?}");
    assert_eq!(bench.posted().len(), posted);
    assert_eq!(bench.cargo_calls(), "", "nothing is built here");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_upload_changed() {
    let bench = Bench::in_ci().await;
    if bench.bash("command -v rsync", &[]).await.code != Some(0) {
        let _ = writeln!(std::io::stderr(), "rsync is not installed: its recipe is not run");
        return;
    }
    for name in ["index.html", "docs/index.html", "old.html", "same.txt"] {
        bench.write(name, &format!("the first version of {name}"));
    }
    let server = bench.path("server").display().to_string();
    let server = [("SERVER", server.as_str()), ("PURGE", PURGE)];
    let Example { script, output } = recipe("Purge what this upload changed");
    let first = bench.bash(&script, &server).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    bench.sandbox.fill(["/index.html", "/same.txt"]);

    bench.write("index.html", "the second version");
    bench.write("docs/index.html", "the second version");
    bench.git("touch -d '1 hour ago' public/same.txt; rm public/old.html").await;
    assert_prints(&bench.bash(&script, &server).await, &output);
    assert_prints(&bench.bash(&script, &server).await, "nothing changed\n");

    // Names that are not plain.
    bench.write("caf\u{e9} #1 100%.html", "new");
    bench.write(" space.html", "new");
    let before = bench.posted().len();
    assert_eq!(bench.bash(&script, &server).await.code, Some(0));
    let mut posted = bench.posted().split_off(before);
    posted.sort();
    assert_eq!(posted, ["/%20space.html", "/caf%C3%A9%20%231%20100%25.html"]);
    bench.cargo_calls();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_newer_than_the_last_upload() {
    let bench = Bench::in_ci().await;
    bench.write("index.html", "the first version");
    bench.write("same.txt", "the first version");
    bench.git("touch -d '2 hours ago' public/*; touch -d '1 hour ago' last-upload").await;
    bench.sandbox.fill(["/index.html", "/same.txt"]);
    bench.write("index.html", "the second version");
    let Example { script, output } = recipe("Purge what is newer");
    assert_prints(&bench.bash(&script, &[("PURGE", PURGE)]).await, &output);
    bench.git("touch -d '1 minute ago' public/index.html").await;
    assert_prints(&bench.bash(&script, &[("PURGE", PURGE)]).await, "nothing changed\n");
    bench.cargo_calls();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_before() {
    let bench = Bench::in_ci().await;
    let Example { script, output } = recipe("Purge again what failed");
    fs::write(bench.path("changed.txt"), "/index.html\n").expect("a file");
    bench.sandbox.fault(Fault::status(503).on_post());
    assert_prints(&bench.bash(&script, &[("PURGE", PURGE)]).await, &output);
    assert_eq!(bench.posted(), ["/index.html", "/index.html"]);
    // All is well, and nothing is sent again.
    let ended = bench.bash(&script, &[("PURGE", PURGE)]).await;
    assert_prints(&ended, "");
    assert_eq!(bench.posted().len(), 3);
    bench.cargo_calls();
}

#[tokio::test(flavor = "multi_thread")]
async fn act_on_the_exit_code() {
    let bench = Bench::in_ci().await;
    let Example { script, output } = recipe("Act on the exit code");
    fs::write(bench.path("changed.txt"), "/index.html\n").expect("a file");
    assert_prints(&bench.bash(&script, &[("PURGE", PURGE)]).await, &output);
    fs::write(bench.path("changed.txt"), "index.html\n").expect("a file");
    assert_eq!(bench.bash(&script, &[("PURGE", PURGE)]).await.code, Some(2));
    bench.cargo_calls();
}
