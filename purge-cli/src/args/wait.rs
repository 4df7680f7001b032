use std::str::FromStr;
use std::time::Duration;

use purge_api_ext::{IdError, OperationId, without_web_tokens};

use super::{MessageArgs, ReportArgs, TargetArgs};
use crate::environment;

#[derive(clap::Args)]
pub(crate) struct WaitArgs {
    /// Operation IDs, as printed by `create`; `-` reads them from standard input, one per line
    #[arg(value_name = "OP_ID", required = true)]
    pub(crate) operations: Vec<Operation>,
    /// Maximum time to wait
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
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "-" => Ok(Self::StandardInput),
            id => operation_id(id).map(Self::Id),
        }
    }
}

/// Parses an operation ID. IDs are opaque, but a `null` or a token is certainly a mistake, which would otherwise be
/// noticed only at the deadline.
pub(crate) fn operation_id(text: &str) -> Result<OperationId, String> {
    if text == "null" {
        return Err("`null` is what `jq -r` prints for a missing field".to_owned());
    }
    let text = text.trim();
    if without_web_tokens(text) != text || environment::without_token(text) != text {
        return Err("this is a token (not shown), not an operation ID".to_owned());
    }
    text.parse().map_err(|error: IdError| error.to_string())
}
