use std::fs;
use std::path::Path;

use purge_api_ext::{Journal, PurgePath};

use super::after::{self, After};
use super::profiles;
use super::run::Run;
use crate::args::{CreateArgs, PathArgs, PlanArgs, TargetArgs, one_profile};
use crate::config::{Config, Settings};
use crate::exit::{Exit, Failure};
use crate::input::{self, Lists};
use crate::output::{self, Console, Format, Progress, Summary};
use crate::selection::{self, Renewal, Selection};
use crate::signals::Signals;
use crate::target::Target;

/// Why a plan is shown for one profile only.
const OWN_PLAN: &str = "each has a plan of its own";

pub(crate) async fn run(
    mut args: CreateArgs,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    if args.dry_run {
        // A dry run needs nothing else from the target.
        if !args.target.sandbox {
            args.target.apply_profile(OWN_PLAN)?;
        }
        let TargetArgs { rate, prefix, .. } = args.target;
        let (paths, report, messages) = (args.paths, args.report, args.messages);
        let plan = PlanArgs { paths, profile: None, rate, report, messages };
        return show(plan, prefix, &settings, console);
    }
    // Mistakes are reported before anything is read or sent.
    no_duration_among_paths(&args)?;
    if args.target.profile.len() > 1 {
        return profiles::create(args, &settings, signals, console).await;
    }
    args.paths.input.prefix = args.paths.input.prefix.or_else(|| args.target.prefix.clone());
    let target = Target::check(&args.target, &settings)?;
    let audit = args.audit.open("create")?;
    let run = Run::new(&args.report, audit, args.next(), signals)?;
    let format = args.report.output.format;
    let mut progress = reading(&args.paths, format, console);
    let verifies = args.verify.is_some() || args.origin_ready.is_some();
    let lists = match verifies {
        true => selection::kept_inventory(&args.paths)?,
        false => Lists::default(),
    };
    let resource = target.resource();
    let selection = Selection::with_lists(&args.paths, &settings, resource, &lists)?;
    selection.notes.iter().for_each(|note| progress.say(console.err, format_args!("{note}")));
    let Some(plan) = selection.plan else {
        drop(progress);
        return unchanged(selection.renewal, args.target.sandbox, format, console);
    };
    let aims = match verifies {
        true => Some(after::aims(&args, &settings, &plan, selection.renewal.as_ref(), &lists)?),
        false => None,
    };
    if let (Some(wait), Some(aims)) = (args.origin_ready, &aims) {
        drop(progress);
        after::origin_ready(&args, wait, aims, signals, console).await?;
        progress = reading(&args.paths, format, console);
    }
    let after = After::new(&args, aims)?;
    let target = target.connect(|event| progress.on(console.err, event)).await?;
    // The embedded server has purged nothing of the real site.
    let mut renewal = selection.renewal.filter(|_| !args.target.sandbox);
    let journal = recorded(args.journal.as_deref(), renewal.as_mut())?;
    let run = run.renewing(renewal);
    progress.plan(console.err, &plan);
    let begin = |target: &Target, plan| {
        let purge = args.sending.apply(&settings, target.resource.purge(plan));
        purge.shutdown(signals.shutdown())
    };
    let mut purge = begin(&target, plan);
    if let Some(journal) = journal {
        purge = purge.journal(journal);
    }
    match &after {
        None => run.follow(purge.events(), target, progress, console).await,
        Some(after) => {
            let again = |target: &Target, plan| begin(target, plan).events();
            let events = purge.events();
            run.follow_and_verify(events, target, progress, after, again, console).await
        }
    }
}

/// Creates the journal, and then records which files are in doubt: a run that has no journal sends nothing.
fn recorded(
    file: Option<&Path>,
    renewal: Option<&mut Renewal>,
) -> Result<Option<Journal>, Failure> {
    let journal = file.map(Journal::create).transpose()?;
    if let Err(failure) = renewal.map_or(Ok(()), Renewal::begin) {
        // It is empty, and would be in the way of the next run.
        drop(journal);
        drop(file.map(fs::remove_file));
        return Err(failure);
    }
    Ok(journal)
}

/// Ends a run whose site is unchanged or has no baseline yet.
pub(super) fn unchanged(
    renewal: Option<Renewal>,
    is_sandbox: bool,
    format: Format,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (text, note) = match renewal {
        // The embedded server has the caches of no site.
        Some(renewal) if is_sandbox && renewal.is_first => (
            "there is no baseline, and none is written with --sandbox; nothing was sent".to_owned(),
            None,
        ),
        renewal => Renewal::unchanged(renewal.filter(|_| !is_sandbox))?,
    };
    output::nothing(console, format, false, &text)?;
    note.iter().for_each(|note| output::note(console, format, note));
    Ok(Exit::Success)
}

pub(crate) fn plan(mut args: PlanArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    let name = one_profile(args.profile.as_deref(), OWN_PLAN)?;
    let profile = name.map(|name| settings.profile(&name)).transpose()?;
    args.rate = args.rate.or_else(|| profile?.rate);
    let prefix = profile.and_then(|profile| profile.prefix.clone());
    show(args, prefix, &settings, console)
}

/// Shows what would be sent. The prefix is that of a profile.
fn show(
    mut args: PlanArgs,
    prefix: Option<PurgePath>,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    args.paths.input.prefix = args.paths.input.prefix.or(prefix);
    let summary = Summary::open(args.report.summary.as_deref())?;
    let format = args.report.output.format;
    let mut progress = reading(&args.paths, args.report.output.format, console);
    let selection = Selection::read(&args.paths, settings, None)?;
    selection.notes.iter().for_each(|note| progress.say(console.err, format_args!("{note}")));
    let Some(plan) = selection.plan else {
        drop(progress);
        let text = match selection.renewal.filter(|renewal| renewal.is_first) {
            Some(_) => "the baseline would be written; nothing would be sent",
            None => "nothing changed; nothing was sent",
        };
        output::nothing(console, format, true, text)?;
        return Ok(Exit::Success);
    };
    progress.batches(console.err, &plan);
    drop(progress);
    summary.write_plan(&plan)?;
    let rate = args.rate.or(settings.rate);
    output::plan(console, format, &plan, &selection.aliases, rate)?;
    Ok(Exit::Success)
}

/// Refuses `--wait 5m`: the value of `--wait` is optional, so `5m` would be taken for a path.
fn no_duration_among_paths(args: &CreateArgs) -> Result<(), Failure> {
    if args.sending.wait.is_none() || args.paths.input.raw {
        return Ok(());
    }
    match input::duration(&args.paths.input.paths) {
        Some(text) => Err(Failure::usage(format!("`{text}` is not a path; write `--wait={text}`"))),
        None => Ok(()),
    }
}

/// Shows progress while the paths are read.
fn reading(args: &PathArgs, format: Format, console: &Console<'_>) -> Progress {
    let interactive = console.interactive && !reads_terminal(args);
    Progress::start(console.messages, format, interactive, "reading paths")
}

/// Whether the paths are typed on a terminal, where a bar would get in the way.
fn reads_terminal(args: &PathArgs) -> bool {
    use std::io::IsTerminal as _;
    selection::reads_standard_input(args) && std::io::stdin().is_terminal()
}
