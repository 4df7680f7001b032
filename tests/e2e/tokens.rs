//! Tokens that change during a run.

use std::fs;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use purge_api_ext::{Client, ErrorKind, OperationState, Resource, TokenProvider};
use purge_sandbox::Sandbox;
use purge_tests::cli::Run;
use purge_tests::raw::answer;
use purge_tests::script::ScriptServer;

use crate::account::{plan, resource_of};
use crate::{ORGANIZATION, PURGE, RESOURCE};

const CANARY: &str = "c4nary";

fn client(base: &str, token: impl Into<TokenProvider>) -> Client {
    Client::builder(token).base_url(base).build().expect("a client")
}

fn site(base: &str, token: impl Into<TokenProvider>) -> Resource {
    resource_of(&client(base, token))
}

/// A function that returns the tokens of a list in order, repeating the last one, and the number of its
/// calls.
fn tokens<const N: usize>(list: [String; N]) -> (TokenProvider, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = TokenProvider::from_fn(move || {
        let index = count.fetch_add(1, Ordering::SeqCst);
        let token = list[index.min(N - 1)].clone();
        async move {
            // A token that arrives immediately would hide that requests wait for each other.
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, std::io::Error>(token)
        }
    });
    (provider, asked)
}

/// The responses of the sandbox, as status codes.
fn statuses(sandbox: &Sandbox) -> Vec<u16> {
    sandbox.requests().iter().filter_map(|request| request.status).collect()
}

async fn renewed_once_for_all() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (provider, asked) = tokens(["old".to_owned(), sandbox.token().to_owned()]);
    let site = site(sandbox.base_url(), provider);
    let report = site.purge(plan(40, 100)).concurrency(8).await;
    assert!(report.is_success(), "{:?}", report.error());
    assert_eq!(report.operations.len(), 40);
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "once for the first, once for all that were refused"
    );
    let refused = statuses(&sandbox).iter().filter(|status| **status == 401).count();
    assert!((1..=8).contains(&refused), "{refused} of 8 at a time were refused");
    assert_eq!(sandbox.requests().len(), 40 + refused);
    let attempts: u32 = report.operations.iter().map(|operation| operation.attempts).sum();
    assert_eq!(attempts as usize, 40 + refused, "each post is an attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_token_is_renewed_once_for_all_on_many_threads() {
    renewed_once_for_all().await;
}

