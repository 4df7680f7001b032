use std::path::PathBuf;

#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Site")]
pub(crate) struct SiteArgs {
    /// Purge what is different between the baseline and this folder, or tar archive, and then replace the
    /// baseline
    ///
    /// The baseline is replaced after everything was accepted, or with `--wait`, finished. A run that fails leaves
    /// it as it was, so that the next one purges both.
    #[arg(long, value_name = "DIR", requires = "baseline", group = "all_paths")]
    pub(crate) site: Option<PathBuf>,
    /// The manifest of the site that was purged last, as `sha256sum` writes it
    #[arg(long, value_name = "FILE", requires = "site")]
    pub(crate) baseline: Option<PathBuf>,
    /// Where there is no baseline: purge nothing, and write it
    #[arg(long, requires = "site", conflicts_with = "allow_full_purge")]
    pub(crate) first_run: bool,
    /// Read only files whose size or time is not that of the last run with `--quick`; misses a file that was
    /// changed and has both
    #[arg(long, requires = "site")]
    pub(crate) quick: bool,
}
