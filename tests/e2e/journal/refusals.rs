//! A journal that belongs to another run, is in use, or is damaged.

use std::time::Duration;

use purge_api_ext::{Client, ErrorKind, Journal, Resource};
use purge_sandbox::{Fault, Sandbox};

use super::{Folder, check};
use crate::account::{plan, posts, purge_at, site};
use crate::{ORGANIZATION, RESOURCE};

#[tokio::test(flavor = "multi_thread")]
async fn journal_of_another_run_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = Folder::new();
    let own = site(sandbox.base_url());
    let journal = Journal::create(folder.journal()).expect("a journal");
    assert!(own.purge(plan(2, 1)).journal(journal).await.is_success());
    let open = || Journal::open(folder.journal()).expect("a journal");
    let check = |site: &Resource, expected: &str| {
        let error = site.resume(open()).expect_err(expected);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(expected), "{error}");
    };
    let client = Client::builder("t").base_url(sandbox.base_url()).build().expect("a client");
    let (organization, resource) = (ORGANIZATION.parse(), RESOURCE.parse());
    let other = "11111111-1111-4111-8111-111111111111";
    check(&site("http://127.0.0.1:1"), "belongs to the service http://127.0.0.1:");
    let site = client.resource(other.parse().expect("a UUID"), resource.expect("a UUID"));
    check(&site, &format!("belongs to the organization {ORGANIZATION}, not to {other}"));
    let site = client.resource(organization.expect("a UUID"), other.parse().expect("a UUID"));
    check(&site, &format!("belongs to the resource {RESOURCE}, not to {other}"));

    let before = posts(&sandbox).len();
    for other in [plan(1, 2), plan(3, 1)] {
        let paths = other.paths().count();
        let report = own.purge(other).journal(open()).await;
        assert_eq!(report.summary.not_sent, paths);
        let error = report.error().expect("a refusal");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("belongs to another list of paths"), "{error}");
    }
    // The same plan resumes.
    assert!(own.purge(plan(2, 1)).journal(open()).await.is_success());
    assert_eq!(posts(&sandbox).len(), before);

    let new = Journal::create(folder.path().join("new")).expect("a journal");
    let error = own.resume(new).expect_err("nothing to resume");
    assert!(error.to_string().contains("is new: there is nothing to resume"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn second_process_is_refused() {
    let stall = Fault::stall(Duration::from_secs(60)).times(1000);
    let sandbox = Sandbox::builder().fault(stall).start().await.expect("a sandbox");
    let (folder, journal) = (Folder::new(), Folder::text);
    let journal = journal(&folder);
    let first = purge_at(&sandbox, &["create", "/a", "--journal", &journal]).start();
    while posts(&sandbox).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for arguments in [&["resume", &journal][..], &["create", "/b", "--journal", &journal]] {
        let ended = purge_at(&sandbox, arguments).end().await;
        check(&ended, 2, "is in use by another run; wait until that run has ended");
    }
    assert_eq!(posts(&sandbox).len(), 1);
    first.kill().await;
    let ended = purge_at(&sandbox, &["create", "/b", "--journal", &journal]).end().await;
    check(&ended, 2, "exists already; resume it with `cdn-purge resume`, or remove it");
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_journal_and_no_journal_are_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = Folder::new();
    let journal = folder.text();
    let ended = purge_at(&sandbox, &["create", "/a", "--journal", &journal]).end().await;
    check(&ended, 0, "");
    let whole = std::fs::read(&journal).expect("a journal");
    let mut damaged = whole.clone();
    let path = damaged.windows(4).position(|bytes| bytes == b"\"/a\"").expect("a path");
    damaged[path + 2] = b'b';
    let check_file = async |bytes: &[u8], expected: &str| {
        std::fs::write(&journal, bytes).expect("a file");
        check(&purge_at(&sandbox, &["resume", &journal]).end().await, 2, expected);
    };
    check_file(&damaged, "is damaged at line 2: its checksum is wrong").await;
    check_file(b"/a\n/b\n", "is not a purge journal; pass the file that you gave to `--journal`")
        .await;
    check_file(b"", "is empty: no run was started with it").await;
    check_file(&whole[..300], "before anything was sent; remove it and start again").await;
    let ended = purge_at(&sandbox, &["resume", "/not/there"]).end().await;
    check(&ended, 2, "the journal `/not/there` cannot be opened");
    let ended = purge_at(&sandbox, &["create", "/a", "--journal", "/not/there"]).end().await;
    check(&ended, 2, "the journal `/not/there` cannot be created");
    assert_eq!(posts(&sandbox).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn resumed_run_fails_if_its_journal_is_replaced_by_a_new_one() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    let journal = Journal::create(folder.journal()).expect("a journal");
    assert!(site.purge(plan(1, 1)).journal(journal).await.is_success());
    let resumed =
        site.resume(Journal::open(folder.journal()).expect("a journal")).expect("the same");
    let new = Journal::create(folder.path().join("new")).expect("a journal");
    let report = resumed.journal(new).await;
    assert!(!report.is_success(), "{report:?}");
    assert!(report.error().expect("a reason").to_string().contains("nothing to resume"));
    assert_eq!(posts(&sandbox).len(), 1);
}
