use super::{Bench, Figure};
use crate::Error;
use crate::dist::binary::{self, MOST_BYTES};
use crate::dist::names::Platform;

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    let platform = Platform::of_host(&binary::host()?).ok_or_else(|| {
        Error::new("a release has no binary for this platform, so there is no size to compare")
    })?;
    let size = binary::size(&binary::build(bench.tree, platform, binary::PROFILE)?)?;
    Ok(vec![Figure {
        work: "`cdn-purge` as it is distributed: `cargo xtask dist`",
        against: "8,000,000 bytes",
        figure: "size",
        at_most: Some(1.0),
        ratios: vec![size as f64 / MOST_BYTES as f64],
    }])
}
