use std::time::{Duration, SystemTime};

use purge_sandbox::{Fault, RecordState, Sandbox};

use crate::support::{created, get, post};

fn states(sandbox: &Sandbox) -> Vec<(String, RecordState)> {
    sandbox.records().into_iter().map(|record| (record.path, record.state)).collect()
}

#[tokio::test]
async fn jobs_and_records_match_what_was_created() {
    let delay = Duration::from_millis(50);
    let sandbox = Sandbox::builder().purge_delay(delay).start().await.expect("a sandbox");
    sandbox.settled().await;
    assert!(sandbox.jobs().is_empty() && sandbox.records().is_empty());
    let before = SystemTime::now();
    let first = created(&sandbox, &["/index.html", "/not-there"]).await;
    let second = created(&sandbox, &["/images/*"]).await;

    let jobs = sandbox.jobs();
    let told: Vec<_> = jobs.iter().map(|job| (&*job.op_id, &*job.resource, job.paths)).collect();
    assert_eq!(told, [(&*first, sandbox.resource(), 2), (&*second, sandbox.resource(), 1)]);
    assert!(before - Duration::from_secs(1) <= jobs[0].created);
    assert!(jobs[0].created <= jobs[1].created);

    sandbox.settled().await;
    assert!(sandbox.jobs().iter().all(|job| job.is_finished() && job.finished == job.paths));
    let expected = [
        ("/index.html", RecordState::Purged),
        ("/not-there", RecordState::NotCached),
        ("/images/*", RecordState::Purged),
    ];
    assert_eq!(states(&sandbox), expected.map(|(path, state)| (path.to_owned(), state)));
    let ids: Vec<_> = sandbox.records().into_iter().map(|record| record.op_id).collect();
    assert_eq!(ids, [&*first, &*first, &*second]);
    assert!(!sandbox.cached(sandbox.resource()).contains(&"/index.html".to_owned()));
}

#[tokio::test]
async fn a_job_is_not_finished_before_its_time() {
    let sandbox = Sandbox::builder().purge_delay(Duration::MAX).start().await.expect("a sandbox");
    created(&sandbox, &["/index.html"]).await;
    assert_eq!(states(&sandbox), [("/index.html".to_owned(), RecordState::Pending)]);
    assert!(!sandbox.jobs()[0].is_finished());
    let settled = tokio::time::timeout(Duration::from_millis(50), sandbox.settled());
    settled.await.expect_err("it takes forever");
}

#[tokio::test]
async fn a_request_says_whether_it_was_applied() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    for fault in [
        Fault::status(503),
        Fault::reset(),
        Fault::status(503).after_applying(),
        Fault::reset().after_applying(),
    ] {
        sandbox.fault(fault);
        // The client cannot tell.
        let _ = post(&sandbox, &["/a"]).send().await;
    }
    let told = created(&sandbox, &["/a"]).await;
    get(&sandbox, "page=1&limit=10").send().await.expect("a response");

    let requests = sandbox.requests();
    let applied: Vec<bool> = requests.iter().map(|request| request.was_applied()).collect();
    assert_eq!(applied, [false, false, true, true, true, false]);
    assert_eq!(requests[4].op_id.as_ref(), Some(&told));
    let ids: Vec<_> = requests.into_iter().filter_map(|request| request.op_id).collect();
    assert_eq!(ids, sandbox.jobs().into_iter().map(|job| job.op_id).collect::<Vec<_>>());
}
