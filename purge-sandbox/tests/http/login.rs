use std::time::{Duration, SystemTime, UNIX_EPOCH};

use purge_sandbox::{Fault, Sandbox};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::schema::assert_valid;
use crate::support::{get, http, json_of, post};

fn login(sandbox: &Sandbox, body: &Value) -> RequestBuilder {
    let url = format!("{}/api/v1/auth/login/token", sandbox.base_url());
    http().post(url).header("content-type", "application/json").body(body.to_string())
}

fn right(sandbox: &Sandbox) -> RequestBuilder {
    let body = json!({ "api_key": sandbox.api_key(), "api_secret": sandbox.api_secret() });
    assert_valid("CreateTokenRequest", &body);
    login(sandbox, &body)
}

async fn signed_in(sandbox: &Sandbox) -> Value {
    let (status, answer) = json_of(right(sandbox)).await;
    assert_eq!(status, 200, "{answer}");
    assert_valid("CreateTokenResponse", &answer);
    answer
}

#[tokio::test]
async fn a_login_issues_a_token_that_expires() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    let answer = signed_in(&sandbox).await;
    let expire = answer["expire"].as_u64().expect("a time");
    assert!((4 * 3600 - 1..4 * 3600 + 60).contains(&(expire - now)), "{expire} - {now}");
    let listed = |token: &Value| {
        let token = token.as_str().expect("a token").to_owned();
        let url = get(&sandbox, "page=1&limit=1").build().expect("a request").url().clone();
        async move { json_of(http().get(url).bearer_auth(token)).await.0 }
    };
    assert_eq!(listed(&answer["token"]).await, 200);
    assert_eq!(listed(&answer["session"]).await, 401, "it is not a token");
    let second = signed_in(&sandbox).await;
    assert_ne!(second["token"], answer["token"]);
    assert_eq!(listed(&answer["token"]).await, 200, "earlier tokens stay valid");
    assert_eq!(listed(&json!(sandbox.token())).await, 200);
}

#[tokio::test]
async fn an_issued_token_has_the_lifetime_and_the_uses_of_the_fixed_one() {
    let builder = Sandbox::builder().token_lifetime(Duration::ZERO);
    let sandbox = builder.start().await.expect("a sandbox");
    let token = signed_in(&sandbox).await["token"].as_str().expect("a token").to_owned();
    let url = get(&sandbox, "page=1&limit=1").build().expect("a request").url().clone();
    let (status, answer) = json_of(http().get(url).bearer_auth(token)).await;
    assert_eq!((status, &answer["message"]), (401, &json!("the token has expired")));
    let sandbox = Sandbox::builder().token_uses(1).start().await.expect("a sandbox");
    let token = signed_in(&sandbox).await["token"].as_str().expect("a token").to_owned();
    let url = get(&sandbox, "page=1&limit=1").build().expect("a request").url().clone();
    for expected in [200, 401] {
        assert_eq!(json_of(http().get(url.clone()).bearer_auth(&token)).await.0, expected);
    }
}

#[tokio::test]
async fn token_that_never_expires_has_an_end_in_the_future() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::MAX).start().await;
    let answer = signed_in(&sandbox.expect("a sandbox")).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    assert!(answer["expire"].as_u64().expect("a time") > now + 90 * 365 * 24 * 3600, "{answer}");
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_not_repeated() {
    let builder = Sandbox::builder().api_key("k3y", "s3cret-c4nary");
    let sandbox = builder.start().await.expect("a sandbox");
    for (key, secret, expected) in [
        (json!("k3y"), json!("wrong-c4nary"), 401),
        (json!("other"), json!("s3cret-c4nary"), 401),
        (json!("k3y"), json!(7), 422),
        (Value::Null, json!("s3cret-c4nary"), 422),
    ] {
        let body = json!({ "api_key": key, "api_secret": secret });
        let (status, answer) = json_of(login(&sandbox, &body)).await;
        assert_eq!((status, &answer["status"]), (expected, &json!(false)), "{answer}");
        assert!(!answer.to_string().contains("c4nary"), "{answer}");
    }
    assert_eq!(json_of(login(&sandbox, &json!([]))).await.0, 422);
    let (status, answer) = json_of(login(&sandbox, &json!("x".repeat(5000)))).await;
    let message = "the body is larger than 4096 bytes; send less per request";
    assert_eq!((status, &answer["message"]), (413, &json!(message)));
    assert!(!format!("{:?}", sandbox.requests()).contains("c4nary"));
    let put = right(&sandbox).build().expect("a request").url().clone();
    let response = http().request(Method::PUT, put).send().await.expect("a response");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"POST".parse().expect("a value"))
    );
    assert_eq!(json_of(right(&sandbox)).await.0, 200);
}

#[tokio::test]
async fn faults_of_a_login_are_its_own() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    sandbox.fault(Fault::status(502).on_post());
    sandbox.fault(Fault::status(503).on_login());
    assert_eq!(right(&sandbox).send().await.expect("a response").status(), 503);
    assert_eq!(right(&sandbox).send().await.expect("a response").status(), 200);
    assert_eq!(post(&sandbox, &["/a"]).send().await.expect("a response").status(), 502);
}

#[tokio::test]
async fn a_login_counts_for_the_rate_limit() {
    let builder = Sandbox::builder().rate_limit(1, Duration::from_secs(60));
    let sandbox = builder.start().await.expect("a sandbox");
    assert_eq!(json_of(right(&sandbox)).await.0, 200);
    let response = right(&sandbox).send().await.expect("a response");
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
}
