//! The library, where the command line does not reach.

use std::num::NonZeroU64;

use futures_util::{StreamExt, TryStreamExt};
use purge_api_ext::{Client, ErrorKind, PageSize, Plan, Resource};
use purge_sandbox::Sandbox;
use purge_tests::raw::{RawServer, answer};

use crate::{ORGANIZATION, RESOURCE};

fn site(base: &str) -> Resource {
    let client = Client::builder("sandbox-token").base_url(base).build().expect("a client");
    client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"))
}

#[tokio::test(flavor = "multi_thread")]
async fn unneeded_page_is_never_fetched() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let site = site(sandbox.base_url());
    let plan = Plan::parse(["/1", "/2", "/3", "/4", "/5", "/6"]).expect("a plan");
    assert!(site.purge(plan).await.is_success());
    let gets = || sandbox.requests().iter().filter(|request| request.method == "GET").count();

    let two = || site.list().page_size(PageSize::new(2).expect("a size"));
    assert_eq!(two().records().try_collect::<Vec<_>>().await.expect("records").len(), 6);
    assert_eq!(gets(), 3, "the third page is full, and the total says that it is the last");

    let some: Vec<_> = two().records().take(2).try_collect().await.expect("records");
    assert_eq!((some.len(), gets()), (2, 4));

    let beyond = two().page(NonZeroU64::new(9).expect("a page")).await.expect("a page");
    assert_eq!((beyond.requests.len(), beyond.total), (0, Some(6)));
}

#[tokio::test(flavor = "multi_thread")]
async fn page_that_repeats_is_an_error() {
    let page = r#"{"status":true,"data":{"requests":[{"opID":"a","url":"/a","status":2}]}}"#;
    let server = RawServer::start([answer("200 OK", page), answer("200 OK", page)]).await;
    let list = site(server.base_url()).list().page_size(PageSize::new(1).expect("a size"));
    let error = list.records().try_collect::<Vec<_>>().await.expect_err("the same page twice");
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    assert_eq!(error.to_string(), "page 2 of the list repeats the one before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal_inside_a_success_status_is_a_refusal() {
    let refusal = r#"{"status":false,"message":"no such \u001b[1mresource"}"#;
    let server = RawServer::start([answer("200 OK", refusal), answer("200 OK", refusal)]).await;
    let site = site(server.base_url());
    let report = site.purge(Plan::parse(["/a"]).expect("a plan")).await;
    let error = report.error().expect("a refusal");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().ends_with(r": no such \u{1b}[1mresource"), "{error}");
    let error = site.list().page(NonZeroU64::MIN).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn service_that_is_busy_is_asked_again() {
    let accepted = r#"{"status":true,"opID":"a"}"#;
    let busy = answer("429 Too Many Requests\r\nretry-after: 0", "");
    let server = RawServer::start([busy, answer("200 OK", accepted)]).await;
    let report = site(server.base_url()).purge(Plan::parse(["/a"]).expect("a plan")).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(report.operations[0].attempts, 2);
    assert_eq!(server.requests().len(), 2);
}
