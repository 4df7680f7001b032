use std::path::Path;
use std::process::Command;
use std::thread;

use serde_json::Value;

use super::run::measured;
use super::server::Server;
use super::{Bench, Figure, inputs};
use crate::Error;

const OPERATIONS: usize = 1000;
/// The service's documentation says seconds to minutes.
const DELAY: &str = "60s";

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    bench.build_baseline()?;
    let paths = inputs::unique(bench.tree, 100 * OPERATIONS)?;
    let ours = || {
        let server = Server::sandbox(bench, DELAY)?;
        let report = create(bench, &server, &paths, &["--wait"])?;
        let summary = &report["summary"];
        let ended = summary["purged"].as_u64().zip(summary["not_cached"].as_u64());
        if ended.map(|(purged, not)| purged + not) != Some(100 * OPERATIONS as u64) {
            return Err(Error::new(format!("not all paths were purged: {summary}")));
        }
        server.lists()
    };
    let theirs = || {
        let server = Server::sandbox(bench, DELAY)?;
        let report = create(bench, &server, &paths, &[])?;
        let operations = report["operations"].as_array().map_or(&[][..], Vec::as_slice);
        let ids: Vec<&str> = operations.iter().filter_map(|o| o["op_id"].as_str()).collect();
        if ids.len() != OPERATIONS {
            return Err(Error::new(format!("{} operations were created", ids.len())));
        }
        bench.tree.write("target/bench/operations.txt", &(ids.join("\n") + "\n"))?;
        let mut command: Command = bench.baseline(&["poll"]);
        command.arg(bench.tree.path("target/bench/operations.txt"));
        measured(server.known_to(command))?;
        server.lists()
    };
    // They count requests and mostly sleep, so running them in parallel halves the time.
    let pair = |_| {
        let (ours, theirs) = thread::scope(|scope| {
            let ours = scope.spawn(ours);
            let theirs = theirs();
            (ours.join(), theirs)
        });
        let ours = ours.map_err(|_| Error::new("waiting was not measured"))?;
        Ok(ours? as f64 / theirs? as f64)
    };
    let ratios: Result<Vec<f64>, Error> = (0..bench.runs).map(pair).collect();
    Ok(vec![Figure {
        work: "1,000 operations of 100 paths, each of which takes the server 60 s, until all are purged: \
               `cdn-purge create --wait`",
        against: "polling each unfinished operation in turn, with the same pauses",
        figure: "requests",
        at_most: Some(0.1),
        ratios: ratios?,
    }])
}

/// The report of `cdn-purge create`.
fn create(bench: &Bench<'_>, server: &Server, paths: &Path, more: &[&str]) -> Result<Value, Error> {
    let mut command = bench.purge(["create", "--quiet", "--output", "json", "--from"]);
    command.arg(paths).args(more);
    let output = measured(server.known_to(command))?.output;
    serde_json::from_str(&output)
        .map_err(|e| Error::new(format!("`cdn-purge create` printed no JSON: {e}")))
}
