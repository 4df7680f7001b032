use std::num::NonZeroU64;
use std::time::SystemTime;

use purge_api_ext::{OperationId, PageSize, PurgePath, RecordState};

use super::{FormatArgs, MessageArgs, TargetArgs, operation_id};

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Show only the records of one operation
    #[arg(long, help_heading = "List", value_name = "ID", value_parser = operation_id)]
    pub(crate) op_id: Option<OperationId>,
    /// Show only the records of this path, of wildcards that match it and, if it has a `*`, of paths that it matches
    #[arg(long, help_heading = "List", value_name = "PATH", value_parser = path)]
    pub(crate) path: Option<PurgePath>,
    /// Show only records that were created since then: a duration such as `2h`, by the clock of this machine, or a
    /// time in UTC such as `2025-08-06T11:39:51Z`. A record whose time cannot be read is always shown
    #[arg(long, help_heading = "List", value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<SystemTime>,
    /// Show only records in these states
    #[arg(long, help_heading = "List", value_name = "STATE", value_delimiter = ',')]
    pub(crate) state: Vec<State>,
    /// Page number, starting at 1; not with --path, --since or --state
    #[arg(
        long,
        help_heading = "List",
        value_name = "N",
        default_value = "1",
        value_parser = page_number,
        conflicts_with_all = ["all", "path", "since", "state"]
    )]
    pub(crate) page: NonZeroU64,
    /// Records per page, 1 to 100 [default: 100]. With --path, --since or --state: the maximum number of records to
    /// show [default: all], from as many pages as are needed
    #[arg(long, help_heading = "List", value_name = "N", value_parser = page_size)]
    pub(crate) limit: Option<PageSize>,
    /// Show all pages, each as soon as it is read
    #[arg(long, help_heading = "List", conflicts_with_all = ["path", "since", "state"])]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

/// The state of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum State {
    /// Not finished yet
    Pending,
    /// Finished: the cached copies are gone
    Purged,
    /// Finished: there was no cached copy
    NotCached,
    /// Finished, with a status number of unknown meaning
    Unknown,
}

impl State {
    pub(crate) fn of(state: RecordState) -> Self {
        match state {
            RecordState::Pending => Self::Pending,
            RecordState::Purged => Self::Purged,
            RecordState::NotCached => Self::NotCached,
            _ => Self::Unknown,
        }
    }
}

fn path(text: &str) -> Result<PurgePath, String> {
    PurgePath::with_query(text).map_err(|error| error.to_string())
}

fn since(text: &str) -> Result<SystemTime, String> {
    let parsed = match humantime::parse_duration(text) {
        Ok(age) => SystemTime::now().checked_sub(age),
        Err(_) => humantime::parse_rfc3339_weak(text).ok(),
    };
    parsed.ok_or_else(|| {
        "write a duration such as `2h`, or a time such as `2025-08-06T11:39:51Z`".to_owned()
    })
}

fn page_number(text: &str) -> Result<NonZeroU64, String> {
    text.parse().map_err(|_| "pages are numbered from 1".to_owned())
}

fn page_size(text: &str) -> Result<PageSize, String> {
    let size = text.parse().ok().and_then(PageSize::new);
    size.ok_or_else(|| "a page has 1 to 100 records".to_owned())
}
