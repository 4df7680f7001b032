//! Every subject of the queue against every user of the guide: what each may publish and what it may receive.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event};
use tempfile::TempDir;

use crate::RESOURCE;
use crate::rights::{accounts, connect};
use crate::servers::{Cluster, Options};

/// A subject that nobody may use: its refusal shows that all earlier ones have arrived.
const LAST: &str = "nobody.may.use.this";

/// A resource that the producer does not purge.
const OTHER: &str = "660f9511-0000-4000-8000-557766551111";

/// Verbs of the JetStream API that name a stream.
const VERBS: [&str; 14] = [
    "STREAM.CREATE",
    "STREAM.UPDATE",
    "STREAM.DELETE",
    "STREAM.PURGE",
    "STREAM.INFO",
    "STREAM.MSG.GET",
    "STREAM.MSG.DELETE",
    "STREAM.SNAPSHOT",
    "STREAM.RESTORE",
    "STREAM.LEADER.STEPDOWN",
    "STREAM.PEER.REMOVE",
    "DIRECT.GET",
    "CONSUMER.CREATE",
    "CONSUMER.LIST",
];

fn subjects() -> Vec<String> {
    let mut subjects = vec![format!("purge.in.shop.{OTHER}.cms")];
    for lane in ["shop", "blog"] {
        for producer in ["cms", "pim"] {
            subjects.push(format!("purge.in.{lane}.{RESOURCE}.{producer}"));
            subjects.push(format!("purge.out.{lane}.{RESOURCE}.{producer}.r.1"));
            subjects.push(format!("purge.control.{lane}.drop.{RESOURCE}.{producer}.r"));
            let outcome = format!("purge.out.{lane}.{RESOURCE}.{producer}.r.1");
            subjects.push(format!("$JS.API.DIRECT.GET.PURGE_OUT.{outcome}"));
        }
        for kind in ["journal", "lease"] {
            subjects.push(format!("purge.{kind}.{lane}"));
        }
        subjects.push(format!("purge.control.{lane}.paused"));
    }
    for inbox in ["_INBOX", "_INBOX_cms", "_INBOX_pim"] {
        subjects.push(format!("{inbox}.reply"));
    }
    for stream in purge_queue::Stream::ALL {
        subjects.extend(VERBS.map(|verb| format!("$JS.API.{verb}.{stream}")));
    }
    subjects.extend(
        ["$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", ">", "purge.>"]
            .map(str::to_owned),
    );
    subjects
}

/// What the guide promises about a user: whether it may publish or receive a subject.
fn is_allowed(user: &str, verb: &str, subject: &str) -> bool {
    let own = |kind: &str| format!("purge.{kind}.shop.{RESOURCE}.cms");
    let is_in = |list: &[&str]| list.contains(&subject);
    match (user, verb) {
        ("cms", "publish") => {
            let outcome = format!("$JS.API.DIRECT.GET.PURGE_OUT.{}.r.1", own("out"));
            subject == own("in") || subject == outcome
        }
        ("cms", _) => subject == format!("{}.r.1", own("out")) || subject == "_INBOX_cms.reply",
        ("worker", "publish") => {
            subject.starts_with("purge.out.shop.")
                || subject.starts_with("$JS.API.STREAM.INFO.")
                || subject.starts_with("$JS.API.STREAM.MSG.GET.")
                || is_in(&[
                    "purge.journal.shop",
                    "purge.lease.shop",
                    "$JS.API.DIRECT.GET.PURGE_JOURNAL",
                    "$JS.API.DIRECT.GET.PURGE_CONTROL",
                    "$JS.API.STREAM.PURGE.PURGE_IN",
                    "$JS.API.STREAM.PURGE.PURGE_JOURNAL",
                    "$JS.API.STREAM.PURGE.PURGE_CONTROL",
                ])
        }
        (_, _) => {
            subject.starts_with("purge.in.shop.") || is_in(&["purge.journal.shop", "_INBOX.reply"])
        }
    }
}

/// A client that keeps what the server refuses.
async fn client(cluster: &Cluster, user: &str) -> (Client, Arc<Mutex<Vec<String>>>) {
    let refusals = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&refusals);
    let options = ConnectOptions::new()
        .user_and_password(user.to_owned(), "s3cret-of-the-queue".to_owned())
        .event_callback(move |event| {
            if let Event::ServerError(error) = event {
                told.lock().expect("no panic").push(error.to_string());
            }
            async {}
        });
    let client = options.connect(cluster.nats_addresses()).await.expect("a connection");
    (client, refusals)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_may_use_exactly_its_own_subjects() {
    let Some(binary) = purge_tests::nats::server() else { return };
    let options = Options { more: accounts(), ..Options::default() };
    let cluster = Cluster::spawn(&binary, 1, &options);
    let folder = TempDir::new().expect("a folder");
    let admin = connect(&cluster, &folder, "admin").await;
    let mut layout = purge_queue::Layout::default();
    layout.replicas = 1;
    admin.init(layout).await.expect("the streams");
    let mut tried = 0;
    for user in ["cms", "worker"] {
        for verb in ["publish", "subscribe"] {
            let (client, refusals) = client(&cluster, user).await;
            let subjects = subjects();
            // Nobody may publish to a wildcard.
            let subjects = subjects.iter().filter(|s| verb == "subscribe" || !s.contains('>'));
            let subjects: Vec<_> = subjects.map(String::as_str).collect();
            let mut subscriptions = Vec::new();
            for subject in subjects.iter().copied().chain([LAST]) {
                match verb {
                    "publish" => client.publish(subject.to_owned(), "".into()).await.expect("sent"),
                    _ => subscriptions
                        .push(client.subscribe(subject.to_owned()).await.expect("sent")),
                }
            }
            client.flush().await.expect("sent");
            let quoted = |subject: &str| format!("\"{subject}\"");
            let refused = || refusals.lock().expect("no panic").clone();
            for _ in 0..500 {
                if refused().iter().any(|text| text.contains(&quoted(LAST))) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let refused = refused();
            assert!(refused.iter().any(|text| text.contains(&quoted(LAST))), "{refused:?}");
            assert!(!refused.iter().any(|text| text.contains("s3cret")), "{refused:?}");
            let is_refused =
                |subject: &str| refused.iter().any(|text| text.contains(&quoted(subject)));
            let may: BTreeSet<_> = subjects.iter().copied().filter(|s| !is_refused(s)).collect();
            let should = subjects.iter().copied().filter(|subject| is_allowed(user, verb, subject));
            assert_eq!(may, should.collect(), "{user}: {verb}");
            tried += subjects.len();
        }
    }
    println!("{tried} rights tried");
}
