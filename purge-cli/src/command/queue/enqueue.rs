//! `enqueue` and `status`.

use purge_api_ext::{Paths, PurgeEverything, PurgePath, escape};
use purge_queue::{Queue, RequestOutcome, State, Urgency};
use serde::Serialize;

use super::connect;
use crate::args::{EnqueueArgs, StatusArgs};
use crate::command::create::planned;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::{self, Console, Format};

/// What was stored, as JSON.
#[derive(Serialize)]
struct Stored<'a> {
    schema: u32,
    request: &'a str,
    paths: usize,
    messages: u32,
}

pub(crate) async fn run(args: EnqueueArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    // What is wrong with the names shows before anything is read.
    connect::identity(&args.from, &settings)?;
    let plan = planned(&args.paths)?;
    let mut paths = Paths::new();
    for path in plan.paths() {
        paths
            .push(&PurgePath::with_query(path).map_err(|error| Failure::usage(error.to_string()))?);
    }
    let producing = connect::produce(&args.from, &settings).await?;
    let queue = Queue::new(producing.engine, producing.lane, producing.producer);
    let mut enqueue = queue.enqueue(producing.resource, &paths).deadline(args.deadline);
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
    let ticket = enqueue.await?;
    let Some(deadline) = args.wait else {
        let stored = Stored {
            schema: 1,
            request: ticket.request().as_str(),
            paths: paths.len(),
            messages: ticket.chunks(),
        };
        let written = match args.output.format {
            Format::Text => {
                let Stored { request, paths, .. } = stored;
                let s = if paths == 1 { "" } else { "s" };
                writeln!(console.out, "{paths} path{s} enqueued as {request}")
            }
            Format::Json | Format::Ndjson => output::json_line(console.out, &stored),
        };
        written.or_else(output::closed_pipe)?;
        return Ok(Exit::Success);
    };
    let outcome = ticket.outcome(deadline).await?;
    show(&outcome, args.output.format, console)
}

pub(crate) async fn status(args: StatusArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let settings = Config::load()?.settings;
    let producing = connect::produce(&args.from, &settings).await?;
    let queue = Queue::new(producing.engine, producing.lane, producing.producer);
    let mut outcome = queue.status(producing.resource, &args.id).await?;
    if let Some(path) = &args.path {
        outcome.paths.retain(|result| result.path == *path);
    }
    show(&outcome, args.output.format, console)
}

/// Writes what is known of a request.
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
        // Later it may be known.
        false => Exit::Temporary,
    })
}

fn text(outcome: &RequestOutcome, out: output::Out<'_>) -> std::io::Result<()> {
    /// More lines are not read by people.
    const SHOWN: usize = 100;
    let odd = outcome.paths.iter().filter(|path| path.state.is_failure() || path.by.is_some());
    let some = outcome.paths.len() <= SHOWN;
    for path in outcome.paths.iter().filter(|_| some).chain(odd.filter(|_| !some)) {
        let state = path.state.as_str();
        let by = path.by.as_deref().map(|by| format!(" by {}", escape(by))).unwrap_or_default();
        let twice = if path.possible_duplicate { ", perhaps twice" } else { "" };
        let why = path.message.as_deref().filter(|_| path.state.is_failure());
        let why = why.map(|why| format!(": {}", escape(why))).unwrap_or_default();
        writeln!(out, "{state:<11} {}{by}{twice}{why}", escape(&path.path))?;
    }
    let counts = outcome.counts();
    let counts = counts.iter().map(|(state, count)| format!("{count} {}", state.as_str()));
    let mut counts: Vec<String> = counts.collect();
    match outcome.chunks {
        None => counts.push(format!("no outcome yet of {}", outcome.request)),
        Some(_) if !outcome.missing.is_empty() => {
            let waiting = State::Queued.as_str();
            counts.push(format!("{} messages of up to 500 paths {waiting}", outcome.missing.len()));
        }
        Some(_) => {}
    }
    writeln!(out, "{}", counts.join(", "))
}
