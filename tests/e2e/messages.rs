//! What the binary says on standard error while it works.

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::Run;

use crate::{ORGANIZATION, PURGE, RESOURCE};

async fn create(arguments: &[&str]) -> String {
    create_despite(Fault::status(503).header("retry-after", "0").on_post(), arguments).await
}

async fn create_despite(fault: Fault, arguments: &[&str]) -> String {
    let sandbox = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let arguments = [&["create", "/a", "--output", "json"], arguments].concat();
    let run = Run::new(PURGE, arguments);
    let run = run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE);
    let ended = run.end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let id = ended.json()["operations"][0]["op_id"].as_str().expect("an ID").to_owned();
    ended.err.replace(&id, "ID")
}

#[tokio::test(flavor = "multi_thread")]
async fn verbose_tells_each_attempt() {
    let said = create(&["-v"]).await;
    // How long the pause is, is random.
    let lines: Vec<_> = said.lines().map(|line| line.split("; again in").next()).collect();
    let expected = [
        "purging 1 path in 1 request",
        "request 1: sent",
        "request 1: the service is unavailable (503)",
        "request 1: sent again, attempt 2",
        "request 1: accepted as ID",
    ];
    assert_eq!(lines, expected.map(Some), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verbose_tells_that_the_list_is_looked_into() {
    let said = create_despite(Fault::reset().after_applying().on_post(), &["-v"]).await;
    let lines: Vec<_> = said.lines().collect();
    let [_, sent, lost, accepted] = lines[..] else { panic!("{said}") };
    assert_eq!(sent, "request 1: sent");
    let why = lost.strip_suffix("; looking for it in the list");
    // What the system calls it is its own affair.
    let why = why.and_then(|why| why.strip_prefix("request 1: the connection broke off: "));
    assert!(why.is_some_and(|why| !why.is_empty()), "{said}");
    assert_eq!(accepted, "request 1: accepted as ID");
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_says_nothing_while_all_is_well() {
    assert_eq!(create(&["--quiet"]).await, "");
    assert_eq!(create(&[]).await, "purging 1 path in 1 request\n");
    let ended = Run::new(PURGE, ["create", "--quiet", "--verbose", "/a"]).end().await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}
