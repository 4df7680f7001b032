use std::net::SocketAddr;

use purge_sandbox::Sandbox;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{body, get, json_of, listed, post, raw, url};

/// Checks a refusal, and that the documentation of the sandbox lists it.
async fn refused(request: RequestBuilder, expected: u16, hint: &str) {
    static DOCUMENTED: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    let documented = DOCUMENTED.get_or_init(async || {
        let sandbox = Sandbox::start().await.expect("a sandbox");
        let page = crate::support::http().get(format!("{}/docs", sandbox.base_url())).send().await;
        page.expect("a response").text().await.expect("a page")
    });
    let row = format!("<tr><th scope=\"row\">{expected}</th>");
    assert!(documented.await.contains(&row), "{expected} is not documented");
    let (status, answer) = json_of(request).await;
    assert_eq!((status, &answer["status"]), (expected, &Value::Bool(false)), "{answer}");
    let message = answer["message"].as_str().expect("a message");
    assert!(message.contains(hint), "{message:?} does not say {hint:?}");
}

#[tokio::test]
async fn each_refusal_has_its_status_and_says_why() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = crate::support::http();
    let url = url(&sandbox);
    let token = sandbox.token();
    let other = "00000000-0000-4000-8000-000000000000";

    refused(client.get(&url), 401, "Authorization").await;
    refused(client.get(&url).bearer_auth("wrong"), 401, "not valid").await;
    refused(client.get(&url).basic_auth("a", Some("b")), 401, "Bearer <token>").await;
    refused(get(&sandbox, "").bearer_auth(token), 401, "exactly one header").await;
    for id in [sandbox.organization(), sandbox.resource()] {
        refused(client.get(url.replace(id, other)).bearer_auth(token), 404, other).await;
        refused(client.get(url.replace(id, "x")).bearer_auth(token), 404, "\"x\"").await;
    }
    refused(client.get(format!("{}/api/v2", sandbox.base_url())), 404, "/api/v2").await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let request = client.request(method.clone(), &url).bearer_auth(token);
        refused(request, 405, method.as_str()).await;
    }

    for place in ["edge", "pop/none"] {
        let edge = format!("{}/{place}/{}/a", sandbox.base_url(), sandbox.resource());
        refused(client.post(&edge), 405, "use GET or HEAD").await;
        let response = client.post(&edge).send().await.expect("a response");
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }

    let send = |kind: &str, body: String| {
        client.post(&url).bearer_auth(token).header("content-type", kind).body(body)
    };
    let bare = client.post(&url).bearer_auth(token).body("{}");
    refused(bare, 415, "no Content-Type").await;
    refused(send("text/plain", "{}".to_owned()), 415, "text/plain").await;
    refused(post(&sandbox, &["/a"]).header("content-encoding", "gzip"), 415, "coding").await;
    let json = |body: &str| send("Application/JSON; charset=utf-8", body.to_owned());
    refused(json("{"), 400, "not JSON").await;
    refused(json("\u{feff}{}"), 400, "not JSON").await;
    refused(json(&"[".repeat(200_000)), 400, "not JSON").await;
    refused(json(&format!("\"{}\"", "x".repeat(1024 * 1024))), 413, "larger").await;

    refused(json("[]"), 422, "not a JSON object").await;
    refused(json(r#"{ "file_path": ["/a"] }"#), 422, "resource_uuid is missing").await;
    let with = |id: Value, paths: Value| {
        json(&json!({ "resource_uuid": id, "file_path": paths }).to_string())
    };
    refused(with(json!(other), json!(["/a"])), 422, other).await;
    refused(with(json!(7), json!(["/a"])), 422, "resource_uuid is 7").await;
    let right = || json!(sandbox.resource());
    refused(with(right(), Value::Null), 422, "file_path").await;
    refused(with(right(), json!([])), 422, "0 paths").await;
    refused(with(right(), json!(vec!["/a"; 101])), 422, "101 paths").await;
    refused(with(right(), json!(["/a", "b"])), 422, "file_path[1] is \"b\"").await;
    let long = format!("file_path[0] is \"{}…; a path", "x".repeat(299));
    refused(with(right(), json!(["x".repeat(100_000)])), 422, &long).await;
    refused(with(right(), json!(["/a", 1])), 422, "file_path[1] is 1").await;
    refused(with(right(), json!([""])), 422, "file_path[0]").await;

    refused(get(&sandbox, "limit=1"), 422, "page is missing").await;
    refused(get(&sandbox, "page=1"), 422, "limit is missing").await;
    for bad in ["0", "-1", "1.0", "x", "", "%2B1", "%201"] {
        refused(get(&sandbox, &format!("page={bad}&limit=1")), 422, "page is").await;
        refused(get(&sandbox, &format!("page=1&limit={bad}")), 422, "limit is").await;
    }
    refused(get(&sandbox, "page=1&limit=101"), 422, "1 to 100").await;
    refused(get(&sandbox, "page=1&page=2&limit=1"), 422, "more than once").await;

    assert_eq!(listed(&sandbox, "page=1&limit=1").await["total"], 0, "a refusal applied something");
}

#[tokio::test]
async fn the_limits_themselves_are_allowed() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let path = format!("/{}", "x".repeat(9_000));
    let (status, answer) = json_of(post(&sandbox, &vec![path.as_str(); 100])).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(listed(&sandbox, "page=1&limit=100").await["total"], 100);
}

#[tokio::test]
async fn an_upper_case_uuid_is_the_same_uuid() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let id = sandbox.resource();
    let request = crate::support::http()
        .post(url(&sandbox).replace(id, &id.to_uppercase()))
        .bearer_auth(sandbox.token())
        .header("content-type", "application/json")
        .body(body(&sandbox, &["/a"]).to_string());
    assert_eq!(json_of(request).await.0, 200);
}

#[tokio::test]
async fn expect_continue_avoids_a_large_upload() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let path = format!("/api/v1/cdn/{}/job/{}", sandbox.organization(), sandbox.resource());
    let answer = raw(
        &sandbox,
        &format!(
            "POST {path}/purge HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nExpect: 100-continue\r\n\
             Content-Length: 2000000\r\n\r\n",
            sandbox.token()
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_sandbox_with_invalid_settings_does_not_start() {
    let error = |builder: purge_sandbox::SandboxBuilder| async {
        builder.start().await.expect_err("a refusal").to_string()
    };
    let taken = Sandbox::start().await.expect("a sandbox");
    let message = error(Sandbox::builder().listen(taken.address())).await;
    assert!(message.starts_with(&format!("cannot listen on {}: ", taken.address())), "{message}");
    let open: SocketAddr = "0.0.0.0:0".parse().expect("an address");
    let message = error(Sandbox::builder().listen(open)).await;
    assert!(message.starts_with("0.0.0.0:0 is not a loopback address"), "{message}");
    assert!(error(Sandbox::builder().resource("x")).await.contains("the resource \"x\""));
    assert!(error(Sandbox::builder().organization("")).await.contains("the organization \"\""));
    assert!(error(Sandbox::builder().token("a b")).await.contains("a header cannot carry"));
    let anywhere = Sandbox::builder().listen(open).allow_non_loopback().start().await;
    assert!(anywhere.is_ok());
}

#[tokio::test]
async fn after_shutdown_the_port_is_closed() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = crate::support::http();
    let health = client.get(url(&sandbox));
    assert_eq!(health.send().await.expect("a response").status(), 401);
    let url = url(&sandbox);
    sandbox.shutdown().await;
    assert!(client.get(&url).send().await.expect_err("a closed port").is_connect());
}
