use std::path::PathBuf;

#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct AddressArgs {
    /// A file of this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too
    #[arg(long, value_name = "NAME")]
    pub(crate) index: Vec<String>,
    /// Files are served without `.html`: purge `/a.html` as `/a`, too
    #[arg(long)]
    pub(crate) clean_urls: bool,
    /// There are variants of each file: purge them, too, such as `/en{path}`
    ///
    /// `{path}` is the path in the site, without the prefix. Other names in braces stand for each of their values
    /// in turn, which `purge.toml` lists.
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) template: Vec<String>,
    /// Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`
    #[arg(long)]
    pub(crate) spellings: bool,
    /// Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query
    /// strings is not published
    #[arg(long)]
    pub(crate) with_query: bool,
    /// Read paths from a file, one per line, that go with every purge that is not empty, such as feeds. They are
    /// paths also where all others are file names or URLs
    #[arg(long, value_name = "FILE")]
    pub(crate) always: Vec<PathBuf>,
}
