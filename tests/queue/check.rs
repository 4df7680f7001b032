//! Settings that could lose paths are reported before they do.

use std::path::PathBuf;

use purge_tests::cli::{Ended, Run};
use purge_tests::nats::server;

use crate::bench::{Bench, PATIENCE};
use crate::servers::{Cluster, Options};
use crate::{PURGE, numbered};

async fn run(cluster: &Cluster, arguments: &[&str]) -> Ended {
    let mut tries = 0;
    loop {
        let ended = Run::new(PURGE, arguments).env("PURGE_QUEUE_URL", &cluster.urls()).end().await;
        tries += 1;
        // The server is still starting.
        if ended.code != Some(4) || tries > 100 {
            return ended;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_settings_that_could_lose_paths() {
    let Some(binary) = server() else { return };
    let cluster = Cluster::spawn(&binary, 1, &Options { lazy: true, ..Options::default() });
    let missing = run(&cluster, &["queue", "check"]).await;
    assert_eq!(missing.code, Some(6), "{missing:?}");
    assert!(
        missing.out.contains("PURGE_IN: is missing; create it with `cdn-purge queue init`"),
        "{missing:?}"
    );

    let made = run(&cluster, &["queue", "init", "--replicas", "1"]).await;
    assert!(made.out.starts_with("created PURGE_IN, PURGE_JOURNAL, "), "{made:?}");
    let again = run(&cluster, &["queue", "init"]).await;
    assert_eq!(again.out, "the queue already exists and was not changed\n", "{again:?}");

    let monitor = format!("http://127.0.0.1:{}", cluster.nodes[0].monitor);
    let found = run(&cluster, &["queue", "check", "--monitor", &monitor]).await;
    assert_eq!(found.code, Some(6), "{found:?}");
    for expected in
        ["PURGE_IN: has too few replicas (1)", "up to two minutes later; set `jetstream"]
    {
        assert!(found.out.contains(expected), "{found:?}");
    }
    let client = async_nats::connect(cluster.urls()).await.expect("a connection");
    let info = client.request("$JS.API.STREAM.INFO.PURGE_IN", "".into()).await.expect("info");
    let info: serde_json::Value = serde_json::from_slice(&info.payload).expect("JSON");
    let mut config = info["config"].clone();
    config["discard"] = "old".into();
    config["discard_new_per_subject"] = false.into();
    let body = config.to_string().into();
    client.request("$JS.API.STREAM.UPDATE.PURGE_IN", body).await.expect("an update");
    let found = run(&cluster, &["queue", "check"]).await;
    assert!(found.out.contains("PURGE_IN: drops the oldest messages when it is full"), "{found:?}");
    assert!(!found.out.contains("for the lane"), "{found:?}");

    // A mistyped lane, and one that has had a worker.
    let bench = crate::bench::Bench::new(&cluster, "shop").await;
    let mut worker = bench.worker(None, &[]);
    worker.says("holds the lane shop").await;
    worker.kill().await;
    let mistyped = crate::bench::Bench::new(&cluster, "shpo").await;
    for bench in [&bench, &mistyped] {
        bench.enqueue("cms", &["/a".to_owned()]).await;
    }
    let found = run(&cluster, &["queue", "check"]).await;
    let lanes: Vec<_> = found.out.lines().filter(|line| line.contains("for the lane")).collect();
    let [lane] = lanes[..] else { panic!("{found:?}") };
    assert!(lane.starts_with("PURGE_IN: has 1 message for the lane `shpo`"), "{lane}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_streams_that_forget_by_themselves() {
    let Some(binary) = server() else { return };
    let cluster = Cluster::spawn(&binary, 1, &Options { lazy: true, ..Options::default() });
    let made = run(&cluster, &["queue", "init", "--replicas", "1"]).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let client = async_nats::connect(cluster.urls()).await.expect("a connection");
    let ask = async |subject: &str, body: String| {
        let answer = client.request(format!("$JS.API.STREAM.{subject}"), body.into()).await;
        let answer: serde_json::Value =
            serde_json::from_slice(&answer.expect("an answer").payload).expect("JSON");
        assert!(answer.get("error").is_none(), "{answer}");
        answer
    };
    for (stream, name, value, expected) in [
        ("PURGE_IN", "retention", "interest".into(), "`retention` is `interest`"),
        ("PURGE_IN", "deny_purge", true.into(), "keeps workers from removing"),
        ("PURGE_CONTROL", "max_age", 300_000_000_000_u64.into(), "by their age"),
        ("PURGE_JOURNAL", "max_msgs_per_subject", 3.into(), "only some notes"),
        ("PURGE_OUT", "max_age", 3_600_000_000_000_u64.into(), "less than 7 days old"),
    ] {
        let info = ask(&format!("INFO.{stream}"), String::new()).await;
        let before: serde_json::Value = info["config"].clone();
        let mut config = before.clone();
        config[name] = value;
        for config in [&config, &before] {
            ask(&format!("DELETE.{stream}"), String::new()).await;
            ask(&format!("CREATE.{stream}"), config.to_string()).await;
            let found = run(&cluster, &["queue", "check"]).await.out;
            let is_found =
                found.lines().any(|line| line.starts_with(stream) && line.contains(expected));
            assert_eq!(is_found, *config != before, "{name}: {found}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_wait_for_an_input_that_was_deleted() {
    let Some(cluster) = Cluster::start(1, &Options::default()).await else { return };
    let bench = Bench::new(&cluster, "deleted").await;
    let mut worker = bench.worker(None, &[]);
    worker.says("holds the lane").await;
    let client = async_nats::connect(cluster.urls()).await.expect("a connection");
    client.request("$JS.API.STREAM.DELETE.PURGE_IN", "".into()).await.expect("a response");
    worker.says("stream not found (10059)").await;
    cluster.set_up(1, &Options::default()).await;
    let ticket = bench.enqueue("cms", &numbered(0..5)).await;
    assert!(ticket.outcome(PATIENCE).await.expect("an outcome").is_success(), "{}", worker.said());
}

/// Debian's server, whose conditional writes are not reliable in a cluster.
fn old() -> Option<PathBuf> {
    let given = std::env::var_os("PURGE_NATS_OLD_SERVER").map(PathBuf::from);
    let found =
        given.into_iter().chain(["/usr/sbin/nats-server".into()]).find(|file| file.exists());
    if found.is_none() {
        assert!(std::env::var_os("PURGE_QUEUE_TESTS").is_none(), "Debian's nats-server is missing");
        println!("not run: Debian's nats-server was not found; set PURGE_NATS_OLD_SERVER");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_is_too_old_is_refused() {
    let Some(binary) = old() else { return };
    let cluster = Cluster::spawn(&binary, 1, &Options { lazy: true, ..Options::default() });
    for command in [&["queue", "check"][..], &["queue", "init"], &["worker"]] {
        let mut tries = 0;
        let ended = loop {
            let ended = Run::new(PURGE, command)
                .env("PURGE_QUEUE_URL", &cluster.urls())
                .account("http://127.0.0.1:1", "t0ken", crate::RESOURCE, crate::RESOURCE)
                .end()
                .await;
            tries += 1;
            if ended.code != Some(4) || tries > 100 {
                break ended;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        assert_eq!(ended.code, Some(6), "{ended:?}");
        assert!(ended.err.contains("is NATS 2."), "{ended:?}");
        assert!(ended.err.contains("update it to 2.12.3 or later"), "{ended:?}");
    }
}
