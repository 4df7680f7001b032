//! What a client of this service can fall into, each as a pipeline would meet it.

use purge_tests::cli::{Ended, Run};
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;
use serde_json::json;

use crate::{ORGANIZATION, PURGE, RESOURCE};

/// Purges `/a` at a server that gives `answer`; returns how it ended, and how many times it was posted.
async fn create(first: Vec<u8>) -> (Ended, usize) {
    let server = ScriptServer::sending([first]).await;
    let run = Run::new(PURGE, ["create", "/a", "--output", "json", "--max-attempts", "1"]);
    let ended = run.account(server.base_url(), "t0ken", ORGANIZATION, RESOURCE).end().await;
    let posts = server.requests().iter().filter(|request| request.starts_with("POST")).count();
    (ended, posts)
}

#[tokio::test(flavor = "multi_thread")]
async fn redirect_is_an_error_and_not_a_list_that_looks_like_success() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let path = format!("/api/v1/cdn/{ORGANIZATION}/job/{RESOURCE}/purge");
        let (ended, posts) = create(answer(&format!("{status}\r\nlocation: {path}"), "")).await;
        assert_eq!(ended.code, Some(6), "{status}: {ended:?}");
        assert_eq!(posts, 1, "{status}");
        // 303 says that the service has done something.
        let state = if status.starts_with("303") { "unconfirmed" } else { "failed" };
        assert_eq!(ended.json()["summary"][state], 1, "{status}");
        assert!(ended.err.contains(&path), "{status}: {}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_host_never_sees_the_token() {
    let other = ScriptServer::sending([answer("200 OK", r#"{"status":true,"opID":"a"}"#)]).await;
    let target = format!("308 Permanent Redirect\r\nlocation: {}/purge", other.base_url());
    let (ended, _) = create(answer(&target, "")).await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn error_page_keeps_its_status_code() {
    let (ended, _) = create(answer("403 Forbidden", "<html>blocked</html>")).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.err.contains("403"), "{}", ended.err);
    let (ended, _) = create(answer("503 Unavailable\r\nretry-after: 9", "<html>busy</html>")).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.err.contains("503"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_that_cannot_be_read_is_no_success() {
    let truncated = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"status\":true".to_vec();
    let endless =
        answer("200 OK", &format!("{{\"status\":true,\"opID\":\"{}\"}}", "a".repeat(1 << 20)));
    for bad in [
        answer("200 OK", "<html>hello</html>"),
        answer("200 OK", ""),
        answer("200 OK", r#"{"status":"true","opID":"a"}"#),
        answer("200 OK", r#"{"status":1,"opID":"a"}"#),
        answer("200 OK", r#"{"status":true}"#),
        answer("200 OK", r#"["a message","a",true]"#),
        answer("200 OK", r#"{"status":true,"opID":""}"#),
        answer("200 OK", r#"{"status":true,"opID":"a"}{}"#),
        answer("204 No Content", ""),
        truncated,
        endless,
    ] {
        let shown = String::from_utf8_lossy(&bad[..bad.len().min(90)]).into_owned();
        let (ended, posts) = create(bad).await;
        assert_eq!(ended.code, Some(6), "{shown}: {ended:?}");
        assert_eq!(posts, 1, "{shown}");
        assert_eq!(ended.json()["summary"]["unconfirmed"], 1, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_and_missing_messages_are_tolerated() {
    for body in [
        r#"{"status":true,"opID":"a","message":null}"#,
        r#"{"status":true,"opID":"a","new":{"field":[1]}}"#,
    ] {
        let (ended, _) = create(answer("200 OK", body)).await;
        assert_eq!(ended.code, Some(0), "{body}: {ended:?}");
        assert_eq!(ended.json()["operations"][0]["op_id"], json!("a"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_in_place_of_a_page_is_an_empty_page() {
    let list = async |body: &str| {
        let server = ScriptServer::sending([answer("200 OK", body)]).await;
        let run = Run::new(PURGE, ["list"]);
        run.account(server.base_url(), "t0ken", ORGANIZATION, RESOURCE).end().await
    };
    for body in [r#"{"status":true,"data":[]}"#, r#"{"status":true,"data":{}}"#] {
        let ended = list(body).await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), "no purge requests\n"), "{ended:?}");
    }
    for body in [
        r#"{"status":true}"#,
        r#"{"status":true,"data":null}"#,
        r#"{"status":true,"data":[{"opID":"a"}]}"#,
        r#"{"status":true,"data":[10,1,[],null,0]}"#,
        r#"[{"requests":[]},null,true]"#,
    ] {
        let ended = list(body).await;
        assert_eq!(ended.code, Some(6), "{body}: {ended:?}");
    }
}
