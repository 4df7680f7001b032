//! Tokens for an API key and its secret: when the client signs in, and when not.

use std::fs;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use purge_api_ext::{Client, ErrorKind, Plan, Resource, Shutdown, TokenProvider};
use purge_sandbox::{Fault, Sandbox, SandboxBuilder};
use purge_tests::cli::Run;
use purge_tests::raw::answer;
use purge_tests::script::{Script, ScriptServer, Step, is_login};

use crate::account::{plan, resource_of};
use crate::{ORGANIZATION, PURGE, RESOURCE};

const KEY: &str = "c4nary-api-k3y";
const SECRET: &str = "c4nary-api-s3cret";
const TOKEN: &str = "c4nary-t0ken";

/// A sandbox whose key, secret, tokens and sessions all contain `c4nary`.
fn sandbox() -> SandboxBuilder {
    Sandbox::builder().api_key(KEY, SECRET).token(TOKEN).purge_delay(Duration::ZERO)
}

fn client(base: &str, secret: &str) -> Client {
    let provider = TokenProvider::from_api_key(KEY, secret);
    Client::builder(provider).base_url(base).build().expect("a client")
}

fn site(sandbox: &Sandbox, secret: &str) -> Resource {
    resource_of(&client(sandbox.base_url(), secret))
}

/// The statuses of all logins.
fn logins(sandbox: &Sandbox) -> Vec<Option<u16>> {
    let requests = sandbox.requests().into_iter();
    requests.filter(|request| request.path == Script::LOGIN).map(|request| request.status).collect()
}

/// How many requests that were not logins got a status.
fn others(sandbox: &Sandbox, status: u16) -> usize {
    let requests = sandbox.requests().into_iter();
    requests.filter(|r| r.path != Script::LOGIN && r.status == Some(status)).count()
}

