mod filter;

use futures_util::TryStreamExt as _;
use purge_api_ext::{List, PageSize};

use self::filter::Filter;

use crate::args::ListArgs;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::{Console, ListWriter, Progress, closed_pipe};
use crate::target::Target;

pub(crate) async fn run(args: ListArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let target = Target::check(&args.target, &Config::load()?.settings)?;
    let mut progress =
        Progress::start(console.messages, args.output.format, console.interactive, "listing");
    let target = target.connect(|event| progress.on(console.err, event)).await?;
    let listed = list(&args, &target, progress, console).await;
    target.close().await;
    listed.map(|()| Exit::Success)
}

/// Writes each page before it requests the next, and stops when the output is closed.
async fn list(
    args: &ListArgs,
    target: &Target,
    mut progress: Progress,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut list = target.resource.list();
    if let Some(operation) = &args.op_id {
        list = list.operation(operation.clone());
    }
    if let Some(filter) = Filter::new(args) {
        return filtered(list, filter, args, progress, console).await;
    }
    list = list.page_size(args.limit.unwrap_or(PageSize::MAX));
    let mut writer = ListWriter::new(args.output.format, console.screen, false);
    let mut written = Ok(());
    if args.all {
        let mut pages = list.pages();
        while written.is_ok()
            && let Some(page) = pages.try_next().await?
        {
            progress.page(console.err, &page);
            written = writer.page(console.out, &page);
        }
    } else {
        let page = list.page(args.page).await?;
        progress.page(console.err, &page);
        written = writer.page(console.out, &page);
    }
    Ok(written.and_then(|()| writer.end(console.out)).or_else(closed_pipe)?)
}

/// Reads as many pages as the filter needs, each as large as possible.
async fn filtered(
    list: List,
    mut filter: Filter,
    args: &ListArgs,
    mut progress: Progress,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut writer = ListWriter::new(args.output.format, console.screen, true);
    let mut written = Ok(());
    let mut pages = list.pages();
    while written.is_ok()
        && filter.needs_more()
        && let Some(mut page) = pages.try_next().await?
    {
        progress.page(console.err, &page);
        filter.apply(&mut page.requests);
        written = writer.page(console.out, &page);
    }
    Ok(written.and_then(|()| writer.end(console.out)).or_else(closed_pipe)?)
}
