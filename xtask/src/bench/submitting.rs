use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::run::{Usage, measured, median, ratios};
use super::server::{Received, Server};
use super::{Bench, Figure, inputs};
use crate::Error;
use crate::workspace::{Tree, read};

const PATHS: usize = 1_000_000;
const BATCH: usize = 100;
const WORK: &str = "1,000,000 paths from a file in 10,000 requests, 16 in flight, over loopback: \
                    `cdn-purge create --from F --concurrency 16 --quiet`";
const WITHOUT_PLANNING: &str = "the same, minus what `cdn-purge plan` takes for these paths";
const HYPER: &str = "a bare hyper client that sends the same bodies, prepared in advance";
const REQWEST: &str = "a bare reqwest client, as used by the bindings, with the same bodies";

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    bench.build_baseline()?;
    let server = Server::minimal(bench, None)?;
    let paths = inputs::unique(bench.tree, PATHS)?;
    let (bodies, bytes) = bodies(bench.tree, &server, &paths)?;
    let requests = curl_requests(bench.tree, &server, &bodies)?;

    let sent = |command: Command| {
        let usage = measured(server.known_to(command))?;
        let (received, all) = (server.received()?, (PATHS / BATCH) as u64);
        if received == (Received { requests: all, bytes }) {
            return Ok(usage);
        }
        Err(Error::new(format!("the server received {received:?}, not {all} and {bytes}")))
    };
    let ours = || {
        let args = ["create", "--quiet", "--concurrency", "16", "--from"];
        let mut command = bench.purge(args);
        command.arg(&paths);
        sent(command)
    };
    let bare = |client| {
        let mut command = bench.baseline(&["submit", client]);
        command.arg(&bodies);
        sent(command)
    };
    let curl = || {
        let mut command = Command::new("curl");
        command
            .args(["--no-progress-meter", "--parallel", "--parallel-max", "16", "--config"])
            .arg(&requests);
        sent(command)
    };
    let beside_hyper = bench.pairs(ours, || bare("hyper"))?;
    let beside_reqwest = bench.pairs(ours, || bare("reqwest"))?;
    let planning: Result<Vec<f64>, Error> =
        (0..bench.runs).map(|_| Ok(cpu(&bench.plan(&paths, &[])?))).collect();
    let planning = median(&planning?);
    let beside_curl = bench.pairs(ours, curl)?;
    Ok(figures(planning, &beside_hyper, &beside_reqwest, &beside_curl))
}

fn cpu(usage: &Usage) -> f64 {
    usage.cpu.as_secs_f64()
}

/// `planning` is the processor time of planning alone.
fn figures(
    planning: f64,
    beside_hyper: &[(Usage, Usage)],
    beside_reqwest: &[(Usage, Usage)],
    beside_curl: &[(Usage, Usage)],
) -> Vec<Figure> {
    let without = |(ours, bare): &(Usage, Usage)| (cpu(ours) - planning) / cpu(bare);
    vec![
        Figure {
            work: WORK,
            against: HYPER,
            figure: "processor time",
            at_most: None,
            ratios: ratios(beside_hyper, cpu),
        },
        Figure {
            work: WITHOUT_PLANNING,
            against: HYPER,
            figure: "processor time without planning",
            at_most: None,
            ratios: beside_hyper.iter().map(without).collect(),
        },
        Figure {
            work: WITHOUT_PLANNING,
            against: REQWEST,
            figure: "processor time without planning, versus reqwest",
            at_most: Some(1.5),
            ratios: beside_reqwest.iter().map(without).collect(),
        },
        Figure {
            work: WORK,
            against: "`curl --parallel --parallel-max 16`, the same bodies in its configuration",
            figure: "wall time",
            at_most: None,
            ratios: ratios(beside_curl, |usage| usage.wall.as_secs_f64()),
        },
    ]
}

/// The bodies to send, one per line, and their total size without line feeds.
fn bodies(tree: &Tree, server: &Server, paths: &Path) -> Result<(std::path::PathBuf, u64), Error> {
    let (text, mut bodies) = (read(paths)?, String::new());
    let paths: Vec<&str> = text.lines().collect();
    for batch in paths.chunks(BATCH) {
        let body = serde_json::json!({ "resource_uuid": server.resource, "file_path": batch });
        // Writing to a `String` cannot fail.
        let _ = writeln!(bodies, "{body}");
    }
    let bytes = bodies.lines().map(|body| body.len() as u64).sum();
    tree.write("target/bench/bodies.jsonl", &bodies)?;
    Ok((tree.path("target/bench/bodies.jsonl"), bytes))
}

/// The same for curl, whose options start over after each `next`.
fn curl_requests(tree: &Tree, server: &Server, bodies: &Path) -> Result<std::path::PathBuf, Error> {
    let mut config = String::new();
    for (index, body) in read(bodies)?.lines().enumerate() {
        let next = if index == 0 { "" } else { "next\n" };
        let body = body.replace('\\', "\\\\").replace('"', "\\\"");
        let (url, token) = (server.url(), &server.token);
        let _ = write!(
            config,
            "{next}silent\nfail\noutput = \"/dev/null\"\nurl = \"{url}\"\n\
             header = \"authorization: Bearer {token}\"\nheader = \"content-type: application/json\"\n\
             data-raw = \"{body}\"\n"
        );
    }
    tree.write("target/bench/curl.txt", &config)?;
    Ok(tree.path("target/bench/curl.txt"))
}
