//! The steps around a purge: waiting for the origin before it, and asking the edges after it.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

use purge_api_ext::{Event, OperationId, PathState, Plan, Report, escape};
use purge_site::Rules;
use purge_verify::{Checked, Expected, New, Purge, Target, Verdict, Verifier};

use super::verify::{ask, unasked};
use crate::args::CreateArgs;
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::input::{self, Lists};
use crate::output::{Console, Format, Progress, Sample, Verified, plural};
use crate::selection::{self, Renewal};
use crate::signals::Signals;
use crate::verification::{self, Aims, Sources};

/// What is verified after a run.
pub(super) struct After {
    verifier: Verifier,
    aims: Aims,
    wait: Duration,
    /// Whether stale paths are purged once more.
    pub(super) again: bool,
}

/// When each operation's POST was sent.
#[derive(Default)]
pub(super) struct Times {
    requests: HashMap<usize, Sent>,
    operations: HashMap<OperationId, Sent>,
}

#[derive(Clone, Copy)]
struct Sent {
    first: Instant,
    last: Instant,
    on: SystemTime,
}

impl Times {
    pub(super) fn on(&mut self, event: &Event) {
        match event {
            Event::Attempt { request, .. } => {
                let (now, on) = (Instant::now(), SystemTime::now());
                let sent = Sent { first: now, last: now, on };
                self.requests.entry(*request).or_insert(sent);
            }
            Event::Accepted { request, op_id } => {
                let sent = self.requests.get(request);
                // Connecting may take a while. All that is known is that the attempt was sent before it was accepted.
                let sent = sent.map(|sent| Sent { last: Instant::now(), ..*sent });
                self.operations.extend(sent.map(|sent| (op_id.clone(), sent)));
            }
            _ => {}
        }
    }

    /// When each accepted path was purged. For a request of an earlier run, the time is unknown.
    fn of_paths<'a>(&self, report: &'a Report) -> HashMap<&'a str, Option<Purge>> {
        let mut purges = HashMap::new();
        for operation in &report.operations {
            let sent = operation.op_id.as_ref().and_then(|id| self.operations.get(id));
            let purge = sent.map(|sent| Purge::sent(sent.first, sent.last, sent.on));
            let accepted = operation.paths.iter().filter(|path| is_accepted(path.state));
            purges.extend(accepted.map(|path| (path.path, purge)));
        }
        purges
    }
}

fn is_accepted(state: PathState) -> bool {
    use PathState::{Accepted, NotCached, Pending, Purged};
    matches!(state, Accepted | Purged | NotCached | Pending)
}

/// Finds what to verify for a plan; nothing is sent.
pub(super) fn aims(
    args: &CreateArgs,
    settings: &Settings,
    plan: &Plan,
    renewal: Option<&Renewal>,
    lists: &Lists,
) -> Result<Aims, Failure> {
    let paths = &args.paths;
    let format = selection::format(&paths.input);
    let rules = |rules: fn(&_, &_, &_) -> Result<Rules, Failure>| {
        rules(&paths.input, &paths.addresses, &settings.addresses)
    };
    let (rules, same) = (rules(selection::rules)?, rules(selection::same_file_rules)?);
    let new = renewal.map(Renewal::site);
    let (old, doubted) = (renewal.and_then(Renewal::old), renewal.map(Renewal::doubted));
    let inventory = match paths.inventory.is_empty() {
        true => None,
        false => Some(input::read_inventory(format, &paths.inventory, lists)?),
    };
    let inventory = inventory.as_ref();
    let sources = Sources { new, old, doubted, inventory, format, rules: &rules, same: &same };
    Aims::find(plan.paths(), sources, args.edges.seed)
}

impl After {
    /// None without `--verify`.
    pub(super) fn new(args: &CreateArgs, aims: Option<Aims>) -> Result<Option<Self>, Failure> {
        let (Some(wait), Some(aims)) = (args.verify, aims) else { return Ok(None) };
        let verifier = verification::verifier(&args.edges)?.with_folders(aims.folders());
        Ok(Some(Self { verifier, aims, wait, again: args.again }))
    }

    /// Asks the edges about every accepted path.
    pub(super) async fn verify(
        &self,
        report: &Report,
        times: &Times,
        format: Format,
        signals: &Signals,
        console: &mut Console<'_>,
    ) -> Result<Verified, Failure> {
        let purges = times.of_paths(report);
        let targets = self.aims.targets(|path| purges.get(path).copied());
        let found = self.ask(targets, format, signals, console).await?;
        let paths = found.into_iter().chain(unasked(&self.aims, format, console)).collect();
        Ok(Verified::new(paths, self.aims.samples.clone()))
    }