fn not_shown(shown: &str) {
    assert!(!shown.contains("c4nary"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thousand_requests_outlive_tokens_of_200_ms() {
    let lifetime = Duration::from_millis(200);
    let sandbox = sandbox().token_lifetime(lifetime).start().await.expect("a sandbox");
    let began = Instant::now();
    let report = site(&sandbox, SECRET).purge(plan(1000, 1)).concurrency(8).await;
    let took = began.elapsed();
    assert!(report.is_success(), "{:?}", report.error());
    let mut purged: Vec<_> = sandbox.records().into_iter().map(|record| record.path).collect();
    purged.sort_unstable();
    purged.dedup();
    assert_eq!((purged.len(), sandbox.records().len()), (1000, 1000), "each path once");
    let (logins, lifetimes) = (logins(&sandbox), took.as_millis() / lifetime.as_millis());
    println!(
        "1000 requests in {took:?}: {} logins, {} refusals",
        logins.len(),
        others(&sandbox, 401)
    );
    assert!(logins.iter().all(|status| *status == Some(200)), "{logins:?}");
    assert!(logins.len() as u128 <= lifetimes + 2, "{} in {lifetimes} lifetimes", logins.len());
    not_shown(&format!("{report:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_wait_for_one_login() {
    let slow = Fault::slow(Duration::from_millis(100)).on_login();
    let sandbox = sandbox().fault(slow).start().await.expect("a sandbox");
    let site = site(&sandbox, SECRET);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let list = site.list();
        tasks.spawn(async move { list.page(NonZeroU64::MIN).await });
    }
    for page in tasks.join_all().await {
        page.expect("a page");
    }
    assert_eq!((logins(&sandbox).len(), others(&sandbox, 200)), (1, 16));
}

#[tokio::test(flavor = "multi_thread")]
async fn token_is_renewed_before_it_expires() {
    let sandbox =
        sandbox().token_lifetime(Duration::from_secs(3)).start().await.expect("a sandbox");
    let list = site(&sandbox, SECRET).list();
    while logins(&sandbox).len() < 2 {
        list.page(NonZeroU64::MIN).await.expect("a page");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    list.page(NonZeroU64::MIN).await.expect("a page");
    assert_eq!(others(&sandbox, 401), 0, "no request was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn early_renewal_that_fails_leaves_the_token_in_use() {
    let lifetime = Duration::from_secs(3600);
    let sandbox = sandbox().token_lifetime(lifetime).start().await.expect("a sandbox");
    let client = client(sandbox.base_url(), SECRET);
    client.fetch_token().await.expect("a token");
    for (status, expected) in [(403, 1), (403, 1)] {
        sandbox.fault(Fault::status(status).on_login());
        client.refresh_token().await.expect_err("it is refused");
        assert_eq!(logins(&sandbox).len(), 1 + expected, "the same pair is not sent again");
    }
    resource_of(&client).list().page(NonZeroU64::MIN).await.expect("the token is still good");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secret_is_sent_once() {
    let sandbox = sandbox().start().await.expect("a sandbox");
    let site = site(&sandbox, "c4nary-wrong-s3cret");
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let purge = site.purge(plan(20, 1)).concurrency(8);
        runs.spawn(async move { purge.await });
    }
    for report in runs.join_all().await {
        let error = report.error().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(report.summary.not_sent, 20);
        let expected = "the service refused the API key or its secret (401): the API key or its secret is wrong; \
                        check both, or create a new key in the service's control panel";
        assert!(error.to_string().contains(expected), "{error}");
        not_shown(&format!("{report:?} {error:?}"));
    }
    site.list().page(NonZeroU64::MIN).await.expect_err("no token");
    assert_eq!((logins(&sandbox), sandbox.requests().len()), (vec![Some(401)], 1));
    not_shown(&format!("{site:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_that_is_revoked_in_a_run_is_sent_once_more() {
    let sandbox = sandbox().token_uses(5).start().await.expect("a sandbox");
    sandbox.fault(Fault::answer().on_login());
    sandbox.fault(Fault::status(401).on_login().times(100));
    let report = site(&sandbox, SECRET).purge(plan(40, 1)).concurrency(8).await;
    let error = report.error().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let text = error.to_string();
    assert!(text.starts_with("the token was refused (401)"), "{text}");
    assert!(text.contains("control panel"), "{text}");
    assert_eq!(logins(&sandbox), [Some(200), Some(401)]);
    assert_eq!((report.summary.accepted, sandbox.jobs().len()), (5, 5), "the others were not sent");
    assert_eq!(report.summary.failed + report.summary.not_sent, 35, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_token_of_a_new_login_is_blamed_on_the_rights_of_the_key() {
    let sandbox = sandbox().start().await.expect("a sandbox");
    sandbox.fault(Fault::status(401).body(r#"{"message":"no access"}"#).on_post().times(9));
    sandbox.fault(Fault::status(401).body(r#"{"message":"no access"}"#).on_get().times(9));
    let site = site(&sandbox, SECRET);
    let expected = "the token was refused (401): no access; check the rights of the API key";
    let report = site.purge(plan(1, 1)).await;
    assert_eq!(report.error().expect("an error").to_string(), expected);
    assert_eq!(logins(&sandbox), [Some(200), Some(200)]);
    let error = site.list().page(NonZeroU64::MIN).await.expect_err("no access");
    assert_eq!((error.to_string().as_str(), error.status()), (expected, Some(401)));
}

#[tokio::test(flavor = "multi_thread")]
async fn login_that_fails_temporarily_is_tried_again() {
    let wait = |fault: Fault| fault.header("retry-after", "0").on_login();
    for fault in [
        wait(Fault::status(503)),
        wait(Fault::status(429)),
        wait(Fault::status(500).after_applying()),
        Fault::reset().after_applying().on_login(),
        Fault::truncated().on_login(),
    ] {
        let sandbox = sandbox().fault(fault.clone()).start().await.expect("a sandbox");
        let report = site(&sandbox, SECRET).purge(plan(3, 1)).await;
        // A response that was cut off may be an untrusted one.
        let is_cut = format!("{fault:?}").contains("Truncated");
        assert_eq!(report.is_success(), !is_cut, "{fault:?}: {:?}", report.error());
        let kind = report.error().map(purge_api_ext::Error::kind);
        assert_eq!(kind, is_cut.then_some(ErrorKind::Untrusted), "{fault:?}");
        assert_eq!(logins(&sandbox).len(), if is_cut { 1 } else { 2 }, "{fault:?}");
    }
    let lasting = wait(Fault::status(503)).times(100);
    let sandbox = sandbox().fault(lasting).start().await.expect("a sandbox");
    let report = site(&sandbox, SECRET).purge(plan(3, 1)).await;
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Unavailable));
    assert_eq!((logins(&sandbox).len(), sandbox.requests().len()), (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn login_ends_with_its_run() {
    let hangs = Fault::slow(Duration::from_secs(600)).on_login();
    let sandbox = sandbox().fault(hangs).start().await.expect("a sandbox");
    let site = site(&sandbox, SECRET);
    let shutdown = Shutdown::new();
    let handle = shutdown.clone();
    let purge = site.purge(plan(3, 1)).shutdown(shutdown);
    let begins = async {
        while logins(&sandbox).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        handle.begin();
    };
    let both = async { tokio::join!(purge, begins).0 };
    let report = tokio::time::timeout(Duration::from_secs(20), both).await.expect("it ends");
    assert_eq!(report.error().map(purge_api_ext::Error::kind), Some(ErrorKind::Interrupted));
    assert_eq!((report.summary.not_sent, sandbox.requests().len()), (3, 1));
    let report = site.purge(plan(3, 1)).await;
    assert!(report.is_success(), "the end of one run is not the end of others: {report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn login_goes_to_the_base_url_alone() {
    let other = ScriptServer::sending([answer("200 OK", "{}")]).await;
    let redirect = format!("307 Moved\r\nlocation: http://{}{}", other.authority(), Script::LOGIN);
    let script = Script::new([], []).signing_in([Step::Send(answer(&redirect, ""))]);
    let server = ScriptServer::playing(script).await;
    let error = client(server.base_url(), SECRET).fetch_token().await.expect_err("a redirect");
    assert_eq!(error.kind(), ErrorKind::Untrusted, "{error}");
    assert!(error.to_string().contains("was not followed"), "{error}");
    assert_eq!((server.requests().len(), other.requests().len()), (1, 0));
    assert!(is_login(&server.requests()[0]), "{:?}", server.requests());
    assert!(!server.requests()[0].to_lowercase().contains("authorization"));
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_without_a_token_cannot_be_trusted() {
    for body in [
        "",
        "{}",
        r#"{"status":true}"#,
        r#"{"status":true,"token":null}"#,
        r#"{"status":true,"token":""}"#,
        r#"{"status":true,"token":"c4nary two"}"#,
        r#"{"status":true,"token":["c4nary"]}"#,
        r#"{"status":"c4nary","token":"c4nary-t0ken"}"#,
        r#"["c4nary-t0ken"]"#,
        "<html>c4nary</html>",
    ] {
        let script = Script::new([], []).signing_in([Step::Send(answer("200 OK", body))]);
        let server = ScriptServer::playing(script).await;
        let error = client(server.base_url(), SECRET).fetch_token().await.expect_err(body);
        assert_eq!(error.kind(), ErrorKind::Untrusted, "{body}: {error}");
        assert_eq!(server.requests().len(), 1, "{body}");
        not_shown(&format!("{error} {error:?} {:?}", std::error::Error::source(&error)));
    }
    let refused = answer("200 OK", r#"{"status":false,"token":"c4nary-t0ken"}"#);
    let script = Script::new([], []).signing_in([Step::Send(refused)]);
    let server = ScriptServer::playing(script).await;
    let error = client(server.base_url(), SECRET).fetch_token().await.expect_err("a refusal");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(200)));
    for expire in ["null", "\"soon\"", "0", "-1", "1e99", "9223372036854775807"] {
        let body = format!(r#"{{"status":true,"token":"{TOKEN}","expire":{expire}}}"#);
        let script = Script::new([], []).signing_in([Step::Send(answer("200 OK", &body))]);
        let server = ScriptServer::playing(script).await;
        client(server.base_url(), SECRET).fetch_token().await.expect(expire);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_keep_the_rate_and_the_pause_of_the_client() {
    let busy = Fault::status(429).header("retry-after", "3600").on_login();
    let sandbox = sandbox().fault(busy).start().await.expect("a sandbox");
    let site = site(&sandbox, SECRET);
    for _ in 0..2 {
        let report = site.purge(Plan::parse(["/a"]).expect("a plan")).await;
        let error = report.error().expect("a pause");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.retry_after().is_some(), "{error:?}");
    }
    assert_eq!(sandbox.requests().len(), 1, "nothing is sent during the pause");
}

/// A file that only its owner can use.
fn key_file(folder: &std::path::Path, secret: &str) -> String {
    let file = folder.join("api-key.toml");
    fs::write(&file, format!("api-key = '{KEY}'\napi-secret = '{secret}'\n")).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    file.to_str().expect("UTF-8").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn file_is_read_again_for_each_login() {
    let sandbox = sandbox().start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = key_file(folder.path(), "c4nary-wrong-s3cret");
    let provider = TokenProvider::from_api_key_file(&file);
    let client = Client::builder(provider).base_url(sandbox.base_url()).build().expect("a client");
    for _ in 0..2 {
        let error = client.fetch_token().await.expect_err("a wrong secret");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
    }
    key_file(folder.path(), SECRET);
    client.fetch_token().await.expect("another secret is tried");
    assert_eq!(logins(&sandbox), [Some(401), Some(200)]);
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    Run::new(PURGE, arguments)
        .env("PURGE_BASE_URL", sandbox.base_url())
        .env("PURGE_ORGANIZATION", ORGANIZATION)
        .env("PURGE_RESOURCE", RESOURCE)
}

#[tokio::test(flavor = "multi_thread")]
async fn command_line_signs_in_with_variables_or_a_file() {
    let sandbox = sandbox().start().await.expect("a sandbox");
    let create = ["create", "/index.html", "--wait"];
    let variables = run(&sandbox, &create).env("PURGE_API_KEY", KEY);
    let ended = variables.env("PURGE_API_SECRET", SECRET).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    not_shown(&format!("{ended:?}"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = key_file(folder.path(), SECRET);
    let create = ["create", "/index.html", "--api-key-file", &file];
    // An option takes precedence over the environment, whatever that contains.
    let both = run(&sandbox, &create).env("PURGE_TOKEN", "wrong-token").env("PURGE_API_KEY", KEY);
    let ended = both.end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(logins(&sandbox), [Some(200), Some(200)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secret_ends_the_command_with_3() {
    let sandbox = sandbox().start().await.expect("a sandbox");
    let wrong = run(&sandbox, &["create", "--from", "-", "--output", "json"]);
    let wrong = wrong.env("PURGE_API_KEY", KEY).env("PURGE_API_SECRET", "c4nary-wrong-s3cret");
    let ended = wrong.input(crate::account::lines(1000)).end().await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.err.contains("control panel"), "{ended:?}");
    assert_eq!((logins(&sandbox), sandbox.requests().len()), (vec![Some(401)], 1));
    not_shown(&format!("{ended:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_contradict_each_other_are_refused() {
    let sandbox = sandbox().start().await.expect("a sandbox");
    for (variables, arguments, expected) in [
        (
            &["PURGE_API_KEY"][..],
            &[][..],
            "PURGE_API_KEY is set, but PURGE_API_SECRET is not: set both",
        ),
        (&["PURGE_API_SECRET"], &[], "PURGE_API_SECRET is set, but PURGE_API_KEY is not: set both"),
        (
            &["PURGE_TOKEN", "PURGE_API_KEY", "PURGE_API_SECRET"],
            &[],
            "both PURGE_TOKEN and PURGE_API_KEY are set: unset one of them",
        ),
        (
            &["PURGE_TOKEN", "PURGE_API_SECRET"],
            &[],
            "both PURGE_TOKEN and PURGE_API_SECRET are set",
        ),
        (&[], &["--api-key-file=a", "--token-file=b"], "cannot be used with"),
        (&[], &["--api-key-file=a", "--token-command=b"], "cannot be used with"),
        (&[], &["--api-key-file=no-such-file"], "the API key file `no-such-file` cannot be read"),
    ] {
        let arguments = [&["create", "/a"], arguments].concat();
        let run =
            variables.iter().fold(run(&sandbox, &arguments), |run, name| run.env(name, "c4nary"));
        let ended = run.end().await;
        assert_eq!(ended.code, Some(2), "{variables:?}: {ended:?}");
        assert!(ended.err.contains(expected), "{ended:?}");
        not_shown(&format!("{ended:?}"));
    }
    assert!(sandbox.requests().is_empty());
    let shown =
        run(&sandbox, &["config"]).env("PURGE_API_KEY", KEY).env("PURGE_API_SECRET", SECRET);
    let ended = shown.end().await;
    assert!(ended.out.contains("api-key        (not shown)"), "{ended:?}");
    not_shown(&format!("{ended:?}"));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn file_that_others_can_use_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = sandbox().start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = key_file(folder.path(), SECRET);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("a mode");
    let ended = run(&sandbox, &["create", "/a", "--api-key-file", &file]).end().await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.err.contains("can be used by others (mode 640); run `chmod 600` on it"),
        "{ended:?}"
    );
    assert!(sandbox.requests().is_empty());
}
