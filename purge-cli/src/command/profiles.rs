//! Concurrent runs of several profiles, each with its own plan, resource and rate.

mod journals;

use std::collections::BTreeSet;
use std::path::PathBuf;

use futures_util::{StreamExt as _, stream};
use purge_api_ext::{
    Client, Event, Events, Journal, Plan, Purge, PurgeEverything, PurgePath, Report, Resource,
    ResourceId,
};

use super::run::Ticks;
use crate::args::{CreateArgs, PathArgs, ReportArgs, ResumeArgs, TargetArgs};
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::output::{self, Audit, Console, Format, Progress, Summary, closed_pipe};
use crate::selection::{self, Changes, Planned, Renewal};
use crate::shown::excerpt;
use crate::signals::Signals;
use crate::target::{Checked, Target};
use journals::{journals, names_in};

/// A profile whose run is about to begin.
struct Member {
    name: String,
    id: ResourceId,
    resource: Resource,
    /// The folder of the resource.
    prefix: Option<PurgePath>,
}

/// What all profiles have in common.
struct Shared<'a> {
    signals: &'a Signals,
    format: Format,
    summary: Summary,
    audit: Audit,
    /// The folder of the journals, if there is one.
    journals: Option<PathBuf>,
}

/// A run in progress.
struct Running {
    name: String,
    events: Events,
    progress: Progress,
}

pub(super) async fn create(
    args: CreateArgs,
    settings: &Settings,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    if args.target.organization.is_some() || args.target.resource.is_some() {
        let message = "--organization and --resource name one resource, and each profile has its own: leave them out";
        return Err(Failure::usage(message));
    }
    if args.verify.is_some() || args.origin_ready.is_some() {
        let message = "--verify and --origin-ready ask the edges of one resource: name one profile at a time, or run \
             `cdn-purge verify` afterwards";
        return Err(Failure::usage(message));
    }
    let members = members(&args.target, settings)?;
    let audit = args.audit.open("create")?;
    let shared = Shared::new(&args.report, audit, args.journal.clone(), signals)?;
    let changes = Changes::read(&args.paths, Some(&resources(&members)))?;
    let notes: Vec<_> = changes.iter().flat_map(Changes::notes).collect();
    notes.iter().for_each(|note| output::note(console, shared.format, note));
    let plans = plans(&args.paths, changes.as_ref(), &members, settings, shared.format, console)?;
    let mut renewal = changes.map(Changes::into_renewal);
    let Some(plans) = plans else { return unchanged(renewal, shared.format, console) };
    renewal.as_mut().map_or(Ok(()), Renewal::begin)?;
    let journals = journals(args.journal.as_deref(), &members, &plans).await?;
    let mut runs = Vec::new();
    for ((member, plan), journal) in members.into_iter().zip(plans).zip(journals) {
        let format = shared.format;
        let mut progress = Progress::of_profile(console.messages, format, &member.name);
        progress.plan(console.err, &plan);
        let mut purge = member.resource.purge(plan);
        if let Some(journal) = journal {
            purge = purge.journal(journal);
        }
        let purge = args.sending.apply(settings, purge);
        runs.push(Running::new(member.name, purge, progress, signals));
    }
    let format = shared.format;
    let exit = shared.follow(runs, console).await?;
    // The baseline is that of all resources, so it stays as it is if one of them was not purged.
    if exit == Exit::Success
        && let Some(renewal) = renewal
        && let Some(note) = renewal.finish()?
    {
        output::note(console, format, &note);
    }
    Ok(exit)
}

/// The resources of all profiles with their folders, in an order that does not depend on that of the profiles. One that is
/// named twice, as in two services, is kept twice.
fn resources(members: &[Member]) -> String {
    let cache = |member: &Member| Changes::cache(member.id, member.prefix.as_ref());
    let mut caches: Vec<_> = members.iter().map(cache).collect();
    caches.sort_unstable();
    caches.join(",")
}

