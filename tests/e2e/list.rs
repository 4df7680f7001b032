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

/// A page of records: the path and the time of each.
fn page_of(records: &[(&str, &str)], total: usize) -> Vec<u8> {
    let record = |(path, created): &(&str, &str)| {
        format!(
            r#"{{"opID":"a","url":"https://e.com{path}","status":1,"createdAt":"{created}","completedAt":"{created}"}}"#
        )
    };
    let records: Vec<_> = records.iter().map(record).collect();
    let records = records.join(",");
    answer(
        "200 OK",
        &format!(r#"{{"status":true,"data":{{"total":{total},"requests":[{records}]}}}}"#),
    )
}

/// The paths that are shown, and the number of pages that were read.
async fn shown(pages: Vec<Vec<u8>>, arguments: &[&str]) -> (Vec<String>, usize) {
    let server = ScriptServer::sending(pages).await;
    let run = Run::new(PURGE, [&["list", "--output", "ndjson"], arguments].concat());
    let ended = run.account(server.base_url(), "t0ken", ORGANIZATION, RESOURCE).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let path = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        record["url"].as_str().expect("a URL").trim_start_matches("https://e.com").to_owned()
    };
    (ended.out.lines().map(path).collect(), server.requests().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn filtered_list_reads_the_pages_that_it_needs_and_no_more() {
    const NEW: &str = "2025-08-06T12:00:00Z";
    const OLD: &str = "2025-08-06T10:00:00Z";
    const OLDER: &str = "2025-08-06T09:00:00Z";
    let newest_first = || {
        vec![
            page_of(&[("/a", NEW), ("/b", NEW)], 8),
            page_of(&[("/c", NEW), ("/a", OLD)], 8),
            page_of(&[("/d", OLD), ("/a", OLDER)], 8),
            page_of(&[("/a", OLDER), ("/*", OLDER)], 8),
        ]
    };
    let since = ["--since", "2025-08-06T11:00:00Z"];
    assert_eq!(
        shown(newest_first(), &since).await,
        (vec!["/a".into(), "/b".into(), "/c".into()], 3)
    );
    let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let both = [&since[..], &["--path", "/a"]].concat();
    assert_eq!(shown(newest_first(), &both).await, (paths(&["/a"]), 3));
    let all = shown(newest_first(), &["--path", "/a"]).await;
    assert_eq!(all, (paths(&["/a", "/a", "/a", "/a", "/*"]), 4));
    assert_eq!(
        shown(newest_first(), &["--path", "/a", "--limit", "2"]).await,
        (paths(&["/a", "/a"]), 2)
    );
    assert_eq!(shown(newest_first(), &["--state", "pending,unknown"]).await, (Vec::new(), 4));
    assert_eq!(
        shown(newest_first(), &["--state", "purged", "--limit", "1"]).await,
        (paths(&["/a"]), 1)
    );
    // In another order, a page of old records says nothing about the next one.
    let oldest_first = vec![
        page_of(&[("/a", OLDER), ("/b", OLD)], 6),
        page_of(&[("/c", OLD), ("/d", OLD)], 6),
        page_of(&[("/e", NEW), ("/f", "soon")], 6),
    ];
    assert_eq!(shown(oldest_first, &since).await, (paths(&["/e", "/f"]), 3));
    // Nor does a page on which all records have the same time.
    let equal =
        vec![page_of(&[("/a", OLD), ("/b", OLD)], 4), page_of(&[("/c", NEW), ("/d", NEW)], 4)];
    assert_eq!(shown(equal, &since).await, (paths(&["/c", "/d"]), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn filter_that_matches_nothing_says_so() {
    let sandbox =
        Sandbox::builder().purge_delay(std::time::Duration::ZERO).start().await.expect("a sandbox");
    let plan = Plan::parse(["/index.html", "/images/*", "/not-there"]).expect("a plan");
    assert!(site(sandbox.base_url()).purge(plan).await.is_success());
    let list = async |arguments: &[&str]| {
        let run = Run::new(PURGE, [&["list"], arguments].concat());
        run.account(sandbox.base_url(), sandbox.token(), ORGANIZATION, RESOURCE).end().await
    };
    let ended = list(&["--path", "/images/logo.png", "--since", "1h"]).await;
    assert!(
        ended.out.contains("/images/*") && ended.out.ends_with("1 of 3 records\n"),
        "{ended:?}"
    );
    let ended = list(&["--path", "/nothing"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "no matching records\n"), "{ended:?}");
    let ended = list(&["--state", "not-cached", "--output", "json"]).await;
    let object: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(
        (object["requests"].as_array().map(Vec::len), &object["total"]),
        (Some(1), &3.into())
    );
    for arguments in [
        &["--since", "soon"][..],
        &["--path", "index.html"],
        &["--path", "/a", "--page", "2"],
        &["--state", "done"],
    ] {
        assert_eq!(list(arguments).await.code, Some(2), "{arguments:?}");
    }
}
