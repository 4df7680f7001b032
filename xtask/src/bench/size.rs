use std::env::consts::EXE_SUFFIX;
use std::fs;

use super::{Bench, Figure};
use crate::Error;

const MOST: f64 = 8_000_000.0;

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    bench.tree.cargo(&["build", "--profile", "dist", "--package", "purge-cli", "--locked"])?;
    let file = bench.tree.path(format!("target/dist/cdn-purge{EXE_SUFFIX}"));
    let size = fs::metadata(&file)
        .map_err(|e| Error::new(format!("cannot read the size of {}: {e}", file.display())))?
        .len();
    Ok(vec![Figure {
        work: "`cdn-purge` as it is distributed: `cargo build --profile dist --package purge-cli`",
        against: "8,000,000 bytes",
        figure: "size",
        at_most: Some(1.0),
        ratios: vec![size as f64 / MOST],
    }])
}
