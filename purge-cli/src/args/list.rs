use std::num::NonZeroU64;

use purge_api_ext::{OperationId, PageSize};

use super::{FormatArgs, MessageArgs, TargetArgs, operation_id};

#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Show only the records of one operation
    #[arg(long, help_heading = "List", value_name = "ID", value_parser = operation_id)]
    pub(crate) op_id: Option<OperationId>,
    /// Page number, starting at 1
    #[arg(
        long,
        help_heading = "List",
        value_name = "N",
        default_value = "1",
        value_parser = page_number,
        conflicts_with = "all"
    )]
    pub(crate) page: NonZeroU64,
    /// Records per page, 1 to 100
    #[arg(long, help_heading = "List", value_name = "N", default_value = "100", value_parser = page_size)]
    pub(crate) limit: PageSize,
    /// Show all pages, each as soon as it is read
    #[arg(long, help_heading = "List")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) output: FormatArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

fn page_number(text: &str) -> Result<NonZeroU64, String> {
    text.parse().map_err(|_| "pages are numbered from 1".to_owned())
}

fn page_size(text: &str) -> Result<PageSize, String> {
    let size = text.parse().ok().and_then(PageSize::new);
    size.ok_or_else(|| "a page has 1 to 100 records".to_owned())
}
