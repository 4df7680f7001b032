//! The embedded server as a command.

use std::process::Stdio;

use purge_tests::cli::Run;
use reqwest::Client;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::account::lines;
use crate::{ORGANIZATION, PURGE, RESOURCE};

fn http() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// A server that runs until it is dropped.
struct Server {
    process: Child,
    base: String,
}

impl Server {
    async fn start(options: &[&str]) -> Self {
        let mut command = Command::new(PURGE);
        command.args(["sandbox", "--listen", "127.0.0.1:0"]).args(options);
        command.env_clear().kill_on_drop(true).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the binary runs");
        let out = process.stdout.as_mut().expect("standard output is a pipe");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).await.expect("a line");
        let base = line.trim().strip_prefix("listening on ").expect("an address").to_owned();
        Self { process, base }
    }

    /// What it has logged about each request.
    async fn log(mut self) -> String {
        self.process.kill().await.expect("it can be ended");
        let mut log = String::new();
        let mut err = self.process.stderr.take().expect("standard error is a pipe");
        err.read_to_string(&mut log).await.expect("text");
        log
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_means_the_same_to_the_client_and_the_server() {
    let server = Server::start(&["--rate-limit", "20/s"]).await;
    let arguments = ["create", "--rate", "20/s", "--from", "-"];
    let run = Run::new(PURGE, arguments).input(lines(3000));
    let ended = run.account(&server.base, "sandbox-token", ORGANIZATION, RESOURCE).end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let log = server.log().await;
    assert_eq!(log.lines().filter(|line| line.starts_with("200 POST ")).count(), 30, "{log}");
    assert!(!log.contains("429 "), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limit_allows_a_burst_and_sends_retry_after() {
    let server = Server::start(&["--rate-limit", "3/h"]).await;
    let base = &server.base;
    let url = format!("{base}/api/v1/cdn/{ORGANIZATION}/job/{RESOURCE}/purge?page=1&limit=1");
    let ask = async || {
        let answer = http().get(&url).bearer_auth("sandbox-token").send().await;
        let answer = answer.expect("a response");
        let wait =
            answer.headers().get("retry-after").map(|v| v.to_str().expect("text").to_owned());
        (answer.status().as_u16(), wait.map(|wait| wait.parse::<u64>().expect("whole seconds")))
    };
    for _ in 0..3 {
        assert_eq!(ask().await, (200, None));
    }
    let (status, wait) = ask().await;
    assert!(status == 429 && wait.is_some_and(|wait| (1190..=1200).contains(&wait)), "{wait:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn matching_of_a_star_can_be_set() {
    for (options, left) in [
        (&["--purge-delay", "0s"][..], "HIT"),
        (&["--purge-delay", "0s", "--star", "one-or-more"], "HIT"),
        (&["--purge-delay", "0s", "--star", "zero-or-more"], "MISS"),
    ] {
        let server = Server::start(options).await;
        let base = &server.base;
        let visit = async || {
            let answer = http().get(format!("{base}/edge/{RESOURCE}/")).send().await;
            let answer = answer.expect("a response");
            answer.headers()["x-cache"].to_str().expect("text").to_owned()
        };
        assert_eq!(visit().await, "MISS");
        let purge = http()
            .post(format!("{base}/api/v1/cdn/{ORGANIZATION}/job/{RESOURCE}/purge"))
            .bearer_auth("sandbox-token")
            .json(&json!({ "resource_uuid": RESOURCE, "file_path": ["/*"] }));
        assert_eq!(purge.send().await.expect("a response").status(), 200);
        assert_eq!(visit().await, left, "{options:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_faults_are_refused_before_listening() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("faults.json");
    for (faults, expected) in [
        (
            r#"[{ "headers": { "Content-Length": "1" } }]"#,
            "`headers`: \"Content-Length\" is written",
        ),
        (r#"[{ "status": 204, "body": "x" }]"#, "`body`: a response with status 204 has none"),
        (r#"[{ "\u001b[31m": 1 }]"#, r"unknown field `\u{1b}[31m`"),
    ] {
        std::fs::write(&file, faults).expect("to write a file");
        let file = file.to_str().expect("text");
        let ended = Run::new(PURGE, ["sandbox", "--faults", file]).end().await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.contains(expected), "{}", ended.err);
    }
    let ended = Run::new(PURGE, ["sandbox", "--origin", "/no\u{1b}[31m"]).end().await;
    assert!(ended.code == Some(2) && !ended.err.contains('\u{1b}'), "{}", ended.err);
}
