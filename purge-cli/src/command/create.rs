use purge_api_ext::{Journal, Plan, PurgeEverything};

use crate::args::{CreateArgs, PathArgs, PlanArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Out};
use crate::signals::Signals;
use crate::{input, target::Target};

pub(crate) async fn run(
    args: CreateArgs,
    signals: &Signals,
    out: Out<'_>,
    err: Out<'_>,
) -> Result<Exit, Failure> {
    let plan = planned(&args.paths)?;
    if args.dry_run {
        output::plan(out, args.output.format, &plan)?;
        return Ok(Exit::Success);
    }
    let target = Target::connect(&args.target).await?;
    let journal = args.journal.as_ref().map(Journal::create).transpose()?;
    if !args.output.quiet {
        // A message that nobody can read must not keep the purge from being sent.
        let _ = writeln!(err, "purging {plan}");
    }
    let mut purge = args.sending.apply(target.resource.purge(plan)).shutdown(signals.shutdown());
    if let Some(journal) = journal {
        purge = purge.journal(journal);
    }
    let report = signals.drain(args.output.quiet, purge).await;
    target.close().await;
    output::outcome(out, err, args.output.format, &report, signals, args.journal.as_deref())
}

pub(crate) fn plan(args: &PlanArgs, out: Out<'_>) -> Result<Exit, Failure> {
    output::plan(out, args.output.format, &planned(&args.paths)?)?;
    Ok(Exit::Success)
}

fn planned(args: &PathArgs) -> Result<Plan, Failure> {
    let mut planner = Plan::planner();
    if args.allow_full_purge {
        planner = planner.allow_full_purge(PurgeEverything);
    }
    if let Some(requests) = args.max_requests {
        planner = planner.max_requests(requests.get());
    }
    if let Some(extra) = args.max_extra {
        planner = planner.max_extra(extra);
    }
    input::only_one_standard_input(args.from.iter().chain(&args.inventory))?;
    let paths = input::read(&args.paths, &args.from)?;
    if !args.inventory.is_empty() {
        planner = planner.inventory(input::read_inventory(&args.inventory)?);
    }
    Ok(planner.plan(paths)?)
}
