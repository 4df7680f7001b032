//! Waiting for operations.

use std::time::Duration;

use purge_api_ext::Plan;
use purge_sandbox::Sandbox;

use crate::account::{count, site};

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_many_operations_takes_few_requests() {
    let sandbox = Sandbox::builder().purge_delay(Duration::from_secs(1)).start().await;
    let sandbox = sandbox.expect("a sandbox");
    let site = site(sandbox.base_url());
    let gets = || count(&sandbox, "GET");

    let hundred = (0..10_000).map(|i| format!("/{i}").parse().expect("a path"));
    let plan = Plan::new(hundred).expect("a plan");
    let report = site.purge(plan).wait(Duration::from_secs(60)).await;
    assert!(report.is_success());
    let many_paths = gets();
    // 100 operations: one answer each is the least, and each round adds at most four.
    assert!((100..160).contains(&many_paths), "{many_paths}");

    let one = (0..100).map(|i| format!("/x{i}").parse().expect("a path"));
    let plan = Plan::planner().batch_size(1).plan(one).expect("a plan");
    let report = site.purge(plan).wait(Duration::from_secs(60)).await;
    assert!(report.is_success());
    assert!(gets() - many_paths < 80, "{}", gets() - many_paths);
}
