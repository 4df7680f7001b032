//! The rights of each user, and which servers a connection trusts.

use std::time::Duration;

use purge_queue::{Engine as _, EngineError, NatsEngine, NatsOptions, NewMessage, Queue, Stream};
use purge_tests::nats::server;
use tempfile::TempDir;

use crate::servers::{Cluster, Options};
use crate::{RESOURCE, numbered, parsed, resource};

/// The users in the guide, with passwords.
pub(crate) fn accounts() -> String {
    let page = include_str!("../../docs/queue.md");
    let accounts = page.split("```conf\n").nth(1).and_then(|rest| rest.split("```").next());
    accounts.expect("the rights of the guide").replace('…', "s3cret-of-the-queue")
}

fn credentials(folder: &TempDir, user: &str, password: &str) -> std::path::PathBuf {
    let file = folder.path().join(user);
    std::fs::write(&file, format!("{user}:{password}\n")).expect("a file");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, private).expect("a mode");
    file
}

pub(crate) async fn connect(cluster: &Cluster, folder: &TempDir, user: &str) -> NatsEngine {
    let file = credentials(folder, user, "s3cret-of-the-queue");
    let mut options = NatsOptions::new(cluster.urls()).credentials_file(file);
    if user == "cms" {
        options = options.producer("cms".parse().expect("a name"));
    }
    let mut tries = 0;
    loop {
        match NatsEngine::connect(options.clone()).await {
            Ok(engine) => return engine,
            Err(error) => {
                tries += 1;
                assert!(tries < 100, "{user}: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn message(subject: &str) -> NewMessage {
    NewMessage { subject: subject.to_owned(), body: b"/x".to_vec(), ..NewMessage::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_has_only_its_own_rights() {
    let Some(binary) = server() else { return };
    let options = Options { more: accounts(), ..Options::default() };
    let cluster = Cluster::spawn(&binary, 1, &options);
    let folder = TempDir::new().expect("a folder");
    let admin = connect(&cluster, &folder, "admin").await;
    let mut layout = purge_queue::Layout::default();
    layout.replicas = 1;
    admin.init(layout).await.expect("the streams");
    let (cms, worker) =
        (connect(&cluster, &folder, "cms").await, connect(&cluster, &folder, "worker").await);

    // Everything that a producer needs works.
    let queue = |engine: &NatsEngine, producer: &str| {
        Queue::new(
            engine.clone(),
            "shop".parse().expect("a lane"),
            producer.parse().expect("a name"),
        )
    };
    let paths = parsed(numbered(0..3));
    let ticket = queue(&cms, "cms").enqueue(resource(), &paths).await.expect("its own subject");
    let status = queue(&cms, "cms").status(resource(), ticket.request()).await;
    assert_eq!(status.expect("its own outcomes").chunks, None);
    // Several requests at once, each of which is refused.
    let others = queue(&cms, "other").status(resource(), ticket.request()).await;
    let refused = others.expect_err("outcomes of another").to_string();
    assert!(refused.contains("the engine refuses this user"), "{refused}");

    let journal = "purge.journal.shop";
    let mine = format!("purge.out.shop.{RESOURCE}.cms.r.1");
    let other = format!("purge.out.shop.{RESOURCE}.other.r.1");
    let denied = |what: &str, done: Result<(), EngineError>| match done {
        Err(EngineError::Denied(why)) => {
            assert!(why.contains("Permissions Violation"), "{what}: {why}");
            assert!(!why.contains("s3cret"), "{what}: {why}");
        }
        other => panic!("{what}: {other:?}"),
    };
    let subjects = [
        format!("purge.in.shop.{RESOURCE}.other"),
        format!("purge.in.other.{RESOURCE}.cms"),
        journal.to_owned(),
        mine.clone(),
        "purge.lease.shop".to_owned(),
        "purge.control.shop.paused".to_owned(),
    ];
    for subject in &subjects {
        denied(subject, cms.store(message(subject)).await.map(drop));
    }
    denied("outcome of another", cms.recent(Stream::Outcomes, &other).await.map(drop));
    cms.recent(Stream::Outcomes, &mine).await.expect("its own outcome");
    for stream in Stream::ALL {
        denied("last", cms.last(stream, ">").await.map(drop));
        denied("trim", cms.trim(stream, ">", 9).await);
    }

    // A worker can write what workers write, but cannot enqueue.
    for subject in [&subjects[0], &subjects[5]] {
        denied(subject, worker.store(message(subject)).await.map(drop));
    }
    for subject in [journal, &mine, "purge.lease.shop"] {
        worker.store(message(subject)).await.unwrap_or_else(|error| panic!("{subject}: {error}"));
    }
    let read = worker.read(Stream::Input, "purge.in.shop.>", 1).await.expect("the input");
    assert_eq!(read.len(), 1);
    worker.trim(Stream::Input, "purge.in.shop.>", 2).await.expect("the input");
    worker.lease().await.expect("the lease");
    denied("outcomes", worker.trim(Stream::Outcomes, ">", 9).await);
}

/// A server does not check which subject a client names for the response.
#[tokio::test(flavor = "multi_thread")]
async fn response_to_a_producer_goes_nowhere_else() {
    let Some(binary) = server() else { return };
    let options = Options { more: accounts(), ..Options::default() };
    let cluster = Cluster::spawn(&binary, 3, &options);
    let folder = TempDir::new().expect("a folder");
    let admin = connect(&cluster, &folder, "admin").await;
    let mut tries = 0;
    while let Err(error) = admin.init(purge_queue::Layout::default()).await {
        tries += 1;
        assert!(tries < 300, "the cluster did not come up: {error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let input = |producer: &str| format!("purge.in.shop.{RESOURCE}.{producer}");
    let outcome =
        |producer: &str, request: &str| format!("purge.out.shop.{RESOURCE}.{producer}.{request}.1");
    admin.store(message(&outcome("cms", "own"))).await.expect("stored");
    let mut named: Vec<_> = ["purge.journal.shop", "purge.lease.shop", "purge.control.shop.paused"]
        .map(str::to_owned)
        .into();
    named.extend([outcome("pim", "own"), input("pim")]);
    for stream in Stream::ALL {
        named.push(format!("$JS.API.STREAM.DELETE.{stream}"));
        named.push(format!("$JS.API.STREAM.PURGE.{stream}"));
    }
    let user = async_nats::ConnectOptions::new()
        .user_and_password("cms".to_owned(), "s3cret-of-the-queue".to_owned());
    let cms = user.connect(cluster.nats_addresses()).await.expect("a connection");
    for reply in &named {
        // An acknowledgement, a copy of an outcome, and an empty response.
        for request in ["own", "none"].map(|id| outcome("cms", id)) {
            let request = format!("$JS.API.DIRECT.GET.PURGE_OUT.{request}");
            cms.publish_with_reply(request, reply.clone(), "".into()).await.expect("sent");
        }
        let path = "/x".into();
        cms.publish_with_reply(input("cms"), reply.clone(), path).await.expect("sent");
    }
    cms.flush().await.expect("sent");
    let expected = named.len();
    let stored = async || admin.read(Stream::Input, "purge.in.>", 1).await.unwrap_or_default();
    for _ in 0..300 {
        if stored().await.len() >= expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Any node may respond: the responses to these come after those to the requests above.
    let engine = connect(&cluster, &folder, "cms").await;
    for _ in 0..100 {
        engine.recent(Stream::Outcomes, &outcome("cms", "none")).await.expect("a response");
    }
    let messages = stored().await;
    assert_eq!(messages.len(), expected, "nothing else was stored, and nothing removed");
    assert!(messages.iter().all(|message| message.subject == input("cms")), "{messages:?}");
    for (subject, sequence) in [
        ("purge.journal.shop".to_owned(), 1),
        ("purge.lease.shop".to_owned(), 1),
        ("purge.control.shop.paused".to_owned(), 1),
        (outcome("pim", "own"), 2),
    ] {
        let stored = admin.store(message(&subject)).await;
        assert_eq!(stored, Ok(sequence), "{subject}: the first message but the outcome");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_password_is_reported_and_not_shown() {
    let Some(binary) = server() else { return };
    let cluster = Cluster::spawn(&binary, 1, &Options { more: accounts(), ..Options::default() });
    let folder = TempDir::new().expect("a folder");
    connect(&cluster, &folder, "admin").await;
    let file = credentials(&folder, "cms", "another-s3cret");
    let ended = purge_tests::cli::Run::new(crate::PURGE, ["queue", "check"])
        .env("PURGE_QUEUE_URL", &cluster.urls())
        .env("PURGE_QUEUE_CREDENTIALS", file.to_str().expect("a name"))
        .end()
        .await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.err.contains("refuses this user"), "{ended:?}");
    assert!(!ended.err.contains("s3cret"), "{ended:?}");
}

/// A certificate for a name with its key; currently valid or not.
fn certificate(folder: &TempDir, name: &str, expired: bool) -> (String, String, Vec<u8>) {
    let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).expect("parameters");
    if expired {
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2020, 2, 1);
    }
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = parameters.self_signed(&key).expect("a certificate");
    let write = |suffix: &str, text: &str| {
        let file = folder.path().join(format!("{name}-{expired}.{suffix}"));
        std::fs::write(&file, text).expect("a file");
        file.to_str().expect("a name").to_owned()
    };
    let pem = certificate.pem();
    (write("pem", &pem), write("key", &key.serialize_pem()), pem.into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn untrusted_server_is_refused() {
    let Some(binary) = server() else { return };
    let folder = TempDir::new().expect("a folder");
    for (name, expired, trusted, expected) in [
        ("localhost", false, true, None),
        ("localhost", false, false, Some("certificate")),
        ("queue.example.com", false, true, Some("certificate")),
        ("localhost", true, true, Some("certificate")),
    ] {
        let (file, key, pem) = certificate(&folder, name, expired);
        let more = format!("tls {{ cert_file: {file:?}, key_file: {key:?} }}\n");
        let cluster = Cluster::spawn(&binary, 1, &Options { more, ..Options::default() });
        let url = cluster.urls().replace("nats://127.0.0.1", "tls://localhost");
        let mut options = NatsOptions::new(url);
        if trusted {
            options = options.root_certificate_pem(pem);
        }
        let mut tries = 0;
        let connected = loop {
            let connected = NatsEngine::connect(options.clone()).await;
            let text = connected.as_ref().err().map(ToString::to_string).unwrap_or_default();
            tries += 1;
            if !text.contains("refused") || tries > 100 {
                break connected;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        match (connected, expected) {
            (Ok(_), None) => {}
            (Err(error), Some(expected)) => {
                assert!(
                    error.to_string().contains(expected),
                    "{name} {expired} {trusted}: {error}"
                );
            }
            (connected, _) => panic!("{name} {expired} {trusted}: {connected:?}"),
        }
    }
}