/// Ends a run whose site is unchanged or has no baseline yet.
fn unchanged(
    renewal: Option<Renewal>,
    format: Format,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let (text, note) = Renewal::unchanged(renewal)?;
    output::no_reports(console, format, &text)?;
    note.iter().for_each(|note| output::note(console, format, note));
    Ok(Exit::Success)
}

/// Resumes each journal of a folder, or those of the profiles that are named.
pub(super) async fn resume(
    args: ResumeArgs,
    settings: &Settings,
    signals: &Signals,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let names = match args.target.profile.as_slice() {
        [] => names_in(&args.journal, settings)?,
        named => unique(named)?,
    };
    let audit = args.audit.open("resume")?;
    let shared = Shared::new(&args.report, audit, Some(args.journal.clone()), signals)?;
    let (mut runs, mut clients) = (Vec::new(), Vec::new());
    for name in names {
        settings.profile(&name)?;
        let of_profile = |failure: Failure| failure.of_profile(&name);
        let mut journal =
            Journal::open(args.journal.join(&name)).map_err(|e| of_profile(e.into()))?;
        if args.allow_full_purge {
            journal = journal.allow_full_purge(PurgeEverything);
        }
        // The resource is that of the journal. The address and the token are those of the profile.
        let (organization, resource) = (journal.organization(), journal.resource());
        let base = TargetArgs { organization, resource, ..args.target.clone() };
        let member = member(&name, &base, settings, &mut clients).map_err(of_profile)?;
        let left = journal.requests() - journal.accepted();
        let purge = member.resource.resume(journal).map_err(|e| of_profile(e.into()))?;
        let mut progress = Progress::of_profile(console.messages, shared.format, &name);
        let plural = output::plural(left);
        progress.say(console.err, format_args!("resuming: {left} request{plural} left"));
        runs.push(Running::new(
            name.clone(),
            args.sending.apply(settings, purge),
            progress,
            signals,
        ));
    }
    shared.follow(runs, console).await
}

fn members(target: &TargetArgs, settings: &Settings) -> Result<Vec<Member>, Failure> {
    let (names, mut clients) = (unique(&target.profile)?, Vec::new());
    let checked = names.into_iter().map(|name| {
        let member = member(&name, target, settings, &mut clients);
        member.map_err(|failure| failure.of_profile(&name))
    });
    checked.collect()
}

/// One of several profiles. Those with the same account share its token: see [`Target::check_beside`].
fn member(
    name: &str,
    target: &TargetArgs,
    settings: &Settings,
    clients: &mut Vec<Client>,
) -> Result<Member, Failure> {
    let own = target.of_profile(name, settings)?;
    match Target::check_beside(clients, &own, settings)? {
        Checked::Service { client, organization, resource } => {
            let id = resource;
            let resource = client.resource(organization, id);
            clients.push(client);
            Ok(Member { name: name.to_owned(), id, resource, prefix: own.prefix })
        }
        Checked::Sandbox { .. } => Err(Failure::usage(
            "a --sandbox server has no profiles: leave out --sandbox or the profiles",
        )),
    }
}

fn unique(names: &[String]) -> Result<Vec<String>, Failure> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        None => Ok(names.to_vec()),
        Some(twice) => {
            let twice = excerpt(twice);
            Err(Failure::usage(format!("the profile `{twice}` is named twice")))
        }
    }
}

/// The plan of each profile, or `None` if the site is unchanged. If all have the same prefix, they share one plan, and
/// everything is read only once.
fn plans(
    args: &PathArgs,
    changes: Option<&Changes>,
    members: &[Member],
    settings: &Settings,
    format: Format,
    console: &mut Console<'_>,
) -> Result<Option<Vec<Plan>>, Failure> {
    let prefixes: Vec<_> = members
        .iter()
        .map(|member| args.input.prefix.as_ref().or(member.prefix.as_ref()))
        .collect();
    let is_one = prefixes.windows(2).all(|pair| pair[0] == pair[1]);
    if !is_one && selection::lists_standard_input(args) {
        let message = "standard input can be read only once, and the profiles have different prefixes: write the \
                       paths to a file and name it with --from";
        return Err(Failure::usage(message));
    }
    let mut plans: Vec<Plan> = Vec::new();
    for (member, prefix) in members.iter().zip(&prefixes) {
        if let Some(same) = plans.first().filter(|_| is_one) {
            plans.push(same.clone());
            continue;
        }
        let mut own = args.clone();
        own.input.prefix = prefix.cloned();
        let planned = Planned::read(&own, settings, changes)
            .map_err(|failure| if is_one { failure } else { failure.of_profile(&member.name) })?;
        planned.notes.iter().for_each(|note| output::note(console, format, note));
        // The paths that changed are the same for all.
        let Some(plan) = planned.plan else { return Ok(None) };
        plans.push(plan);
    }
    Ok(Some(plans))
}

