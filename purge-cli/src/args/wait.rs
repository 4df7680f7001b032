use std::str::FromStr;
use std::time::Duration;

use purge_api_ext::{IdError, OperationId};

use super::{MessageArgs, ReportArgs, TargetArgs};

#[derive(clap::Args)]
pub(crate) struct WaitArgs {
    /// Operations, as `create` printed them; `-` reads them from standard input, one a line
    #[arg(value_name = "OP_ID", required = true)]
    pub(crate) operations: Vec<Operation>,
    /// How long to wait at most
    #[arg(long = "wait", help_heading = "Waiting", value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    pub(crate) deadline: Duration,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

/// Where an operation's ID comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    StandardInput,
    Id(OperationId),
}

impl FromStr for Operation {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text {
            "-" => Ok(Self::StandardInput),
            id => id.parse().map(Self::Id),
        }
    }
}
