use std::path::{Path, PathBuf};
use std::process::Command;

use super::run::{Usage, measured, ratios};
use super::server::Server;
use super::{Bench, Figure};
use crate::Error;
use crate::tree::read;

/// A call is short, so that there have to be many before the median says something.
const CALLS: u32 = 20;
/// Where most systems have the authorities that they trust.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    bench.build_baseline()?;
    let bench = &Bench { runs: bench.runs * CALLS, ..*bench };
    let one = bench.tree.path("target/bench/authority.pem");
    let plain = pairs(bench, &Server::minimal(bench, None)?, None)?;
    let server = Server::minimal(bench, Some(&one))?;
    let alone = pairs(bench, &server, Some(&one))?;
    let among_all = pairs(bench, &server, Some(&with_system(bench, &one)?))?;
    let wall = |usage: &Usage| usage.wall.as_secs_f64();
    let peak = |usage: &Usage| usage.peak as f64;
    let figure = |work, figure, at_most, ratios| Figure {
        work,
        against: "`curl` with the same POST",
        figure,
        at_most,
        ratios,
    };
    const HTTP: &str = "`purge create --quiet /a` over http";
    const ALONE: &str = "the same over https, with one authority that both trust";
    const AMONG_ALL: &str = "the same over https, with that authority among the system's";
    Ok(vec![
        figure(HTTP, "wall time", 0.75, ratios(&plain, wall)),
        figure(HTTP, "peak memory", 1.0, ratios(&plain, peak)),
        figure(ALONE, "wall time, https", 1.0, ratios(&alone, wall)),
        figure(ALONE, "peak memory, https", 1.0, ratios(&alone, peak)),
        figure(AMONG_ALL, "wall time, all authorities", 1.0, ratios(&among_all, wall)),
        figure(AMONG_ALL, "peak memory, all authorities", 1.0, ratios(&among_all, peak)),
    ])
}

fn pairs(
    bench: &Bench<'_>,
    server: &Server,
    trusted: Option<&Path>,
) -> Result<Vec<(Usage, Usage)>, Error> {
    let run = |command: Command| {
        let mut command = server.known_to(command);
        if let Some(trusted) = trusted {
            command.env("SSL_CERT_FILE", trusted).env("CURL_CA_BUNDLE", trusted);
        }
        measured(command)
    };
    let body = format!(r#"{{"resource_uuid":"{}","file_path":["/a"]}}"#, server.resource);
    let authorization = format!("authorization: Bearer {}", server.token);
    let ours = || run(bench.purge(["create", "--quiet", "/a"]));
    let theirs = || {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail", "--header", &authorization]);
        command.args(["--header", "content-type: application/json", "--data-raw", &body]);
        command.arg(server.url());
        run(command)
    };
    let pairs = bench.pairs(ours, theirs)?;
    let accepted = |(ours, theirs): &(Usage, Usage)| {
        ours.output.contains("1 accepted") && theirs.output.contains(r#""status":true"#)
    };
    match pairs.iter().all(accepted) {
        true => Ok(pairs),
        false => Err(Error::new("a call was not accepted")),
    }
}

/// The authorities of the system, and one more.
fn with_system(bench: &Bench<'_>, one: &Path) -> Result<PathBuf, Error> {
    let all = read(Path::new(SYSTEM))? + &read(one)?;
    bench.tree.write("target/bench/authorities.pem", &all)?;
    Ok(bench.tree.path("target/bench/authorities.pem"))
}
