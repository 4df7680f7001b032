//! `cdn-purge create --site --baseline`.

use std::fs;
use std::time::Duration;

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::{Ended, Run};
use serde_json::json;

use super::Folder;
use crate::account::{posts, purge_at};
use crate::{ORGANIZATION, PURGE};

/// A site whose first version is its baseline, and a sandbox.
async fn begun() -> (Folder, Sandbox) {
    let folder = Folder::new();
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for name in ["index.html", "a.html", "b.html"] {
        folder.write(&format!("site/{name}"), "1");
    }
    let ended = create(&folder, &sandbox, &["--first-run"]).end().await;
    check(&ended, 0, "`base` is now the baseline of 3 files; nothing was sent\n");
    assert_eq!(posts(&sandbox).len(), 0);
    (folder, sandbox)
}

fn create(folder: &Folder, sandbox: &Sandbox, more: &[&str]) -> Run {
    let arguments = ["create", "--site", "site", "--baseline", "base"];
    purge_at(sandbox, &[&arguments, more].concat()).folder(folder.0.path())
}

#[track_caller]
fn check(ended: &Ended, code: i32, out: &str) {
    let shown = ended.out.replace(&*std::env::temp_dir().to_string_lossy(), "");
    // The folder has a random name.
    let shown = match shown.split_once("/base`") {
        Some((_, rest)) => format!("`base`{rest}"),
        None => shown,
    };
    assert_eq!((ended.code, &*shown), (Some(code), out), "{ended:?}");
}

