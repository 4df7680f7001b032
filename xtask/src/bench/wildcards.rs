use super::plan::{Counts, different_lines};
use super::run::ratios;
use super::{Bench, Figure, inputs};
use crate::Error;

const PATHS: usize = 10_000_000;

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    let plain = inputs::paths(bench.tree, PATHS)?;
    let file = inputs::paths_and_wildcards(bench.tree, PATHS)?;
    let counts = Counts::parse(&bench.plan(&file, &[])?.output)?;
    let all = counts.sent + counts.covered;
    counts.must("paths sent or covered", all, different_lines(&file)?)?;

    let pairs = bench.pairs(|| bench.plan(&file, &[]), || bench.plan(&plain, &[]))?;
    Ok(vec![Figure {
        work: "the same with 1,000 wildcards among them, 100 of which are not prefixes",
        against: "the same without",
        figure: "wall time",
        at_most: Some(1.3),
        ratios: ratios(&pairs, |usage| usage.wall.as_secs_f64()),
    }])
}
