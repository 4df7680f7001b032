//! Reading the list of purge requests, page by page.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use futures_util::{StreamExt as _, TryStreamExt as _};
use purge_api_ext::{PageSize, Plan};
use purge_sandbox::Sandbox;
use purge_tests::cli::Run;
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;

use crate::account::{count, site};
use crate::{ORGANIZATION, PURGE, RESOURCE};

#[tokio::test(flavor = "multi_thread")]
async fn unneeded_page_is_never_fetched() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let site = site(sandbox.base_url());
    let plan = Plan::parse(["/1", "/2", "/3", "/4", "/5", "/6"]).expect("a plan");
    assert!(site.purge(plan).await.is_success());
    let gets = || count(&sandbox, "GET");

    let two = || site.list().page_size(PageSize::new(2).expect("a size"));
    assert_eq!(two().items().try_collect::<Vec<_>>().await.expect("records").len(), 6);
    assert_eq!(gets(), 3, "the third page is full, and the total says that it is the last");

    let some: Vec<_> = two().items().take(2).try_collect().await.expect("records");
    assert_eq!((some.len(), gets()), (2, 4));

    let beyond = two().page(NonZeroU64::new(9).expect("a page")).await.expect("a page");
    assert_eq!((beyond.requests.len(), beyond.total), (0, Some(6)));
}

#[tokio::test(flavor = "multi_thread")]
async fn list_continues_where_it_stopped() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let site = site(sandbox.base_url());
    let plan = Plan::parse(["/1", "/2", "/3", "/4", "/5"]).expect("a plan");
    assert!(site.purge(plan).await.is_success());
    let list = site.list().page_size(PageSize::new(2).expect("a size"));
    let first = list.page(NonZeroU64::MIN).await.expect("a page");
    let kept = serde_json::to_string(&first.next.expect("a next page")).expect("JSON");

    let cursor = serde_json::from_str(&kept).expect("a cursor");
    let rest: Vec<_> = site.list().resume(cursor).items().try_collect().await.expect("records");
    let paths: Vec<_> = first.requests.iter().chain(&rest).filter_map(|r| r.path()).collect();
    assert_eq!(paths.len(), 5);
    assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), 5, "{paths:?}");
}

/// Lines are written without the serializer, the object with it.
#[tokio::test(flavor = "multi_thread")]
async fn lines_have_the_same_records_as_the_object() {
    let texts = [
        "null",
        r#""""#,
        r#""plain""#,
        r#""a # b ##[error]x""#,
        r#""\"quotes\" and \\ and / here""#,
        r#""caf\u00e9 \u001b[31m \u202e\n::error::x""#,
        r#""0123456789abcde\"""#,
        r#""0123456789abcdef0123456789abcdef #""#,
        r#""::error::x""#,
    ];
    let statuses = ["null", "0", "-7", "9223372036854775807"];
    let records = texts.iter().enumerate().map(|(at, text)| {
        let (other, status) = (texts[(at + 1) % texts.len()], statuses[at % statuses.len()]);
        format!(
            r#"{{"opID":{text},"url":{other},"status":{status},"message":{text},"createdAt":{text},"startedAt":{other},"completedAt":{text}}}"#
        )
    });
    let records = records.collect::<Vec<_>>().join(",");
    let page = format!(r#"{{"status":true,"data":{{"requests":[{{}},{records}]}}}}"#);
    let server = ScriptServer::sending([answer("200 OK", &page), answer("200 OK", &page)]).await;
    let list = async |format: &str| {
        let run = Run::new(PURGE, ["list", "--output", format]);
        run.account(server.base_url(), "t0ken", ORGANIZATION, RESOURCE).end().await.out
    };
    let (lines, object) = (list("ndjson").await, list("json").await);
    let lines: Vec<_> = lines.lines().collect();
    assert_eq!(lines.len(), texts.len() + 1);
    assert!(object.contains(&format!("[{}]", lines.join(","))), "{lines:#?}\n{object}");
}
