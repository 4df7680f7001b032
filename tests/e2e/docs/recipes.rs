//! `docs/recipes.md`: runs every block and compares its output with the text below it.

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

/// A site whose first version was purged.
async fn first_version(bench: &Bench) {
    for name in ["index.html", "about us.html", "docs/index.html", "img/logo.png", "same.txt"] {
        bench.write(name, &format!("the first version of {name}"));
    }
    bench.git("git init -q; git add public; git commit -qm one").await;
    bench.sandbox.fill(["/", "/index.html", "/about%20us.html", "/img/logo.png", "/same.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn recipe_purges_what_a_new_build_changed() {
    let bench = Bench::in_ci().await;
    first_version(&bench).await;
    let Example { script, output } = recipe("Purge what a new build changed");
    fs::create_dir_all(bench.path(".cdn-purge")).expect("a folder");
    // Without the baseline, nothing is purged, and the error names the options.
    let ended = bench.bash(&script, &[("PURGE", PURGE)]).await;
    assert_eq!((ended.code, bench.posted().len()), (Some(2), 0), "{ended:?}");
    assert!(ended.err.contains("pass --first-run to write it and purge nothing"), "{ended:?}");
    let first = script.replace("--wait", "--wait --first-run");
    assert_eq!(bench.bash(&first, &[("PURGE", PURGE)]).await.code, Some(0));

    for name in ["index.html", "docs/index.html", "about us.html", "caf\u{e9}.html"] {
        bench.write(name, "the second version");
    }
    fs::rename(bench.path("public/img/logo.png"), bench.path("public/img/new.png"))
        .expect("a file");
    assert_prints(&bench.bash(&script, &[("PURGE", PURGE)]).await, &output);
    let ended = bench.bash(&script, &[("PURGE", PURGE)]).await;
    assert_prints(&ended, "nothing changed; nothing was sent\n");
    assert_eq!(bench.cargo_calls(), "", "nothing is built here");
}

#[tokio::test(flavor = "multi_thread")]
async fn recipe_purges_what_this_commit_changed() {
    let bench = Bench::in_ci().await;
    first_version(&bench).await;
    for name in ["docs/index.html", "about us.html"] {
        bench.write(name, "the second version");
    }
    bench.git("git add public; git commit -qm two").await;
    let Example { script, output } = recipe("Purge what this commit changed");
    let at = |before| [("BEFORE", before), ("PURGE", PURGE)];
    assert_prints(&bench.bash(&script, &at("HEAD~1")).await, &output);
    for before in ["HEAD", "0000001"] {
        let posted = bench.posted().len();
        let ended = bench.bash(&script, &at(before)).await;
        assert_ne!(ended.code, Some(0), "{ended:?}");
        assert_eq!(bench.posted().len(), posted);
    }
    bench.cargo_calls();
}

#[tokio::test(flavor = "multi_thread")]
async fn recipe_purges_what_this_upload_changed() {
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
    let first = bench.bash(&script.replace("--wait", "--wait --first-run"), &server).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    bench.sandbox.fill(["/", "/index.html", "/same.txt"]);

    bench.write("index.html", "the second version");
    bench.write("docs/index.html", "the second version");
    bench.git("touch -d '1 hour ago' public/same.txt; rm public/old.html").await;
    assert_prints(&bench.bash(&script, &server).await, &output);
    assert_prints(&bench.bash(&script, &server).await, "nothing changed; nothing was sent\n");
    bench.cargo_calls();
}

#[tokio::test(flavor = "multi_thread")]
async fn recipe_purges_again_what_failed() {
    let bench = Bench::in_ci().await;
    let Example { script, output } = recipe("Purge again what failed");
    fs::write(bench.path("changed.txt"), "/index.html\n").expect("a file");
    bench.sandbox.fault(Fault::status(503).on_post());
    assert_prints(&bench.bash(&script, &[("PURGE", PURGE)]).await, &output);
    assert_eq!(bench.posted(), ["/index.html", "/index.html"]);
    // Nothing failed, so nothing is sent again.
    let ended = bench.bash(&script, &[("PURGE", PURGE)]).await;
    assert_prints(&ended, "");
    assert_eq!(bench.posted().len(), 3);
    bench.cargo_calls();
}

/// The job purges with the arguments on the page, and is retried for the exit code of temporary failures.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_sync_in_kubernetes() {
    let bench = Bench::in_ci().await;
    let job = Page::read("recipes.md").block("Purge after a sync in Kubernetes", "yaml");
    let job = purge_openapi::parse(&job).expect("YAML");
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let arguments = container["args"].as_array().expect("arguments").iter();
    let arguments: Vec<_> =
        arguments.map(|argument| format!("'{}'", argument.as_str().expect("a text"))).collect();
    let line = format!("'{PURGE}' {}", arguments.join(" "));
    let ended = bench.bash(&line, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(bench.posted(), ["/index.html", "/assets/*"]);

    let rule = &job["spec"]["podFailurePolicy"]["rules"][0];
    assert_eq!(
        (&rule["action"], &rule["onExitCodes"]["operator"]),
        (&"FailJob".into(), &"In".into())
    );
    assert_eq!(rule["onExitCodes"]["containerName"], container["name"]);
    let ends = rule["onExitCodes"]["values"].as_array().expect("codes");
    bench.sandbox.fault(Fault::status(429).header("retry-after", "3600"));
    let ended = bench.bash(&line, &[]).await;
    assert!(ended.code.is_some_and(|code| !ends.contains(&code.into())), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recipe_acts_on_the_exit_code() {
    let bench = Bench::in_ci().await;
    let Example { script, output } = recipe("Act on the exit code");
    fs::write(bench.path("changed.txt"), "/index.html\n").expect("a file");
    assert_prints(&bench.bash(&script, &[("PURGE", PURGE)]).await, &output);
    fs::write(bench.path("changed.txt"), "index.html\n").expect("a file");
    assert_eq!(bench.bash(&script, &[("PURGE", PURGE)]).await.code, Some(2));
    bench.cargo_calls();
}
