//! The commands that messages suggest work as they are printed.

use std::fs;
use std::time::Duration;

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::{Ended, Run};

use crate::account::{count, lines, purge_at};
use crate::profiles::{Scene, purged};
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// The commands that a message suggests, without the name of the program.
#[track_caller]
fn suggested(ended: &Ended) -> Vec<&str> {
    let parts = ended.err.lines().flat_map(|line| line.split("; "));
    let commands = parts.filter_map(|part| Some(part.split_once(": cdn-purge ")?.1));
    let commands: Vec<_> = commands.collect();
    assert!(!commands.is_empty(), "{ended:?}");
    commands
}

/// Pastes a command into a shell.
async fn paste(command: &str, run: impl Fn(&str, &[&str]) -> Run) -> Ended {
    run("/bin/sh", &["-c", &format!(r#""$0" {command}"#), PURGE]).end().await
}

/// Follows the one command that a message suggests.
async fn follow(ended: &Ended, run: impl Fn(&str, &[&str]) -> Run) -> Ended {
    let [command] = suggested(ended)[..] else { panic!("{ended:?}") };
    paste(command, run).await
}

/// Lets the next requests for the list outlast any deadline.
fn delay(sandbox: &Sandbox, requests: u32) {
    sandbox.fault(Fault::slow(Duration::from_millis(300)).on_get().times(requests));
}

#[tokio::test(flavor = "multi_thread")]
async fn suggested_commands_have_the_profile_and_wait() {
    let scene = Scene::new("prefix = '/blog'\n").await;
    delay(&scene.blog, 1);
    let run = |program: &str, arguments: &[&str]| scene.run_in(program, arguments);
    let ended = scene.end(&["create", "/a", "--profile", "blog", "--wait=0s"]).await;
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let followed = follow(&ended, run).await;
    assert_eq!(followed.code, Some(0), "{followed:?}");
    assert!(followed.out.contains("not cached  /blog/a"), "{followed:?}");

    delay(&scene.blog, 1);
    let journal = ["--journal", "journal"];
    let create = ["create", "/b", "--profile", "blog", "--wait=0s"];
    let ended = scene.end(&[&create[..], &journal].concat()).await;
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let followed = follow(&ended, run).await;
    assert_eq!(followed.code, Some(0), "{followed:?}");
    // Otherwise it would only say that everything was accepted.
    assert!(followed.out.contains("not cached  /blog/b"), "{followed:?}");

    // Each of several profiles has a command of its own.
    [&scene.shop, &scene.blog].into_iter().for_each(|sandbox| delay(sandbox, 1));
    let ended = scene.end(&["create", "/c", "--profile", "shop,blog", "--wait=0s"]).await;
    let commands = suggested(&ended);
    assert_eq!((ended.code, commands.len()), (Some(5), 2), "{ended:?}");
    for (command, path) in commands.into_iter().zip(["/c", "/blog/c"]) {
        let followed = paste(command, run).await;
        assert!(followed.out.contains(&format!("not cached  {path}")), "{followed:?}");
    }
    // The folder of a profile is not prepended to a path that has it already.
    let ended = scene.end(&["create", "--profile", "blog", "--prefix", "/", "/blog/d"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(purged(&scene.blog), ["/blog/a", "/blog/b", "/blog/c", "/blog/d"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn suggested_commands_have_the_options_for_the_account() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let scene = Scene::new("").await;
    let mut options = vec!["--organization", ORGANIZATION, "--resource", RESOURCE];
    options.extend(["--base-url", sandbox.base_url(), "--token-file", "purge/a token"]);
    fs::copy(scene.path("purge/shop"), scene.path("purge/a token")).expect("a file");
    fs::write(scene.path("purge/a token"), sandbox.token()).expect("a file");
    // Without an environment.
    let run =
        |program: &str, arguments: &[&str]| Run::new(program, arguments).folder(scene.path(""));
    for more in [&[][..], &["--journal", "journal"]] {
        delay(&sandbox, 1);
        let create = [&["create", "/a", "--wait=0s"], &options[..], more].concat();
        let ended = run(PURGE, &create).end().await;
        assert_eq!(ended.code, Some(5), "{ended:?}");
        let followed = follow(&ended, run).await;
        assert_eq!(followed.code, Some(0), "{followed:?}");
    }
    // An embedded server has ended with its command.
    let ended = run(PURGE, &["create", "/a", "--sandbox", "--wait=0s"]).end().await;
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert_eq!(ended.err.lines().last(), Some("error: not finished within 0s"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn resumed_folder_is_that_of_all_profiles_whatever_the_environment_names() {
    for profile in ["blog", "shop", "news"] {
        let scene = Scene::new("").await;
        for sandbox in [&scene.shop, &scene.blog] {
            sandbox.fault(Fault::status(400).on_post().times(1));
        }
        let create = ["create", "/a", "--journal", "journals", "--profile", "shop,blog"];
        let ended = scene.end(&create).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        for command in suggested(&ended) {
            assert_eq!(command, "resume journals");
        }
        let resume = scene.run(&["resume", "journals"]).env("PURGE_PROFILE", profile);
        let ended = resume.end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(
            (purged(&scene.shop), purged(&scene.blog)),
            (vec!["/a".into()], vec!["/a".into()])
        );
    }
    // What the command line leaves for later is named.
    let scene = Scene::new("").await;
    for sandbox in [&scene.shop, &scene.blog] {
        sandbox.fault(Fault::status(400).on_post().times(2));
    }
    scene.end(&["create", "/a", "--journal", "journals", "--profile", "shop,blog"]).await;
    let ended = scene.end(&["resume", "journals", "--profile", "shop"]).await;
    assert!(ended.err.contains("not resumed: `blog`\n"), "{ended:?}");
    assert_eq!(suggested(&ended), ["resume journals --profile shop"]);
}

/// Nobody has looked for the operation.
#[tokio::test(flavor = "multi_thread")]
async fn operation_is_called_unknown_only_if_the_list_was_read() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let id = "00000000-0000-4000-8000-000000000000";
    let wait = ["wait", id, "--wait=300ms"];
    let refused = purge_at(&sandbox, &wait).env("PURGE_TOKEN", "wrong-token").end().await;
    assert_eq!(refused.code, Some(3), "{refused:?}");
    let down = purge_at(&sandbox, &wait).env("PURGE_BASE_URL", "http://127.0.0.1:1").end().await;
    assert_eq!(down.code, Some(5), "{down:?}");
    for ended in [refused, down] {
        assert!(!ended.err.contains("no record"), "{ended:?}");
        assert!(ended.err.ends_with(&format!("to wait again: cdn-purge wait {id}\n")), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_to_follow_are_all_listed() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    delay(&sandbox, 4);
    let create = ["create", "--from", "-", "--wait=0s"];
    let ended = purge_at(&sandbox, &create).input(lines(2500)).end().await;
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let listed: Vec<_> =
        ended.out.lines().filter_map(|line| line.strip_prefix("  operation ")).collect();
    assert_eq!((listed.len(), count(&sandbox, "POST")), (25, 25), "{ended:?}");
    assert!(ended.err.contains("25 operations continue"), "{ended:?}");
    let followed = purge_at(&sandbox, &["wait", "-"]).input(listed.join("\n")).end().await;
    assert_eq!(followed.code, Some(0), "{followed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sandbox_is_suggested_only_where_it_can_be_used() {
    let scene = Scene::new("").await;
    assert_eq!(
        scene.end(&["create", "/a", "--profile", "shop", "--journal", "j"]).await.code,
        Some(0)
    );
    let run = |arguments: &[&str]| Run::new(PURGE, arguments).folder(scene.path(""));
    for (arguments, may) in [
        (&["create", "/a"][..], true),
        (&["list"], true),
        (&["worker"], false),
        (&["resume", "j", "--base-url", scene.shop.base_url()], false),
    ] {
        let ended = run(arguments).end().await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert_eq!(ended.err.contains("or use --sandbox"), may, "{ended:?}");
    }
}
