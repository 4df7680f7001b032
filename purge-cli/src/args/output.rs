use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::exit::Failure;
use crate::output::{Audit, Format, Messages};

#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct FormatArgs {
    /// Format of the result on standard output
    #[arg(long = "output", value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) output: FormatArgs,
    /// Append the result as Markdown to a file, such as the job summary of a CI system
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct AuditArgs {
    /// Append one line of JSON to a file for this run: who, where and why, the counts and the operations. Several runs
    /// may share the file
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox", value_parser = named_file())]
    pub(crate) audit: Option<PathBuf>,
    /// Reason for the purge, recorded by --audit
    #[arg(long, value_name = "TEXT", requires = "audit")]
    pub(crate) reason: Option<String>,
}

/// Refuses `-`, which other options take for standard input.
pub(super) fn named_file() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|name| match name == "-" {
        true => Err("`-` is not a file; for a file named `-`, write `./-`"),
        false => Ok(PathBuf::from(name)),
    })
}

impl AuditArgs {
    /// Opens the file for a command.
    pub(crate) fn open(&self, command: &'static str) -> Result<Audit, Failure> {
        Audit::open(self.audit.as_deref(), self.reason.as_deref(), command)
    }
}

#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct MessageArgs {
    /// Show only errors on standard error
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Describe each request on standard error
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl MessageArgs {
    pub(crate) fn level(&self) -> Messages {
        match (self.quiet, self.verbose) {
            (true, _) => Messages::Quiet,
            (_, true) => Messages::Verbose,
            _ => Messages::Normal,
        }
    }
}
