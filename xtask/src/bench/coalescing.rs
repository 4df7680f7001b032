use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::Path;

use super::plan::Counts;
use super::run::ratios;
use super::{Bench, Figure, inputs};
use crate::Error;
use crate::workspace::read;

const SITE: usize = 5_000_000;
const ASKED: usize = 1_000_000;

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    let (site, asked) = inputs::site(bench.tree, SITE, ASKED)?;
    let coalesce = || bench.plan(&asked, &["--inventory".as_ref(), site.as_os_str()]);
    let counts = Counts::parse(&coalesce()?.output)?;
    let optimum = optimum(&site, &asked)?;
    counts.must("paths sent", counts.sent, optimum)?;
    counts.must("requests", counts.requests, optimum.div_ceil(100))?;

    let plan_all = || bench.plan(&asked, &[OsStr::new("--from"), site.as_os_str()]);
    let pairs = bench.pairs(coalesce, plan_all)?;
    Ok(vec![Figure {
        work: "1,000,000 paths with an inventory of 5,000,000: `cdn-purge plan --from A --inventory I`",
        against: "planning all 6,000,000: `cdn-purge plan --from A --from I`",
        figure: "wall time",
        at_most: Some(3.0),
        ratios: ratios(&pairs, |usage| usage.wall.as_secs_f64()),
    }])
}

/// The fewest paths that purge the requested paths and nothing else, if wildcards end after a slash.
///
/// A directory that was requested completely can become one wildcard. Two such directories are either
/// nested or disjoint, and the outermost saves the most, so the optimum takes exactly the outermost ones
/// with more than one path. No path here is the address of a directory itself, which its wildcard might not
/// purge.
fn optimum(site: &Path, asked: &Path) -> Result<u64, Error> {
    let (site, asked) = (read(site)?, read(asked)?);
    let asked: HashSet<&str> = asked.lines().collect();
    let mut directories: HashMap<&str, (u64, u64)> = HashMap::new();
    for path in site.lines() {
        for directory in directories_of(path) {
            let (all, wanted) = directories.entry(directory).or_default();
            *all += 1;
            *wanted += u64::from(asked.contains(path));
        }
    }
    let mut wildcards = HashSet::new();
    let mut alone = 0;
    for path in &asked {
        let mut whole = directories_of(path).filter(|directory| {
            let (all, wanted) = directories[directory];
            all == wanted && all > 1
        });
        match whole.next() {
            Some(outermost) => {
                wildcards.insert(outermost);
            }
            None => alone += 1,
        }
    }
    Ok(alone + wildcards.len() as u64)
}

/// The directories that contain a path, outermost first, without the root.
fn directories_of(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').skip(1).map(|(slash, _)| &path[..=slash])
}
