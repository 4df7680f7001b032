//! Runs the queue guide on a cluster of three nodes.

use std::fs;
use std::net::TcpListener;

use super::guide::{NEXT, session};
use super::page::{Page, shown};
use super::{Bench, root};

/// The ports on the page, each with a free one to replace it. The page numbers the nodes: `422$n` is one node's port.
fn ports() -> Vec<(String, String)> {
    let listeners: Vec<_> =
        (0..9).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let free = |n: usize| listeners[n].local_addr().expect("an address").port().to_string();
    let mut ports = Vec::new();
    for (place, start) in ["422", "622", "822"].iter().enumerate() {
        let all: Vec<_> = (0..3).map(|n| free(3 * place + n)).collect();
        ports.push((format!("{start}$n"), format!("$(echo {} | cut -d ' ' -f $n)", all.join(" "))));
        for (n, port) in all.iter().enumerate() {
            ports.push((format!("127.0.0.1:{start}{}", n + 1), format!("127.0.0.1:{port}")));
        }
    }
    ports
}

#[tokio::test(flavor = "multi_thread")]
async fn page_is_run_on_a_cluster() {
    let Some(server) = purge_tests::nats::server() else { return };
    let bench = Bench::new().await;
    let server = fs::canonicalize(server).expect("a file");
    std::os::unix::fs::symlink(server, bench.path("bin/nats-server")).expect("a link");
    let examples = Page::read("queue.md").examples();
    let mut script = "set +e +o pipefail; exec 2>&1\n".to_owned();
    for example in &examples {
        script.push_str(&example.script);
        script.push_str("printf '\\036'\n");
    }
    for (written, free) in ports() {
        script = script.replace(&written, &free);
    }
    let ended = session(&bench, &script).await;
    let printed: Vec<_> = ended.out.split(NEXT).collect();
    assert_eq!(printed.len(), examples.len() + 1, "the session ended early: {ended:?}");
    for (example, printed) in examples.iter().zip(printed) {
        let page = format!("{}{}", example.script, example.output);
        assert_eq!(shown(printed, &page), example.output, "{}", example.script);
    }
}

#[test]
fn rust_producer_on_the_page_is_a_compiled_example() {
    let page = fs::read_to_string(root().join("docs/queue.md")).expect("a file");
    let example = fs::read_to_string(root().join("purge-queue/examples/producer.rs"));
    assert!(page.contains(&format!("```rust\n{}```", example.expect("a file"))));
}

#[test]
fn limits_on_the_page_are_those_of_the_library() {
    let page = fs::read_to_string(root().join("docs/queue.md")).expect("a file");
    let (paths, kib) = (purge_queue::MAX_PATHS, purge_queue::MAX_TEXT / 1024);
    for text in [
        format!("messages of up to {paths} paths"),
        format!("A message holds at most {paths} paths and {kib} KiB"),
        format!("| message | {paths} paths, {kib} KiB |"),
    ] {
        assert!(page.contains(&text), "{text}");
    }
}

#[test]
fn units_use_the_current_command_line() {
    let unit = fs::read_to_string(root().join("docs/queue/cdn-purge-worker.service"));
    let unit = unit.expect("a file");
    let call = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    purge_cli::command().try_get_matches_from(call.split_whitespace()).expect("a command line");
    let compose = super::yaml("docs/queue/compose.yaml");
    for worker in ["worker-1", "worker-2"] {
        let words = compose["services"][worker]["command"].as_array().expect("words").iter();
        let words = words.map(|word| word.as_str().expect("a word"));
        let words = std::iter::once("cdn-purge").chain(words);
        purge_cli::command().try_get_matches_from(words).expect("a command line");
    }
}
