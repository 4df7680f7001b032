use std::path::PathBuf;
use std::time::Duration;

use purge_api_ext::PurgePath;

use super::{FormatArgs, MessageArgs, TargetArgs};

#[derive(clap::Args)]
pub(crate) struct DoctorArgs {
    /// Purge this path, too, and follow it until it is finished
    #[arg(long, help_heading = "Check", value_name = "PATH", value_parser = path)]
    pub(crate) path: Option<PurgePath>,
    /// Maximum time to follow the path
    #[arg(
        long = "wait", help_heading = "Check", value_name = "DURATION", default_value = "5m", requires = "path",
        value_parser = humantime::parse_duration
    )]
    pub(crate) deadline: Duration,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Write the result to a file, too, as Markdown for a bug report: without secrets, identifiers and the names of
    /// your hosts. Only an earlier report is overwritten
    #[arg(long, help_heading = "Output", value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

fn path(text: &str) -> Result<PurgePath, String> {
    let path = PurgePath::new(text).map_err(|error| error.to_string())?;
    match path.is_full_purge() {
        true => Err("this would purge everything; name one file".to_owned()),
        false => Ok(path),
    }
}
