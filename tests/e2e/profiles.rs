//! Several profiles: one plan for each resource, at once.

mod site;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::{Ended, Run};
use serde_json::Value;

use crate::account::{count, lines};
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// Two services, and the settings of a user who has a profile for each.
pub(crate) struct Scene {
    folder: tempfile::TempDir,
    pub(crate) shop: Sandbox,
    pub(crate) blog: Sandbox,
}

impl Scene {
    /// Further lines belong to the profile `blog`.
    pub(crate) async fn new(more: &str) -> Self {
        let start =
            |token: &str| Sandbox::builder().token(token).purge_delay(Duration::ZERO).start();
        let shop = start("token-of-the-shop").await.expect("a sandbox");
        let blog = start("token-of-the-blog").await.expect("a sandbox");
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("purge");
        fs::create_dir(&home).expect("a folder");
        let mut text = String::new();
        for (name, sandbox, more) in [("shop", &shop, ""), ("blog", &blog, more)] {
            let token = home.join(name);
            fs::write(&token, sandbox.token()).expect("a file");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;

                fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("a mode");
            }
            text += &format!(
                "[profile.{name}]\norganization = '{ORGANIZATION}'\nresource = '{RESOURCE}'\n\
                 base-url = '{}'\ntoken-file = '{name}'\n{more}",
                sandbox.base_url()
            );
        }
        fs::write(home.join("purge.toml"), text).expect("a file");
        Self { folder, shop, blog }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_in(PURGE, arguments)
    }

    pub(crate) fn run_in(&self, program: &str, arguments: &[&str]) -> Run {
        // The values in the environment belong to no profile.
        Run::new(program, arguments)
            .folder(self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path().to_str().expect("UTF-8"))
            .env("PURGE_TOKEN", "token-of-the-environment")
            .env("PURGE_BASE_URL", "http://127.0.0.1:1")
            .env("PURGE_RESOURCE", "00000000-0000-4000-8000-000000000000")
    }

    pub(crate) async fn end(&self, arguments: &[&str]) -> Ended {
        self.run(arguments).end().await
    }
}

