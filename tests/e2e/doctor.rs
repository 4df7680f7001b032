//! What `cdn-purge doctor` finds, and that it finds nothing that is not there.

mod ways;
mod troubles;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::ready;
use futures_util::{StreamExt as _, stream};
use purge_sandbox::{Sandbox, SandboxBuilder};
use purge_tests::cli::{Ended, Run};
use serde_json::Value;

use self::ways::{Way, ways};
use crate::account::purge_at;
use crate::output::check;
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// The path that is purged.
const PATH: &str = "/robots.txt";

/// How long a purge takes: long enough for its record to be listed before.
const DELAY: Duration = Duration::from_millis(500);

/// What is not matched if the sandbox does nothing special.
const BASELINE: [(&str, &str, &str); 5] = [
    ("login.server", "not_seen", "another base URL is set"),
    ("server", "not_seen", "another base URL is set"),
    ("create.example.refused", "not_seen", "no purge was refused in this way"),
    ("list.example", "not_seen", "no page has finished and unfinished records"),
    ("list.response.message", "not_seen", "the member is absent"),
];

/// The facts that need a purge.
const OF_PURGE: [&str; 11] = [
    "create.status-code",
    "create.content-type",
    "create.request.resource_uuid",
    "create.response",
    "create.response.status",
    "create.response.opID",
    "create.response.message",
    "create.example.created",
    "create.asynchronous",
    "create.operation",
    "record.url.path",
];

/// A sandbox with five records of three operations, which were created one after another.
async fn sandbox(builder: SandboxBuilder) -> Sandbox {
    let sandbox = builder.start().await.expect("a sandbox");
    for paths in [&["/index.html"][..], &["/images/*", "/missing"], &["/a", "/assets/*"]] {
        let ended = purge_at(&sandbox, &[&["create"], paths].concat()).end().await;
        assert!(ended.out.contains("accepted") || ended.code.is_some(), "{ended:?}");
    }
    sandbox.settled().await;
    sandbox
}

/// A run that signs in with the API key of the sandbox.
fn doctor(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    Run::new(PURGE, [&["doctor"], arguments].concat())
        .env("PURGE_BASE_URL", sandbox.base_url())
        .env("PURGE_API_KEY", sandbox.api_key())
        .env("PURGE_API_SECRET", sandbox.api_secret())
        .env("PURGE_ORGANIZATION", ORGANIZATION)
        .env("PURGE_RESOURCE", RESOURCE)
}

/// The outcome of each fact, and what was seen.
fn facts(ended: &Ended) -> BTreeMap<String, (String, String)> {
    let object = ended.json();
    let facts = object["facts"].as_array().expect("facts").iter().map(|fact| {
        let text = |name: &str| fact[name].as_str().expect(name).to_owned();
        (text("fact"), (text("outcome"), text("seen")))
    });
    facts.collect()
}

