//! The binary in an environment where something is missing, closed, or broken.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use purge_sandbox::Sandbox;
use purge_tests::cli::{Ended, Run};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::account::{count, purge_at};
use crate::{ORGANIZATION, PURGE, RESOURCE};

fn account(run: Run, sandbox: &Sandbox) -> Run {
    run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE)
}

#[tokio::test(flavor = "multi_thread")]
async fn dry_run_opens_no_connection_and_needs_no_account() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let paths: String = (0..301).map(|i| format!("/{i}\n")).collect();
    for arguments in [&["plan"][..], &["create", "--dry-run"], &["create", "--dry-run", "--wait"]] {
        let arguments = [arguments, &["--from", "-", "--rate", "30/m"]].concat();
        let run = Run::new(PURGE, &arguments).input(paths.as_str());
        let ended = run.account(&base, "t0ken", ORGANIZATION, RESOURCE).end().await;
        let alone = Run::new(PURGE, &arguments).input(paths.as_str()).end().await;
        assert_eq!((ended.code, alone.code), (Some(0), Some(0)), "{ended:?} {alone:?}");
        assert_eq!(ended.out, alone.out);
        insta::allow_duplicates! { insta::assert_snapshot!(ended.out, @r"
          request 1  100 paths  /0 … /99
          request 2  100 paths  /100 … /199
          request 3  100 paths  /200 … /299
          request 4    1 path   /300
        301 paths in 4 requests; nothing was sent
          at this rate, the last request is sent after 6s
        "); }
    }
    // A connection would wait in the queue of the listener.
    let none = std::time::Duration::from_millis(100);
    assert!(
        tokio::time::timeout(none, listener.accept()).await.is_err(),
        "a connection was opened"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_pipes_cause_no_panic() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let paths: String = (0..3000).map(|i| format!("/a-path-that-fills-the-pipe/{i}\n")).collect();
    let file = folder.path().join("paths");
    fs::write(&file, &paths).expect("a file");
    let file = file.to_str().expect("a name");
    let created = purge_at(&sandbox, &["create", "--from", file]).end().await;
    assert_eq!(created.code, Some(0));
    for (arguments, must_go_on) in [
        (&["create", "--from", file, "--output", "json"][..], true),
        (&["create", "--from", file, "--output", "ndjson"], true),
        (&["create", "--from", file, "--wait"], true),
        (&["plan", "--from", file, "--output", "ndjson"], false),
        (&["list", "--all", "--output", "json"], false),
        (&["list", "--all"], false),
        (&["completions", "bash"], false),
        (&["man", "create"], false),
        (&["config"], false),
        (&["--help"], false),
    ] {
        let before = count(&sandbox, "POST");
        let mut command = tokio::process::Command::new(PURGE);
        command.env_clear().args(arguments).stdin(Stdio::null());
        command.env("PURGE_BASE_URL", sandbox.base_url()).env("PURGE_TOKEN", sandbox.token());
        command.env("PURGE_ORGANIZATION", ORGANIZATION).env("PURGE_RESOURCE", RESOURCE);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        drop(child.stdout.take());
        let ended = child.wait_with_output().await.expect("it ends");
        let err = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        if must_go_on {
            assert_eq!(count(&sandbox, "POST") - before, 30, "{arguments:?}: the purge continues");
        }
    }
    let mut command = tokio::process::Command::new(PURGE);
    command.env_clear().args(["create", "a"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    drop(child.stderr.take());
    assert_eq!(child.wait().await.expect("it ends").code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_trimmed_and_empty_ones_are_unset() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let account = [
        ("PURGE_ORGANIZATION", ORGANIZATION),
        ("PURGE_RESOURCE", RESOURCE),
        ("PURGE_BASE_URL", sandbox.base_url()),
        ("PURGE_TOKEN", sandbox.token()),
    ];
    let run = async |arguments: &[&str], changed: &str, value: Option<&str>| {
        let mut run = Run::new(PURGE, arguments);
        for (name, own) in account {
            if let Some(value) = if name == changed { value } else { Some(own) } {
                run = run.env(name, value);
            }
        }
        run.end().await
    };
    for (name, value) in account {
        for value in [format!("{value}\n"), format!(" \t{value}\r\n")] {
            let ended = run(&["create", "/a"], name, Some(&value)).await;
            assert_eq!(ended.code, Some(0), "{name}: {ended:?}");
            let shown = run(&["config"], name, Some(&value)).await;
            assert!(shown.code == Some(0) && !shown.out.contains("\\n"), "{name}: {shown:?}");
        }
    }
    for (name, what) in [
        ("PURGE_ORGANIZATION", "organization"),
        ("PURGE_RESOURCE", "resource"),
        ("PURGE_TOKEN", "token"),
    ] {
        for (value, empty) in [(None, false), (Some(""), true), (Some(" \r\n"), true)] {
            let ended = run(&["create", "/a"], name, value).await;
            assert_eq!(ended.code, Some(2), "{name}: {ended:?}");
            let expected = if empty {
                format!("no {what}: {name} is empty; pass ")
            } else {
                format!("no {what}: pass ")
            };
            assert!(ended.err.starts_with(&format!("error: {expected}")), "{}", ended.err);
            let shown = run(&["config"], name, value).await;
            assert!(shown.code == Some(0) && !shown.out.contains(name), "{name}: {shown:?}");
        }
    }
    // Without the variable, the default address applies.
    let shown = run(&["config"], "PURGE_BASE_URL", Some("\n")).await;
    assert!(shown.out.contains("https://cloud.medianova.com           default"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_variables_are_named_and_read_only_if_needed() {
    let junk = |arguments: &[&str], variable: &str, value: &str| {
        let run = Run::new(PURGE, arguments).env("PURGE_TOKEN", "t0ken");
        let run = run.env("PURGE_ORGANIZATION", ORGANIZATION).env("PURGE_RESOURCE", RESOURCE);
        run.env("PURGE_BASE_URL", "http://127.0.0.1:1").env(variable, value).end()
    };
    for (variable, value, expected) in [
        ("PURGE_ORGANIZATION", "a\n::error::b", r"the organization `a\n::error::b` is not a UUID"),
        ("PURGE_RESOURCE", "\u{1b}[2J", r"the resource `\u{1b}[2J` is not a UUID"),
        (
            "PURGE_BASE_URL",
            "http://example.com",
            "the base URL `http://example.com` cannot be used",
        ),
        ("PURGE_BASE_URL", "https://a\n.b", r"the base URL `https://a\n.b` cannot be used"),
        ("PURGE_BASE_URL", "https://u:s3cret@a", "the base URL `a` cannot be used"),
    ] {
        for arguments in [&["create", "/a"][..], &["list"], &["wait", "a"], &["config"]] {
            let ended = junk(arguments, variable, value).await;
            assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
            let expected = format!("error: {variable}: {expected}");
            assert!(ended.err.starts_with(&expected), "{arguments:?}: {}", ended.err);
            assert!(ended.err.lines().count() == 1 && !ended.err.contains("s3cret"), "{ended:?}");
        }
        for arguments in [
            &["create", "--sandbox", "/a"][..],
            &["create", "--dry-run", "/a"],
            &["plan", "/a"],
            &["list", "--sandbox"],
        ] {
            let ended = junk(arguments, variable, value).await;
            assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        }
    }
    // A flag takes precedence, so the variable does not matter.
    let flag = ["config"];
    let ended = junk(&flag, "PURGE_TOKEN", "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = junk(&["list", "-o", ORGANIZATION], "PURGE_ORGANIZATION", "junk").await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn arguments_and_variables_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let latin = OsStr::from_bytes(b"caf\xe9.html");
    let run = async |arguments: &[&OsStr]| {
        let ended = Run::new(PURGE, arguments).end().await;
        assert!(!ended.err.contains("panicked"), "{ended:?}");
        ended
    };
    let text = |arguments: &[&'static str]| -> Vec<&'static OsStr> {
        arguments.iter().map(|text| OsStr::new(*text)).collect()
    };
    let ended = run(&[&text(&["plan", "--output", "json", "--raw"])[..], &[latin]].concat()).await;
    assert_eq!(ended.json()["operations"][0]["paths"][0]["path"], "/caf%E9.html");
    let ended = run(&[&text(&["plan"])[..], &[latin]].concat()).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("not UTF-8, at byte 3"), "{}", ended.err);
    for arguments in [
        &["plan", "--from"][..],
        &["create", "/a", "--token-command"],
        &["create", "/a", "--organization"],
        &["wait"],
        &[],
    ] {
        let ended = run(&[&text(arguments)[..], &[latin]].concat()).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
    }
    // A byte that is not text must not let control characters through.
    let evil = OsStr::from_bytes(b"x\n::error::\xe9\x1b[2J");
    for arguments in
        [&["plan"][..], &["plan", "--from"], &["wait"], &["list", "--op-id"], &["list"]]
    {
        let ended = run(&[&text(arguments)[..], &[evil]].concat()).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        let obeyed = |line: &str| line.starts_with("::") || line.contains('\u{1b}');
        assert!(!ended.err.lines().any(obeyed), "{arguments:?}: {}", ended.err);
    }
    for name in ["PURGE_ORGANIZATION", "PURGE_RESOURCE", "PURGE_BASE_URL", "HTTPS_PROXY"] {
        let mut command = tokio::process::Command::new(PURGE);
        command.env_clear().arg("config").env(name, latin);
        let ended = command.output().await.expect("the binary runs");
        assert_eq!(ended.status.code(), Some(2), "{name}: {ended:?}");
        let err = String::from_utf8(ended.stderr).expect("text");
        assert!(err.contains(name) && err.contains("is not UTF-8"), "{name}: {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_home_and_read_only_folder_do_not_matter() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for home in [None, Some(""), Some("relative"), Some("/not/there"), Some("/dev/null")] {
        let mut run = purge_at(&sandbox, &["create", "/index.html", "--wait"]);
        if let Some(home) = home {
            run = run.env("HOME", home).env("XDG_CONFIG_HOME", home);
        }
        let folder = if cfg!(unix) { "/proc" } else { "." };
        let ended = run.folder(Path::new(folder)).end().await;
        assert_eq!(ended.code, Some(0), "{home:?}: {ended:?}");
    }
}

async fn settings(folder: &Path, home: &Path, variables: &[(&str, &str)]) -> Ended {
    let mut run = Run::new(PURGE, ["config", "--output", "json"]).folder(folder);
    run = run.env("XDG_CONFIG_HOME", home.to_str().expect("a name"));
    for (name, value) in variables {
        run = run.env(name, value);
    }
    run.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_come_from_flags_then_the_environment_then_files() {
    let root = tempfile::tempdir().expect("a folder");
    let (project, home) = (root.path().join("project"), root.path().join("home"));
    fs::create_dir_all(project.join("deep")).expect("a folder");
    fs::create_dir_all(home.join("purge")).expect("a folder");
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let other = "00000000-0000-4000-8000-000000000000";
    fs::write(
        project.join("purge.toml"),
        format!("organization = '{ORGANIZATION}'\nresource = '{other}'\nrate = '100/s'\n"),
    )
    .expect("a file");
    let token = home.join("purge/token");
    fs::write(&token, sandbox.token()).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    let base = sandbox.base_url();
    let user = format!("base-url = '{base}'\ntoken-file = 'token'\nrate = '1/h'\n");
    fs::write(home.join("purge/purge.toml"), user).expect("a file");

    let deep = project.join("deep");
    let shown = settings(&deep, &home, &[("PURGE_RESOURCE", RESOURCE), ("PURGE_TOKEN", "s3cret")]);
    let shown = shown.await;
    assert!(!shown.out.contains("s3cret"), "{shown:?}");
    let shown = shown.json();
    let of = |name: &str| {
        let all = shown["settings"].as_array().expect("settings");
        let setting = all.iter().find(|setting| setting["name"] == name).cloned();
        setting.unwrap_or(Value::Null)
    };
    let project_file = project.join("purge.toml").display().to_string();
    assert_eq!(of("resource")["source"], "PURGE_RESOURCE");
    assert_eq!(of("organization")["source"], json!(format!("{project_file}:1")));
    assert_eq!(
        of("rate"),
        json!({ "name": "rate", "value": "100/s", "source": format!("{project_file}:3") })
    );
    assert_eq!(of("token"), json!({ "name": "token", "value": null, "source": "PURGE_TOKEN" }));
    assert_eq!(of("token-file"), Value::Null, "the variable takes precedence");
    assert_eq!(of("timeout")["source"], "default");

    // The same settings in use: two requests would take an hour at 1/h, and do not at 100/s.
    let paths: String = (0..101).map(|i| format!("/{i}\n")).collect();
    let run = Run::new(PURGE, ["create", "--from", "-", "--resource", RESOURCE]).input(paths);
    let run = run.folder(&deep).env("XDG_CONFIG_HOME", home.to_str().expect("a name"));
    let ended = run.env("PURGE_RESOURCE", other).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(count(&sandbox, "POST"), 2);

    fs::write(project.join("purge.toml"), "token = 's3cret'\n").expect("a file");
    let ended = settings(&deep, &home, &[]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("a secret does not belong in this file"), "{}", ended.err);
    assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    let ended = purge_at(&sandbox, &["create", "/a"]).folder(&deep).end().await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_to_wait_for_come_from_standard_input() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let run = Run::new(PURGE, ["create", "/index.html", "/b", "--output", "ndjson"]);
    let created = account(run, &sandbox).end().await.json();
    let id = created["op_id"].as_str().expect("an ID");
    let input = format!("{id}\r\n\n{id}\n");
    let run = Run::new(PURGE, ["wait", "-", id, "--output", "json"]).input(input);
    let ended = account(run, &sandbox).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["operations"].as_array().map(Vec::len), Some(1), "each once");
    for (arguments, input, expected) in [
        (&["wait", "-"][..], "\n", "no operations to wait for"),
        (&["wait", "-"], "{}\n", "standard input:1: `{}` is not an operation ID"),
        (&["wait", "-", "-"], "a\n", "standard input can be read only once"),
        (&["wait"], "a\n", "<OP_ID>"),
    ] {
        let run = Run::new(PURGE, arguments).input(input);
        let ended = account(run, &sandbox).end().await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(expected), "{arguments:?}: {}", ended.err);
    }
}