#[track_caller]
fn refused(ended: &Ended, says: &str) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains(says), "{says}: {ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn difference_is_purged_once() {
    let (folder, sandbox) = begun().await;
    folder.write("site/a.html", "2");
    folder.write("site/docs/index.html", "1");
    fs::remove_file(folder.path("site/b.html")).expect("a file");
    let options = ["--wait", "--index", "index.html"];
    let ended = create(&folder, &sandbox, &options).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = ["/a.html", "/b.html", "/docs/index.html", "/docs/", "/docs"];
    assert_eq!(posts(&sandbox), [expected]);
    let ended = create(&folder, &sandbox, &options).end().await;
    check(&ended, 0, "nothing changed; nothing was sent\n");
    let ended = create(&folder, &sandbox, &["--output", "json"]).end().await;
    assert_eq!((ended.code, &ended.json()["operations"]), (Some(0), &json!([])));
    assert_eq!(posts(&sandbox).len(), 1);
    assert_eq!(folder.names(), ["base", "base.lock", "site"]);
    // Other programs can verify it.
    let sums = Run::new("sha256sum", ["--check", "--quiet", "--strict", "../base"]);
    let ended = sums.env("PATH", "/usr/bin:/bin").folder(folder.path("site")).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // Paths given on the command line are purged even if the site is unchanged.
    let ended = create(&folder, &sandbox, &["/extra"]).end().await;
    assert_eq!((ended.code, &posts(&sandbox)[1]), (Some(0), &vec!["/extra".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_run_keeps_the_baseline_and_the_next_purges_both() {
    let (folder, sandbox) = begun().await;
    let before = folder.read("base");
    folder.write("site/a.html", "2");
    sandbox.fault(Fault::status(400).on_post().times(1));
    let ended = create(&folder, &sandbox, &["--wait", "--journal", "journal"]).end().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(folder.read("base"), before);
    // The change is reverted, but may have been cached in between.
    folder.write("site/a.html", "1");
    folder.write("site/b.html", "2");
    let plan = ["plan", "--site", "site", "--baseline", "base"];
    let ended = Run::new(PURGE, plan).folder(folder.0.path()).end().await;
    let expected =
        "  planned     /a.html\n  planned     /b.html\n2 paths in 1 request; nothing was sent\n";
    check(&ended, 0, expected);
    assert!(
        ended.err.contains("1 file is purged again, because an earlier run did not finish"),
        "{ended:?}"
    );
    assert_eq!(folder.read("base"), before, "a plan changes nothing");
    let ended = create(&folder, &sandbox, &["--wait"]).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(posts(&sandbox).last().expect("a request"), &["/a.html", "/b.html"]);
    check(&create(&folder, &sandbox, &[]).end().await, 0, "nothing changed; nothing was sent\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_killed_before_the_baseline_leaves_nothing_stale() {
    let (folder, _) = begun().await;
    // The jobs outlast the run, which is killed once everything has been accepted.
    let slow = Sandbox::builder().purge_delay(Duration::from_secs(600)).start().await;
    let slow = slow.expect("a sandbox");
    folder.write("site/a.html", "2");
    let mut run = create(&folder, &slow, &["--wait", "--verbose"]).start();
    assert!(run.says("accepted").await);
    let ended = run.kill().await;
    assert_eq!(ended.code, None, "{ended:?}");
    assert_eq!(posts(&slow), [["/a.html"]]);
    folder.write("site/a.html", "1");
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let ended = create(&folder, &sandbox, &["--wait"]).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(posts(&sandbox), [["/a.html"]], "the version in between may be cached");
    assert_eq!(folder.names(), ["base", "base.lock", "site"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pipelines_at_once_leave_nothing_stale() {
    let (folder, _) = begun().await;
    let slow = Sandbox::builder().purge_delay(Duration::from_secs(2)).start().await;
    let slow = slow.expect("a sandbox");
    folder.write("site/a.html", "2");
    let mut first = create(&folder, &slow, &["--wait", "--verbose"]).start();
    assert!(first.says("accepted").await);
    folder.write("site/b.html", "2");
    let fast = Sandbox::start().await.expect("a sandbox");
    let second = create(&folder, &fast, &["--wait"]).end().await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(posts(&fast), [["/a.html", "/b.html"]]);
    let first = first.end().await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let both = ["/a.html".to_owned(), "/b.html".to_owned()];
    for ended in [&first, &second] {
        let note = "another run of this baseline overlapped with this one; the next run will purge the 2 files in which";
        assert!(ended.err.contains(note), "{ended:?}");
    }
    let third = create(&folder, &fast, &["--wait"]).end().await;
    assert_eq!((third.code, posts(&fast).last()), (Some(0), Some(&both.to_vec())));
    check(&create(&folder, &fast, &[]).end().await, 0, "nothing changed; nothing was sent\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn baseline_that_is_the_site_or_in_it_is_refused() {
    let (folder, sandbox) = begun().await;
    let at = |site: &'static str, baseline: &'static str| {
        let arguments = ["create", "--site", site, "--baseline", baseline];
        purge_at(&sandbox, &arguments).folder(folder.0.path()).end()
    };
    refused(&at("base", "base").await, "are the same file");
    #[cfg(unix)]
    {
        fs::rename(folder.path("base"), folder.path("site/base")).expect("a file");
        std::os::unix::fs::symlink("site/base", folder.path("link")).expect("a link");
        refused(&at("site", "link").await, "is inside the site `site`");
        assert!(!folder.path("site/base.lock").exists());
    }
    assert_eq!(posts(&sandbox).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_baseline_is_an_error_without_consent() {
    let folder = Folder::new();
    folder.write("site/a.html", "1");
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let ended = create(&folder, &sandbox, &[]).end().await;
    refused(
        &ended,
        "there is no baseline `base`, so it is unknown what has changed; pass --first-run",
    );
    let ended = create(&folder, &sandbox, &["--dry-run", "--first-run"]).end().await;
    check(&ended, 0, "the baseline would be written; nothing would be sent\n");
    assert_eq!(folder.names(), ["site"], "nothing was written");

    let ended = create(&folder, &sandbox, &["--allow-full-purge", "--wait"]).end().await;
    assert_eq!(
        (ended.code, posts(&sandbox)),
        (Some(0), vec![vec!["/*".to_owned(), "/".to_owned()]])
    );
    check(&create(&folder, &sandbox, &[]).end().await, 0, "nothing changed; nothing was sent\n");
    refused(&create(&folder, &sandbox, &["--first-run"]).end().await, "leave --first-run out");

    fs::write(folder.path("base"), "").expect("a file");
    refused(
        &create(&folder, &sandbox, &[]).end().await,
        "is empty, so it is not the manifest of a site; restore it",
    );
    folder.write("base", "a.html\n");
    refused(
        &create(&folder, &sandbox, &[]).end().await,
        "is not a manifest: line 1: not in the form `HASH  NAME`",
    );
    folder.write("base.pending-1-1", "a.html\n");
    refused(
        &create(&folder, &sandbox, &[]).end().await,
        "restore it, or remove it and the baseline: then pass --first-run",
    );
    fs::remove_file(folder.path("base.pending-1-1")).expect("a file");
    fs::remove_file(folder.path("site/a.html")).expect("a file");
    fs::remove_file(folder.path("base")).expect("a file");
    refused(
        &create(&folder, &sandbox, &["--first-run"]).end().await,
        "has no files, as if the build had failed",
    );
    assert_eq!(posts(&sandbox).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn baseline_belongs_to_one_resource() {
    let (folder, sandbox) = begun().await;
    let before = folder.read("base");
    folder.write("site/a.html", "2");
    let other = ["create", "--site", "site", "--baseline", "base", "--resource", ORGANIZATION];
    let ended = purge_at(&sandbox, &other).folder(folder.0.path()).end().await;
    refused(&ended, &format!("not to {ORGANIZATION}: use a separate file for each resource"));
    // A sandbox that ends with the command has purged nothing of the site.
    let trial = ["create", "--sandbox", "--site", "site", "--baseline", "base", "--wait"];
    let ended = Run::new(PURGE, trial).folder(folder.0.path()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(folder.read("base"), before);
    let inside = ["plan", "--site", "site", "--baseline", "site/base"];
    let ended = Run::new(PURGE, inside).folder(folder.0.path()).end().await;
    refused(&ended, "is inside the site `site`, and would be one of its files");
}

/// A run that can write at most so many KiB to a file, as on a disk that is nearly full. Its messages are in `out`.
async fn limited(folder: &Folder, sandbox: &Sandbox, kibibytes: u32) -> Ended {
    let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; set -o pipefail; \"$@\" 2>&1 | cat");
    let create = [PURGE, "create", "--site", "site", "--baseline", "base", "--wait"];
    let run = Run::new("bash", [&["-c", &script, "sh"][..], &create].concat());
    let run = run.env("PATH", "/usr/bin:/bin").folder(folder.0.path());
    let account = (sandbox.base_url(), sandbox.token());
    run.account(account.0, account.1, sandbox.organization(), sandbox.resource()).end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_purged_that_could_not_be_recorded() {
    let (folder, sandbox) = begun().await;
    folder.write("site/a.html", "2");
    let ended = limited(&folder, &sandbox, 0).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.out.contains("needs a file next to it, which cannot be written: File too large"),
        "{ended:?}"
    );
    assert!(ended.out.contains("; nothing was sent"), "{ended:?}");
    assert_eq!(posts(&sandbox).len(), 0);
    assert_eq!(folder.names(), ["base", "base.lock", "site"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_after_the_purge_leaves_the_baseline_to_the_next_run() {
    let (folder, sandbox) = begun().await;
    for name in 0..50 {
        folder.write(&format!("site/{name}.html"), "1");
    }
    assert_eq!(create(&folder, &sandbox, &["--wait"]).end().await.code, Some(0));
    let before = folder.read("base");
    folder.write("site/a.html", "2");
    // There is room to record one file, but not for the manifest of all.
    let ended = limited(&folder, &sandbox, 1).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("everything was purged, but the baseline"), "{ended:?}");
    assert!(
        ended.out.contains("cannot be written: File too large")
            && ended.out.contains("the next run will purge the same paths again"),
        "{ended:?}"
    );
    assert_eq!(posts(&sandbox).last().expect("a request"), &["/a.html"]);
    assert_eq!(folder.read("base"), before);
    // The change is reverted, but may have been cached in between.
    folder.write("site/a.html", "1");
    assert_eq!(create(&folder, &sandbox, &["--wait"]).end().await.code, Some(0));
    assert_eq!(posts(&sandbox)[2..], [["/a.html"]]);
    check(&create(&folder, &sandbox, &[]).end().await, 0, "nothing changed; nothing was sent\n");
    assert_eq!(folder.names(), ["base", "base.lock", "site"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn request_limit_uses_the_folder_and_quick_reads_changed_files() {
    let (folder, sandbox) = begun().await;
    for name in 0..150 {
        folder.write(&format!("site/news/{name}.html"), "1");
    }
    let options = ["--max-requests", "1", "--max-extra", "0", "--dry-run", "--always", "always"];
    folder.write("always", "/feed.xml\n/*.atom\n");
    let ended = create(&folder, &sandbox, &options).end().await;
    let expected = "  planned     /news/*\n  planned     /feed.xml\n  planned     /*.atom\n";
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.starts_with(expected), "{ended:?}");

    // The modification time of a file that was just written is not reliable yet.
    let an_hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    let a = fs::File::options().write(true).open(folder.path("site/a.html")).expect("a file");
    a.set_modified(an_hour_ago).expect("a time");
    let quick = |more: &[&str]| create(&folder, &sandbox, &[&["--quick"], more].concat());
    assert_eq!(quick(&[]).end().await.code, Some(0));
    assert_eq!(folder.read("base").matches("#stat 1 ").count(), 1);
    check(&quick(&[]).end().await, 0, "nothing changed; nothing was sent\n");
    folder.write("site/a.html", "22");
    assert_eq!(quick(&["--wait"]).end().await.code, Some(0));
    assert_eq!(posts(&sandbox).last().expect("a request"), &["/a.html"]);
}

/// Otherwise the next run would say that an earlier one did not finish.
#[tokio::test(flavor = "multi_thread")]
async fn run_that_cannot_create_its_journal_leaves_no_doubt() {
    let (folder, sandbox) = begun().await;
    folder.write("site/a.html", "2");
    folder.write("journal", "");
    let ended = create(&folder, &sandbox, &["--journal", "journal"]).end().await;
    assert_eq!((ended.code, posts(&sandbox).len()), (Some(2), 0), "{ended:?}");
    assert_eq!(folder.names(), ["base", "base.lock", "journal", "site"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_run_with_other_paths_says_that_there_is_a_baseline() {
    let folder = Folder::new();
    let sandbox = Sandbox::start().await.expect("a sandbox");
    folder.write("site/a.html", "1");
    let embedded = create(&folder, &sandbox, &["--first-run", "--sandbox"]).end().await;
    check(
        &embedded,
        0,
        "there is no baseline, and none is written with --sandbox; nothing was sent\n",
    );
    let ended = create(&folder, &sandbox, &["--first-run", "/x"]).end().await;
    assert_eq!((ended.code, posts(&sandbox)), (Some(0), vec![vec!["/x".to_owned()]]), "{ended:?}");
    assert!(ended.err.ends_with("base` is now the baseline of 1 file\n"), "{ended:?}");
}
