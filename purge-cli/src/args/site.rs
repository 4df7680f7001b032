use std::path::PathBuf;

use super::output::named_file;

#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Site")]
pub(crate) struct SiteArgs {
    /// Purge what differs between the baseline and this folder or tar archive, then replace the baseline
    ///
    /// The baseline is replaced once everything was accepted or, with `--wait`, has finished. If the run fails,
    /// the baseline stays unchanged, so the next run purges the changes of both.
    #[arg(long, value_name = "DIR", requires = "baseline", group = "all_paths")]
    pub(crate) site: Option<PathBuf>,
    /// Manifest of the site that was purged last, in the format of `sha256sum`
    #[arg(long, value_name = "FILE", requires = "site", value_parser = named_file())]
    pub(crate) baseline: Option<PathBuf>,
    /// If there is no baseline, write it and purge nothing
    #[arg(long, requires = "site", conflicts_with = "allow_full_purge")]
    pub(crate) first_run: bool,
    /// Read only files whose size or modification time differs from the last run with `--quick`; misses a change that
    /// keeps both
    #[arg(long, requires = "site")]
    pub(crate) quick: bool,
}
