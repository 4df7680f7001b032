use std::ffi::OsString;
use std::path::PathBuf;

use purge_api_ext::PurgePath;

/// Paths, and how they are written.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Paths")]
pub(crate) struct InputArgs {
    /// Absolute paths of the resource; `*` stands for any run of characters, `/` included
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<OsString>,
    /// Read paths from a file, one per line; `-` is standard input
    ///
    /// Blank lines and lines that start with `#` are skipped. The option may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and
    /// `git -z`
    ///
    /// Every byte between two NUL bytes counts; only empty entries are skipped.
    #[arg(short = '0', long)]
    pub(crate) null: bool,
    /// All paths are file names, relative to the root of the site: percent-encode them
    ///
    /// A `*` is then part of the name, and no line is a comment. `img/über.png` becomes
    /// `/img/%C3%BCber.png`, and a name that ends with `/` is the address of a folder. A line that is
    /// most likely not a name, such as a URL, log output or several names, is refused. With `-0`, any
    /// name is accepted unless it could not be purged (URLs, two slashes in a row, `.` and `..`
    /// segments, drives on Windows) or is a list (lines of names, names that all begin with a status).
    #[arg(long)]
    pub(crate) raw: bool,
    /// All paths are URLs of this host, such as `www.example.com`: purge their paths
    ///
    /// A URL of another host is refused. The option may be given several times.
    #[arg(long, value_name = "HOST", value_parser = host, conflicts_with = "raw")]
    pub(crate) urls: Vec<String>,
    /// All paths begin with this folder, which is not part of the site: remove it
    #[arg(long, value_name = "FOLDER", value_parser = folder)]
    pub(crate) strip_prefix: Option<String>,
    /// Allow query strings in paths; whether the service matches query strings is not published
    #[arg(long)]
    pub(crate) query: bool,
    /// Folder of the site below the root of the resource, prepended to every path
    #[arg(long, value_name = "PATH", value_parser = prefix)]
    pub(crate) prefix: Option<PurgePath>,
}

fn host(text: &str) -> Result<String, String> {
    match text.contains(['/', '@', ' ', '?', '#', '*']) || text.is_empty() {
        true => Err("write the host alone, such as `www.example.com`".to_owned()),
        false => Ok(text.to_owned()),
    }
}

fn folder(text: &str) -> Result<String, String> {
    let folder = text.strip_prefix("./").unwrap_or(text).trim_matches('/');
    match folder.is_empty() {
        true => Err("no folder; write for example `public/`".to_owned()),
        false => Ok(folder.to_owned()),
    }
}

fn prefix(text: &str) -> Result<PurgePath, String> {
    let path = PurgePath::new(text).map_err(|error| error.to_string())?;
    if path.is_wildcard() {
        return Err("a prefix is one folder and cannot have a wildcard: write its path".to_owned());
    }
    Ok(path)
}
