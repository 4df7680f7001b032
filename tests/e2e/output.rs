//! What the binary prints: forms for programs, a summary for CI systems, and nothing that those would
//! execute.

use std::path::Path;

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::{Ended, Run};
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;
use serde_json::{Value, json};

use crate::account::{count, purge_at};
use crate::{ORGANIZATION, PURGE, RESOURCE};

async fn run(sandbox: &Sandbox, arguments: &[&str], input: &str) -> Ended {
    purge_at(sandbox, arguments).input(input).end().await
}

/// Fails unless a value is valid for a committed schema and has only members that the schema names.
pub(crate) fn check(schema: &str, value: &Value) {
    let file = format!("../purge-cli/schema/{schema}.json");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    let mut schema: Value = serde_json::from_str(&text.expect("a schema")).expect("JSON");
    close(&mut schema);
    let validator = jsonschema::draft202012::new(&schema).expect("a JSON Schema");
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?} in {value:#}");
}

/// Later versions may add members, so the schemas allow them. This version has exactly the named ones.
fn close(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut()
        && object.contains_key("properties")
    {
        object.insert("additionalProperties".to_owned(), json!(false));
    }
    match schema {
        Value::Object(object) => object.values_mut().for_each(close),
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Fails unless every line of standard error is JSON.
fn check_messages(ended: &Ended) {
    for line in ended.err.lines() {
        let line: Value = serde_json::from_str(line).expect(line);
        check(if line.get("error").is_some() { "error" } else { "message" }, &line);
    }
}

fn lines(ended: &Ended) -> Vec<Value> {
    ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn output_matches_the_schemas() {
    let sandbox =
        Sandbox::builder().faults([Fault::status(404).on_post()]).start().await.expect("a sandbox");
    let paths: String = (0..150).map(|i| format!("/{i}\n")).collect();
    for arguments in [
        &["create", "--from", "-", "--wait"][..],
        &["create", "--from", "-", "--dry-run"],
        &["plan", "--from", "-", "--max-requests", "2"],
        &["wait", "unknown", "--wait", "100ms"],
        &["list", "--limit", "3"],
        &["list", "--limit", "20", "--all"],
        &["config"],
    ] {
        let ended = run(&sandbox, &[arguments, &["--output", "json"]].concat(), &paths).await;
        let schema = match arguments[0] {
            "list" => "list",
            "config" => "settings",
            "plan" => "plan",
            _ if arguments.contains(&"--dry-run") => "plan",
            _ => "report",
        };
        check(schema, &ended.json());
        check_messages(&ended);
        assert_eq!(ended.code == Some(0), !ended.err.contains("\"error\""), "{ended:?}");
    }
    for arguments in [
        &["create", "--from", "-"][..],
        &["plan", "--from", "-"],
        &["create", "/missing", "--wait", "--verbose"],
        &["wait", "unknown", "--wait", "100ms"],
        &["list", "--limit", "20", "--all"],
    ] {
        let ended = run(&sandbox, &[arguments, &["--output", "ndjson"]].concat(), &paths).await;
        let schema = if arguments[0] == "list" { "record" } else { "operation" };
        assert!(!ended.out.is_empty(), "{ended:?}");
        check_messages(&ended);
        lines(&ended).iter().for_each(|line| check(schema, line));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_errors_are_json_too() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for (arguments, expected) in [
        (
            &["create", "--output", "json", "--resource", "www", "/a"][..],
            "the resource `www` is not a UUID",
        ),
        (&["create", "--output=ndjson", "--concurency", "1", "/a"], "'--concurrency' exists"),
        (&["create", "--output", "json", "a"], "does not begin with `/`"),
        (&["create", "--output", "json", "--concurrency", "0", "/a"], "0 is not in 1..=1000"),
    ] {
        let ended = run(&sandbox, arguments, "").await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
        let error: Value = serde_json::from_str(&ended.err).expect("one JSON object");
        check("error", &error);
        let message = error["error"]["message"].as_str().expect("a message");
        let found = message.contains(expected) || message.contains("a similar argument exists");
        assert!(found && !message.contains("Usage:"), "{message}");
    }
    let ended = run(&sandbox, &["creat", "/a"], "").await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("similar subcommand exists: 'create'"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_written_as_soon_as_they_are_known() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};

    // The second request gets no response, so the first line must appear without it.
    let slow = Fault::slow(std::time::Duration::from_secs(600)).on_post();
    let faults = [Fault::answer().on_post(), slow];
    let sandbox = Sandbox::builder().faults(faults).start().await.expect("a sandbox");
    let mut command = tokio::process::Command::new(PURGE);
    let paths = (0..150).map(|i| format!("/{i}"));
    command.env_clear().kill_on_drop(true).stdout(std::process::Stdio::piped());
    command.args(["create", "--output", "ndjson", "--concurrency", "1"]).args(paths);
    command.env("PURGE_BASE_URL", sandbox.base_url()).env("PURGE_TOKEN", sandbox.token());
    command.env("PURGE_ORGANIZATION", ORGANIZATION).env("PURGE_RESOURCE", RESOURCE);
    let mut child = command.stderr(std::process::Stdio::null()).spawn().expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let first = lines.next_line().await.expect("a pipe").expect("a line");
    let first: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(
        (&first["state"], first["paths"].as_array().map(Vec::len)),
        (&json!("accepted"), Some(100))
    );
    child.kill().await.expect("it still runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_are_one_object_and_one_table() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let paths: String = (0..45).map(|i| format!("/{i}\n")).collect();
    assert_eq!(run(&sandbox, &["create", "--from", "-"], &paths).await.code, Some(0));
    let listed = run(&sandbox, &["list", "--all", "--limit", "20", "--output", "json"], "").await;
    let listed = listed.json();
    assert_eq!(
        (&listed["page"], &listed["limit"], &listed["total"]),
        (&json!(1), &json!(20), &json!(45))
    );
    assert_eq!(listed["requests"].as_array().map(Vec::len), Some(45));
    let text = run(&sandbox, &["list", "--all", "--limit", "20"], "").await.out;
    assert_eq!(text.lines().count(), 1 + 45 + 1, "{text}");
    assert!(text.ends_with("45 of 45 records\n"), "{text}");

    let page = r#"{"status":true,"data":{"total":3,"requests":[{"url":"https://e/1"},{"url":"https://e/2"}]}}"#;
    let server = ScriptServer::sending([answer("200 OK", page), answer("404 Not Found", "")]).await;
    let run = Run::new(PURGE, ["list", "--all", "--limit", "2", "--output", "json"]);
    let ended = run.account(server.base_url(), "t0ken", ORGANIZATION, RESOURCE).end().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("https://e/2"), "the first page was written: {}", ended.out);
    let cut_off = serde_json::from_str::<Value>(&ended.out);
    assert!(cut_off.is_err(), "incomplete output must not look complete: {}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn summary_is_appended_as_markdown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("summary.md");
    std::fs::write(&file, "before\n").expect("a file");
    let name = file.to_str().expect("a name");
    let sandbox =
        Sandbox::builder().faults([Fault::status(404).on_post()]).start().await.expect("a sandbox");
    let ended = run(&sandbox, &["create", "/a|b", "/c", "--summary", name], "").await;
    assert_eq!(ended.code, Some(1));
    let ended = run(&sandbox, &["create", "/index.html", "--wait", "--summary", name], "").await;
    assert_eq!(ended.code, Some(0));
    insta::assert_snapshot!(std::fs::read_to_string(&file).expect("a file"));

    let ended = run(&sandbox, &["wait", "unknown", "--wait", "10ms", "--summary", name], "").await;
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let text = std::fs::read_to_string(&file).expect("a file");
    let title = text.lines().rfind(|line| line.starts_with('#'));
    assert_eq!(title, Some("### CDN purge: no paths are known yet"));

    // A full disk does not affect the result.
    #[cfg(target_os = "linux")]
    {
        let full =
            ["wait", "unknown", "--wait", "10ms", "--summary", "/dev/full", "--output", "json"];
        let ended = run(&sandbox, &full, "").await;
        assert_eq!(
            (ended.code, &ended.json()["summary"]["paths"]),
            (Some(1), &json!(0)),
            "{ended:?}"
        );
        let why = "the summary `/dev/full` cannot be written: No space left";
        assert!(ended.err.contains(why), "{}", ended.err);
    }

    let ended = run(&sandbox, &["create", "/a", "--summary", "/not/there/s.md"], "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("the summary `/not/there/s.md` cannot be written"), "{}", ended.err);
    let ended = run(&sandbox, &["create", "/a", "--summary", "-"], "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.err.contains("`-` is not one; for standard output, write `--summary /dev/stdout`")
    );
    assert_eq!(count(&sandbox, "POST"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn run_that_found_nothing_cached_prints_a_hint() {
    const HINT: &str = "nothing was cached under these paths; check the prefix and the resource\n";
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let ended = run(&sandbox, &["create", "--output", "json", "/a", "/b"], "").await;
    let id = ended.json()["operations"][0]["op_id"].as_str().expect("an ID").to_owned();
    for (arguments, asked) in [
        (&["create", "--wait", "/a", "/b"][..], true),
        (&["wait", &id], true),
        (&["create", "--wait", "/a", "-q"], false),
        (&["create", "--wait", "/a", "--output", "json"], true),
        (&["create", "--wait", "/a", "--output", "ndjson"], true),
        (&["create", "--wait", "/a", "--output", "json", "-q"], false),
        (&["create", "/a"], false),
        (&["plan", "/a"], false),
        (&["create", "--wait", "/a", "/index.html"], false),
    ] {
        // What is purged is no longer cached.
        sandbox.fill(["/index.html"]);
        let ended = run(&sandbox, arguments, "").await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        let last = ended.err.lines().last().unwrap_or_default();
        assert_eq!(last.contains(HINT.trim_end()), asked, "{arguments:?}: {}", ended.err);
        assert_eq!(ended.err.matches("cached").count(), usize::from(asked), "{}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_share_an_audit_file_append_a_line_each() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let name = file.to_str().expect("UTF-8");
    let mut runs = tokio::task::JoinSet::new();
    for run in 0..6 {
        let path = format!("/{run}");
        let token = format!("release {run}: {}\n##[error]", sandbox.token());
        let arguments = ["create", &path, "--audit", name, "--reason", &token];
        let run = purge_at(&sandbox, &arguments).env("USER", "somebody");
        let run = run.env("GITHUB_SERVER_URL", "https://github.example.com");
        let run = run.env("GITHUB_REPOSITORY", "shop/site").env("GITHUB_RUN_ID", "7");
        runs.spawn(async move { run.end().await });
    }
    for ended in runs.join_all().await {
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let failed = purge_at(&sandbox, &["create", "/a", "--audit", name]);
    let failed = failed.env("PURGE_TOKEN", "wrong-token-of-a-test").end().await;
    assert_eq!(failed.code, Some(3), "{failed:?}");
    let text = std::fs::read_to_string(&file).expect("a file");
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(lines.len(), 7, "{text}");
    for line in &lines[..6] {
        assert_eq!((&line["schema"], &line["exit_code"]), (&1.into(), &0.into()), "{line}");
        assert_eq!((&line["who"], &line["summary"]["accepted"]), (&"somebody".into(), &1.into()));
        assert_eq!(line["ci"], "https://github.example.com/shop/site/actions/runs/7");
        assert_eq!(line["operations"].as_array().map(Vec::len), Some(1), "{line}");
        let reason = line["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("release ") && reason.contains("not shown"), "{reason}");
    }
    assert_eq!((&lines[6]["exit_code"], &lines[6]["reason"]), (&3.into(), &Value::Null));
    assert!(!text.contains(sandbox.token()) && !text.contains("##["), "{text}");

    for (arguments, code) in [
        (&["--reason", "why"][..], 2),
        (&["--audit", "/not/there/audit"], 2),
        #[cfg(target_os = "linux")]
        (&["--audit", "/dev/full"], 1),
    ] {
        let ended = purge_at(&sandbox, &[&["create", "/a"], arguments].concat()).end().await;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
    }
}