/// The steps that did not end well.
fn troubles(ended: &Ended) -> Vec<String> {
    let object = ended.json();
    let steps = object["steps"].as_array().expect("steps").iter();
    let bad = steps.filter(|step| step["outcome"] != "ok");
    bad.map(|step| {
        format!(
            "{} {}",
            step["step"].as_str().expect("a name"),
            step["outcome"].as_str().expect("a word")
        )
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn service_as_described_has_no_contradiction() {
    let sandbox = sandbox(Sandbox::builder().purge_delay(DELAY)).await;
    let ended = doctor(&sandbox, &["--path", PATH, "--output", "json"]).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    check("doctor", &ended.json());
    assert_eq!(troubles(&ended), [""; 0]);
    let mut not_matched = facts(&ended);
    not_matched.retain(|_, (outcome, _)| outcome != "matched");
    let expected = BASELINE
        .map(|(fact, outcome, seen)| (fact.to_owned(), (outcome.to_owned(), seen.to_owned())));
    assert_eq!(not_matched, BTreeMap::from(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_path_it_only_reads() {
    let sandbox = sandbox(Sandbox::builder()).await;
    let before = sandbox.requests().len();
    let ended = doctor(&sandbox, &["--output", "json"]).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let sent = sandbox.requests().split_off(before);
    let (logins, lists): (Vec<_>, Vec<_>) =
        sent.iter().partition(|sent| sent.path.ends_with("/login/token"));
    assert_eq!((logins.len(), lists.len()), (1, 6), "{sent:#?}");
    assert!(lists.iter().all(|sent| sent.method == "GET"), "{lists:#?}");
    let facts = facts(&ended);
    for fact in OF_PURGE {
        assert_eq!(facts[fact].0, "not_seen", "{fact}");
    }
    assert_eq!(troubles(&ended), ["purge not_checked"]);
    assert_eq!(facts["list.one-record-each"].0, "matched", "an operation has two records");
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_list_shows_nothing_of_records() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let ended = doctor(&sandbox, &["--output", "json"]).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let of_records = |name: &str| {
        name.starts_with("record") && name != "rate-limit-headers"
            || [
                "list.data.requests",
                "list.data.total",
                "list.unknown-operation",
                "list.page-after-the-last",
            ]
            .contains(&name)
    };
    for (name, (outcome, seen)) in facts(&ended) {
        assert!(!of_records(&name) || outcome == "not_seen", "{name}: {outcome}, {seen}");
        assert_ne!(outcome, "contradicted", "{name}: {seen}");
    }
}

/// Everything that is not matched, as it would be in this way.
fn expected(way: &Way) -> BTreeMap<String, (String, String)> {
    let mut expected = BTreeMap::new();
    let mut add = |(fact, outcome, seen): &(&str, &str, &str)| {
        expected.insert((*fact).to_owned(), ((*outcome).to_owned(), (*seen).to_owned()));
    };
    BASELINE.iter().for_each(&mut add);
    if !way.purges {
        OF_PURGE
            .iter()
            .for_each(|fact| add(&(*fact, "not_seen", "needs --path, which purges a path")));
    }
    way.facts.iter().for_each(&mut add);
    expected.retain(|_, (outcome, _)| outcome != "matched");
    expected
}

/// Says what was not found, or found although it is not there.
async fn differs(way: Way) -> Option<String> {
    let rewrite = Arc::clone(&way.rewrite);
    let builder = Sandbox::builder().purge_delay(DELAY);
    let builder = (way.server)(builder).rewrite(move |request, reply| rewrite(request, reply));
    let sandbox = sandbox(builder).await;
    let path: &[&str] = if way.purges { &["--path", PATH, "--wait", "5s"] } else { &[] };
    let ended = doctor(&sandbox, &[path, &["--output", "json"]].concat()).end().await;
    let all = facts(&ended);
    let mut found = all.clone();
    found.retain(|_, (outcome, _)| outcome != "matched");
    let expected = expected(&way);
    let mut wrong: Vec<_> =
        found.iter().filter(|(fact, seen)| expected.get(*fact) != Some(seen)).collect();
    wrong.extend(expected.iter().filter(|(fact, seen)| found.get(*fact) != Some(seen)));
    let matched = way.facts.iter().filter(|(_, outcome, _)| *outcome == "matched");
    let missed =
        matched.filter(|(fact, _, seen)| all[*fact] != ("matched".to_owned(), (*seen).to_owned()));
    let missed: Vec<_> = missed.map(|(fact, ..)| (fact, &all[*fact])).collect();
    let mut steps: Vec<_> = way.troubles.iter().map(|step| (*step).to_owned()).collect();
    if !way.purges {
        steps.push("purge not_checked".to_owned());
    }
    let ends = (troubles(&ended), ended.code) == (steps, Some(way.code));
    let steps = &ended.json()["steps"];
    (!ends || !wrong.is_empty() || !missed.is_empty())
        .then(|| format!("{}: {wrong:#?} {missed:#?} {:?} {steps:#}", way.name, ended.code))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_differ_is_named_and_nothing_else() {
    let ways = ways();
    assert!(ways.len() >= 20, "{}", ways.len());
    let wrong: Vec<_> =
        stream::iter(ways).map(differs).buffered(4).filter_map(ready).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Changes the JSON of a body.
fn edit(body: &mut Vec<u8>, change: impl FnOnce(&mut Value)) {
    let Ok(mut json) = serde_json::from_slice(body) else { return };
    change(&mut json);
    *body = serde_json::to_vec(&json).expect("JSON");
}
