//! The account that the tests use, at a sandbox or any other server.

use std::time::Duration;

use purge_api_ext::{Client, Plan, Purge, Resource};
use purge_sandbox::{RecordedRequest, Sandbox};
use purge_tests::cli::Run;
use serde_json::Value;

use crate::{ORGANIZATION, PURGE, RESOURCE};

/// The resource, as a program that calls the library gets it.
pub(crate) fn site(base: &str) -> Resource {
    resource_of(&Client::builder("sandbox-token").base_url(base).build().expect("a client"))
}

/// The resource, through this client.
pub(crate) fn resource_of(client: &Client) -> Resource {
    client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"))
}

/// A plan of `requests` requests with `paths` paths each: `/0`, `/1` and so on.
pub(crate) fn plan(requests: usize, paths: usize) -> Plan {
    let all = (0..requests * paths).map(|i| format!("/{i}").parse().expect("a path"));
    Plan::planner().batch_size(paths).plan(all.collect::<Vec<_>>()).expect("a plan")
}

/// A purge that does not pause between attempts.
pub(crate) fn impatient(purge: Purge) -> Purge {
    purge.backoff(Duration::ZERO, Duration::ZERO)
}

/// A purge of `/a` that does not pause between attempts.
pub(crate) fn purge_a(base: &str) -> Purge {
    impatient(site(base).purge(Plan::parse(["/a"]).expect("a plan")))
}

/// A run of the command line against a sandbox that the test can inspect.
pub(crate) fn purge_at(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let (organization, resource) = (sandbox.organization(), sandbox.resource());
    let run = Run::new(PURGE, arguments);
    run.account(sandbox.base_url(), sandbox.token(), organization, resource)
}

/// `paths` paths, one per line: `/0`, `/1` and so on.
pub(crate) fn lines(paths: usize) -> String {
    (0..paths).map(|i| format!("/{i}\n")).collect()
}

/// The paths of each POST.
pub(crate) fn posts(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let posts = sandbox.requests().into_iter().filter(|request| request.method == "POST");
    let body = |request: RecordedRequest| {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        serde_json::from_value(body["file_path"].clone()).expect("paths")
    };
    posts.map(body).collect()
}

/// How many requests were made with a method.
pub(crate) fn count(sandbox: &Sandbox, method: &str) -> usize {
    sandbox.requests().iter().filter(|request| request.method == method).count()
}
