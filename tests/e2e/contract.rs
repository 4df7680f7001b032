//! Checks what the client sends and how the sandbox responds against the descriptions themselves, so that neither
//! can drift.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::TryStreamExt;
use purge_api_ext::{Client, Plan, TokenProvider};
use purge_sandbox::{RecordedRequest, Sandbox};
use purge_tests::contract::Contract;
use serde_json::{Value, json};

/// A sandbox that has received every operation.
async fn traffic() -> Sandbox {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let key = TokenProvider::from_api_key(sandbox.api_key(), sandbox.api_secret());
    let client = Client::builder(key).base_url(sandbox.base_url()).build();
    let site = client.expect("a client").resource(
        sandbox.organization().parse().expect("a UUID"),
        sandbox.resource().parse().expect("a UUID"),
    );
    let plan = Plan::parse(["/index.html", "/images/*", "/not-there"]).expect("a plan");
    let report = site.purge(plan).wait_for(Duration::from_secs(30)).await;
    assert!(report.is_success(), "{report:?}");
    let records: Vec<_> = site.list().items().try_collect().await.expect("records");
    assert_eq!(records.len(), 3);
    sandbox
}

#[tokio::test(flavor = "multi_thread")]
async fn client_sends_only_what_is_described() {
    let contract = Contract::read();
    let sandbox = traffic().await;
    let mut sent = BTreeSet::new();
    for request in sandbox.requests() {
        let operation = contract.operation(&request.method, &request.path);
        sent.insert(operation.id());
        operation.check_parameters(&request.path, request.query.as_deref().unwrap_or_default());
        operation.check_body(&request.body);
        let token = format!("Bearer {}-1", sandbox.token());
        let expected = operation.requires_a_token().then_some(&*token);
        assert_eq!(request.header("authorization"), expected, "{}", operation.id());
        assert_eq!(request.header("api-version"), None);
        if !request.body.is_empty() {
            assert_eq!(request.header("content-type"), Some("application/json"));
        }
    }
    let described: BTreeSet<_> = contract.operations().map(|operation| operation.id()).collect();
    assert_eq!(sent, described, "an operation without traffic is not checked");
}

/// What no schema can express.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_names_its_resource_twice_and_its_paths_byte_for_byte() {
    let contract = Contract::read();
    let sandbox = traffic().await;
    let requests = sandbox.requests();
    let is_purge = |request: &&RecordedRequest| {
        contract.operation(&request.method, &request.path).id() == "createPurge"
    };
    let post = requests.iter().find(is_purge).expect("a purge");
    let body: Value = serde_json::from_slice(&post.body).expect("JSON");
    assert_eq!(body["resource_uuid"], sandbox.resource());
    assert!(post.path.contains(sandbox.resource()), "{}", post.path);
    assert_eq!(body["file_path"], json!(["/index.html", "/images/*", "/not-there"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn sandbox_responds_only_as_described() {
    let contract = Contract::read();
    let sandbox = traffic().await;
    // Cargo unifies the features of this HTTP client with the library's, which include no TLS provider, so
    // one is installed here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut answered = BTreeSet::new();
    // Sends the client's requests again, because the sandbox keeps no responses.
    for request in sandbox.requests() {
        let method = request.method.parse().expect("a method");
        let query = request.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
        let again = http
            .request(method, format!("{}{}{query}", sandbox.base_url(), request.path))
            .bearer_auth(sandbox.token())
            .header("content-type", "application/json")
            .body(request.body.clone());
        let answer = again.send().await.expect("a response");
        assert_eq!(answer.status(), 200);
        let operation = contract.operation(&request.method, &request.path);
        operation.check_answer(&answer.json().await.expect("JSON"));
        answered.insert(operation.id());
    }
    assert_eq!(answered.len(), contract.operations().count(), "{answered:?}");
}

#[test]
#[should_panic(expected = "the body of createPurge breaks the contract: /file_path: ")]
fn contract_refuses_a_body_that_is_not_described() {
    let body = json!({ "resource_uuid": super::RESOURCE, "file_path": vec!["/a"; 101] });
    let contract = Contract::read();
    let create = contract.operations().find(|operation| operation.id() == "createPurge");
    create.expect("it is described").check_body(body.to_string().as_bytes());
}

#[test]
#[should_panic(expected = "the parameter limit of listPurgeRequests is required")]
fn contract_refuses_a_query_that_is_not_described() {
    check_query("page=1");
}

#[test]
#[should_panic(expected = "the parameter page of listPurgeRequests breaks the contract: 0 is less")]
fn contract_refuses_a_parameter_that_is_not_described() {
    check_query("page=0&limit=1");
}

fn check_query(query: &str) {
    let path = format!("/api/v1/cdn/{}/job/{}/purge", super::ORGANIZATION, super::RESOURCE);
    Contract::read().operation("GET", &path).check_parameters(&path, query);
}
