use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use super::run::{Usage, measured, ratios};
use super::server::{Received, Server};
use super::{Bench, Figure};
use crate::Error;
use crate::workspace::Tree;

const PATHS: usize = 1_000;
/// The values of `Accept-Encoding`.
const CODINGS: [&str; 4] = ["identity", "gzip", "br", "gzip, deflate, br, zstd"];
/// The size of a body in bytes: that of a page, and those of downloads, which fill all buffers of the HTTP client.
const PAGE: usize = 10_000;
const SMALL: usize = 2_000_000;
const LARGE: usize = 20_000_000;
/// How many large bodies there are.
const FEW: usize = 16;
const WORK: &str = "1,000 paths with 4 values of `Accept-Encoding` from an edge on loopback, bodies of 10 kB, 16 in flight: \
                    `cdn-purge verify --from F --edge URL --site M`";

/// What is verified: a list of paths, and the manifest to compare with.
struct Input {
    paths: PathBuf,
    manifest: PathBuf,
}

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    bench.build_baseline()?;
    let server = Server::minimal(bench, None)?;
    let pages = Input::new(bench.tree, PATHS, PAGE)?;
    let requests = curl_requests(bench.tree, &server)?;
    let received = |usage: Usage| {
        let requests = (PATHS * CODINGS.len()) as u64;
        let all = Received { requests, bytes: requests * PAGE as u64 };
        match server.received()? {
            received if received == all => Ok(usage),
            received => Err(Error::new(format!("the edge has served {received:?}, not {all:?}"))),
        }
    };
    let ours = || received(measured(verify(bench, &server, &pages))?);
    let curl = || {
        let mut command = Command::new("curl");
        let options = ["--no-progress-meter", "--parallel", "--parallel-max", "16", "--config"];
        command.args(options).arg(&requests);
        received(measured(command)?)
    };
    let pairs = bench.pairs(ours, curl)?;
    let small = Input::new(bench.tree, FEW, SMALL)?;
    let large = Input::new(bench.tree, FEW, LARGE)?;
    let peak = |input| bench.peak(&verify(bench, &server, input));
    let memory: Result<Vec<f64>, Error> =
        (0..bench.runs).map(|_| Ok(peak(&large)? / peak(&small)?)).collect();
    Ok(vec![
        Figure {
            work: WORK,
            against: "`curl --parallel --parallel-max 16`, the same GETs in its configuration",
            figure: "wall time",
            at_most: Some(0.7),
            ratios: ratios(&pairs, |usage| usage.wall.as_secs_f64()),
        },
        Figure {
            work: "16 paths with 4 values of `Accept-Encoding`, bodies of 20 MB",
            against: "the same, bodies of 2 MB",
            figure: "peak memory",
            at_most: Some(1.2),
            ratios: memory?,
        },
    ])
}

impl Input {
    /// `count` paths, each of which has a body of `size` bytes at the minimal server.
    fn new(tree: &Tree, count: usize, size: usize) -> Result<Self, Error> {
        tree.write("target/bench/body", &"a".repeat(size))?;
        let mut hash = Command::new("sha256sum");
        hash.arg(tree.path("target/bench/body"));
        let printed = measured(hash)?.output;
        let digest = printed.split(' ').next().unwrap_or_default();
        let (mut paths, mut manifest) = (String::new(), String::new());
        for number in 0..count {
            // Writing to a `String` cannot fail.
            let _ = writeln!(paths, "/files/{size}/{number}.html");
            let _ = writeln!(manifest, "{digest}  files/{size}/{number}.html");
        }
        let name = |kind: &str| format!("target/bench/{kind}-{count}-{size}.txt");
        tree.write(&name("verify"), &paths)?;
        tree.write(&name("manifest"), &manifest)?;
        Ok(Self { paths: tree.path(name("verify")), manifest: tree.path(name("manifest")) })
    }
}

/// Succeeds only if all are fresh.
fn verify(bench: &Bench<'_>, server: &Server, input: &Input) -> Command {
    let fixed = ["verify", "--quiet", "--verify-rate", "1000000/s", "--verify-concurrency", "16"];
    let mut command = bench.purge(fixed);
    command.arg("--edge").arg(&server.base);
    command.arg("--from").arg(&input.paths).arg("--site").arg(&input.manifest);
    server.known_to(command)
}

/// The same requests for curl, whose options start over after each `next`.
fn curl_requests(tree: &Tree, server: &Server) -> Result<PathBuf, Error> {
    let mut config = String::new();
    for number in 0..PATHS {
        for coding in CODINGS {
            let next = if config.is_empty() { "" } else { "next\n" };
            let base = &server.base;
            let _ = write!(
                config,
                "{next}silent\nfail\noutput = \"/dev/null\"\nurl = \"{base}/files/{PAGE}/{number}.html\"\n\
                 header = \"accept-encoding: {coding}\"\n"
            );
        }
    }
    tree.write("target/bench/curl-verify.txt", &config)?;
    Ok(tree.path("target/bench/curl-verify.txt"))
}
