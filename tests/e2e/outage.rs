//! What an outage costs the service, and how the requests of a run avoid retrying in step.

use std::time::Duration;

use futures_util::StreamExt as _;
use purge_api_ext::{Client, Event, Plan, Purge, Report};
use purge_tests::clock::Clock;
use purge_tests::raw::kept;
use purge_tests::script::{Script, ScriptServer, Step};
use tokio::time::{Instant, sleep};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{ORGANIZATION, RESOURCE};

const BATCHES: usize = 1000;

/// The result of a run of 1,000 requests.
struct Run {
    report: Report,
    /// How many requests the service has received, those for the list included.
    requests: usize,
    attempts: usize,
    /// The pauses before another attempt: the number of the failed attempt, and the length.
    pauses: Vec<(u32, Duration)>,
    took: Duration,
}

/// Sends 1,000 batches on a paused clock, to a scripted service or to a closed port.
fn run(script: Option<Script>, change: impl FnOnce(Purge) -> Purge) -> Run {
    run_of(BATCHES, script, change)
}

fn run_of(batches: usize, script: Option<Script>, change: impl FnOnce(Purge) -> Purge) -> Run {
    fastrand::seed(7);
    let clock = Clock::default();
    let subscriber = tracing_subscriber::registry().with(clock.clone());
    let _guard = purge_tests::logs::listen(subscriber);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let server = match script {
            Some(script) => Some(ScriptServer::start(script, clock, None).await),
            None => None,
        };
        let authority = match &server {
            Some(server) => server.authority().to_owned(),
            // A port that was free a moment ago and has no listener.
            None => {
                let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
                listener.local_addr().expect("an address").to_string()
            }
        };
        let client = Client::builder("t0ken-of-the-outage").base_url(format!("http://{authority}"));
        let site = client
            .build()
            .expect("a client")
            .resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"));
        let paths = (0..batches).map(|i| format!("/{i}").parse().expect("a path"));
        let plan = Plan::planner().batch_size(1).plan(paths).expect("a plan");
        let started = Instant::now();
        let mut events = change(site.purge(plan)).events();
        let (mut attempts, mut pauses, mut report) = (vec![0; batches], Vec::new(), None);
        while let Some(event) = events.next().await {
            match event {
                Event::Attempt { request, attempt } => attempts[request] = attempt,
                Event::Retrying { request, delay, .. } => pauses.push((attempts[request], delay)),
                Event::Finished(finished) => report = Some(*finished),
                _ => {}
            }
        }
        let took = started.elapsed();
        let seen = || server.as_ref().map_or(0, |server| server.seen().all().len());
        let requests = seen();
        // Nothing is sent after the end.
        sleep(Duration::from_secs(24 * 3600)).await;
        assert_eq!(seen(), requests);
        let attempts = attempts.iter().map(|attempt| *attempt as usize).sum();
        Run { report: report.expect("a report"), requests, attempts, pauses, took }
    })
}

fn busy() -> Step {
    Step::Keep(kept("503 Busy", ""))
}

fn limited() -> Step {
    Step::Keep(kept("429 Too Many Requests", ""))
}

#[test]
fn total_outage_costs_at_most_1_2_requests_per_batch() {
    for (name, step) in [("429", limited()), ("503", busy()), ("reset", Step::Reset)] {
        let run = run(Some(Script::new([step.clone()], [step])), |purge| purge);
        println!("{name}: {} requests, {:?}", run.requests, run.took);
        assert!(run.requests <= BATCHES * 12 / 10, "{name}: {}", run.requests);
        assert!(run.requests >= run.attempts && run.attempts >= BATCHES, "{name}");
        let summary = &run.report.summary;
        let lost = if name == "429" { summary.not_sent } else { summary.unconfirmed };
        assert_eq!(lost, BATCHES, "{name}: {summary:?}");
        assert_eq!(run.report.failed_paths().count(), BATCHES, "{name}");
    }
    let run = run(None, |purge| purge);
    println!("refused connections: {} attempts, {:?}", run.attempts, run.took);
    assert!(run.attempts <= BATCHES * 12 / 10, "{}", run.attempts);
    assert_eq!(run.report.summary.not_sent, BATCHES);
}

