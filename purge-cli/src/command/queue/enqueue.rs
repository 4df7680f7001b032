//! `enqueue` and `status`.

use std::collections::BTreeSet;
use std::time::Duration;

use purge_api_ext::{Paths, Plan, PurgeEverything, escape};
use purge_queue::{MAX_PATHS, NatsEngine, Queue, RequestOutcome, State, Ticket, Urgency};
use serde::Serialize;

use super::connect::{self, Identity};
use crate::advice;
use crate::args::{EnqueueArgs, StatusArgs};
use crate::command::create;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{self, Console, Format};
use crate::selection::{self, Renewal, Selection};
use crate::shown::shown;

/// A stored request, as JSON.
#[derive(Serialize)]
struct Stored<'a> {
    schema: u32,
    request: &'a str,
    paths: usize,
    messages: u32,
}

pub(crate) async fn run(mut args: EnqueueArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    // Mistakes are reported before anything is read.
    if args.wait.is_some()
        && !args.paths.input.raw
        && let Some(text) = input::duration(&args.paths.input.paths)
    {
        return Err(Failure::usage(format!("`{text}` is not a path; write `--wait={text}`")));
    }
    let is_left = args.paths.site.site.is_some() && args.wait.is_none();
    if is_left && args.expires.is_some() {
        return Err(Failure::usage(
            "with --site, --expires requires --wait: otherwise the baseline is replaced before it is known whether the \
             paths have expired",
        ));
    }
    if is_left {
        // No later run would purge paths that expire.
        args.expires = Some(Duration::MAX);
    }
    let mut identity = connect::identity(&args.from, &settings)?;
    let prefix = args.paths.input.prefix.take().or_else(|| identity.prefix.take());
    args.paths.input.prefix = prefix;
    let format = args.output.format;
    let Selection { plan, renewal, notes, .. } =
        Selection::read(&args.paths, &settings, Some(identity.resource))?;
    notes.iter().for_each(|note| output::note(console, format, note));
    let Some(plan) = plan else {
        return create::unchanged(renewal, false, format, console);
    };
    let paths = paths(&plan)?;
    let engine = connect::produce(&args.from, &identity.producer, &settings).await?;
    let mut renewal = renewal;
    renewal.as_mut().map_or(Ok(()), Renewal::begin)?;
    let wait = args.wait;
    let exit = match (store(args, engine, identity, &paths).await?, wait) {
        (ticket, Some(deadline)) => show(&ticket.outcome(deadline).await?, format, console)?,
        (ticket, None) => {
            stored(&ticket, &paths, format, console)?;
            Exit::Success
        }
    };
    if exit == Exit::Success
        && let Some(renewal) = renewal
        && let Some(note) = renewal.finish()?
    {
        output::note(console, format, &note);
    }
    Ok(exit)
}

/// The paths to enqueue, without duplicates and covered paths.
fn paths(plan: &Plan) -> Result<Paths, Failure> {
    let mut paths = Paths::new();
    for path in plan.paths() {
        paths.push(&selection::read_back(path)?);
    }
    Ok(paths)
}

/// Stores the request in the queue.
async fn store(
    args: EnqueueArgs,
    engine: NatsEngine,
    identity: Identity,
    paths: &Paths,
) -> Result<Ticket<NatsEngine>, Failure> {
    let Identity { lane, producer, resource, .. } = identity;
    let queue = Queue::new(engine, lane, producer);
    let mut enqueue = queue.enqueue(resource, paths).deadline(args.deadline);
    if let Some(id) = args.id {
        enqueue = enqueue.id(id);
    }
    if args.bulk {
        enqueue = enqueue.urgency(Urgency::Bulk);
    }
    if let Some(expires) = args.expires {
        enqueue = enqueue.expires(expires);
    }
    if args.paths.allow_full_purge {
        enqueue = enqueue.allow_full_purge(PurgeEverything);
    }
    Ok(enqueue.await?)
}

/// Reports what was stored.
fn stored(
    ticket: &Ticket<NatsEngine>,
    paths: &Paths,
    format: Format,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let stored = Stored {
        schema: 1,
        request: ticket.request().as_str(),
        paths: paths.len(),
        messages: ticket.chunks(),
    };
    let written = match format {
        Format::Text => {
            let Stored { request, paths, .. } = stored;
            let s = output::plural(paths);
            writeln!(console.out, "{paths} path{s} enqueued as {request}")
        }
        Format::Json | Format::Ndjson => output::json_line(console.out, &stored),
    };
    Ok(written.or_else(output::closed_pipe)?)
}

