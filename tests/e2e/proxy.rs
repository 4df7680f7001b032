//! Proxies: what they see, and whom errors blame.

use std::sync::{Arc, Mutex};

use purge_api_ext::{Client, ErrorKind, OperationState, TokenProvider};
use purge_tests::cli::{Ended, Run};
use purge_tests::raw::answer;
use purge_tests::script::{Script, ScriptServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::account::{plan, resource_of};
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// Only the proxy would resolve this name.
const SERVICE: &str = "https://cdn.invalid";
const ACCEPTED: &str = r#"{"status":true,"opID":"a"}"#;
const TOKEN: &str = "c4nary-t0ken";
const PASSWORD: &str = "s3cret-passw0rd";

/// A proxy that relays every connection to one server, and records everything it receives.
struct Relay {
    url: String,
    seen: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Relay {
    async fn start(to: &str) -> Self {
        let to = to.strip_prefix("https://").expect("a server behind TLS").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                let server = TcpStream::connect(&to).await.expect("the server");
                tokio::spawn(relay(socket, server, Arc::clone(&log)));
            }
        });
        Self { url: format!("http://user:{PASSWORD}@{address}"), seen, task }
    }

    /// Its address as it may be shown.
    fn address(&self) -> String {
        self.url.replace(&format!("user:{PASSWORD}@"), "")
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().expect("the log")).into_owned()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(mut client: TcpStream, server: TcpStream, log: Arc<Mutex<Vec<u8>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // A check that the proxy listens only connects.
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    log.lock().expect("the log").extend(head);
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.expect("a client");
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = from_client.read(&mut chunk).await {
        log.lock().expect("the log").extend(&chunk[..read]);
        if to_server.write_all(&chunk[..read]).await.is_err() {
            break;
        }
    }
}

