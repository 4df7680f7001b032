//! What the client sends and what the sandbox answers, judged by `purge.yaml` itself, so that neither
//! can drift.

use std::time::Duration;

use futures_util::TryStreamExt;
use purge_api_ext::{Client, Plan};
use purge_sandbox::Sandbox;
use purge_tests::contract::Contract;
use serde_json::Value;

async fn traffic() -> Sandbox {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = Client::builder(sandbox.token()).base_url(sandbox.base_url()).build();
    let site = client.expect("a client").resource(
        sandbox.organization().parse().expect("a UUID"),
        sandbox.resource().parse().expect("a UUID"),
    );
    let plan = Plan::parse(["/index.html", "/images/*", "/not-there"]).expect("a plan");
    let report = site.purge(plan).wait(Duration::from_secs(30)).await;
    assert!(report.is_success(), "{report:?}");
    let records: Vec<_> = site.list().items().try_collect().await.expect("records");
    assert_eq!(records.len(), 3);
    sandbox
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_sends_is_described() {
    let contract = Contract::read();
    let sandbox = traffic().await;
    let requests = sandbox.requests();
    assert!(
        requests.iter().any(|r| r.method == "POST") && requests.iter().any(|r| r.method == "GET")
    );
    for request in requests {
        let segments: Vec<&str> = request.path.split('/').collect();
        let ["", "api", "v1", "cdn", organization, "job", resource, "purge"] = segments[..] else {
            panic!("{} is not described", request.path)
        };
        contract.check_parameter("organization_uuid", organization);
        contract.check_parameter("resource_uuid", resource);

        let described = contract.parameters(&request.method.to_lowercase());
        let query: Vec<(&str, &str)> = request
            .query
            .as_deref()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        for (name, value) in &query {
            assert!(described.iter().any(|(d, _)| d == name), "{name} is not described");
            contract.check_parameter(name, value);
        }
        for (name, _) in
            described.iter().filter(|(name, required)| *required && !name.ends_with("_uuid"))
        {
            assert!(query.iter().any(|(n, _)| n == name), "{name} is required");
        }

        let header = |name: &str| {
            request.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| &**v)
        };
        assert_eq!(header("authorization"), Some(&*format!("Bearer {}", sandbox.token())));
        assert_eq!(header("api-version"), None);
        if request.method == "POST" {
            assert_eq!(header("content-type"), Some("application/json"));
            let body: Value = serde_json::from_slice(&request.body).expect("JSON");
            contract.check("CreatePurgeRequest", &body);
            assert_eq!(body["resource_uuid"], resource);
            // Byte for byte as it was given: a `*` is never escaped.
            assert_eq!(body["file_path"][1], "/images/*");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sandbox_answers_is_described() {
    let contract = Contract::read();
    let sandbox = traffic().await;
    // This HTTP client shares its features with the library's, which brings its own TLS provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!(
        "{}/api/v1/cdn/{}/job/{}/purge",
        sandbox.base_url(),
        sandbox.organization(),
        sandbox.resource()
    );
    let list = http.get(format!("{url}?page=1&limit=2")).bearer_auth(sandbox.token());
    let list = list.send().await.expect("an answer");
    assert_eq!(list.status(), 200);
    let list: Value = list.json().await.expect("JSON");
    contract.check("ListPurgeRequestsResponse", &list);
    assert_eq!(list["data"]["requests"].as_array().map(Vec::len), Some(2));
    assert_eq!(list["data"]["total"], 3);

    let body = serde_json::json!({ "resource_uuid": sandbox.resource(), "file_path": ["/a"] });
    let create = http.post(&url).bearer_auth(sandbox.token()).json(&body);
    let create = create.send().await.expect("an answer");
    assert_eq!(create.status(), 200);
    contract.check("CreatePurgeResponse", &create.json().await.expect("JSON"));
}

#[test]
#[should_panic(expected = "breaks the contract")]
fn contract_refuses_what_is_not_described() {
    let too_many = vec!["/a"; 101];
    let body = serde_json::json!({ "resource_uuid": super::RESOURCE, "file_path": too_many });
    Contract::read().check("CreatePurgeRequest", &body);
}