#[tokio::test]
async fn refused_token_is_renewed_once_for_all_on_one_thread() {
    renewed_once_for_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_renew_the_token_too_and_tasks_share_it() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (provider, asked) = tokens(["old".to_owned(), sandbox.token().to_owned()]);
    let site = site(sandbox.base_url(), provider);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let list = site.list();
        tasks.spawn(async move { list.page(NonZeroU64::MIN).await });
    }
    for page in tasks.join_all().await {
        page.expect("a page");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(statuses(&sandbox).iter().filter(|status| **status == 200).count(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_can_expire_repeatedly() {
    let ok = answer("200 OK", r#"{"status":true,"data":{"requests":[]}}"#);
    let no = answer("401 Unauthorized", r#"{"status":false,"message":"expired"}"#);
    let server = ScriptServer::sending([&ok, &no, &ok, &ok, &no, &ok].map(Clone::clone)).await;
    let (provider, asked) = tokens([1, 2, 3].map(|day| format!("day-{day}")));
    let list = site(server.base_url(), provider).list();
    for _ in 0..4 {
        list.page(NonZeroU64::MIN).await.expect("a page");
    }
    let sent: Vec<_> = server.requests().iter().map(|r| token_of(r).to_owned()).collect();
    assert_eq!(sent, ["day-1", "day-1", "day-2", "day-2", "day-2", "day-3"]);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

fn token_of(request: &str) -> &str {
    let header = request.split("authorization: Bearer ").nth(1).expect("a token");
    header.lines().next().expect("a line")
}

#[tokio::test(flavor = "multi_thread")]
async fn new_tokens_that_are_refused_too_stop_the_run() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = TokenProvider::from_fn(move || {
        let token = format!("{CANARY}-{}", count.fetch_add(1, Ordering::SeqCst));
        async move { Ok::<_, std::io::Error>(token) }
    });
    let report = site(sandbox.base_url(), provider).purge(plan(20, 100)).await;
    let error = report.error().expect("an error");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(401)), "{error}");
    assert!(sandbox.requests().len() <= 8, "4 at a time, each twice at most: {error}");
    // Once at the start; then each of the four asks again at most once, on behalf of all requests sent
    // before.
    assert!((2..=5).contains(&asked.load(Ordering::SeqCst)), "{asked:?}");
    let not_sent = |o: &&purge_api_ext::OperationOutcome| o.state == OperationState::NotSent;
    assert!(report.operations.iter().filter(not_sent).count() >= 16, "{report:?}");
    assert!(!format!("{report:?} {error:?}").contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_renewal_reports_both_errors() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let asked = AtomicUsize::new(0);
    let provider = TokenProvider::from_fn(move || {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        let token = if first { Ok(CANARY) } else { Err(std::io::Error::other("no login server")) };
        std::future::ready(token)
    });
    let site = site(sandbox.base_url(), provider);
    let error = site.list().page(NonZeroU64::MIN).await.expect_err("a refusal");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(401)));
    let text = error.to_string();
    assert!(text.starts_with("the token was refused (401)"), "{text}");
    assert!(text.ends_with("the token function failed: no login server"), "{text}");
    assert!(!format!("{error:?} {site:?}").contains(CANARY), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_a_token() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = client(sandbox.base_url(), TokenProvider::from_env("PURGE_NO_SUCH_VARIABLE"));
    let error = client.fetch_token().await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    client.raw().await.expect_err("no token");
    let site =
        client.resource(ORGANIZATION.parse().expect("a UUID"), RESOURCE.parse().expect("a UUID"));
    let report = site.purge(plan(1, 1)).await;
    assert_eq!(report.error().expect("an error").kind(), ErrorKind::InvalidInput);
    assert_eq!(sandbox.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_fetch_is_restarted() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let token = sandbox.token().to_owned();
    let asked = AtomicUsize::new(0);
    let provider = TokenProvider::from_fn(move || {
        let (first, token) = (asked.fetch_add(1, Ordering::SeqCst) == 0, token.clone());
        async move {
            if first {
                std::future::pending::<()>().await;
            }
            Ok::<_, std::io::Error>(token)
        }
    });
    let client = client(sandbox.base_url(), provider);
    let first = tokio::time::timeout(Duration::from_millis(20), client.fetch_token()).await;
    first.expect_err("it waits forever");
    client.fetch_token().await.expect("a token");
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshed_token_is_sent_from_then_on() {
    let ok = answer("200 OK", r#"{"status":true,"data":{"requests":[]}}"#);
    let server = ScriptServer::sending([&ok, &ok].map(Clone::clone)).await;
    let (provider, asked) = tokens([1, 2, 2].map(|day| format!("day-{day}")));
    let client = client(server.base_url(), provider);
    let list = resource_of(&client).list();
    list.page(NonZeroU64::MIN).await.expect("a page");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        tasks.spawn(async move { client.refresh_token().await });
    }
    for refreshed in tasks.join_all().await {
        assert!(refreshed.expect("a token"), "it is another one");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2, "one answer for all");
    list.page(NonZeroU64::MIN).await.expect("a page");
    assert!(!client.refresh_token().await.expect("a token"), "it is the same");
    let sent: Vec<_> = server.requests().iter().map(|r| token_of(r).to_owned()).collect();
    assert_eq!(sent, ["day-1", "day-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_refresh_keeps_the_token() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (token, asked) = (sandbox.token().to_owned(), AtomicUsize::new(0));
    let client = client(
        sandbox.base_url(),
        TokenProvider::from_fn(move || {
            let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            let token = if first { Ok(token.clone()) } else { Err("no login server") };
            std::future::ready(token)
        }),
    );
    client.fetch_token().await.expect("a token");
    let error = client.refresh_token().await.expect_err("no login server");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.to_string(), "the token function failed: no login server");
    resource_of(&client).list().page(NonZeroU64::MIN).await.expect("the token is still good");
    let fixed = Client::builder("t0ken").base_url(sandbox.base_url()).build().expect("a client");
    assert!(!fixed.refresh_token().await.expect("a token"), "it never changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_client_has_the_token() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (provider, _) = tokens([sandbox.token().to_owned()]);
    let client = client(sandbox.base_url(), provider);
    let request = client.raw().await.expect("a token").list_purge_requests();
    let request = request
        .organization_uuid(ORGANIZATION.parse::<uuid::Uuid>().expect("a UUID"))
        .resource_uuid(RESOURCE.parse::<uuid::Uuid>().expect("a UUID"));
    let page = request.page(NonZeroU64::MIN).limit(NonZeroU64::MIN).send().await;
    assert!(page.expect("a page").status);
}

#[test]
fn futures_can_move_between_threads() {
    fn assert_send(_: impl Send) {}
    let site = site("http://127.0.0.1:1", TokenProvider::from_command("true", [""; 0]));
    assert_send(site.list().page(NonZeroU64::MIN));
    assert_send(async { site.purge(plan(1, 1)).await });
    assert_send(async { client("http://127.0.0.1:1", "a").fetch_token().await });
    assert_send(async { client("http://127.0.0.1:1", "a").refresh_token().await });
    assert_send(async { client("http://127.0.0.1:1", "a").raw().await.map(drop) });
}

/// A run of the command line that takes its token from `command`.
fn with_command(base: &str, command: &str, arguments: &[&str]) -> Run {
    let arguments = [arguments, &["--token-command", command]].concat();
    // The environment holds another token; the command takes precedence.
    Run::new(PURGE, arguments).account(base, "from-the-environment", ORGANIZATION, RESOURCE)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn command_is_run_again_when_its_token_is_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let script = "if [ -e $0 ]; then echo sandbox-token; else echo old; fi; echo x >> $0";
    let command = format!("/bin/sh -c '{script}' {}", log.display());
    let run = with_command(sandbox.base_url(), &command, &["create", "--from", "-"]);
    let paths: String = (0..1000).map(|i| format!("/{i}\n")).collect();
    let ended = run.input(paths).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::read_to_string(&log).expect("the log"), "x\nx\n");
    assert_eq!(statuses(&sandbox).iter().filter(|status| **status == 200).count(), 10);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn command_that_repeats_a_refused_token_ends_the_run() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let command = format!("/bin/sh -c 'echo {CANARY}; echo x >> $0' {}", log.display());
    let run = with_command(sandbox.base_url(), &command, &["create", "--from", "-"]);
    let paths: String = (0..1000).map(|i| format!("/{i}\n")).collect();
    let ended = run.input(paths).end().await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(sandbox.requests().len() <= 4, "the token is the same, so nothing is sent again");
    assert_eq!(fs::read_to_string(&log).expect("the log"), "x\nx\n");
    assert!(!format!("{ended:?}").contains(CANARY), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_renewal_fails_for_all_waiting_requests() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = TokenProvider::from_fn(move || {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            // Long enough for all of them to be refused.
            tokio::time::sleep(Duration::from_millis(50)).await;
            if first { Ok("old".to_owned()) } else { Err(std::io::Error::other("no login server")) }
        }
    });
    let report = site(sandbox.base_url(), provider).purge(plan(4, 100)).concurrency(4).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2, "one token, and one try to renew it");
    assert_eq!(statuses(&sandbox), [401; 4]);
    for operation in &report.operations {
        let error = operation.error.as_ref().expect("a reason");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(401)));
        assert!(error.to_string().ends_with("no login server"), "{error}");
    }
}