async fn create(base: &str, variables: &[(&str, &str)]) -> Ended {
    let options = ["create", "/a", "--output", "json", "--max-attempts", "1"];
    let mut run = Run::new(PURGE, options).account(base, TOKEN, ORGANIZATION, RESOURCE);
    for (name, value) in variables {
        run = run.env(name, value);
    }
    let ended = run.end().await;
    let shown = format!("{ended:?}");
    let is_secret = shown.contains(PASSWORD) || shown.contains("dXNlcjpz");
    assert!(!is_secret, "the password is shown: {ended:?}");
    ended
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn proxy_sees_no_token_and_the_authority_behind_it_is_named() {
    let (server, authority) =
        ScriptServer::vouched_for("cdn.invalid", answer("200 OK", ACCEPTED)).await;
    let proxy = Relay::start(server.base_url()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("company.pem");
    std::fs::write(&file, &authority).expect("a file");
    let file = file.to_str().expect("a name");

    let ended = create(SERVICE, &[("HTTPS_PROXY", &proxy.url), ("SSL_CERT_FILE", file)]).await;
    assert_eq!((ended.code, server.counts()), (Some(0), (1, 1)), "{ended:?}");
    let seen = proxy.seen();
    assert!(seen.starts_with("CONNECT cdn.invalid:443 "), "{seen}");
    assert!(!seen.contains(TOKEN) && !seen.to_lowercase().contains("bearer"), "{seen}");

    // A proxy that intercepts TLS presents a certificate of its own authority.
    let ended = create(SERVICE, &[("ALL_PROXY", &proxy.url)]).await;
    assert_eq!((ended.code, server.counts()), (Some(6), (2, 1)), "{ended:?}");
    let address = proxy.address();
    for part in [
        &format!("to the service through the proxy `{address}` (from ALL_PROXY): "),
        "(UnknownIssuer)",
        "SSL_CERT_FILE",
    ] {
        assert!(ended.err.contains(part), "{part}: {}", ended.err);
    }
    assert_eq!(ended.json()["operations"][0]["state"], "not_sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_proxy_is_blamed() {
    let refusing = |status: &str, body: &str| {
        let refusal = answer(status, body);
        ScriptServer::sending([refusal.clone(), refusal])
    };
    let page = "<html><title>Blocked by policy</title></html>";
    let forbidding = refusing("403 Forbidden", page).await;
    // The user name and the password, as the header has them.
    let echo = "denied: Proxy-Authorization: Basic dXNlcjpzM2NyZXQtcGFzc3cwcmQ=";
    let echoing = refusing("403 Forbidden", echo).await;
    let portal = refusing("302 Found\r\nlocation: http://login.example.com", "").await;
    let failing = refusing("502 Bad Gateway", r#"{"message":"no such host"}"#).await;
    let no_proxy = refusing("405 Method Not Allowed", "").await;
    let broken = ScriptServer::sending([b""]).await;
    let plain = ScriptServer::playing(Script::Hasty(answer("400 Bad Request", ""))).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let dead = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    // A DNS label cannot be that long, so no resolver is asked.
    let nameless = format!("http://{}.invalid:3128", "a".repeat(64));
    let tls = plain.base_url().replace("http://", "https://");
    for (address, code, expected) in [
        (
            forbidding.base_url(),
            3,
            "does not allow a connection to the service (403): Blocked by policy",
        ),
        (
            echoing.base_url(),
            3,
            "(403): its response is not shown, since it quotes the credentials",
        ),
        (portal.base_url(), 6, "redirected (302) instead of connecting to the service"),
        (failing.base_url(), 4, "failed to connect to the service (502): no such host"),
        (no_proxy.base_url(), 1, "refused to connect to the service (405)"),
        (broken.base_url(), 4, "closed the connection without a response"),
        (&dead, 4, "cannot be reached: "),
        (&nameless, 4, "cannot be reached: "),
        (&tls, 6, "it does not speak TLS"),
    ] {
        let url = address.replace("://", &format!("://user:{PASSWORD}@"));
        let ended = create(SERVICE, &[("https_proxy", &url)]).await;
        assert_eq!(ended.code, Some(code), "{address}: {ended:?}");
        assert_eq!(ended.json()["summary"]["not_sent"], 1, "{address}: {ended:?}");
        let error: serde_json::Value =
            serde_json::from_str(ended.err.lines().last().expect("an error")).expect("JSON");
        let error = error["error"]["message"].as_str().expect("a message");
        let named = format!("the proxy `{address}` (from https_proxy)");
        assert!(error.contains(&named) && error.contains(expected), "{address}: {error}");
        assert!(!error.contains("the service cannot be reached"), "{address}: {error}");
    }
}

/// With the statuses for which the service's own refusal is answered by a new token or by smaller requests.
#[tokio::test(flavor = "multi_thread")]
async fn refusal_of_a_proxy_is_not_mistaken_for_that_of_the_service() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    for (status, kind) in
        [("401 No", ErrorKind::Unauthorized), ("413 Content Too Large", ErrorKind::Refused)]
    {
        let refusals = [(); 8].map(|()| answer(status, "go away"));
        let proxy = ScriptServer::sending(refusals).await;
        let tokens = Arc::new(AtomicUsize::new(0));
        let issued = Arc::clone(&tokens);
        let provider = TokenProvider::from_fn(move || {
            let token = format!("{TOKEN}-{}", issued.fetch_add(1, Ordering::SeqCst));
            async move { Ok::<_, std::io::Error>(token) }
        });
        let client = Client::builder(provider).base_url(SERVICE).proxy(proxy.base_url());
        let site = resource_of(&client.build().expect("a client"));
        let report = site.purge(plan(1, 2)).await;
        assert_eq!(tokens.load(Ordering::SeqCst), 1, "{report:?}");
        let [operation] = &report.operations[..] else { panic!("{report:?}") };
        assert_eq!((operation.state, operation.attempts), (OperationState::NotSent, 1));
        let error = report.error().expect("an error");
        assert_eq!(error.kind(), kind, "{error}");
        let text = error.to_string();
        assert!(text.starts_with("the proxy `") && text.ends_with("go away"), "{text}");
        // It was asked once more for its reason.
        assert_eq!(proxy.requests().len(), 2);
        let error = site.list().page(std::num::NonZeroU64::MIN).await.expect_err("a refusal");
        assert!(error.to_string().ends_with("go away"), "{error}");
        assert_eq!(tokens.load(Ordering::SeqCst), 1);
    }
}

/// The silent server answers neither CONNECT nor a TLS handshake.
#[tokio::test(flavor = "multi_thread")]
async fn connection_that_times_out_has_sent_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = silent.local_addr().expect("an address");
    let task = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((socket, _)) = silent.accept().await {
            open.push(socket);
        }
    });
    let proxy = format!("http://user:{PASSWORD}@{address}");
    let service = format!("https://{address}");
    let through = format!(" through the proxy `http://{address}` (from HTTPS_PROXY)");
    for (base, variables, through) in
        [(SERVICE, &[("HTTPS_PROXY", proxy.as_str())][..], through.as_str()), (&service, &[], "")]
    {
        for (limit, said) in [("500ms", "500ms (--timeout)"), ("1h", "3s")] {
            let options =
                ["create", "/a", "--output", "json", "--max-attempts", "1", "--timeout", limit];
            let run = Run::new(PURGE, options).account(base, TOKEN, ORGANIZATION, RESOURCE);
            let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
            let ended = run.end().await;
            assert_eq!(ended.code, Some(4), "{ended:?}");
            let report = ended.json();
            assert_eq!(report["summary"]["not_sent"], 1, "{ended:?}");
            assert_eq!(
                report["operations"][0]["message"],
                format!("no connection to the service{through} within {said}")
            );
        }
    }
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_proxy_setting_is_reported_before_anything_is_sent() {
    let server = ScriptServer::sending([(); 9].map(|()| answer("200 OK", ACCEPTED))).await;
    for value in [
        format!("socks5://user:{PASSWORD}@127.0.0.1:1"),
        format!("http://user:{PASSWORD}#1@127.0.0.1:1"),
        format!("http://user:{PASSWORD}/1@127.0.0.1:1"),
        "http://127.0.0.1:port".to_owned(),
    ] {
        for name in ["HTTPS_PROXY", "all_proxy"] {
            let ended = create(SERVICE, &[(name, &value)]).await;
            assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{value}: {ended:?}");
            let named = format!("the proxy in {name} cannot be used: ");
            assert!(ended.err.contains(&named), "{value}: {}", ended.err);
            let shown = Run::new(PURGE, ["config"]).env(name, &value).end().await;
            assert_eq!(shown.code, Some(2), "{shown:?}");
            assert!(shown.err.contains(&named) && !shown.err.contains(PASSWORD), "{shown:?}");
        }
        // Where no proxy is used, a broken setting does not matter.
        let ended = create(server.base_url(), &[("HTTPS_PROXY", &value)]).await;
        assert_eq!(ended.code, Some(0), "{value}: {ended:?}");
    }
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_variable_sends_requests_to_this_machine_through_a_proxy() {
    let proxy = ScriptServer::sending([(); 9].map(|()| answer("200 OK", ACCEPTED))).await;
    let server = ScriptServer::sending([(); 9].map(|()| answer("200 OK", ACCEPTED))).await;
    let localhost = server.base_url().replace("127.0.0.1", "localhost");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"] {
        for base in [server.base_url(), &localhost] {
            let ended = create(base, &[(name, proxy.base_url())]).await;
            assert_eq!(ended.code, Some(0), "{name} {base}: {ended:?}");
        }
    }
    assert_eq!((proxy.requests().len(), server.requests().len()), (0, 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn config_shows_the_proxy_in_effect() {
    let shown = async |variables: &[(&str, &str)]| {
        let mut run = Run::new(PURGE, ["config", "--output", "json"]);
        for (name, value) in variables {
            run = run.env(name, value);
        }
        let ended = run.end().await;
        assert!(ended.code == Some(0) && !ended.out.contains(PASSWORD), "{ended:?}");
        let settings = ended.json()["settings"].clone();
        let settings = settings.as_array().expect("settings").iter();
        let proxy = settings.into_iter().find(|setting| setting["name"] == "proxy").cloned();
        let proxy = proxy.expect("the proxy");
        (proxy["value"].as_str().map(str::to_owned), proxy["source"].as_str().map(str::to_owned))
    };
    let url = format!("http://user:{PASSWORD}@proxy.example.com:3128");
    let there = |source: &str| {
        let address = "http://proxy.example.com:3128".to_owned();
        (Some(address), Some(source.to_owned()))
    };
    assert_eq!(shown(&[("HTTPS_PROXY", &url)]).await, there("HTTPS_PROXY"));
    assert_eq!(shown(&[("HTTPS_PROXY", ""), ("all_proxy", &url)]).await, there("all_proxy"));
    let none = (None, None);
    assert_eq!(shown(&[("HTTP_PROXY", &url)]).await, none);
    assert_eq!(shown(&[("HTTPS_PROXY", &url), ("NO_PROXY", "medianova.com")]).await, none);
    let local = ("PURGE_BASE_URL", "http://localhost:8080");
    assert_eq!(shown(&[("HTTPS_PROXY", &url), local]).await, none);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_the_proxy_and_hides_it_from_others() {
    let page =
        r#"{"status":true,"data":{"page":1,"total":0,"limit":100,"search":null,"requests":[]}}"#;
    let (server, authority) =
        ScriptServer::vouched_for("cdn.invalid", answer("200 OK", page)).await;
    let proxy = Relay::start(server.base_url()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("company.pem");
    std::fs::write(&file, &authority).expect("a file");
    let report = folder.path().join("report.md");
    let report_name = report.to_str().expect("a name");
    let run = Run::new(PURGE, ["doctor", "--output", "json", "--report", report_name]);
    let run = run.account(SERVICE, TOKEN, ORGANIZATION, RESOURCE).env("HTTPS_PROXY", &proxy.url);
    let ended = run.env("SSL_CERT_FILE", file.to_str().expect("a name")).end().await;
    let object = ended.json();
    let said = |name: &str| {
        let mut steps = object["steps"].as_array().expect("steps").iter();
        steps.find(|step| step["step"] == name).expect(name)["message"]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    assert_eq!(said("name"), "`127.0.0.1` is an address; the proxy resolves `cdn.invalid`");
    assert_eq!(said("proxy"), format!("`{}` from HTTPS_PROXY", proxy.address()));
    assert!(said("connection").ends_with("was not checked: through a proxy"), "{object:#}");
    assert_eq!(said("sign-in"), "the token is accepted");
    let report = std::fs::read_to_string(&report).expect("a report");
    for text in [&ended.out, &ended.err, &report] {
        assert!(!text.contains(PASSWORD) && !text.contains(TOKEN), "{text}");
    }
    assert!(!report.contains("cdn.invalid") && !report.contains("127.0.0.1"), "{report}");
    let seen = proxy.seen();
    assert!(seen.contains("CONNECT cdn.invalid:443 ") && !seen.contains(TOKEN), "{seen}");
}
