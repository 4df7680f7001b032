//! Which servers the client trusts, and what it says when it refuses one.

use std::fs;

use purge_api_ext::{Client, ClientBuilder, Error, ErrorKind, Plan, Report};
use purge_tests::cli::Run;
use purge_tests::raw::answer;
use purge_tests::script::{Script, ScriptServer};

use crate::{ORGANIZATION, PURGE, RESOURCE};

const ACCEPTED: &str = r#"{"status":true,"opID":"a"}"#;
const SECRET: &str = "c4nary";

async fn purge(builder: ClientBuilder) -> Report {
    let client = builder.build().expect("a client");
    let site =
        client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"));
    site.purge(Plan::parse(["/a"]).expect("a plan")).await
}

/// Everything that an error can show.
fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        shown += &format!(" {error} {error:?}");
        cause = error.source();
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_of_an_unknown_authority_is_refused_immediately() {
    let (server, _) = ScriptServer::vouched_for("127.0.0.1", answer("200 OK", ACCEPTED)).await;
    let run = Run::new(PURGE, ["create", "/a"]);
    let ended = run.account(server.base_url(), SECRET, ORGANIZATION, RESOURCE).end().await;
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert_eq!(server.counts(), (1, 0));
    assert!(ended.err.contains("(UnknownIssuer)"), "{}", ended.err);
    #[cfg(target_os = "linux")]
    assert!(
        ended.err.contains("set SSL_CERT_FILE to a PEM file that contains it"),
        "{}",
        ended.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn server_without_tls_gets_only_one_request() {
    let server = ScriptServer::playing(Script::Hasty(answer("400 Bad Request", ""))).await;
    let base = server.base_url().replace("http://", "https://");
    let paths: String = (0..1_000).map(|i| format!("/{i}\n")).collect();
    let options = ["create", "--from", "-", "--concurrency", "1", "--output", "json"];
    let run = Run::new(PURGE, options).input(paths);
    let ended = run.account(&base, SECRET, ORGANIZATION, RESOURCE).end().await;
    assert_eq!(ended.code, Some(6), "{}", ended.err);
    assert!(ended.err.contains("it does not speak TLS"), "{}", ended.err);
    assert_eq!(ended.json()["summary"]["not_sent"], 1_000);
    let operations = ended.json()["operations"].clone();
    let attempts = operations.as_array().expect("operations").iter();
    assert_eq!(attempts.filter_map(|operation| operation["attempts"].as_u64()).sum::<u64>(), 1);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn file_in_the_tree_does_not_decide_where_the_token_goes() {
    let other = ScriptServer::sending([answer("200 OK", ACCEPTED)]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("a/b");
    fs::create_dir_all(&below).expect("a folder");
    let account = format!("organization = '{ORGANIZATION}'\nresource = '{RESOURCE}'\n");
    for setting in ["base-url", "proxy", "https-proxy"] {
        let text = format!("{account}{setting} = '{}'\n", other.base_url());
        fs::write(folder.path().join("purge.toml"), text).expect("a file");
        for folder in [folder.path(), &below] {
            for command in [&["create", "/a"][..], &["list"], &["wait", "a"]] {
                let run = Run::new(PURGE, command).folder(folder).env("PURGE_TOKEN", SECRET);
                let ended = run.end().await;
                assert_eq!(ended.code, Some(2), "{command:?}: {ended:?}");
                assert!(ended.err.contains("purge.toml:3: "), "{}", ended.err);
            }
        }
    }
    assert_eq!(other.requests().len(), 0);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn authorities_of_the_system_are_trusted() {
    let (server, authority) =
        ScriptServer::vouched_for("127.0.0.1", answer("200 OK", ACCEPTED)).await;
    let file = std::env::temp_dir().join(format!("purge-authority-{}.pem", std::process::id()));
    fs::write(&file, &authority).expect("a file");
    let run = Run::new(PURGE, ["create", "/a"]).env("SSL_CERT_FILE", file.to_str().expect("UTF-8"));
    let ended = run.account(server.base_url(), SECRET, ORGANIZATION, RESOURCE).end().await;
    fs::remove_file(&file).expect("the file");
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_that_asks_for_credentials_has_its_own_error() {
    let refusal = "407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"";
    let proxy = ScriptServer::sending([answer(refusal, ""), answer(refusal, "")]).await;
    let url = proxy.base_url().replace("http://", &format!("http://user:{SECRET}@"));
    // Only the proxy would resolve this name.
    let base = "https://cdn.invalid";
    let report = purge(Client::builder(SECRET).base_url(base).proxy(&url)).await;
    let error = report.error().expect("an error");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(407)), "{error}");
    let expected = format!("the proxy `{}` requires credentials (407)", proxy.base_url());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert_eq!(report.summary.not_sent, 1, "nothing reached the service: {report:?}");
    assert!(!shown(error).contains(SECRET), "{}", shown(error));

    let run = Run::new(PURGE, ["create", "/a"]).env("HTTPS_PROXY", &url);
    let ended = run.account(base, "t0ken", ORGANIZATION, RESOURCE).end().await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(!format!("{ended:?}").contains(SECRET), "{ended:?}");

    let requests = proxy.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    for request in requests {
        assert!(request.starts_with("CONNECT cdn.invalid:443 "), "{request}");
        // `user:c4nary` in base64.
        assert!(request.contains("Basic dXNlcjpjNG5hcnk="), "{request}");
        assert!(!request.contains("Bearer"), "the proxy sees the token: {request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_proxy_is_named_without_its_password() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let proxy = format!("http://user:{SECRET}@{address}");
    let client = Client::builder(SECRET).base_url("https://cdn.invalid").proxy(proxy);
    let client = client.build().expect("a client");
    assert!(!format!("{client:?}").contains(SECRET), "{client:?}");
    let site =
        client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"));
    let error = site.list().page(std::num::NonZeroU64::MIN).await.expect_err("no proxy");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let expected = format!("the proxy `http://{address}` cannot be reached: ");
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(!shown(&error).contains(SECRET), "{}", shown(&error));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn missing_certificates_are_reported_with_their_variable() {
    let run = Run::new(PURGE, ["create", "/a"]).env("SSL_CERT_FILE", "/not/there\n");
    let ended = run.account("https://127.0.0.1:1", SECRET, ORGANIZATION, RESOURCE).end().await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let expected = r"no certificate can be read from SSL_CERT_FILE (`/not/there\n`)";
    assert!(ended.err.contains(expected), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_needs_no_proxy() {
    let server = ScriptServer::sending([answer("200 OK", ACCEPTED)]).await;
    let proxy = ScriptServer::sending([answer("407 Proxy Authentication Required", "")]).await;
    let builder = Client::builder("t0ken").base_url(server.base_url()).proxy(proxy.base_url());
    let report = purge(builder.user_agent("shop/1.2")).await;
    assert!(report.is_success(), "{report:?}");
    assert!(server.requests()[0].contains("user-agent: shop/1.2"), "{:?}", server.requests());
    assert_eq!(proxy.requests().len(), 0);
}
