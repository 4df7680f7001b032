use std::path::PathBuf;

use super::{FormatArgs, MessageArgs};

#[derive(clap::Args)]
pub(crate) struct DiffArgs {
    /// The site as it was: a folder, a tar archive (plain, gzip or zstd) or a manifest of `sha256sum`; `-` is
    /// standard input
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The site as it is, in any of these forms
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// End each name with a NUL byte and not with a line break
    #[arg(short = '0', long, help_heading = "Output")]
    pub(crate) null: bool,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}