    /// Asks the edges about the stale paths, after those were purged once more.
    pub(super) async fn verify_again(
        &self,
        mut before: Verified,
        again: Report,
        times: &Times,
        format: Format,
        signals: &Signals,
        console: &mut Console<'_>,
    ) -> Result<Verified, Failure> {
        let purges = times.of_paths(&again);
        let expected: HashMap<&str, Expected> =
            self.aims.aims.iter().map(|aim| (&*aim.path, aim.expected)).collect();
        let target = |path: &String| {
            let purge = purges.get(path.as_str()).copied()?;
            let expected = expected.get(path.as_str()).copied().unwrap_or_default();
            Some(Target { path: path.clone(), expected, purge })
        };
        let targets = before.stale.iter().filter_map(target).collect();
        let found = self.ask(targets, format, signals, console).await?;
        let found: HashMap<_, _> = found.into_iter().map(|one| (one.path.clone(), one)).collect();
        for checked in &mut before.paths {
            found.get(&checked.path).cloned().into_iter().for_each(|anew| *checked = anew);
        }
        Ok(Verified { again: Some(again), ..Verified::new(before.paths, before.samples) })
    }

    async fn ask(
        &self,
        targets: Vec<Target>,
        format: Format,
        signals: &Signals,
        console: &mut Console<'_>,
    ) -> Result<Vec<Checked>, Failure> {
        let mut progress =
            Progress::start(console.messages, format, console.interactive, "verifying");
        let count = targets.len();
        progress.say(console.err, format_args!("verifying {count} path{}", plural(count)));
        if let Some(note) = self.aims.note_of_queries() {
            progress.say(console.err, format_args!("{note}"));
        }
        ask(&self.verifier, targets, Some(self.wait), format, signals, progress, console).await
    }
}

/// The plan that purges the stale paths once more.
pub(super) fn again(verified: &Verified) -> Result<Plan, Failure> {
    let paths = verified.stale.iter().map(|path| selection::read_back(path));
    Ok(Plan::new(paths.collect::<Result<Vec<_>, _>>()?)?)
}

/// Waits until the origin has the new build, for at most this long.
pub(super) async fn origin_ready(
    args: &CreateArgs,
    wait: Duration,
    aims: &Aims,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let format = args.report.output.format;
    let mut targets = aims.own().targets(|_| Some(None));
    targets.retain(|target| target.expected.new != New::Unknown);
    let count = targets.len();
    let gone = targets.iter().filter(|target| target.expected.new == New::Gone);
    let gone: HashSet<_> = gone.map(|target| target.path.clone()).collect();
    let Some(origin) = verification::origin(&args.edges, !gone.is_empty())? else { return Ok(()) };
    if count == 0 {
        return Ok(());
    }
    let start = Instant::now();
    let mut progress =
        Progress::start(console.messages, format, console.interactive, "waiting for the origin");
    let s = plural(count);
    progress.say(console.err, format_args!("waiting for {count} path{s} at the origin"));
    for Sample { pattern, paths, of, .. } in &aims.samples {
        let pattern = escape(pattern);
        progress.say(console.err, format_args!("{pattern}: a sample of {paths} of its {of} paths"));
    }
    let asked = ask(&origin, targets, Some(wait), Format::Text, signals, progress, console).await;
    let found = asked.map_err(|failure| match signals.received() {
        Some(exit) => {
            Failure::new(exit, "interrupted while waiting for the origin; nothing was sent")
        }
        None => failure,
    })?;
    // A removed file that redirects, or may not be read, is not served any more.
    let is_refused = |checked: &Checked| {
        let mut statuses = checked.looks.iter().map(|look| look.status);
        !checked.looks.is_empty()
            && statuses.all(|status| matches!(status, Some(300..=399 | 401 | 403)))
    };
    let is_late = |checked: &&Checked| {
        // With `Vary: *`, the origin has the new file, although nothing shows what the edges have.
        let is_new = checked.verdict == Verdict::Fresh || checked.reason == "varies_by_all";
        !(is_new || (gone.contains(&checked.path) && is_refused(checked)))
    };
    let late: Vec<_> = found.iter().filter(is_late).collect();
    let Some(first) = late.first() else { return Ok(()) };
    // Otherwise, no path could be asked for again.
    let waited = (start.elapsed() >= wait).then_some(wait);
    let paths = format!("{} of {count} path{s}", late.len());
    Err(not_ready(first, gone.contains(&first.path), &paths, waited))
}

/// The failure when the origin does not have these paths of the new build, such as the first one.
fn not_ready(first: &Checked, is_gone: bool, paths: &str, waited: Option<Duration>) -> Failure {
    let why = match &*first.reason {
        "old_at_origin" | "not_gone" if is_gone => {
            "still there, although the site no longer has it: remove it from the origin, or omit --origin-ready if the \
             origin keeps removed files"
        }
        "old_at_origin" => "the bytes of the old build",
        // No edge was asked.
        _ => &first.message.replace("the edge", "the origin"),
    };
    let after = waited.map(humantime::format_duration);
    let after = after.map_or(String::new(), |waited| format!(" after {waited}"));
    Failure::new(
        Exit::Deadline,
        format!(
            "the origin does not have the new build{after}: {paths}, such as {} ({why}); nothing was sent",
            escape(&first.path),
        ),
    )
}
