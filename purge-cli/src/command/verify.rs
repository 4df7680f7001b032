use std::path::Path;
use std::time::Duration;

use purge_api_ext::escape;
use purge_site::{Baseline, Manifest};
use purge_verify::{Checked, Purge, Target, Verifier};

use super::end::End;
use crate::advice::Next;
use crate::args::{VerifyArgs, one_profile};
use crate::config::{Config, Settings};
use crate::exit::{Exit, Failure};
use crate::input::{self, Lists};
use crate::output::{self, Console, Format, Messages, Progress, Summary, Verified};
use crate::selection::{self, left_out, read_site};
use crate::signals::Signals;
use crate::verification::{self, Aims, Sources};

pub(crate) async fn run(
    mut args: VerifyArgs,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    no_duration_among_paths(&args)?;
    let name = one_profile(args.profile.as_deref(), "the edges of one resource are asked")?;
    let mut next = Next { profile: name.clone(), ..Next::default() };
    if let Some(profile) = name.map(|name| settings.profile(&name)).transpose()? {
        next.has_prefix = profile.prefix.is_some();
        let prefix = args.input.prefix.take().or_else(|| profile.prefix.clone());
        args.input.prefix = prefix;
    }
    let verifier = verification::verifier(&args.edges)?;
    let summary = Summary::open(args.report.summary.as_deref())?;
    let format = args.report.output.format;
    let purge = args.since.map(Purge::ago);
    let (aims, notes) = aims(&args, &settings)?;
    let verifier = verifier.with_folders(aims.folders());
    let mut progress = Progress::start(console.messages, format, console.interactive, "verifying");
    notes.iter().for_each(|note| progress.say(console.err, format_args!("{note}")));
    progress.say(console.err, format_args!("verifying {}", counted(&aims)));
    if let Some(note) = aims.note_of_queries() {
        progress.say(console.err, format_args!("{note}"));
    }
    let targets = aims.targets(|_| Some(purge));
    let asked = ask(&verifier, targets, args.wait, format, signals, progress, console).await?;
    let paths = asked.into_iter().chain(unasked(&aims, format, console)).collect();
    let verified = Verified::new(paths, aims.samples);
    let summarized = summary.write_verification(&verified);
    console.write(|out, screen| output::verification(out, screen, format, &verified));
    if let Some(failure) = verified.failure(&next) {
        output::failure(console, format, &failure);
    }
    let mut end = End::new(verified.exit());
    end.add(summarized);
    end.add(console.written());
    end.say(format, console)
}

fn counted(aims: &Aims) -> String {
    let paths = aims.aims.len();
    format!("{paths} path{}", output::plural(paths))
}

/// Asks the edges about all targets and, in formats that stream, writes each result as soon as it is known.
pub(super) async fn ask(
    verifier: &Verifier,
    targets: Vec<Target>,
    wait: Option<Duration>,
    format: Format,
    signals: &Signals,
    mut progress: Progress,
    console: &mut Console<'_>,
) -> Result<Vec<Checked>, Failure> {
    let (voice, shutdown) = (progress.voice(), signals.shutdown());
    let asking = verifier.verify(targets, wait, |checked| {
        if console.messages == Messages::Verbose {
            let Checked { path, verdict, message, .. } = checked;
            let (path, message) = (escape(path), escape(message));
            progress.say(&mut *console.err, format_args!("{path}: {verdict} ({message})"));
        }
        console.write(|out, _| output::checked(out, format, checked));
    });
    let asking = async {
        tokio::select! {
            found = asking => Some(found),
            () = shutdown.begun() => None,
        }
    };
    let found = signals.drain(voice, asking).await;
    drop(progress);
    found.ok_or_else(|| interrupted(signals.received().unwrap_or(Exit::Interrupted)))
}

/// The verdicts on the paths that are not asked for; formats that stream write them, too.
pub(super) fn unasked(aims: &Aims, format: Format, console: &mut Console<'_>) -> Vec<Checked> {
    let unasked: Vec<_> = aims.unasked().collect();
    for checked in &unasked {
        console.write(|out, _| output::checked(out, format, checked));
    }
    unasked
}

pub(super) fn interrupted(exit: Exit) -> Failure {
    Failure::new(exit, "the verification was interrupted")
}

/// Reads what to verify, and what to compare it with. Returns notes for the user as well.
fn aims(args: &VerifyArgs, settings: &Settings) -> Result<(Aims, Vec<String>), Failure> {
    let lists = args.input.from.iter().chain(&args.addresses.always).chain(&args.inventory);
    input::only_one_standard_input(lists.chain(&args.site).chain(&args.baseline))?;
    let format = selection::format(&args.input);
    let rules = selection::rules(&args.input, &args.addresses, &settings.addresses)?;
    let same = selection::same_file_rules(&args.input, &args.addresses, &settings.addresses)?;
    let lists = Lists::default();
    let (mut paths, _) = input::read(format, &args.input.paths, &args.input.from, &lists)?;
    if paths.is_empty() {
        let how = "pass paths, `--from FILE`, or `'/*' /` with --site for the whole site";
        return Err(Failure::usage(format!("no paths to verify: {how}")));
    }
    selection::add_always(&args.addresses, &settings.addresses, format, &lists, &mut paths)?;
    let (paths, _) = selection::expanded(&rules, paths)?;
    let mut notes = Vec::new();
    let new = args.site.as_deref().map(|site| manifest(site, &mut notes)).transpose()?;
    let old = args.baseline.as_deref().map(|old_site| old(old_site, &mut notes)).transpose()?;
    let (old, doubted) = (old.as_ref().map(|old| &old.0), old.as_ref().map(|old| &old.1));
    let inventory = match args.inventory.is_empty() {
        true => None,
        false => Some(input::read_inventory(format, &args.inventory, &lists)?),
    };
    let sources = Sources {
        new: new.as_ref(),
        old,
        doubted,
        inventory: inventory.as_ref(),
        format,
        rules: &rules,
        same: &same,
    };
    Ok((Aims::find(paths.iter(), sources, args.edges.seed)?, notes))
}

fn manifest(path: &Path, notes: &mut Vec<String>) -> Result<Manifest, Failure> {
    let site = read_site(path)?;
    if !site.left_out.is_empty() {
        notes.push(left_out(&site.left_out));
    }
    Ok(site.manifest)
}

/// The old build, and the contents that it had for the files that an unfinished run has put in doubt.
fn old(path: &Path, notes: &mut Vec<String>) -> Result<(Manifest, Manifest), Failure> {
    // Before the baseline: a pending file that a run removes in between is in the baseline by then.
    let doubts = match path.is_file() {
        true => Baseline::doubts(path).map_err(|error| Failure::usage(error.to_string()))?,
        false => Manifest::new(),
    };
    let mut old = manifest(path, notes)?;
    let doubted = old.only(doubts.names());
    old.doubt(doubts.names());
    Ok((old, doubted))
}

/// Refuses `--wait 5m`: the value of `--wait` is optional, so `5m` would be taken for a path.
fn no_duration_among_paths(args: &VerifyArgs) -> Result<(), Failure> {
    if args.wait.is_none() || args.input.raw {
        return Ok(());
    }
    match input::duration(&args.input.paths) {
        Some(text) => Err(Failure::usage(format!("`{text}` is not a path; write `--wait={text}`"))),
        None => Ok(()),
    }
}
