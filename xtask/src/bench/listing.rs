use super::run::{measured, ratios};
use super::server::Server;
use super::{Bench, Figure, inputs};
use crate::Error;

const FEW: usize = 10_000;
const MANY: usize = 100_000;

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    bench.build_baseline()?;
    let (few, many) = (server(bench, FEW)?, server(bench, MANY)?);
    let list =
        |server: &Server| server.known_to(bench.purge(["list", "--all", "--output", "ndjson"]));
    let ours = || of_records(MANY, measured(list(&many))?);
    let theirs = || of_records(MANY, measured(many.known_to(bench.baseline(&["list"])))?);
    let pairs = bench.pairs(ours, theirs)?;
    let memory: Result<Vec<f64>, Error> =
        (0..bench.runs).map(|_| Ok(bench.peak(&list(&many))? / bench.peak(&list(&few))?)).collect();
    Ok(vec![
        Figure {
            work: "100,000 records, all pages, as lines of JSON: `cdn-purge list --all --output ndjson`",
            against: "the generated bindings alone, page by page, as lines of JSON",
            figure: "wall time",
            at_most: Some(1.0),
            ratios: ratios(&pairs, |usage| usage.wall.as_secs_f64()),
        },
        Figure {
            work: "100,000 records: `cdn-purge list --all --output ndjson`",
            against: "10,000 records",
            figure: "peak memory",
            at_most: Some(1.1),
            ratios: memory?,
        },
    ])
}

/// A sandbox with `records` records.
fn server(bench: &Bench<'_>, records: usize) -> Result<Server, Error> {
    let server = Server::sandbox(bench, "0s")?;
    let mut create = bench.purge(["create", "--quiet", "--from"]);
    create.arg(inputs::unique(bench.tree, records)?);
    measured(server.known_to(create))?;
    Ok(server)
}

fn of_records(records: usize, usage: super::run::Usage) -> Result<super::run::Usage, Error> {
    let lines = usage.output.lines().count();
    if lines == records {
        return Ok(usage);
    }
    Err(Error::new(format!("{lines} records were listed, not {records}")))
}
