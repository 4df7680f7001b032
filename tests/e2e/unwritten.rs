//! Results that cannot be written: the disk is full.

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::{Ended, Run};
use serde_json::Value;

use crate::account::{count, lines};
use crate::{PURGE, account};

/// Runs it with a full disk behind standard output.
async fn full(sandbox: &Sandbox, folder: &tempfile::TempDir, arguments: &[&str]) -> Ended {
    let shell = ["-c", r#"exec "$0" "$@" > /dev/full"#, PURGE];
    let run = Run::new("/bin/sh", [&shell[..], arguments].concat()).folder(folder.path());
    let (organization, resource) = (sandbox.organization(), sandbox.resource());
    let run = run.account(sandbox.base_url(), sandbox.token(), organization, resource);
    run.input(lines(300)).end().await
}

fn audit(folder: &tempfile::TempDir) -> Value {
    let text = std::fs::read_to_string(folder.path().join("audit")).expect("a file");
    let [line] = text.lines().collect::<Vec<_>>()[..] else { panic!("one line: {text}") };
    serde_json::from_str(line).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_hides_neither_the_outcome_nor_the_advice() {
    for format in ["text", "json", "ndjson"] {
        let folder = tempfile::tempdir().expect("a folder");
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let fixed = ["create", "--from", "-", "--audit", "audit", "--summary", "summary"];
        let fixed = [&fixed[..], &["--output", format]].concat();
        let ended = full(&sandbox, &folder, &fixed).await;
        assert_eq!((ended.code, count(&sandbox, "POST")), (Some(1), 3), "{ended:?}");
        assert!(ended.err.contains("the result cannot be written: No space left"), "{ended:?}");
        let line = audit(&folder);
        assert_eq!((&line["exit_code"], &line["summary"]["accepted"]), (&1.into(), &300.into()));
        assert_eq!(line["operations"].as_array().map(Vec::len), Some(3), "{line}");
        let summary = std::fs::read_to_string(folder.path().join("summary")).expect("a file");
        assert!(summary.contains("300 accepted"), "{summary}");

        // The reason that needs attention first is that of the purge.
        let folder = tempfile::tempdir().expect("a folder");
        sandbox.fault(Fault::status(401).on_post().times(9));
        let resumable = [&fixed[..], &["--journal", "journal"]].concat();
        let ended = full(&sandbox, &folder, &resumable).await;
        assert_eq!((ended.code, &audit(&folder)["exit_code"]), (Some(3), &3.into()), "{ended:?}");
        assert!(ended.err.contains("resume with: cdn-purge resume journal"), "{ended:?}");
        assert!(ended.err.contains("the result cannot be written: No space left"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_has_the_exit_code_of_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let create = ["create", "/a", "--audit", "audit", "--summary", "/dev/full"];
    let ended = account::purge_at(&sandbox, &create).folder(folder.path()).end().await;
    assert_eq!((ended.code, &audit(&folder)["exit_code"]), (Some(1), &1.into()), "{ended:?}");
    let why = "error: the summary `/dev/full` cannot be written: No space left";
    assert!(ended.out.contains("1 accepted") && ended.err.contains(why), "{ended:?}");
}
