//! Concurrent runs of several profiles, each with its own plan, resource and rate.

mod journals;

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use futures_util::{StreamExt as _, stream};
use purge_api_ext::{
    Client, ErrorKind, Event, Events, Journal, Plan, Purge, PurgeEverything, PurgePath, Report,
    Resource, ResourceId,
};

use super::end::End;
use super::run::Ticks;
use crate::advice::Next;
use crate::args::{CreateArgs, PathArgs, ReportArgs, ResumeArgs, TargetArgs};
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::input::Lists;
use crate::output::{self, Audit, Console, Format, Progress, Summary};
use crate::selection::{self, Changes, Planned, Renewal};
use crate::shown::excerpt;
use crate::signals::Signals;
use crate::target::{Checked, Target};
use journals::{is_finished, journals, left_for_later, names_in, remove};

/// A profile whose run is about to begin.
struct Member {
    name: String,
    id: ResourceId,
    client: Client,
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
    next: Next,
    /// The baseline to replace if everything succeeds.
    renewal: Option<Renewal>,
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
    let next = Next { resumes_all: true, ..args.next() };
    let mut shared = Shared::new(&args.report, audit, next, signals)?;
    let changes = Changes::read(&args.paths, Some(&resources(&members)))?;
    let notes: Vec<_> = changes.iter().flat_map(Changes::notes).collect();
    notes.iter().for_each(|note| output::note(console, shared.format, note));
    let plans = plans(&args.paths, changes.as_ref(), &members, settings, shared.format, console)?;
    let mut renewal = changes.map(Changes::into_renewal);
    let Some(plans) = plans else { return unchanged(renewal, shared.format, console) };
    have_tokens(&clients(&members)).await?;
    let folder = args.journal.as_deref();
    let journals = journals(folder, &members, &plans).await?;
    if let Err(failure) = renewal.as_mut().map_or(Ok(()), Renewal::begin) {
        drop(journals);
        folder.into_iter().for_each(|folder| remove(folder, &members));
        return Err(failure);
    }
    shared.renewal = renewal;
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
    shared.follow(runs, console).await
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
    is_finished(&args.journal)?;
    let resumes_all = args.target.profile.is_empty();
    let names = match args.target.profile.as_slice() {
        [] => names_in(&args.journal, settings)?,
        named => unique(named)?,
    };
    let audit = args.audit.open("resume")?;
    let next = Next { resumes_all, ..args.next() };
    let shared = Shared::new(&args.report, audit, next, signals)?;
    if let Some(note) = left_for_later(&args.journal, &names) {
        output::note(console, shared.format, &note);
    }
    let (mut runs, mut clients, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
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
        tokens.push((name.clone(), member.client));
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
    have_tokens(&tokens).await?;
    shared.follow(runs, console).await
}

fn clients(members: &[Member]) -> Vec<(String, Client)> {
    members.iter().map(|member| (member.name.clone(), member.client.clone())).collect()
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
            clients.push(client.clone());
            Ok(Member { name: name.to_owned(), id, client, resource, prefix: own.prefix })
        }
        Checked::Sandbox { .. } => Err(Failure::usage(
            "a --sandbox server has no profiles: leave out --sandbox or the profiles",
        )),
    }
}

/// A missing token is bad input, and is reported before anything is sent to any profile. If signing in fails, only the
/// run of this profile fails.
async fn have_tokens(members: &[(String, Client)]) -> Result<(), Failure> {
    // Together, so that one login that does not respond delays the others no longer than itself.
    let asking = members.iter().map(async |(name, client)| match client.fetch_token().await {
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            Err(Failure::from(error).of_profile(name))
        }
        _ => Ok(()),
    });
    try_join_all(asking).await.map(drop)
}

fn unique(names: &[String]) -> Result<Vec<String>, Failure> {
    if names.iter().any(String::is_empty) {
        return Err(Failure::usage(
            "the name of a profile is missing: write for example `shop,blog`",
        ));
    }
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        None => Ok(names.to_vec()),
        Some(twice) => {
            let twice = excerpt(twice);
            Err(Failure::usage(format!("the profile `{twice}` is named twice")))
        }
    }
}

/// The plan of each profile, or `None` if the site is unchanged. If all have the same prefix, they share one plan. All
/// have the same lists, each of which is read only once.
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
    let lists = if is_one { Lists::default() } else { selection::kept_lists(args)? };
    let mut plans: Vec<Plan> = Vec::new();
    for (member, prefix) in members.iter().zip(&prefixes) {
        if let Some(same) = plans.first().filter(|_| is_one) {
            plans.push(same.clone());
            continue;
        }
        let mut own = args.clone();
        own.input.prefix = prefix.cloned();
        let planned = Planned::read(&own, settings, changes, &lists)
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
        next: Next,
        signals: &'a Signals,
    ) -> Result<Self, Failure> {
        let summary = Summary::open(report.summary.as_deref())?;
        let (format, renewal) = (report.output.format, None);
        Ok(Self { signals, format, summary, audit, next, renewal })
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
        let format = self.format;
        let ended = to_their_ends(runs, format, console);
        let reports = self.signals.drain(voice, ended).await?;
        let summarized = self.summary.write_all(&reports);
        console.write(|out, screen| output::reports(out, screen, format, &reports));
        let signal = self.signals.received();
        let exits: Vec<_> =
            reports.iter().map(|(_, report)| Exit::from_report(report, signal)).collect();
        for ((name, report), exit) in reports.iter().zip(&exits) {
            let next = Next { profile: Some(name.clone()), ..self.next.clone() };
            output::advice(console, format, report, *exit, &next, Some(name));
        }
        let mut end = End::new(Exit::worst(exits.iter().copied()));
        end.add(summarized);
        end.add(console.written());
        // The baseline is that of all resources, so it stays as it is if one of them was not purged.
        end.renew(self.renewal, format, console);
        for ((name, report), exit) in reports.iter().zip(exits) {
            let exit = end.exit_of(exit);
            end.add(self.audit.write(Some(name), report, None, exit));
        }
        end.say(format, console)
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
                    console.write(|out, _| output::operation_of(out, format, name, outcome));
                }
            }
        }
    }
    let ended = members.into_iter().map(|(name, _, report)| {
        let none =
            || Failure::new(Exit::Failed, "the run ended without a report").of_profile(&name);
        let report = report.ok_or_else(none)?;
        Ok((name, report))
    });
    ended.collect()
}
