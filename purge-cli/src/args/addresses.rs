use std::path::PathBuf;

#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct AddressArgs {
    /// A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too
    #[arg(long, value_name = "NAME")]
    pub(crate) index: Vec<String>,
    /// Files are served without `.html`: purge `/a.html` as `/a`, too
    #[arg(long)]
    pub(crate) clean_urls: bool,
    /// Each file has variants, such as `/en{path}`: purge them, too
    ///
    /// `{path}` is the path in the site, without the prefix. Any other name in braces is replaced by each of its
    /// values in `purge.toml`.
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) template: Vec<String>,
    /// Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`
    #[arg(long)]
    pub(crate) spellings: bool,
    /// Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query
    /// strings is not published
    #[arg(long)]
    pub(crate) with_query: bool,
    /// Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if
    /// all others are file names or URLs
    #[arg(long, value_name = "FILE")]
    pub(crate) always: Vec<PathBuf>,
}
