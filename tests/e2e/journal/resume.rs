//! Resuming a run.

use std::time::Duration;

use purge_api_ext::{Journal, OperationState, Plan, Resource};
use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::Run;
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;

use super::{Folder, changed, check, json, resume, show_clock};
use crate::PURGE;
use crate::account::{impatient, lines, plan, posts, purge_a, purge_at, site};

#[tokio::test(flavor = "multi_thread")]
async fn finished_run_resumes_to_the_same_report_without_a_request() {
    // One request is too large, one gets a late response, and one gets none.
    let sandbox = Sandbox::builder()
        .fault(Fault::status(413).on_post())
        .fault(Fault::status(429).on_post())
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
    let waited = waited.wait_for(Duration::from_secs(60)).await;
    assert_eq!(waited.summary.not_cached, 15, "{waited:#?}");
    assert_eq!(posts(&sandbox).len(), 1 + 1 + 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_requests_are_sent_again() {
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
async fn operation_in_the_journal_is_not_mistaken_for_a_lost_one() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    // Another plan for the same path was accepted at nearly the same time.
    let one = || Plan::parse(["/a"]).expect("a plan");
    show_clock(&site).await;
    let journal = Journal::create(folder.journal()).expect("a journal");
    assert!(site.purge(one()).journal(journal).await.is_success());
    let whole = std::fs::read(folder.journal()).expect("a file");
    let sending = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(2).expect("a line").0;
    let text = String::from_utf8(whole.clone()).expect("text");
    assert!(text[..sending].ends_with("}}]}") && text[..sending].contains("sending"), "{text}");
    // The response is lost: the only matching operation is adopted, except by a client that knows whose it is.
    let resumed = async |by: &Resource| {
        std::fs::write(folder.journal(), &whole[..=sending]).expect("a file");
        let report = resume(by, &folder.journal()).await;
        (posts(&sandbox).len(), report.operations[0].possible_duplicate)
    };
    let another = || self::site(sandbox.base_url());
    assert_eq!(resumed(&another()).await, (1, false));
    assert_eq!(resumed(&site).await, (2, true));
    // With a second candidate, it is unknown which one is ours.
    assert_eq!(resumed(&another()).await, (3, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn run_that_ended_because_of_a_long_pause_can_be_resumed() {
    let fault = Fault::status(429).header("retry-after", "3600").on_post();
    let sandbox = Sandbox::builder().fault(fault).start().await.expect("a sandbox");
    let folder = Folder::new();
    let journal = folder.text();
    let run =
        purge_at(&sandbox, &["create", "--from", "-", "--journal", &journal, "--concurrency", "1"]);
    let ended = run.input(lines(1000)).end().await;
    check(&ended, 4, &format!("resume with: cdn-purge resume {journal}\n"));
    assert_eq!(posts(&sandbox).len(), 1);

    // The account is in the journal. The token is not, and only the user says where it goes.
    let run = Run::new(PURGE, ["resume", &journal, "--output", "json"])
        .env("PURGE_BASE_URL", sandbox.base_url())
        .env("PURGE_TOKEN", sandbox.token());
    let ended = run.end().await;
    check(&ended, 0, "resuming: 10 requests left");
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
async fn requests_in_flight_are_sent_again_if_the_list_is_unreadable() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    let journal = Journal::create(folder.journal()).expect("a journal");
    assert!(site.purge(plan(1, 1)).journal(journal).await.is_success());
    // The header, the request, and its sending.
    let whole = std::fs::read_to_string(folder.journal()).expect("a file");
    let cut: String = whole.split_inclusive('\n').take(3).collect();
    std::fs::write(folder.journal(), cut).expect("a file");
    sandbox.fault(Fault::status(500).on_get());
    let report = resume(&site, &folder.journal()).await;
    assert!(report.is_success(), "{report:#?}");
    let operation = &report.operations[0];
    assert_eq!((operation.attempts, operation.possible_duplicate), (2, true));
    assert_eq!(posts(&sandbox).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn adjusted_clock_makes_no_older_operation_look_newer() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (folder, site) = (Folder::new(), site(sandbox.base_url()));
    // An operation of another client for the same path.
    let one = || Plan::parse(["/a"]).expect("a plan");
    assert!(site.purge(one()).await.is_success());
    show_clock(&site).await;
    let journal = Journal::create(folder.journal()).expect("a journal");
    assert!(site.purge(one()).journal(journal).await.is_success());
    let whole = std::fs::read_to_string(folder.journal()).expect("a file");
    let cut: String = whole.split_inclusive('\n').take(3).collect();
    let member = |name: &str| {
        let (_, value) = cut.split_once(&format!("\"{name}\":")).expect("a member");
        value.chars().take_while(char::is_ascii_digit).collect::<String>()
    };
    // The request never arrived, and was sent long after that operation.
    let (at, shown) = (member("at"), member("service_time"));
    let later = (shown.parse::<u64>().expect("a time") + 60_000).to_string();
    let journal = changed(cut.as_bytes(), &shown, &later);
    // It does not matter what this machine's clock showed, because it may have been adjusted.
    for shows in [at.clone(), "0".to_owned(), later.clone(), "9".repeat(15)] {
        let before = posts(&sandbox).len();
        let journal = changed(&journal, &format!("\"at\":{at}"), &format!("\"at\":{shows}"));
        std::fs::write(folder.journal(), journal).expect("a file");
        let report = resume(&site, &folder.journal()).await;
        assert_eq!((posts(&sandbox).len(), report.summary.accepted), (before + 1, 1), "{shows}");
        assert!(report.operations[0].possible_duplicate, "{shows}");
    }
    // A request without any known time is not looked up.
    let known = format!(",\"service_time\":{shown}");
    std::fs::write(folder.journal(), changed(cut.as_bytes(), &known, "")).expect("a file");
    let before = posts(&sandbox).len();
    let report = resume(&site, &folder.journal()).await;
    assert_eq!(
        (posts(&sandbox).len(), report.operations[0].possible_duplicate),
        (before + 1, true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_of_a_gateway_is_not_mistaken_for_the_clock_of_the_service() {
    let busy = answer("429 Too Many Requests\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT", "");
    let accepted = answer("200 OK", r#"{"status":true,"opID":"a"}"#);
    let server = ScriptServer::sending([busy, accepted]).await;
    let folder = Folder::new();
    let journal = Journal::create(folder.journal()).expect("a journal");
    let report = purge_a(server.base_url()).journal(journal).await;
    assert_eq!(report.operations[0].attempts, 2, "{report:?}");
    let text = std::fs::read_to_string(folder.journal()).expect("a journal");
    assert_eq!(text.matches("sending").count(), 2, "{text}");
    assert!(!text.contains("service_time"), "{text}");
}
