use futures_util::TryStreamExt as _;
use purge_api_ext::{List, Page};

use crate::args::ListArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Out};
use crate::target::Target;

pub(crate) async fn run(args: ListArgs, out: Out<'_>) -> Result<Exit, Failure> {
    let target = Target::connect(&args.target).await?;
    let mut list = target.resource.list().page_size(args.limit);
    if let Some(operation) = args.op_id {
        list = list.operation(operation);
    }
    let page = if args.all { all(list).await? } else { list.page(args.page).await? };
    target.close().await;
    output::list(out, args.output.format, &page)?;
    Ok(Exit::Success)
}

/// All pages as one.
async fn all(list: List) -> Result<Page, Failure> {
    let mut pages = list.pages();
    // The first page is always asked for, and is there even if it has no records.
    let Some(mut first) = pages.try_next().await? else {
        return Err(Failure::new(Exit::Untrusted, "the service sent no page"));
    };
    while let Some(page) = pages.try_next().await? {
        first.total = page.total.or(first.total);
        first.requests.extend(page.requests);
    }
    Ok(first)
}
