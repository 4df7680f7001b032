use super::run::{Usage, ratios};
use super::{Bench, Figure, inputs};
use crate::Error;

const FEW: usize = 10_000;
const MANY: usize = 10_000_000;

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    let (few, many) = (inputs::paths(bench.tree, FEW)?, inputs::paths(bench.tree, MANY)?);
    let one = inputs::paths(bench.tree, 1)?;
    let pairs = bench.pairs(|| bench.plan(&many, &[]), || bench.plan(&few, &[]))?;
    let more = MANY as f64 / FEW as f64;
    let per_path = |ratios: Vec<f64>| ratios.into_iter().map(|ratio| ratio / more).collect();
    let cpu = |usage: &Usage| usage.cpu.as_secs_f64();
    // With few paths, process startup takes most of the time.
    let start = bench.pairs(|| bench.plan(&few, &[]), || bench.plan(&one, &[]))?;
    let start = super::run::median(&start.iter().map(|(_, one)| cpu(one)).collect::<Vec<_>>());
    Ok(vec![
        Figure {
            work: "10,000,000 paths, per path",
            against: "10,000 paths, per path",
            figure: "wall time",
            at_most: Some(1.5),
            ratios: per_path(ratios(&pairs, |usage| usage.wall.as_secs_f64())),
        },
        Figure {
            work: "10,000,000 paths, per path, without process startup",
            against: "10,000 paths, per path, without process startup",
            figure: "processor time",
            at_most: Some(1.5),
            ratios: per_path(ratios(&pairs, |usage| cpu(usage) - start)),
        },
    ])
}
