//! A run that is followed while it is under way.

use std::io;

use futures_util::StreamExt as _;
use purge_api_ext::{Event, Events, Report};
use tokio::time::{Instant, interval_at};

use crate::exit::Failure;
use crate::output::{self, Console, Format, Out, Progress};
use crate::signals::Signals;

/// Follows a run to its end: says how far it is, and writes each operation if the form is one in which
/// they are written as soon as they are known. Whatever becomes of the output, the run goes on.
pub(super) async fn follow(
    events: Events,
    progress: Progress,
    signals: &Signals,
    console: &mut Console<'_>,
    format: Format,
) -> Result<Report, Failure> {
    let quiet = progress.is_quiet();
    signals.drain(quiet, to_its_end(events, progress, console, format)).await
}

async fn to_its_end(
    mut events: Events,
    mut progress: Progress,
    console: &mut Console<'_>,
    format: Format,
) -> Result<Report, Failure> {
    let mut written = Ok(());
    let mut clock = progress.interval().map(|every| interval_at(Instant::now() + every, every));
    let report = loop {
        let tick = async {
            match &mut clock {
                Some(clock) => clock.tick().await,
                None => std::future::pending().await,
            }
        };
        let event = tokio::select! {
            event = events.next() => event,
            _ = tick => {
                progress.tick(console.err);
                continue;
            }
        };
        match event {
            Some(Event::Finished(report)) => break Some(*report),
            Some(event) => {
                progress.on(console.err, &event);
                written = written.and_then(|()| write(console.out, format, &event));
            }
            None => break None,
        }
    };
    // The bars make room for the result.
    drop(progress);
    written.or_else(output::closed_pipe)?;
    // The last event is the report.
    report.ok_or_else(|| Failure::new(crate::exit::Exit::Failed, "the run ended without a report"))
}

fn write(out: Out<'_>, format: Format, event: &Event) -> io::Result<()> {
    match event {
        Event::Settled { outcome, .. } => output::operation(out, format, outcome),
        _ => Ok(()),
    }
}
