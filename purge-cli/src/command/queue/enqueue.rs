//! `enqueue` and `status`.

use purge_api_ext::{Paths, Plan, PurgeEverything, PurgePath, escape};
use purge_queue::{NatsEngine, Queue, RequestOutcome, State, Ticket, Urgency};
use serde::Serialize;

use super::connect::{self, Producing};
use crate::args::{EnqueueArgs, StatusArgs};
use crate::command::create;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::{self, Console, Format};
use crate::selection::{Renewal, Selection};
use crate::shown::shown;

/// A stored request, as JSON.
#[derive(Serialize)]
struct Stored<'a> {
    schema: u32,
    request: &'a str,
    paths: usize,
    messages: u32,
}

pub(crate) async fn run(args: EnqueueArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    // Mistakes in names are reported before anything is read.
    let (_, resource) = connect::identity(&args.from, &settings)?;
    let format = args.output.format;
    let Selection { plan, renewal, notes, .. } =
        Selection::read(&args.paths, &settings, Some(resource))?;
    notes.iter().for_each(|note| output::note(console, format, note));
    let Some(plan) = plan else {
        return create::unchanged(renewal, false, format, console);
    };
    let paths = paths(&plan)?;
    let producing = connect::produce(&args.from, &settings).await?;
    let mut renewal = renewal;
    renewal.as_mut().map_or(Ok(()), Renewal::begin)?;
    let wait = args.wait;
    let exit = match (store(args, producing, &paths).await?, wait) {
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
        let path = PurgePath::with_query(path);
        paths.push(&path.map_err(|error| Failure::usage(error.to_string()))?);
    }
    Ok(paths)
}

/// Stores the request in the queue.
async fn store(
    args: EnqueueArgs,
    producing: Producing,
    paths: &Paths,
) -> Result<Ticket<NatsEngine>, Failure> {
    let queue = Queue::new(producing.engine, producing.lane, producing.producer);
    let mut enqueue = queue.enqueue(producing.resource, paths).deadline(args.deadline);
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
    let producing = connect::produce(&args.from, &settings).await?;
    let queue = Queue::new(producing.engine, producing.lane, producing.producer);
    let mut outcome = queue.status(producing.resource, &args.id).await?;
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
    Ok(match outcome.paths.iter().any(|path| path.state.is_failure()) {
        true => Exit::Failed,
        false if outcome.is_complete() => Exit::Success,
        // The rest may be known later.
        false => Exit::Temporary,
    })
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
        None => counts.push(format!("no outcome yet for {}", outcome.request)),
        Some(_) if !outcome.missing.is_empty() => {
            let waiting = State::Queued.as_str();
            counts.push(format!("{} messages of up to 500 paths {waiting}", outcome.missing.len()));
        }
        Some(_) => {}
    }
    writeln!(out, "{}", counts.join(", "))
}
