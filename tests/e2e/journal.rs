//! The journal of a run: what stands in it is enough to go on, and nothing is sent for nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use purge_api_ext::{
    Client, Error, ErrorKind, Event, Journal, OperationState, Plan, Purge, Report, Resource,
};
use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::{Ended, Run};
use purge_tests::journal::Told;
use serde_json::Value;

use futures_util::StreamExt as _;

use crate::{ORGANIZATION, PURGE, RESOURCE};

fn site(base: &str) -> Resource {
    let client = Client::builder("sandbox-token").base_url(base).build().expect("a client");
    client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"))
}

/// A plan of requests with so many paths each.
fn plan(requests: usize, paths: usize) -> Plan {
    let all = (0..requests * paths).map(|i| format!("/{i}").parse().expect("a path"));
    Plan::planner().batch_size(paths).plan(all.collect::<Vec<_>>()).expect("a plan")
}

fn impatient(purge: Purge) -> Purge {
    purge.backoff(Duration::ZERO, Duration::ZERO)
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn journal(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    fn text(&self) -> String {
        self.journal().to_str().expect("UTF-8").to_owned()
    }
}

/// The paths of all POSTs.
fn posts(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let posts = sandbox.requests().into_iter().filter(|request| request.method == "POST");
    let body = |request: purge_sandbox::RecordedRequest| {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        serde_json::from_value(body["file_path"].clone()).expect("paths")
    };
    posts.map(body).collect()
}

fn json(report: &Report) -> Value {
    serde_json::to_value(report).expect("JSON")
}

async fn resume(site: &Resource, journal: &Path) -> Report {
    impatient(site.resume(Journal::open(journal).expect("a journal")).expect("the same")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_run_resumes_to_the_same_report_without_a_request() {
    // One request is too large, one is answered late and one not at all.
    let sandbox = Sandbox::builder()
        .fault(Fault::status(413).on_post())
        .fault(Fault::status(503).on_post())
        .fault(Fault::reset().after_applying().on_post())
        .start()
        .await
        .expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    let journal = Journal::create(folder.journal()).expect("a journal");
    let report = impatient(site.purge(plan(5, 3)).journal(journal)).concurrency(1).await;
    assert!(report.is_success(), "{report:#?}");
    assert_eq!(report.operations.len(), 6);
    let (requests, written) =
        (sandbox.requests().len(), std::fs::read(folder.journal()).expect("a file"));

    let again = resume(&site, &folder.journal()).await;
    assert_eq!(json(&again), json(&report));
    assert_eq!(sandbox.requests().len(), requests, "nothing is left to be asked");
    assert_eq!(std::fs::read(folder.journal()).expect("a file"), written);

    let waited =
        site.resume(Journal::open(folder.journal()).expect("a journal")).expect("the same");
    let waited = waited.wait(Duration::from_secs(60)).await;
    assert_eq!(waited.summary.not_cached, 15, "{waited:#?}");
    assert_eq!(posts(&sandbox).len(), 1 + 1 + 6);
}

/// The journal as a run against another server would have written it, checksums included.
fn moved(journal: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut checksum = 0;
    let lines = std::str::from_utf8(journal).expect("text").lines();
    let lines = lines.flat_map(|line| {
        // Behind the checksum, which has eight digits.
        let rest = line[r#"{"crc":"00000000","#.len()..].replace(from, to);
        let mut hasher = crc32fast::Hasher::new_with_initial(checksum);
        hasher.update(rest.as_bytes());
        checksum = hasher.finalize();
        format!("{{\"crc\":\"{checksum:08x}\",{rest}\n").into_bytes()
    });
    lines.collect()
}

/// Behind each line.
fn line_ends(journal: &[u8]) -> Vec<usize> {
    let bytes = journal.iter().enumerate();
    bytes.filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_prefix_of_a_journal_is_gone_on_with() {
    let fault = Fault::status(413).on_post();
    let first = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let folder = Folder::new();
    let journal = Journal::create(folder.journal()).expect("a journal");
    let purge = site(first.base_url()).purge(plan(4, 2)).journal(journal).concurrency(2);
    assert!(impatient(purge).await.is_success());
    let written = std::fs::read(folder.journal()).expect("a file");
    let cuts = (0..line_ends(&written).len()).flat_map(|line| [0, 1, 40].map(|less| (line, less)));
    let mut checked = 0;
    for ((line, less), arrived) in cuts.flat_map(|cut| [(cut, true), (cut, false)]) {
        // A server that has seen nothing yet.
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let site = site(sandbox.base_url());
        let whole = moved(&written, first.base_url(), sandbox.base_url());
        let ends = line_ends(&whole);
        let (cut, plan_end) = (ends[line] - less, ends[4]);
        let path = folder.0.path().join(format!("cut-{cut}-{arrived}"));
        std::fs::write(&path, &whole[..cut]).expect("a file");
        if cut < plan_end {
            let error = Journal::open(&path).expect_err("no whole plan");
            assert!(error.to_string().contains("nothing was sent"), "{error}");
            continue;
        }
        let known = Told::of(&whole[..cut]);
        // What was sent without an answer may have arrived, or not.
        let mut lost = Vec::new();
        if arrived {
            for request in &known.open {
                let paths = Plan::parse(&known.paths[request]).expect("a plan");
                let report = site.purge(paths).await;
                lost.extend(report.operations[0].op_id.clone());
            }
        }
        let before = posts(&sandbox).len();
        let report = resume(&site, &path).await;
        assert!(report.is_success(), "{cut}: {report:#?}");
        assert_eq!(report.summary.accepted, 8);
        let sent = posts(&sandbox).split_off(before);
        let sent: BTreeSet<String> = sent.into_iter().flatten().collect();
        for (request, paths) in &known.paths {
            let of_this = |o: &&purge_api_ext::OperationOutcome| {
                o.paths.iter().next().is_some_and(|path| path.path == paths[0])
            };
            let operation = report.operations.iter().find(of_this).expect("an outcome");
            let op_id = operation.op_id.clone().expect("an operation").to_string();
            let (accepted, open) = (known.accepted.get(request), known.open.contains(request));
            let adopted = open && arrived;
            if let Some(accepted) = accepted {
                assert_eq!(*accepted, op_id, "{cut}: {request}");
            }
            assert_eq!(lost.iter().any(|lost| lost.as_str() == op_id), adopted, "{cut}: {request}");
            for path in paths {
                assert_eq!(sent.contains(path), accepted.is_none() && !adopted, "{cut}: {path}");
            }
            assert_eq!(operation.possible_duplicate, open && !arrived, "{cut}: {request}");
            checked += 1;
        }
        // And what stands in it now is the whole again.
        assert_eq!(json(&resume(&site, &path).await), json(&report));
    }
    assert!(checked > 50, "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_tried_again() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    let journal = Journal::create(folder.journal()).expect("a journal");
    for status in [422, 409] {
        sandbox.fault(Fault::status(status).on_post().times(1));
    }
    let report = impatient(site.purge(plan(3, 1)).journal(journal)).concurrency(1).await;
    let states: Vec<_> = report.operations.iter().map(|operation| operation.state).collect();
    use OperationState::{Accepted, Failed, Unconfirmed};
    assert_eq!(states, [Failed, Unconfirmed, Accepted]);

    let report = resume(&site, &folder.journal()).await;
    assert!(report.is_success(), "{report:#?}");
    let duplicates: Vec<_> =
        report.operations.iter().map(|o| (o.attempts, o.possible_duplicate)).collect();
    assert_eq!(duplicates, [(2, false), (2, true), (1, false)]);
    assert_eq!(posts(&sandbox).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_that_the_journal_knows_is_not_taken_for_a_lost_one() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    // Another plan for the same path was accepted at nearly the same time.
    let one = || Plan::parse(["/a"]).expect("a plan");
    let journal = Journal::create(folder.journal()).expect("a journal");
    assert!(site.purge(one()).journal(journal).await.is_success());
    let whole = std::fs::read(folder.journal()).expect("a file");
    let sending = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(2).expect("a line").0;
    let text = String::from_utf8(whole.clone()).expect("text");
    assert!(text[..sending].ends_with("}}]}") && text[..sending].contains("sending"), "{text}");
    // The answer is lost: the one operation that fits is adopted.
    std::fs::write(folder.journal(), &whole[..=sending]).expect("a file");
    let report = resume(&site, &folder.journal()).await;
    assert_eq!((posts(&sandbox).len(), report.operations[0].possible_duplicate), (1, false));
    // With another one beside it nobody can tell.
    assert!(site.purge(one()).await.is_success());
    std::fs::write(folder.journal(), &whole[..=sending]).expect("a file");
    let report = resume(&site, &folder.journal()).await;
    assert_eq!((posts(&sandbox).len(), report.operations[0].possible_duplicate), (3, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_a_request_is_split_until_it_fits() {
    // The first five requests are too large, whatever is in them.
    let fault = Fault::status(413).on_post().times(5);
    let sandbox = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let site = site(sandbox.base_url());
    let events: Vec<_> = site.purge(plan(1, 9)).concurrency(1).events().collect().await;
    let splits = events.iter().filter_map(|event| match event {
        Event::Split { request, into } => Some((*request, *into)),
        _ => None,
    });
    // 9 becomes 4 and 5, 4 becomes 2 and 2, 2 becomes 1 and 1; these two cannot be split.
    assert_eq!(splits.collect::<Vec<_>>(), [(0, [1, 2]), (1, [3, 4]), (3, [5, 6])]);
    let Some(Event::Finished(report)) = events.last() else { panic!("{events:#?}") };
    let shapes: Vec<_> = report.operations.iter().map(|o| (o.paths.len(), o.state)).collect();
    use OperationState::{Accepted, Failed};
    assert_eq!(shapes, [(1, Failed), (1, Failed), (2, Accepted), (5, Accepted)]);
    let paths: Vec<_> = report.paths().map(|path| path.path).collect();
    assert_eq!(paths, (0..9).map(|i| format!("/{i}")).collect::<Vec<_>>());
    assert_eq!(report.error().and_then(Error::status), Some(413));
    assert_eq!((report.summary.requests, report.summary.failed), (1, 2));
    assert_eq!(posts(&sandbox).len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn journal_of_something_else_is_refused() {
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
    // The same plan goes on.
    assert!(own.purge(plan(2, 1)).journal(open()).await.is_success());
    assert_eq!(posts(&sandbox).len(), before);

    let new = Journal::create(folder.0.path().join("new")).expect("a journal");
    let error = own.resume(new).expect_err("nothing to resume");
    assert!(error.to_string().contains("is new: there is nothing to resume"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_of_several_clones_gets_the_journal() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    let first =
        site.purge(plan(1, 2)).journal(Journal::create(folder.journal()).expect("a journal"));
    let second = first.clone();
    assert!(first.await.is_success());
    let report = second.await;
    assert_eq!((report.summary.not_sent, report.is_success()), (2, false));
    let first =
        site.resume(Journal::open(folder.journal()).expect("free again")).expect("the same");
    let second = first.clone();
    assert!(first.await.is_success());
    assert!(!second.await.is_success(), "nobody knows what it would have been");
    assert_eq!(posts(&sandbox).len(), 1);
}

fn purge_at(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let run = Run::new(PURGE, arguments);
    run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE)
}

fn lines(paths: usize) -> String {
    (0..paths).map(|i| format!("/{i}\n")).collect()
}

fn check(ended: &Ended, code: i32, expected: &str) {
    assert_eq!(ended.code, Some(code), "{expected}: {}", ended.err);
    assert!(ended.err.contains(expected), "{expected}: {}", ended.err);
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
        check(&ended, 2, "is in use by another run; wait until that one has ended");
    }
    assert_eq!(posts(&sandbox).len(), 1);
    first.kill().await;
    let ended = purge_at(&sandbox, &["create", "/b", "--journal", &journal]).end().await;
    check(&ended, 2, "exists already; go on with it by `purge resume`, or remove it");
}

#[tokio::test(flavor = "multi_thread")]
async fn service_that_asks_for_much_patience_is_resumed_later() {
    let fault = Fault::status(429).header("retry-after", "3600").on_post();
    let sandbox = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let folder = Folder::new();
    let journal = folder.text();
    let run =
        purge_at(&sandbox, &["create", "--from", "-", "--journal", &journal, "--concurrency", "1"]);
    let ended = run.input(lines(1000)).end().await;
    check(&ended, 4, &format!("resume with: purge resume {journal}\n"));
    assert_eq!(posts(&sandbox).len(), 1);

    // The account stands in the journal; only the token does not.
    let run = Run::new(PURGE, ["resume", &journal, "--output", "json"])
        .env("PURGE_TOKEN", sandbox.token());
    let ended = run.end().await;
    check(&ended, 0, "resuming: 10 requests left\n");
    assert_eq!(ended.json()["summary"]["accepted"], 1000);
    assert_eq!(posts(&sandbox).len(), 11);
    let text = std::fs::read_to_string(&journal).expect("a journal");
    assert!(!text.contains(sandbox.token()), "the token is in the journal");

    let run = purge_at(
        &sandbox,
        &["resume", &journal, "--organization", "11111111-1111-4111-8111-111111111111"],
    );
    check(
        &run.end().await,
        2,
        "belongs to the organization 550e8400-e29b-41d4-a716-446655440000, not to 1111",
    );
    check(
        &purge_at(&sandbox, &["resume", &journal, "--sandbox"]).end().await,
        2,
        "nothing to resume",
    );
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
    check_file(b"/a\n/b\n", "is no journal of a purge").await;
    check_file(b"", "is empty: no run was begun with it").await;
    check_file(&whole[..300], "nothing was sent; remove it and begin anew").await;
    let ended = purge_at(&sandbox, &["resume", "/not/there"]).end().await;
    check(&ended, 2, "the journal `/not/there` cannot be opened");
    let ended = purge_at(&sandbox, &["create", "/a", "--journal", "/not/there"]).end().await;
    check(&ended, 2, "the journal `/not/there` cannot be created");
    assert_eq!(posts(&sandbox).len(), 1);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = Folder::new();
    let mode = || std::fs::metadata(folder.journal()).expect("a file").permissions().mode() & 0o777;
    let journal = Journal::create(folder.journal()).expect("a journal");
    assert_eq!(mode(), 0o600);
    drop(journal);
    // A file that was reserved is taken, and taken away from others.
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.journal(), open).expect("a mode");
    let journal = Journal::create(folder.journal()).expect("an empty file");
    assert_eq!(mode(), 0o600);
    assert!(site(sandbox.base_url()).purge(plan(1, 1)).journal(journal).await.is_success());
}

/// A file system that takes no more stands here for one that is full: the limit of file sizes, whose signal
/// is ignored, makes writing fail.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn journal_that_cannot_be_written_stops_the_run() {
    let (sandbox, folder) = (Sandbox::start().await.expect("a sandbox"), Folder::new());
    let run = purge_at(&sandbox, &["create", "--from", "-", "--journal", &folder.text()]);
    check(&run.input(lines(1200)).end().await, 0, "");
    let whole = std::fs::read(folder.journal()).expect("a journal");
    let plan = whole.windows(9).position(|bytes| bytes == b"\"events\":").expect("events") - 18;
    // Another run may put the same events in fewer lines, and needs no disk for its last answers.
    let events = whole.len() - plan;
    let limits = [
        0,
        1,
        plan / 2,
        plan,
        plan + 1,
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
        // What was under way is finished; nothing else is sent; and every path has one outcome.
        assert_eq!(summary["accepted"], sent * 100, "{limit}: {summary}");
        assert_eq!(summary["not_sent"], 1200 - sent * 100, "{limit}: {summary}");
        assert!(sent < 12, "{limit}: {sent}");
        stopped.insert(sent);

        let resumable = ended.err.contains("resume with: purge resume");
        let next = if Journal::open(&journal).is_ok() { "resume" } else { "create" };
        assert!(!resumable || next == "resume", "{limit}: {}", ended.err);
        let run = match next {
            "resume" => purge_at(&sandbox, &["resume", &journal]),
            // A plan that could not be written has left nothing that stands in the way.
            _ => purge_at(&sandbox, &["create", "--from", "-", "--journal", &journal])
                .input(lines(1200)),
        };
        check(&run.end().await, 0, "");
        assert_eq!(posts(&sandbox).len(), 12, "{limit}: nothing is sent twice");
    }
    assert!(stopped.contains(&0) && stopped.len() >= 3, "{stopped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_sent_and_nothing_failed() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = Folder::new();
    let provider = purge_api_ext::TokenProvider::from_fn(|| {
        std::future::ready(Err::<String, _>(std::io::Error::other("no login server")))
    });
    let client = Client::builder(provider).base_url(sandbox.base_url()).build().expect("a client");
    let site =
        client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"));
    let journal = Journal::create(folder.journal()).expect("a journal");
    let report = site.purge(plan(9, 1)).journal(journal).await;
    assert_eq!((report.summary.not_sent, report.summary.failed), (9, 0));
    assert_eq!(report.error().map(Error::kind), Some(ErrorKind::Unauthorized));
    assert!(report.operations.iter().all(|operation| operation.attempts == 0));
    assert!(Told::read(&folder.journal()).sent.is_empty());
    assert!(sandbox.requests().is_empty());
}
