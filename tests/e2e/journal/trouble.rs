//! Full disks, and runs that never start.

use std::collections::BTreeSet;

use purge_api_ext::{Client, Error, ErrorKind, Journal};
use purge_sandbox::Sandbox;
use purge_tests::cli::Run;
use purge_tests::journal::Told;

use super::{Folder, check};
use crate::account::{lines, plan, posts, purge_at, resource_of};
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// A file size limit acts as a full disk here: with its signal ignored, writing fails.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn journal_that_cannot_be_written_stops_the_run() {
    let (sandbox, folder) = (Sandbox::start().await.expect("a sandbox"), Folder::new());
    let run = purge_at(&sandbox, &["create", "--from", "-", "--journal", &folder.text()]);
    check(&run.input(lines(1200)).end().await, 0, "");
    let whole = std::fs::read(folder.journal()).expect("a journal");
    let plan = whole.windows(9).position(|bytes| bytes == b"\"events\":").expect("events") - 18;
    // Another run may write the same events in fewer lines, and needs no disk space for its last responses.
    let events = whole.len() - plan;
    let limits = [
        0,
        1,
        plan / 2,
        plan,
        plan + 1,
        plan + events / 8,
        plan + events / 4,
        plan + events / 2,
        plan + events * 3 / 8,
    ];
    let mut stopped = BTreeSet::new();
    for limit in limits {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let folder = Folder::new();
        let journal = folder.text();
        let script = format!("trap '' XFSZ; exec prlimit --fsize={limit}:{limit} \"$@\"");
        let arguments =
            ["-c", &script, "sh", PURGE, "create", "--from", "-", "--journal", &journal];
        let run = Run::new("sh", [&arguments[..], &["--output", "json"]].concat());
        let run = run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE);
        let ended = run.input(lines(1200)).end().await;
        check(&ended, 1, "cannot be written: File too large (os error 27)");
        assert!(ended.err.contains(&format!("the journal `{journal}`")), "{}", ended.err);
        let summary = &ended.json()["summary"];
        let sent = posts(&sandbox).len();
        // Requests in flight are finished, nothing else is sent, and every path has one outcome.
        assert_eq!(summary["accepted"], sent * 100, "{limit}: {summary}");
        assert_eq!(summary["not_sent"], 1200 - sent * 100, "{limit}: {summary}");
        assert!(sent < 12, "{limit}: {sent}");
        stopped.insert(sent);

        let resumable = ended.err.contains("resume with: cdn-purge resume");
        let next = if Journal::open(&journal).is_ok() { "resume" } else { "create" };
        assert!(!resumable || next == "resume", "{limit}: {}", ended.err);
        let run = match next {
            "resume" => purge_at(&sandbox, &["resume", &journal, "--output", "json"]),
            // A plan that could not be written leaves nothing behind that is in the way.
            _ => {
                let create = ["create", "--from", "-", "--journal", &journal, "--output", "json"];
                purge_at(&sandbox, &create).input(lines(1200))
            }
        };
        let ended = run.end().await;
        check(&ended, 0, "");
        // Only what was sent before the first response arrived can be sent twice, and it is flagged.
        let operations = ended.json()["operations"].as_array().expect("operations").clone();
        let twice = operations.iter().filter(|o| o["possible_duplicate"] == true).count();
        assert!(twice <= 4, "{limit}: {twice}");
        // The run may have been stopped just after it recorded a request.
        let sent = posts(&sandbox).len();
        assert!((12..=12 + twice).contains(&sent), "{limit}: {sent}: nothing else is sent twice");
    }
    assert!(stopped.contains(&0) && stopped.len() >= 3, "{stopped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_sent_and_nothing_fails() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = Folder::new();
    let provider = purge_api_ext::TokenProvider::from_fn(|| {
        std::future::ready(Err::<String, _>(std::io::Error::other("no login server")))
    });
    let client = Client::builder(provider).base_url(sandbox.base_url()).build().expect("a client");
    let site = resource_of(&client);
    let journal = Journal::create(folder.journal()).expect("a journal");
    let report = site.purge(plan(9, 1)).journal(journal).await;
    assert_eq!((report.summary.not_sent, report.summary.failed), (9, 0));
    assert_eq!(report.error().map(Error::kind), Some(ErrorKind::Unauthorized));
    assert!(report.operations.iter().all(|operation| operation.attempts == 0));
    assert!(Told::read(&folder.journal()).sent.is_empty());
    assert!(sandbox.requests().is_empty());
}
