use std::num::{IntErrorKind, NonZeroUsize};
use std::path::PathBuf;

use super::{AddressArgs, InputArgs, SiteArgs};

#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Paths")]
pub(crate) struct PathArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Allow a path that purges the whole resource, such as `/*`
    #[arg(long)]
    pub(crate) allow_full_purge: bool,
    /// Read all paths of the site from a file, as with `--from`, and purge a directory by one wildcard
    /// where that purges only requested paths
    #[arg(long, value_name = "FILE", group = "all_paths")]
    pub(crate) inventory: Vec<PathBuf>,
    /// Purge directories by a wildcard until everything fits into N requests; with `--inventory`, choose
    /// those that purge the fewest other paths
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) max_requests: Option<NonZeroUsize>,
    /// Maximum number of other paths of the inventory that may be purged as well [default: 0; with
    /// `--max-requests`, as many as it takes]
    #[arg(long, value_name = "N", requires = "all_paths")]
    pub(crate) max_extra: Option<usize>,
    #[command(flatten)]
    pub(crate) site: SiteArgs,
    #[command(flatten)]
    pub(crate) addresses: AddressArgs,
}

fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        IntErrorKind::Zero => "at least 1".to_owned(),
        _ => error.to_string(),
    })
}
