use std::process::Command;

use super::plan::{Counts, different_lines};
use super::run::{measured, ratios};
use super::{Bench, Figure, inputs};
use crate::Error;

const PATHS: usize = 10_000_000;
const WORK: &str =
    "10,000,000 paths from a file, one in ten of them twice: `cdn-purge plan --from F`";

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    let file = inputs::paths(bench.tree, PATHS)?;
    let bytes = file
        .metadata()
        .map_err(|e| Error::new(format!("cannot read the size of {file:?}: {e}")))?
        .len();
    let counts = Counts::parse(&bench.plan(&file, &[])?.output)?;
    counts.must("paths sent", counts.sent, different_lines(&file)?)?;

    let sort = || {
        let mut command = Command::new("sort");
        // Output goes to `/dev/null`, so that no reader slows it down.
        command.env("LC_ALL", "C").args(["-u", "-o", "/dev/null"]).arg(&file);
        measured(command)
    };
    let pairs = bench.pairs(|| bench.plan(&file, &[]), sort)?;
    Ok(vec![
        Figure {
            work: WORK,
            against: "`LC_ALL=C sort -u F`",
            figure: "wall time",
            at_most: Some(0.25),
            ratios: ratios(&pairs, |usage| usage.wall.as_secs_f64()),
        },
        Figure {
            work: WORK,
            against: "the size of the file",
            figure: "peak memory",
            at_most: Some(2.0),
            ratios: pairs.iter().map(|(ours, _)| ours.peak as f64 / bytes as f64).collect(),
        },
    ])
}
