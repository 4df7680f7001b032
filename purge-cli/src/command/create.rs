use std::path::Path;

use purge_api_ext::{Journal, Plan, PurgeEverything};

use super::run::Run;
use crate::args::{CreateArgs, PathArgs, PlanArgs};
use crate::config::{Config, Settings};
use crate::exit::{Exit, Failure};
use crate::input::{self, Form};
use crate::output::{self, Console, Format, Progress, Summary};
use crate::signals::Signals;
use crate::target::Target;

pub(crate) async fn run(
    args: CreateArgs,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    if args.dry_run {
        let (rate, messages) = (args.target.rate, args.messages);
        let plan = PlanArgs { paths: args.paths, rate, report: args.report, messages };
        return show(&plan, &settings, console);
    }
    // Whatever is wrong shows before anything is read, and surely before anything is sent.
    no_duration_among_paths(&args)?;
    let target = Target::check(&args.target, &settings)?;
    let run = Run::new(&args.report, args.journal.clone(), signals)?;
    let mut progress = reading(&args.paths, args.report.output.format, console);
    let plan = planned(&args.paths)?;
    let target = target.connect().await?;
    let journal = args.journal.map(Journal::create).transpose()?;
    progress.plan(console.err, &plan);
    let purge = args.sending.apply(&settings, target.resource.purge(plan));
    let mut purge = purge.shutdown(signals.shutdown());
    if let Some(journal) = journal {
        purge = purge.journal(journal);
    }
    run.follow(purge.events(), target, progress, console).await
}

pub(crate) fn plan(args: &PlanArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    show(args, &Config::load()?.settings, console)
}

fn show(args: &PlanArgs, settings: &Settings, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let summary = Summary::open(args.report.summary.as_deref())?;
    let mut progress = reading(&args.paths, args.report.output.format, console);
    let plan = planned(&args.paths)?;
    progress.batches(console.err, &plan);
    drop(progress);
    summary.write_plan(&plan)?;
    let rate = args.rate.or(settings.rate);
    output::plan(console, args.report.output.format, &plan, rate)?;
    Ok(Exit::Success)
}

/// The plan of the paths that are given.
pub(super) fn planned(args: &PathArgs) -> Result<Plan, Failure> {
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
    let form = Form { null: args.null, raw: args.raw, prefix: args.prefix.as_ref() };
    let (paths, full) = input::read(form, &args.paths, &args.from)?;
    if !args.inventory.is_empty() {
        let inventory = input::read_inventory(form, &args.inventory)?;
        if inventory.is_empty() {
            let why = "the inventory is empty; give all paths of the site";
            return Err(Failure::usage(format!("{}: {why}", input::names(&args.inventory))));
        }
        planner = planner.inventory(inventory);
    }
    planner.plan(paths).map_err(|error| match (error.is_empty(), full) {
        // Whatever is piped in was not read.
        (true, _) if args.from.is_empty() => {
            Failure::usage(format!("{error}, or read standard input with `--from -`"))
        }
        (true, _) => Failure::usage(format!("no paths to purge: {}", input::names(&args.from))),
        (_, Some(place)) if error.full_purge_path().is_some() => {
            Failure::usage(format!("{place}: {}; nothing was sent", Failure::from(error)))
        }
        _ => error.into(),
    })
}

/// `--wait 5m` waits for its default, and takes `5m` for a path: the value of this option may be left out.
fn no_duration_among_paths(args: &CreateArgs) -> Result<(), Failure> {
    if args.sending.wait.is_none() || args.paths.raw {
        return Ok(());
    }
    let mut texts = args.paths.paths.iter().filter_map(|path| path.to_str());
    match texts.find(|text| humantime::parse_duration(text).is_ok()) {
        Some(text) => Err(Failure::usage(format!("`{text}` is not a path; write `--wait={text}`"))),
        None => Ok(()),
    }
}

/// A sign of life while the paths are read.
fn reading(args: &PathArgs, format: Format, console: &Console<'_>) -> Progress {
    let interactive = console.interactive && !reads_terminal(args);
    Progress::start(console.messages, format, interactive, "reading paths")
}

/// Whether somebody types the paths, and a bar would stand in the way.
fn reads_terminal(args: &PathArgs) -> bool {
    use std::io::IsTerminal as _;
    let from_input = args.from.iter().chain(&args.inventory).any(|file| file == Path::new("-"));
    from_input && std::io::stdin().is_terminal()
}
