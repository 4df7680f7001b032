//! What a misbehaving service can cost, measured on the real binary: memory and time.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use purge_tests::raw::{answer, gzip, kept};
use purge_tests::script::{Script, ScriptServer, Step};
use tokio::process::{Child, Command};

use crate::{ORGANIZATION, PURGE, RESOURCE};

const ACCEPTED: &str = r#"{"status":true,"opID":"a"}"#;
/// How much more memory than a plain call any case may use.
const GROWTH_KIB: u64 = 16 * 1024;

/// Starts the command and waits until it has read these pages of the list and asks for another one, whose
/// response never comes.
async fn run(arguments: &[&str], posts: Step, pages: Vec<Step>) -> (Child, ScriptServer) {
    let gets = pages.len() + 1;
    let script = Script::new([posts], pages.into_iter().chain([Step::Stall]));
    let server = ScriptServer::playing(script).await;
    let child = Command::new(PURGE)
        .args(arguments)
        .args(["-o", ORGANIZATION, "-r", RESOURCE])
        .arg(format!("--base-url={}", server.base_url()))
        .env_clear()
        .env("PURGE_TOKEN", "t0ken")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary runs");
    while server.seen().count("GET") < gets {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    (child, server)
}

/// The peak memory of a process, in KiB.
fn peak(child: &Child) -> u64 {
    let id = child.id().expect("a process that runs");
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

fn bomb(mebibytes: usize) -> Vec<u8> {
    let packed = gzip(&vec![b' '; 1 << 20], mebibytes);
    let length = packed.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ncontent-encoding: gzip\r\n\r\n");
    [head.as_bytes(), &packed].concat()
}

fn long(bytes: usize) -> Vec<u8> {
    answer("200 OK", &format!("{{\"status\":true,\"message\":\"{}\"}}", "a".repeat(bytes)))
}

/// A page of 100 unique records, of a list that does not say where it ends.
fn page(number: usize) -> Step {
    let record =
        |i: usize| format!(r#"{{"opID":"{number}-{i}","url":"https://e.com/{i}","status":2}}"#);
    let records: Vec<_> = (0..100).map(record).collect();
    let body = format!(r#"{{"status":true,"data":{{"requests":[{}]}}}}"#, records.join(","));
    Step::Keep(kept("200 OK", &body))
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_response_costs_much_memory() {
    let accepted = Step::Send(answer("200 OK", ACCEPTED));
    let (child, _server) = run(&["create", "/a", "--wait"], accepted.clone(), vec![]).await;
    let plain = peak(&child);
    drop(child);
    let nested = |prefix: &str| answer("200 OK", &format!("{prefix}{}", "[".repeat(200_000)));
    let mut figures = vec![format!("a plain call: {plain} KiB")];
    let mut check = |name: &str, child: Child| {
        let growth = peak(&child).saturating_sub(plain);
        figures.push(format!("{name}: {growth} KiB more"));
        assert!(growth < GROWTH_KIB, "{figures:#?}");
    };
    // After an unreadable response the client asks for the list; by then it is done with the response.
    for (name, bytes) in [
        ("a body slightly over 1 MiB", long(1 << 20)),
        ("a body of 64 MiB", long(64 << 20)),
        (
            "a refusal of 64 MiB",
            [&b"HTTP/1.1 500 Oops\r\n\r\n"[..], &vec![b'a'; 64 << 20]].concat(),
        ),
        ("a head of 64 MiB", [&b"HTTP/1.1 200 OK\r\nx: "[..], &vec![b'a'; 64 << 20]].concat()),
        ("a compressed body of 256 MiB", bomb(256)),
        ("200,000 brackets", nested("")),
        ("200,000 brackets in a field", nested(r#"{"status":true,"opID":"a","x":"#)),
    ] {
        let (child, _server) = run(&["create", "/a"], Step::Send(bytes), vec![]).await;
        check(name, child);
    }
    let pages = (1..=2000).map(page).collect();
    let (child, _server) = run(&["list", "--all"], accepted, pages).await;
    check("2,000 pages of an endless list", child);
    println!("{}", figures.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dripping_response_does_not_outlive_the_deadline() {
    let promise = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n ".to_vec();
    let drip = Step::Drip(Duration::from_millis(5), promise);
    let started = Instant::now();
    let (_child, server) = run(&["create", "/a", "--timeout", "300ms"], drip, vec![]).await;
    let took = started.elapsed();
    // The client asks for the list when it gives up the attempt. The full response would take more than 8
    // minutes.
    assert!((Duration::from_millis(300)..Duration::from_secs(30)).contains(&took), "{took:?}");
    assert_eq!(server.seen().count("POST"), 1);
}
