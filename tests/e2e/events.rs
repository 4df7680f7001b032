//! What a run tells of its requests while it is under way.

use std::time::Duration;

use futures_util::StreamExt;
use purge_api_ext::{Client, Event, Events, Plan, Report, Resource};
use purge_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

fn site(sandbox: &Sandbox) -> Resource {
    let client = Client::builder(sandbox.token()).base_url(sandbox.base_url());
    let organization = sandbox.organization().parse().expect("a UUID");
    let resource = sandbox.resource().parse().expect("a UUID");
    client.build().expect("a client").resource(organization, resource)
}

/// The outcomes of the requests, as they were told, and the report.
async fn settled(mut events: Events) -> (Vec<Value>, Report) {
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Event::Settled { outcome } => told.push(json!(outcome)),
            Event::Finished(report) => return (told, *report),
            _ => {}
        }
    }
    panic!("no report");
}

/// Each once, in whatever order they were settled.
fn assert_told(mut told: Vec<Value>, report: &Report) {
    let mut reported: Vec<_> = report.operations.iter().map(|operation| json!(operation)).collect();
    told.sort_by_key(Value::to_string);
    reported.sort_by_key(Value::to_string);
    assert_eq!(told, reported);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_settled_once_and_as_it_stands_in_the_report() {
    let faults = || [Fault::status(404).on_post(), Fault::status(503).on_post()];
    let plan = || Plan::parse((0..450).map(|i| format!("/{i}"))).expect("a plan");
    let fast = Duration::from_millis(1);

    let sandbox = Sandbox::builder().faults(faults()).start().await.expect("a sandbox");
    let purge = site(&sandbox).purge(plan()).backoff(fast, fast);
    let (told, report) = settled(purge.events()).await;
    assert_eq!((told.len(), report.summary.failed), (5, 100));
    assert_told(told, &report);

    let sandbox = Sandbox::builder().faults(faults()).start().await.expect("a sandbox");
    let purge = site(&sandbox).purge(plan()).backoff(fast, fast).wait(Duration::from_secs(60));
    let (told, report) = settled(purge.events()).await;
    assert_eq!((told.len(), report.summary.failed, report.summary.not_cached), (5, 100, 350));
    assert_told(told, &report);

    let ids = report.operations.iter().filter_map(|o| o.op_id.clone());
    let unknown = "00000000-0000-4000-8000-000000000000".parse().expect("an ID");
    let wait = site(&sandbox).wait(ids.chain([unknown])).deadline(Duration::from_millis(500));
    let (told, report) = settled(wait.events()).await;
    assert_eq!((told.len(), report.summary.not_cached), (5, 350));
    assert_told(told, &report);
}
