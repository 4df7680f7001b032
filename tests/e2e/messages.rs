//! What the binary prints on standard error while it runs.

use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::Run;

use crate::{ORGANIZATION, PURGE, RESOURCE};

async fn create(arguments: &[&str]) -> String {
    create_despite(Fault::status(429).header("retry-after", "0").on_post(), arguments).await
}

async fn create_despite(fault: Fault, arguments: &[&str]) -> String {
    let sandbox = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let arguments = [&["create", "/a"], arguments].concat();
    let run = Run::new(PURGE, arguments);
    let run = run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE);
    let ended = run.end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (_, id) = ended.out.split_once("  operation ").expect("an ID");
    ended.err.replace(id.trim(), "ID")
}

#[tokio::test(flavor = "multi_thread")]
async fn verbose_reports_each_attempt() {
    let said = create(&["-v"]).await;
    // The length of the pause is random.
    let lines: Vec<_> = said.lines().map(|line| line.split("; again in").next()).collect();
    let expected = [
        "purging 1 path in 1 request",
        "request 1: sent",
        "request 1: too many requests (429)",
        "request 1: sent again, attempt 2",
        "request 1: accepted as ID",
    ];
    assert_eq!(lines, expected.map(Some), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verbose_reports_look_ups() {
    let said = create_despite(Fault::reset().after_applying().on_post(), &["-v"]).await;
    let lines: Vec<_> = said.lines().collect();
    let [_, sent, lost, accepted] = lines[..] else { panic!("{said}") };
    assert_eq!(sent, "request 1: sent");
    let why = lost.strip_suffix("; looking for it in the list");
    // The operating system's own words may vary.
    let why = why.and_then(|why| why.strip_prefix("request 1: the connection was lost: "));
    assert!(why.is_some_and(|why| !why.is_empty()), "{said}");
    assert_eq!(accepted, "request 1: accepted as ID");
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_prints_nothing_while_all_is_well() {
    assert_eq!(create(&["--quiet"]).await, "");
    assert_eq!(create(&[]).await, "purging 1 path in 1 request\n");
    // A worker has nothing more to say.
    for refused in [&["create", "--quiet", "--verbose", "/a"][..], &["worker", "--verbose"]] {
        let ended = Run::new(PURGE, refused).end().await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains("--verbose"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verbose_describes_each_request_of_a_plan_and_a_list() {
    let paths: Vec<_> = (100..201).map(|i| format!("/{i}")).collect();
    let plan = [vec!["plan".to_owned()], paths].concat();
    let list = ["list", "--sandbox"].map(str::to_owned).to_vec();
    for (command, described) in [
        (plan, "request 1: 100 paths, /100 to /199\nrequest 2: 1 path, /200\n"),
        (list, "page 1: 0 records of 0\n"),
    ] {
        for (option, expected) in [("-v", described), ("-q", "")] {
            let arguments = [command.as_slice(), &[option.to_owned()]].concat();
            let ended = Run::new(PURGE, arguments).end().await;
            assert_eq!((ended.code, ended.err.as_str()), (Some(0), expected), "{ended:?}");
        }
    }
}