impl Running {
    fn new(name: String, purge: Purge, progress: Progress, signals: &Signals) -> Self {
        Self { name, events: purge.shutdown(signals.shutdown()).events(), progress }
    }
}

impl<'a> Shared<'a> {
    fn new(
        report: &ReportArgs,
        audit: Audit,
        journals: Option<PathBuf>,
        signals: &'a Signals,
    ) -> Result<Self, Failure> {
        let summary = Summary::open(report.summary.as_deref())?;
        Ok(Self { signals, format: report.output.format, summary, audit, journals })
    }

    /// Follows all runs to their ends, and writes their reports as one.
    async fn follow(
        mut self,
        runs: Vec<Running>,
        console: &mut Console<'_>,
    ) -> Result<Exit, Failure> {
        let Some(voice) = runs.first().map(|run| run.progress.voice()) else {
            return Err(Failure::usage("there is no profile to purge"));
        };
        let ended = to_their_ends(runs, self.format, console);
        let reports = self.signals.drain(voice, ended).await?;
        // The result is written even if the summary cannot be.
        let all = reports.iter().map(|(name, report)| (name.as_str(), report));
        let mut written = self.summary.write_all(all);
        output::reports(console.out, console.screen, self.format, &reports)?;
        let mut exits = Vec::new();
        for (name, report) in &reports {
            let exit = Exit::from_report(report, self.signals.received());
            if exit != Exit::Success {
                let failure = Failure::from_report(report, exit, self.journals.as_deref());
                output::failure(console, self.format, &failure.of_profile(name));
            }
            written = written.and(self.audit.write(Some(name), report, exit));
            exits.push(exit);
        }
        written.map(|()| Exit::worst(exits))
    }
}

/// Reports the progress of all runs, and writes each operation as soon as its outcome is known.
async fn to_their_ends(
    runs: Vec<Running>,
    format: Format,
    console: &mut Console<'_>,
) -> Result<Vec<(String, Report)>, Failure> {
    let mut members = Vec::new();
    let mut streams = Vec::new();
    for (place, Running { name, events, progress }) in runs.into_iter().enumerate() {
        members.push((name, progress, None));
        streams.push(events.map(move |event| (place, event)));
    }
    let every = members.iter().find_map(|(_, progress, _)| progress.interval());
    let mut ticks = Ticks::every(every);
    let mut events = stream::select_all(streams);
    let mut written = Ok(());
    loop {
        let next = tokio::select! {
            next = events.next() => next,
            () = ticks.next() => {
                members.iter_mut().for_each(|(_, progress, _)| progress.tick(console.err));
                continue;
            }
        };
        let Some((place, event)) = next else { break };
        let (name, progress, report) = &mut members[place];
        match event {
            Event::Finished(finished) => *report = Some(*finished),
            event => {
                progress.on(console.err, &event);
                if let Event::Settled { outcome, .. } = &event {
                    let mut line = || output::operation_of(console.out, format, name, outcome);
                    written = written.and_then(|()| line());
                }
            }
        }
    }
    written.or_else(closed_pipe)?;
    let ended = members.into_iter().map(|(name, _, report)| {
        let none =
            || Failure::new(Exit::Failed, "the run ended without a report").of_profile(&name);
        let report = report.ok_or_else(none)?;
        Ok((name, report))
    });
    ended.collect()
}