/// A service that is down, and then responds to more and more requests.
fn recovering(down: usize, slowly: usize, fault: &Step) -> Script {
    let mut chance = fastrand::Rng::with_seed(42);
    let accepted =
        |i: usize| Step::Keep(kept("200 OK", &format!(r#"{{"status":true,"opID":"job-{i}"}}"#)));
    let answers = (0..4 * BATCHES).map(|i| {
        let up = i.saturating_sub(down) as f64 / slowly as f64;
        if chance.f64() < up { accepted(i) } else { fault.clone() }
    });
    let nothing = kept("200 OK", r#"{"status":true,"data":{"total":0,"requests":[]}}"#);
    let lists = std::iter::repeat_n(fault.clone(), 20).chain([Step::Keep(nothing)]);
    Script::new(answers.collect::<Vec<_>>(), lists.collect::<Vec<_>>())
}

#[test]
fn slow_recovery_costs_at_most_1_2_attempts_per_batch() {
    for (name, fault) in [("429", limited()), ("503", busy()), ("reset", Step::Reset)] {
        for (down, slowly) in [(50, 1300), (100, 1000), (150, 2000), (300, 1500), (600, 600)] {
            let run = run(Some(recovering(down, slowly, &fault)), |purge| purge);
            let summary = &run.report.summary;
            let shown = format!(
                "{name}, down for {down}, {slowly} to recover: {} requests, {} attempts, {} accepted, {:?}",
                run.requests, run.attempts, summary.accepted, run.took
            );
            println!("{shown}");
            assert!(run.attempts <= BATCHES * 12 / 10, "{shown}");
            // Look-ups in a list that can be read are free.
            assert!(run.requests <= BATCHES * 16 / 10, "{shown}");
            assert!(summary.accepted > 0 && summary.accepted < BATCHES, "{shown}");
            let ended = summary.accepted + summary.not_sent + summary.unconfirmed;
            assert_eq!(ended, BATCHES, "{shown}");
        }
    }
}

/// 100 requests fail once each, and all of them can be sent again.
#[test]
fn hundred_retries_are_free_although_each_needs_a_look_up() {
    const FREE: usize = 100;
    let accepted = || Step::Keep(kept("200 OK", r#"{"status":true,"opID":"job-NNNN"}"#));
    let nothing =
        || Step::Keep(kept("200 OK", r#"{"status":true,"data":{"total":0,"requests":[]}}"#));
    for (name, fault) in [("429", limited()), ("503", busy()), ("reset", Step::Reset)] {
        let posts = |together: bool| -> Vec<Step> {
            let one = || [fault.clone(), accepted()];
            match together {
                false => (0..FREE).flat_map(|_| one()).collect(),
                true => {
                    let all = std::iter::repeat_n(fault.clone(), FREE);
                    all.chain([accepted()]).collect()
                }
            }
        };
        // The list is readable, or as broken as the rest.
        for broken in [0, FREE] {
            for (concurrency, posts) in [(1, posts(false)), (FREE, posts(true))] {
                let lists = std::iter::repeat_n(fault.clone(), broken).chain([nothing()]);
                let script = Script::new(posts, lists.collect::<Vec<_>>());
                let run = run_of(FREE, Some(script), |purge| purge.concurrency(concurrency));
                let shown = format!("{name} {broken} {concurrency}: {:?}", run.report.summary);
                assert_eq!(run.report.summary.accepted, FREE, "{shown}");
                assert_eq!(run.attempts, 2 * FREE, "{shown}");
            }
        }
    }
}

#[test]
fn deadline_of_waiting_holds_in_an_outage() {
    let accepted = Step::Keep(kept("200 OK", r#"{"status":true,"opID":"job-NNNN"}"#));
    let script = Script::new([accepted], [busy()]);
    let run = run(Some(script), |purge| purge.wait_for(Duration::from_secs(600)));
    assert_eq!(run.report.summary.pending, BATCHES);
    assert!((600..=601).contains(&run.took.as_secs()), "{:?}", run.took);
    // Polling has its own budget: rounds of at most four, less and less often.
    assert!(run.requests < BATCHES + 400, "{}", run.requests);
}

#[test]
fn pauses_are_spread_over_their_whole_range() {
    const PARTS: usize = 10;
    // As many at once as possible: requests that an outage fails at the same moment are retried at different times.
    let run = run(Some(Script::new([limited()], [])), |purge| purge.concurrency(100));
    let first: Vec<f64> =
        run.pauses.iter().filter(|(n, _)| *n == 1).map(|(_, pause)| pause.as_secs_f64()).collect();
    assert!(first.len() >= 90, "{}", first.len());
    assert!(first.iter().all(|pause| (0.0..=1.0).contains(pause)), "{first:?}");
    let mut parts = [0; PARTS];
    for pause in &first {
        parts[((pause * PARTS as f64) as usize).min(PARTS - 1)] += 1;
    }
    println!("first pauses, in tenths of a second: {parts:?}");
    let even = first.len() / PARTS;
    assert!(parts.iter().all(|part| (even / 3..=even * 3).contains(part)), "{parts:?}");
    // No two in step: pauses coincide to the millisecond only as often as chance allows.
    let mut sorted = first.clone();
    sorted.sort_by(f64::total_cmp);
    let close = sorted.windows(2).filter(|pair| pair[1] - pair[0] < 0.000_1).count();
    assert!(close <= first.len() / 20, "{close} of {} in lockstep", first.len());
}
