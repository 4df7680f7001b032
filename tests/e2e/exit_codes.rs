//! Every exit code, reached by the real binary and compared with the documentation.

use std::collections::BTreeMap;

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::{Ended, Run};
use serde_json::Value;

use crate::PURGE;

async fn create(fault: Option<Fault>, arguments: &[&str]) -> Ended {
    let sandbox = Sandbox::builder().faults(fault).start().await.expect("a sandbox");
    let arguments = [arguments, &["--max-attempts", "1", "--output", "json"]].concat();
    let (organization, resource) = (sandbox.organization(), sandbox.resource());
    Run::new(PURGE, arguments)
        .account(sandbox.base_url(), sandbox.token(), organization, resource)
        .end()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_exit_code_is_reached_and_documented() {
    let html = || Fault::status(200).body("<html>a login page</html>").on_post();
    let unknown = "00000000-0000-4000-8000-000000000000";
    let runs = [
        (0, "success", create(None, &["create", "/a", "--wait"]).await),
        (1, "failed", create(Some(Fault::status(404)), &["create", "/a"]).await),
        (2, "usage", create(None, &["create", "a"]).await),
        (3, "unauthorized", create(Some(Fault::status(401)), &["create", "/a"]).await),
        (4, "temporary", create(Some(Fault::status(503)), &["create", "/a"]).await),
        (5, "deadline", wait(unknown).await),
        (6, "untrusted", create(Some(html()), &["create", "/a"]).await),
    ];
    let documented = documented();
    // Codes above 128 stand for signals, which no response of the service leads to.
    let reachable = documented.keys().filter(|code| **code < 128);
    assert!(reachable.eq(runs.iter().map(|(code, ..)| code)), "{documented:?}");
    let reference = Run::new(PURGE, ["--help"]).end().await;
    for (code, kind, ended) in runs {
        assert_eq!(ended.code, Some(code), "{kind}: {ended:?}");
        let meaning = documented[&code].replace('`', "");
        assert!(
            reference.out.contains(&format!("  {code}  {meaning}")),
            "`cdn-purge --help` disagrees on {code} with README.md: {meaning}"
        );
        if code > 0 {
            let error = ended.err.lines().last().expect("an error");
            let error: Value = serde_json::from_str(error).expect("JSON");
            assert_eq!(
                (&error["error"]["kind"], &error["error"]["exit_code"]),
                (&kind.into(), &code.into())
            );
        }
    }
}

async fn wait(operation: &str) -> Ended {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (organization, resource) = (sandbox.organization(), sandbox.resource());
    Run::new(PURGE, ["wait", operation, "--wait", "100ms", "--output", "json"])
        .account(sandbox.base_url(), sandbox.token(), organization, resource)
        .end()
        .await
}

/// The table of README.md: code and meaning.
fn documented() -> BTreeMap<i32, String> {
    let readme = include_str!("../../README.md");
    let rows = readme.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, code, meaning, todo, _] = cells[..] else { return None };
        assert!(!todo.is_empty(), "nothing says what to do: {line}");
        Some((code.parse().ok()?, meaning.to_owned()))
    });
    rows.collect()
}
