//! A signal ends a run gracefully, and a second one ends it immediately.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use purge_api_ext::{ErrorKind, Event, OperationState, PathState, Plan, Shutdown};
use purge_sandbox::{Fault, Sandbox};
use purge_tests::cli::Running;
use serde_json::Value;

use crate::account::{count, lines, purge_at, site};

async fn until(what: impl Fn() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Sends signal after signal until the process ends, and returns how many that took.
async fn signal_until_end(running: &mut Running, name: &str) -> usize {
    /// A signal that follows sooner belongs to the one before it.
    const APART: Duration = Duration::from_millis(1200);
    let started = Instant::now();
    let mut signals = 0;
    while !running.has_ended() {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not end");
        running.signal(name).await;
        signals += 1;
        let sent = Instant::now();
        while !running.has_ended() && sent.elapsed() < APART {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    signals
}

async fn drains(name: &str, code: i32) {
    let slow = Fault::slow(Duration::from_millis(300)).on_post().times(1000);
    let sandbox = Sandbox::builder().fault(slow).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("a journal");
    let journal = journal.to_str().expect("UTF-8");
    let arguments = ["create", "--from", "-", "--journal", journal, "--output", "json"];
    let running = purge_at(&sandbox, &arguments).input(lines(2000)).start();
    until(|| count(&sandbox, "POST") > 4).await;
    running.signal(name).await;
    let ended = running.end().await;
    assert_eq!(ended.code, Some(code), "{ended:?}");

    let sent = count(&sandbox, "POST");
    let summary = &ended.json()["summary"];
    // The report has the final state of every request that was in flight.
    assert_eq!(summary["accepted"], sent * 100, "{summary}");
    assert_eq!(summary["not_sent"], 2000 - sent * 100, "{summary}");
    assert!((5..20).contains(&sent), "{sent}");
    assert!(ended.err.contains("interrupted: no new requests are sent"), "{}", ended.err);
    let last: Value =
        serde_json::from_str(ended.err.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (&last["error"]["kind"], &last["error"]["exit_code"]),
        (&"interrupted".into(), &code.into())
    );
    let message = last["error"]["message"].as_str().expect("a message");
    let (_, command) = message.split_once("resume with: ").expect(message);
    assert_eq!(command, format!("cdn-purge resume '{journal}'"));

    let ended = purge_at(&sandbox, &["resume", journal, "--output", "json"]).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["summary"]["accepted"], 2000);
    assert_eq!(count(&sandbox, "POST"), 20, "nothing is sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupt_drains_requests_in_flight_and_says_how_to_resume() {
    drains("INT", 130).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn termination_drains_in_the_same_way() {
    drains("TERM", 143).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_before_a_retry_ends_immediately() {
    let busy = Fault::status(429).header("retry-after", "50").on_post().times(1000);
    let sandbox = Sandbox::builder().fault(busy).start().await.expect("a sandbox");
    let started = Instant::now();
    let running = purge_at(&sandbox, &["create", "--from", "-"]).input(lines(1000)).start();
    until(|| count(&sandbox, "POST") >= 1).await;
    running.signal("INT").await;
    let ended = running.end().await;
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(started.elapsed() < Duration::from_secs(25), "the pause is 50 s");
    assert!(ended.out.contains("1000 paths: 1000 not sent"), "{}", ended.out);
    // Pauses of other requests are not announced.
    let pauses: Vec<_> = ended.err.lines().filter(|line| line.contains("; again in ")).collect();
    let [pause] = pauses[..] else { panic!("{}", ended.err) };
    assert!(pause.contains(": too many requests (429); again in 5"), "{pause}");
    assert!(pause.contains(" s, at ") && pause.ends_with(" UTC"), "{pause}");
    let last = ended.err.lines().last().expect("a line");
    let expected = "error: the run was interrupted; 1000 of 1000 paths were not sent: run the command again; with \
                    --journal, a run can be resumed";
    assert_eq!(last, expected);
}

/// The service is up, and the paths were not sent because of the signal alone.
#[tokio::test(flavor = "multi_thread")]
async fn interruption_is_the_reason_even_if_a_request_is_unconfirmed() {
    let busy = Fault::status(503).header("retry-after", "50").on_post().times(1000);
    let sandbox = Sandbox::builder().fault(busy).start().await.expect("a sandbox");
    let running = purge_at(&sandbox, &["create", "--from", "-"]).input(lines(1000)).start();
    until(|| count(&sandbox, "POST") >= 1).await;
    running.signal("INT").await;
    let ended = running.end().await;
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let last = ended.err.lines().last().expect("a line");
    assert!(last.starts_with("error: the run was interrupted; "), "{last}");
    assert!(last.contains("not sent and") && last.contains("unconfirmed: run the command again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn run_without_a_journal_reports_first_what_was_not_sent() {
    let slow = Fault::slow(Duration::from_millis(300)).on_post().times(1000);
    let sandbox = Sandbox::builder().fault(slow).purge_delay(Duration::MAX).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let running =
        purge_at(&sandbox, &["create", "--from", "-", "--wait"]).input(lines(2000)).start();
    until(|| count(&sandbox, "POST") > 5).await;
    running.signal("INT").await;
    let ended = running.end().await;
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let sent = count(&sandbox, "POST");
    let expected = format!(
        "error: the run was interrupted; {} of 2000 paths were not sent: run the command again; with --journal, a \
         run can be resumed; {sent} operations continue; ",
        2000 - sent * 100
    );
    let last = ended.err.lines().last().expect("a line");
    assert!(last.starts_with(&expected), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn second_signal_ends_the_run_immediately() {
    let stall = Fault::stall(Duration::from_secs(60)).times(1000);
    let sandbox = Sandbox::builder().fault(stall).start().await.expect("a sandbox");
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let before = count(&sandbox, "POST");
        let mut running = purge_at(&sandbox, &["create", "/a"]).start();
        until(|| count(&sandbox, "POST") > before).await;
        assert_eq!(signal_until_end(&mut running, name).await, 2);
        let ended = running.end().await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{ended:?}");
    }
}

/// `timeout` sends SIGTERM to its child and, right after that, to its process group.
#[tokio::test(flavor = "multi_thread")]
async fn one_interruption_may_arrive_as_two_signals() {
    let slow = Fault::slow(Duration::from_millis(500)).on_post().times(1000);
    let sandbox = Sandbox::builder().fault(slow).start().await.expect("a sandbox");
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let before = count(&sandbox, "POST");
        let running =
            purge_at(&sandbox, &["create", "--from", "-", "--output", "json"]).input(lines(2000));
        let running = running.start();
        until(|| count(&sandbox, "POST") > before).await;
        // The system merges signals that follow each other too closely.
        running.signals(name, 20).await;
        let ended = running.end().await;
        assert_eq!(ended.code, Some(code), "{ended:?}");
        let sent = count(&sandbox, "POST") - before;
        assert_eq!(ended.json()["summary"]["accepted"], sent * 100, "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_output_does_not_block_a_signal() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    // More than a pipe can hold.
    let arguments = ["create", "--from", "-", "--output", "json", "--quiet"];
    let mut running = purge_at(&sandbox, &arguments).input(lines(5000)).unread().start();
    until(|| count(&sandbox, "POST") == 50).await;
    assert!(signal_until_end(&mut running, "TERM").await <= 2);
    assert_eq!(running.code().await, Some(143));
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_wait_reports_the_pending_operations() {
    let day = Duration::from_secs(24 * 3600);
    let sandbox = Sandbox::builder().purge_delay(day).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal");
    let journal = journal.to_str().expect("UTF-8");
    let check = async |arguments: &[&str], expected: &str| {
        let before = count(&sandbox, "GET");
        let running = purge_at(&sandbox, &[arguments, &["--output", "json"]].concat()).start();
        // A last poll of the previous run may arrive only now.
        until(|| count(&sandbox, "GET") > before + 1).await;
        running.signal("TERM").await;
        let ended = running.end().await;
        assert_eq!(ended.code, Some(143), "{ended:?}");
        let report = ended.json();
        let id = report["operations"][0]["op_id"].as_str().expect("an operation").to_owned();
        assert_eq!(report["summary"]["pending"], 1, "{report}");
        let expected = expected.replace("ID", &id);
        assert!(ended.err.contains(&expected), "{expected}: {}", ended.err);
        id
    };
    let id = check(
        &["create", "--wait", "/a"],
        "waiting was interrupted; the operations continue; to follow them: cdn-purge wait ID",
    )
    .await;
    check(
        &["wait", &id],
        "waiting was interrupted; the operations continue; to follow them: cdn-purge wait ID",
    )
    .await;
    let resume = format!("resume with: cdn-purge resume {journal}");
    check(&["create", "--wait", "/b", "--journal", journal], &resume).await;
    check(&["resume", "--wait", journal], &resume).await;
    assert_eq!(count(&sandbox, "POST"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_have_sent_nothing_end_immediately() {
    let stall = Fault::stall(Duration::from_secs(60)).times(1000);
    let sandbox = Sandbox::builder().fault(stall).start().await.expect("a sandbox");
    let mut running = purge_at(&sandbox, &["list"]).start();
    until(|| count(&sandbox, "GET") == 1).await;
    assert_eq!(signal_until_end(&mut running, "INT").await, 1);
    assert_eq!(running.end().await.code, Some(130));

    // A pipe that opens when the command reads it, and never ends.
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    for arguments in [&["plan"][..], &["create"]] {
        let arguments = [arguments, &["--from", pipe.to_str().expect("UTF-8")]].concat();
        let mut running = purge_at(&sandbox, &arguments).start();
        let pipe = pipe.clone();
        let open = move || std::fs::OpenOptions::new().write(true).open(pipe);
        let opened = tokio::task::spawn_blocking(open).await.expect("a thread").expect("a pipe");
        assert_eq!(signal_until_end(&mut running, "TERM").await, 1, "{arguments:?}");
        assert_eq!(running.end().await.code, Some(143), "{arguments:?}");
        drop(opened);
    }
    assert_eq!(count(&sandbox, "POST"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_handle_ends_every_run_that_has_it() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let shutdown = Shutdown::new();
    shutdown.begin();
    let plan = || Plan::parse(["/a", "/b"]).expect("a plan");
    let purge = site(sandbox.base_url()).purge(plan()).shutdown(shutdown.clone());
    let report = purge.wait_for(Duration::from_secs(60)).await;
    assert_eq!(report.operations[0].state, OperationState::NotSent);
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Interrupted));
    assert_eq!(report.failed_paths().count(), 2);
    assert!(sandbox.requests().is_empty());

    let id = "00000000-0000-4000-8000-000000000000".parse().expect("an ID");
    let report = site(sandbox.base_url()).wait([id]).shutdown(shutdown).await;
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Interrupted));
    assert_eq!(report.pending_operations().count(), 1);

    // Another handle does not affect the run.
    let report = site(sandbox.base_url()).purge(plan()).shutdown(Shutdown::new()).await;
    assert!(report.paths().all(|path| path.state == PathState::Accepted));
}

#[tokio::test]
async fn shutdown_ends_a_pause_before_a_retry_and_keeps_the_state_of_the_request() {
    for (fault, state) in [
        // It was certainly not applied.
        (Fault::status(429), PathState::NotSent),
        // It is unknown whether it was applied, and the list has no such operation.
        (Fault::reset(), PathState::Unconfirmed),
    ] {
        let sandbox = Sandbox::builder().fault(fault.on_post()).start().await.expect("a sandbox");
        let (shutdown, plan) = (Shutdown::new(), Plan::parse(["/a"]).expect("a plan"));
        // Almost always longer than the test may take.
        let hour = Duration::from_secs(3600);
        let purge = site(sandbox.base_url()).purge(plan).backoff(hour, hour);
        let mut events = purge.shutdown(shutdown.clone()).events();
        let mut report = None;
        while let Some(event) = events.next().await {
            match event {
                Event::Retrying { .. } => shutdown.begin(),
                Event::Finished(end) => report = Some(end),
                _ => {}
            }
        }
        let report = report.expect("a report");
        assert_eq!(report.paths().map(|path| path.state).collect::<Vec<_>>(), [state]);
        let posts = sandbox.requests().iter().filter(|request| request.method == "POST").count();
        assert_eq!(posts, 1);
    }
}
