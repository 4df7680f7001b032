//! A run, from its first event to its exit code.

use std::io;
use std::path::PathBuf;

use futures_util::StreamExt as _;
use purge_api_ext::{Event, Events, Report};
use tokio::time::{Instant, interval_at};

use crate::args::ReportArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Audit, Console, Format, Out, Progress, Summary};
use crate::signals::Signals;
use crate::target::Target;

/// What `create`, `resume` and `wait` have in common: they differ only in where their events come from.
pub(super) struct Run<'a> {
    signals: &'a Signals,
    format: Format,
    summary: Summary,
    audit: Audit,
    /// The journal that the run writes, if it has one.
    journal: Option<PathBuf>,
}

impl<'a> Run<'a> {
    /// Opens the summary file before anything is sent.
    pub(super) fn new(
        report: &ReportArgs,
        audit: Audit,
        journal: Option<PathBuf>,
        signals: &'a Signals,
    ) -> Result<Self, Failure> {
        let summary = Summary::open(report.summary.as_deref())?;
        Ok(Self { signals, format: report.output.format, summary, audit, journal })
    }

    /// Shows the progress of the run.
    pub(super) fn progress(&self, doing: &'static str, console: &Console<'_>) -> Progress {
        Progress::start(console.messages, self.format, console.interactive, doing)
    }

    /// Follows the events to the report, writes it, and says how the run ended and what to do next.
    pub(super) async fn follow(
        mut self,
        events: Events,
        target: Target,
        progress: Progress,
        console: &mut Console<'_>,
    ) -> Result<Exit, Failure> {
        let voice = progress.voice();
        let report = to_its_end(events, progress, console, self.format);
        let report = self.signals.drain(voice, report).await;
        target.close().await;
        let report = report?;
        // The result is written even if the summary cannot be.
        let summarized = self.summary.write(&report);
        output::report(console.out, console.screen, self.format, &report)?;
        let exit = Exit::from_report(&report, self.signals.received());
        output::advice(console, self.format, &report, exit, self.journal.as_deref());
        let audited = self.audit.write(None, &report, exit);
        summarized.and(audited).map(|()| exit)
    }
}

/// Reports progress and, in formats that stream, writes each operation as soon as its outcome is known. The run
/// continues even if the output fails.
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
    report.ok_or_else(|| Failure::new(Exit::Failed, "the run ended without a report"))
}

fn write(out: Out<'_>, format: Format, event: &Event) -> io::Result<()> {
    match event {
        Event::Settled { outcome, .. } => output::operation(out, format, outcome),
        _ => Ok(()),
    }
}