pub(crate) async fn status(args: StatusArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    let Identity { lane, producer, resource, .. } = connect::identity(&args.from, &settings)?;
    let engine = connect::produce(&args.from, &producer, &settings).await?;
    let queue = Queue::new(engine, lane, producer);
    let mut outcome = queue.status(resource, &args.id).await?;
    if let Some(path) = &args.path {
        outcome.paths.retain(|result| result.path == *path);
        if outcome.paths.is_empty() && outcome.is_complete() {
            return Err(Failure::usage(format!(
                "the request `{}` has no path `{}`; if a wildcard of the request covers it, ask for the wildcard",
                args.id.as_str(),
                shown(path)
            )));
        }
    }
    show(&outcome, args.output.format, console)
}

/// Prints what is known of a request.
fn show(
    outcome: &RequestOutcome,
    format: Format,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let out = &mut *console.out;
    let written = match format {
        Format::Text => text(outcome, out),
        Format::Json => output::json_line(out, outcome),
        Format::Ndjson => outcome.paths.iter().try_for_each(|path| output::json_line(out, path)),
    };
    written.or_else(output::closed_pipe)?;
    if outcome.paths.iter().any(|path| path.state.is_failure()) {
        return Ok(Exit::Failed);
    }
    if !outcome.is_complete() {
        // The rest may be known later.
        return Ok(Exit::Temporary);
    }
    unfinished(outcome).map_or(Ok(Exit::Success), Err)
}

/// The failure of a request with paths whose purge was accepted and is no longer followed: nothing will ever say how it
/// ended.
fn unfinished(outcome: &RequestOutcome) -> Option<Failure> {
    let accepted = outcome.paths.iter().filter(|path| path.state == State::Accepted);
    let count = accepted.clone().count();
    let operations: BTreeSet<_> = accepted.filter_map(|path| path.op_id.as_deref()).collect();
    let operations: Vec<_> = operations.into_iter().collect();
    let follow = match (operations.len(), advice::wait_for(&operations, "")) {
        (0, _) => String::new(),
        (_, Some(command)) => format!("; to follow it: {command}"),
        (count, None) => format!(
            "; to follow its {count} operations: `cdn-purge wait` with the IDs of `status --output json`"
        ),
    };
    let what = match count {
        0 => return None,
        1 => "the purge of 1 path was accepted".to_owned(),
        count => format!("the purge of {count} paths was accepted"),
    };
    let why = "no worker follows it any more, so it is unknown whether it has ended";
    Some(Failure::new(Exit::Deadline, format!("{what}, but {why}{follow}")))
}

fn text(outcome: &RequestOutcome, out: output::Out<'_>) -> std::io::Result<()> {
    /// The maximum number of lines that are worth printing.
    const SHOWN: usize = 100;
    let odd = outcome.paths.iter().filter(|path| path.state.is_failure() || path.by.is_some());
    let some = outcome.paths.len() <= SHOWN;
    for path in outcome.paths.iter().filter(|_| some).chain(odd.filter(|_| !some)) {
        let state = path.state.as_str();
        let by = path.by.as_deref().map(|by| format!(" by {}", escape(by))).unwrap_or_default();
        let twice = if path.possible_duplicate { ", possibly twice" } else { "" };
        let why = path.message.as_deref().filter(|_| path.state.is_failure());
        let why = why.map(|why| format!(": {}", escape(why))).unwrap_or_default();
        writeln!(out, "{state:<11} {}{by}{twice}{why}", escape(&path.path))?;
    }
    let counts = outcome.counts();
    let counts = counts.iter().map(|(state, count)| format!("{count} {}", state.as_str()));
    let mut counts: Vec<String> = counts.collect();
    match outcome.chunks {
        None => counts.push(format!(
            "no outcome of {} is stored: it is waiting, its outcome is no longer kept, or it was never enqueued",
            outcome.request
        )),
        Some(_) if !outcome.missing.is_empty() => {
            let (count, s) = (outcome.missing.len(), output::plural(outcome.missing.len()));
            counts.push(format!("{count} message{s} of up to {MAX_PATHS} paths without an outcome"));
        }
        Some(_) => {}
    }
    writeln!(out, "{}", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use purge_api_ext::PurgePath;

    use super::*;

    #[test]
    fn names_of_files_are_enqueued_as_they_are_planned() {
        let names = ["a,", "it's'", "line\nbreak"];
        let planned: Paths =
            names.iter().map(|name| PurgePath::from_file_name(*name).expect("a name")).collect();
        let plan = Plan::planner().plan(planned).expect("a plan");
        let enqueued = paths(&plan).expect("paths");
        assert_eq!(enqueued.iter().collect::<Vec<_>>(), ["/a,", "/it's'", "/line%0Abreak"]);
    }
}
