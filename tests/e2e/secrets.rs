//! The token in the real binary: what other users of the machine can see of it.

use std::fs;
use std::time::Duration;

use purge_tests::raw::answer;
use purge_tests::script::{Script, ScriptServer, Step};
use tokio::process::Command;

use crate::faults::{CANARY, assert_no_secret, token_file};
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// A running command that has sent its request, and its server, which never responds.
async fn under_way(
    arguments: &[&str],
    variable: Option<(&str, &str)>,
) -> (tokio::process::Child, ScriptServer) {
    let server = ScriptServer::playing(Script::new([Step::Stall], [])).await;
    let base = server.base_url();
    let mut command = Command::new(PURGE);
    command.args(["create", "/a", "-o", ORGANIZATION, "-r", RESOURCE, "--base-url", base]);
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").kill_on_drop(true);
    command.envs(variable).stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null());
    let child = command.spawn().expect("the binary runs");
    while server.seen().count("POST") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (child, server)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn token_is_not_in_the_process_list() {
    let file = token_file();
    let path = file.path().to_str().expect("UTF-8");
    let command = format!("cat {path}");
    for (arguments, variable) in [
        (&["--token-file", path][..], None),
        (&["--token-command", &command], None),
        (&[], Some(("PURGE_TOKEN", CANARY))),
    ] {
        let (child, server) = under_way(arguments, variable).await;
        let sent = server.seen().all();
        assert!(sent[0].contains(CANARY), "the token is sent");
        let own = child.id().expect("a process that runs");
        let mut seen = false;
        for process in fs::read_dir("/proc").expect("processes").flatten() {
            // Other processes come and go.
            let Ok(line) = fs::read(process.path().join("cmdline")) else { continue };
            seen |= process.file_name().to_str() == Some(&own.to_string());
            assert_no_secret(&line);
        }
        assert!(seen, "the process was not in the list");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_command_leaves_no_token_behind() {
    let echo = answer("200 OK", &format!("<html>authorization: Bearer {CANARY}</html>"));
    let server = ScriptServer::sending([echo.clone(), echo]).await;
    let base = server.base_url();
    let folder = tempfile::tempdir().expect("a folder");
    let file = token_file();
    let output = Command::new(PURGE)
        .args(["create", "/a", "-o", ORGANIZATION, "-r", RESOURCE, "--base-url", base])
        .args(["--max-attempts", "1", "--token-file"])
        .arg(file.path())
        .env_clear()
        .env("RUST_BACKTRACE", "full")
        .env("RUST_LOG", "trace")
        .current_dir(folder.path())
        .output()
        .await
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(6));
    assert_no_secret(&output.stdout);
    assert_no_secret(&output.stderr);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_typed_in_the_wrong_place_is_not_shown() {
    let web = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjNG5hcnkifQ.c4naryc4naryc4nary";
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("purge.toml");
    for (token, is_set) in [(web, false), ("opaque-c4nary-token", true)] {
        let in_folder = format!("no/{token}");
        let waits = format!("--wait={token}");
        for (arguments, variable, line) in [
            (&["create", "/a"][..], Some("PURGE_ORGANIZATION"), None),
            (&["config"], Some("PURGE_RESOURCE"), None),
            (&["create", "/a"], Some("PURGE_BASE_URL"), None),
            (&["create", "/a", "-o", token], None, None),
            (&["config"], None, Some("resource")),
            (&["create", "/a"], None, Some("rate")),
            (&["plan", "--from", token], None, None),
            (&["plan", "--inventory", &in_folder, "/a"], None, None),
            (&["resume", token], None, None),
            (&["wait", token], None, None),
            (&["list", "--op-id", token], None, None),
            (&["create", token], None, None),
            (&["create", "/a", "--prefix", token], None, None),
            (&[token], None, None),
            (&["create", &waits, "/a"], None, None),
            (&["list", "--limit", token], None, None),
            (&["man", token], None, None),
            (&["sandbox", "--faults", token], None, None),
            (&["sandbox", "--listen", token], None, None),
            (&["plan", "/a", "--summary", &in_folder], None, None),
        ] {
            let line = line.map(|key| format!("{key} = \"{token}\"")).unwrap_or_default();
            fs::write(&settings, line).expect("a file");
            for form in ["text", "json"] {
                let mut command = Command::new(PURGE);
                command.args(arguments).env_clear().current_dir(folder.path());
                if !arguments.contains(&"sandbox") && arguments[0] != token && arguments[0] != "man"
                {
                    command.args(["--output", form]);
                }
                command.envs(variable.map(|name| (name, token)));
                command.envs(is_set.then_some(("PURGE_TOKEN", token)));
                let output = command.output().await.expect("the binary runs");
                assert!(!output.status.success(), "{arguments:?}: {output:?}");
                assert!(
                    !String::from_utf8_lossy(&output.stderr).contains("panicked"),
                    "{output:?}"
                );
                for stream in [&output.stdout, &output.stderr] {
                    let text = String::from_utf8_lossy(stream);
                    assert!(!text.contains("c4nary"), "{arguments:?} {variable:?}: {text}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_is_not_in_the_journal_of_a_run() {
    let echo = answer("401 Unauthorized", &format!(r#"{{"message":"no such token: {CANARY}"}}"#));
    let server = ScriptServer::playing(Script::new([Step::Send(echo)], [])).await;
    let (folder, file) = (tempfile::tempdir().expect("a folder"), token_file());
    let journal = folder.path().join("journal");
    let output = Command::new(PURGE)
        .args(["create", "/a", "-o", ORGANIZATION, "-r", RESOURCE])
        .arg(format!("--base-url=http://{}", server.authority()))
        .arg("--token-file")
        .arg(file.path())
        .arg("--journal")
        .arg(&journal)
        .env_clear()
        .output()
        .await
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(server.seen().count("POST"), 1);
    let kept = fs::read(&journal).expect("a journal");
    assert!(String::from_utf8_lossy(&kept).contains("sending"), "the journal records the attempts");
    assert_no_secret(&kept);
    assert_no_secret(&output.stderr);
}