/// All paths that were purged, sorted.
pub(crate) fn purged(sandbox: &Sandbox) -> Vec<String> {
    let mut paths: Vec<_> = sandbox.records().into_iter().map(|record| record.path).collect();
    paths.sort();
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn each_profile_gets_the_plan_with_its_own_account() {
    let scene = Scene::new("prefix = '/blog'\nrate = '100/s'\n").await;
    fs::write(scene.path("paths"), "/a\n/b\n").expect("a file");
    let files = ["--summary", "summary.md", "--audit", "audit.jsonl"];
    let create = ["create", "--from", "paths", "--wait", "--profile", "shop,blog"];
    let ended = scene.end(&[&create[..], &files].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(purged(&scene.shop), ["/a", "/b"]);
    assert_eq!(purged(&scene.blog), ["/blog/a", "/blog/b"]);
    let sections: Vec<_> = ended.out.lines().filter(|line| line.starts_with("profile ")).collect();
    assert_eq!(sections, ["profile shop", "profile blog"], "{}", ended.out);
    assert!(
        ended.err.lines().all(|line| line.starts_with("shop: ") || line.starts_with("blog: ")),
        "{}",
        ended.err
    );
    let summary = fs::read_to_string(scene.path("summary.md")).expect("a file");
    assert!(
        summary.contains("### CDN purge: shop: 2 paths")
            && summary.contains("### CDN purge: blog: 2 paths"),
        "{summary}"
    );
    let audit = fs::read_to_string(scene.path("audit.jsonl")).expect("a file");
    let profiles: Vec<Value> = audit
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["profile"].take())
        .collect();
    assert_eq!(profiles, ["shop", "blog"]);

    let json = scene.end(&["create", "/c", "--profile", "shop,blog", "--output", "json"]).await;
    let report: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((&report["schema"], &report["profiles"][1]["profile"]), (&1.into(), &"blog".into()));
    assert_eq!(report["profiles"][0]["report"]["summary"]["accepted"], 1, "{report}");
    crate::output::check("reports", &report);
    let lines =
        scene.run(&["create", "/d", "--output", "ndjson"]).env("PURGE_PROFILE", "blog,shop");
    let lines = lines.end().await.out;
    let mut names: Vec<_> = lines
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            crate::output::check("operation", &line);
            line["profile"].as_str().expect("a name").to_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names, ["blog", "shop"], "{lines}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn list_that_can_be_read_only_once_reaches_every_profile() {
    let lists = [&["--from", "-"][..], &["--from", "/dev/stdin"], &["--always", "/dev/stdin"]];
    for list in lists {
        let scene = Scene::new("prefix = '/blog'\n").await;
        let create = [&["create", "/arg", "--profile", "shop,blog"][..], list].concat();
        let ended = scene.run(&create).input("/one\n/two\n").end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(purged(&scene.shop), ["/arg", "/one", "/two"], "{list:?}");
        assert_eq!(purged(&scene.blog), ["/blog/arg", "/blog/one", "/blog/two"], "{list:?}");
    }
    let scene = Scene::new("prefix = '/blog'\n").await;
    let create = ["create", "/d/a", "--inventory", "/dev/stdin", "--max-requests", "1"];
    let create = [&create[..], &["--profile", "shop,blog"]].concat();
    let ended = scene.run(&create).input("/d/a\n").end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!((purged(&scene.shop).len(), purged(&scene.blog).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_profile_takes_precedence_over_the_environment() {
    let scene = Scene::new("prefix = '/blog'\n").await;
    assert_eq!(scene.end(&["create", "/a", "--profile", "blog"]).await.code, Some(0));
    assert_eq!(purged(&scene.blog), ["/blog/a"]);
    let ended = scene.end(&["list", "--profile", "blog", "--output", "ndjson"]).await;
    assert!(ended.out.contains("/blog/a"), "{ended:?}");
    for arguments in [
        &["plan", "/a", "--profile", "blog"][..],
        &["create", "--dry-run", "/a", "--profile", "blog"],
    ] {
        assert!(scene.end(arguments).await.out.contains("/blog/a"), "{arguments:?}");
    }
    // The command line takes precedence over the profile.
    let ended = scene.end(&["create", "/a", "--profile", "shop", "--prefix", "/other"]).await;
    assert_eq!((ended.code, purged(&scene.shop)), (Some(0), vec!["/other/a".to_owned()]));
    let shown = scene.end(&["config"]).await.out;
    assert!(
        shown.contains("profile.blog.prefix") && !shown.contains("token-of-the-blog"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_that_fails_is_resumed_alone() {
    let scene = Scene::new("").await;
    scene.blog.fault(Fault::status(400).on_post().times(1));
    let paths = lines(250);
    let create = ["create", "--from", "-", "--journal", "journals", "--profile", "shop,blog"];
    let ended = scene.run(&create).input(paths.clone()).end().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("error: profile `blog`: "), "{}", ended.err);
    assert!(ended.err.contains("resume with: cdn-purge resume journals"), "{}", ended.err);
    assert!(!ended.err.contains("profile `shop`"), "{}", ended.err);
    assert_eq!((count(&scene.shop, "POST"), count(&scene.blog, "POST")), (3, 3));
    assert!(purged(&scene.blog).len() < 250, "one of its requests was refused");
    let ended = scene.end(&["resume", "journals"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(count(&scene.shop, "POST"), 3, "it had no requests left");
    assert_eq!(count(&scene.blog, "POST"), 4, "only the request that failed");
    for sandbox in [&scene.shop, &scene.blog] {
        let mut expected: Vec<_> = paths.lines().map(str::to_owned).collect();
        expected.sort();
        assert_eq!(purged(sandbox), expected);
    }
    let again = scene.run(&create).input(paths).end().await;
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("resume it, or name another"), "{}", again.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_of_the_environment_are_not_ignored() {
    let scene = Scene::new("prefix = '/blog'\n").await;
    for arguments in [
        &["verify", "/a", "--edge", "http://127.0.0.1:1"][..],
        &["worker"],
        &["enqueue", "/a", "--producer", "cms"],
        &["status", "r", "--producer", "cms"],
        &["queue", "show"],
    ] {
        for (names, expected) in
            [("shop,blog", "only one profile can be named here"), ("news", "no profile `news`")]
        {
            let ended = scene.run(arguments).env("PURGE_PROFILE", names).end().await;
            assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
            assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_file_among_the_journals_loses_nothing() {
    let scene = Scene::new("").await;
    for sandbox in [&scene.shop, &scene.blog] {
        sandbox.fault(Fault::status(400).on_post().times(1));
    }
    let create = ["create", "/a", "--journal", "journals", "--profile", "shop,blog"];
    assert_eq!(scene.end(&create).await.code, Some(1));
    let before = fs::read(scene.path("journals/shop")).expect("a journal");
    for name in [".DS_Store", "notes.txt", "shop.bak", "zzz"] {
        fs::write(scene.path("journals").join(name), "not a journal").expect("a file");
        let ended = scene.end(&["resume", "journals"]).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let expected = format!(
            "nothing was sent: the folder `journals` contains `{name}`, but there is no profile `{name}`"
        );
        assert!(ended.err.contains(&expected), "{}", ended.err);
        fs::remove_file(scene.path("journals").join(name)).expect("a file");
    }
    assert_eq!(fs::read(scene.path("journals/shop")).expect("a journal"), before);
    assert_eq!((purged(&scene.shop).len(), purged(&scene.blog).len()), (0, 0));
    // With names, other files do not matter.
    fs::write(scene.path("journals/notes.txt"), "not a journal").expect("a file");
    let ended = scene.end(&["resume", "journals", "--profile", "shop"]).await;
    assert_eq!((ended.code, purged(&scene.shop).len()), (Some(0), 1), "{ended:?}");
    fs::remove_file(scene.path("journals/notes.txt")).expect("a file");
    let ended = scene.end(&["resume", "journals"]).await;
    assert_eq!((ended.code, purged(&scene.blog).len()), (Some(0), 1), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn kill_across_profiles_loses_nothing() {
    for kills_after in [1, 3, 7] {
        let scene = Scene::new("").await;
        let paths = lines(2000);
        let create = ["create", "--from", "-", "--journal", "journals", "--profile", "shop,blog"];
        let slow = Fault::slow(Duration::from_millis(20)).on_post().times(1000);
        for sandbox in [&scene.shop, &scene.blog] {
            sandbox.fault(slow.clone());
        }
        let running = scene.run(&create).input(paths.clone()).start();
        while count(&scene.shop, "POST") + count(&scene.blog, "POST") < kills_after {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Dropping it kills the process.
        drop(running);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let ended = scene.end(&["resume", "journals"]).await;
        assert_eq!(ended.code, Some(0), "after {kills_after}: {ended:?}");
        for sandbox in [&scene.shop, &scene.blog] {
            let mut all = purged(sandbox);
            all.dedup();
            assert_eq!(all.len(), 2000, "after {kills_after}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn worst_exit_code_counts_and_a_wrong_token_is_blamed_on_its_profile() {
    let scene = Scene::new("").await;
    fs::write(scene.path("purge/blog"), "another-token").expect("a file");
    let ended = scene.end(&["create", "/a", "--profile", "shop,blog"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert_eq!((purged(&scene.shop).len(), purged(&scene.blog).len()), (1, 0));
    assert!(ended.err.contains("profile `blog`: the token was refused (401)"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_shown_with_the_profile() {
    let scene = Scene::new("prefix = '/blog'\nlane = 'news'\n").await;
    let shown = scene.run(&["config"]).env("PURGE_PROFILE", "blog").end().await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let line = |name: &str| {
        let mut lines = shown.out.lines().filter(|line| line.starts_with(name));
        lines.next().unwrap_or_default().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(line("profile "), ["profile", "blog", "PURGE_PROFILE"]);
    assert_eq!(line("resource")[1], RESOURCE);
    assert_eq!(line("base-url")[1], scene.blog.base_url());
    assert_eq!(line("token-file")[1], "blog");
    assert_eq!(line("prefix")[1], "/blog");
    assert_eq!((line("queue.lane")[1], line("lane").len()), ("news", 0));
    let named = scene.run(&["config", "--profile", "shop"]).env("PURGE_PROFILE", "blog");
    let named = named.end().await.out;
    assert!(named.contains("--profile\n") && named.contains(scene.shop.base_url()), "{named}");
    let unknown = scene.run(&["config"]).env("PURGE_PROFILE", "news").end().await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_if_a_profile_has_no_token() {
    let scene = Scene::new("").await;
    let journals = ["--journal", "journals"];
    let create = ["create", "/a", "--profile", "shop,blog"];
    scene.blog.fault(Fault::status(400).on_post().times(1));
    let ended = scene.end(&[&create[..], &journals].concat()).await;
    assert_eq!((ended.code, count(&scene.shop, "POST")), (Some(1), 1), "{ended:?}");
    fs::remove_file(scene.path("purge/blog")).expect("a file");
    for arguments in [&create[..], &["resume", "journals"]] {
        let ended = scene.end(arguments).await;
        assert_eq!((ended.code, count(&scene.shop, "POST")), (Some(2), 1), "{ended:?}");
        assert!(ended.err.contains("error: profile `blog`: "), "{ended:?}");
    }
}

/// All journals are complete before anything is sent. Otherwise, `resume` would not know that one is missing.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn folder_without_all_journals_is_not_resumed() {
    let scene = Scene::new(&format!("prefix = '/{}'\n", "long/".repeat(100))).await;
    let create = ["create", "--from", "-", "--journal", "journals", "--profile", "shop,blog"];
    // The journal of the second profile does not fit.
    let shell = ["-c", r#"trap "" XFSZ; ulimit -f 16; exec "$0" "$@""#, PURGE];
    let limited = scene.run_in("/bin/sh", &[&shell[..], &create].concat());
    let ended = limited.input(lines(100)).end().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let why = "too large (os error 27); nothing was sent: fix this, and run the command again\n";
    assert!(ended.err.contains("profile `blog`: ") && ended.err.ends_with(why), "{ended:?}");
    assert!(!scene.path("journals").exists());
    // The same command can run again.
    scene.blog.fault(Fault::status(400).on_post().times(1));
    let ended = scene.run(&create).input(lines(100)).end().await;
    assert_eq!((ended.code, count(&scene.shop, "POST")), (Some(1), 1), "{ended:?}");
    // As a crash between the two leaves it.
    fs::write(scene.path("journals/.unfinished"), "").expect("a file");
    for profile in [&[][..], &["--profile", "blog"]] {
        let ended = scene.end(&[&["resume", "journals"], profile].concat()).await;
        assert_eq!((ended.code, count(&scene.blog, "POST")), (Some(2), 1), "{ended:?}");
        assert!(ended.err.contains("`journals` does not have all journals"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_of_profiles_sends_nothing() {
    let scene = Scene::new("prefix = '/blog'\n").await;
    for (arguments, expected) in [
        (
            &["create", "/a", "--profile", "shop,news"][..],
            "profile `news`: there is no profile `news`; the profiles are blog, shop",
        ),
        (&["create", "/a", "--profile", "news"], "there is no profile `news`"),
        (&["create", "/a", "--profile", "shop,shop"], "the profile `shop` is named twice"),
        (&["create", "/a", "--profile", "shop,blog", "--resource", RESOURCE], "leave them out"),
        (&["list", "--profile", "shop,blog"], "only one profile can be named here"),
        (&["plan", "/a", "--profile", "shop,blog"], "each has a plan of its own"),
        (
            &["verify", "/a", "--edge", "http://127.0.0.1:1", "--profile", "shop,blog"],
            "one resource",
        ),
        (
            &["verify", "/a", "--edge", "http://127.0.0.1:1", "--profile", "news"],
            "no profile `news`",
        ),
        (&["worker", "--profile", "shop,blog"], "run a worker for each profile"),
        (&["worker", "--profile", "news"], "there is no profile `news`"),
        (&["enqueue", "/a", "--producer", "cms", "--profile", "shop,blog"], "and one lane"),
        (&["enqueue", "/a", "--producer", "cms", "--profile", "news"], "no profile `news`"),
        (&["status", "r", "--profile", "shop,blog"], "only one profile can be named here"),
        (&["queue", "drop", "r", "--profile", "shop,blog"], "only one profile can be named here"),
        (&["queue", "show", "--profile", "shop,blog"], "only one profile can be named here"),
        (&["queue", "pause", "--profile", "news"], "there is no profile `news`"),
        (&["create", "/a", "--dry-run", "--profile", "shop,blog"], "only one profile"),
        (&["create", "/a", "--sandbox", "--profile", "shop"], "cannot be used with"),
        (
            &["create", "--site", "-", "--baseline", "b", "--from", "-", "--profile", "shop,blog"],
            "standard input can be read only once",
        ),
        (
            &[
                "create",
                "/a",
                "--wait",
                "--verify",
                "--edge",
                "http://127.0.0.1:1",
                "--profile",
                "shop,blog",
            ],
            "run `cdn-purge verify` afterwards",
        ),
        (&["resume", "."], "there is no profile `purge`"),
        (&["create", "/a", "--profile", ","], "the name of a profile is missing"),
        (&["create", "/a", "--journal", "-"], "`-` is not a file; for a file named `-`"),
        (&["create", "/a", "--audit", "-"], "`-` is not a file; for a file named `-`"),
        (&["create", "/a", "--audit", "audit", "--dry-run"], "cannot be used with"),
        (&["create", "--site", ".", "--baseline", "-"], "`-` is not a file; for a file named `-`"),
        (&["config", "--profile", "news"], "there is no profile `news`"),
    ] {
        let ended = scene.end(arguments).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
    }
    assert_eq!((scene.shop.requests().len(), scene.blog.requests().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_with_one_key_share_its_token() {
    let sandbox = Sandbox::builder().api_key("the-key", "the-secret").start().await;
    let sandbox = sandbox.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("purge")).expect("a folder");
    let profile = |name: &str| {
        format!("[profile.{name}]\norganization = '{ORGANIZATION}'\nresource = '{RESOURCE}'\n")
    };
    let text = ["shop", "blog", "news"].map(profile).concat();
    fs::write(folder.path().join("purge/purge.toml"), text).expect("a file");
    let logins = || {
        let requests = sandbox.requests().into_iter();
        requests.filter(|request| request.path == purge_tests::script::Script::LOGIN).count()
    };
    let run = async |arguments: &[&str], secret: &str| {
        let before = logins();
        let run = Run::new(PURGE, arguments)
            .folder(folder.path())
            .env("XDG_CONFIG_HOME", folder.path().to_str().expect("UTF-8"))
            .env("PURGE_BASE_URL", sandbox.base_url())
            .env("PURGE_API_KEY", "the-key")
            .env("PURGE_API_SECRET", secret);
        let ended = run.end().await;
        (ended.code, logins() - before, ended)
    };
    let create = ["create", "/a", "--journal", "journals", "--profile", "shop,blog,news"];
    let (code, logins, ended) = run(&create, "the-wrong-secret").await;
    // The pair that was refused is not sent again.
    assert_eq!((code, logins), (Some(3), 1), "{ended:?}");
    assert_eq!(ended.err.matches("the service refused the API key").count(), 3, "{}", ended.err);
    let (code, logins, ended) = run(&["resume", "journals"], "the-secret").await;
    assert_eq!((code, logins), (Some(0), 1), "{ended:?}");
    assert_eq!(purged(&sandbox), ["/a", "/a", "/a"]);
    let (code, logins, ended) =
        run(&["create", "/b", "--profile", "shop,blog"], "the-secret").await;
    assert_eq!((code, logins), (Some(0), 1), "{ended:?}");
}
