//! A run, from its first event to its exit code.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt as _;
use purge_api_ext::{Event, Events, Plan, Report};
use tokio::time::{Instant, Interval, interval_at};

use super::after::{After, Times, again};
use super::verify::interrupted;
use crate::args::ReportArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Audit, Console, Format, Out, Progress, Summary, Verified};
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
        self,
        events: Events,
        target: Target,
        progress: Progress,
        console: &mut Console<'_>,
    ) -> Result<Exit, Failure> {
        let report = self.report(events, progress, &mut Times::default(), console).await;
        target.close().await;
        self.end(&report?, Ok(None), console)
    }

    /// Follows the events to the report, asks the edges, and then does what [`follow`](Self::follow) does.
    pub(super) async fn follow_and_verify(
        self,
        events: Events,
        target: Target,
        progress: Progress,
        after: &After,
        purge: impl Fn(&Target, Plan) -> Events,
        console: &mut Console<'_>,
    ) -> Result<Exit, Failure> {
        let mut times = Times::default();
        let report = self.report(events, progress, &mut times, console).await;
        let verified = match (&report, self.signals.received()) {
            (Ok(report), None) if report.summary.accepted > 0 => {
                self.verify(report, &times, after, &target, purge, console).await.map(Some)
            }
            // Everything was sent, but nothing is verified.
            (Ok(report), Some(exit)) if report.is_success() => Err(interrupted(exit)),
            _ => Ok(None),
        };
        target.close().await;
        self.end(&report?, verified, console)
    }

    async fn report(
        &self,
        events: Events,
        progress: Progress,
        times: &mut Times,
        console: &mut Console<'_>,
    ) -> Result<Report, Failure> {
        let voice = progress.voice();
        let report = to_its_end(events, progress, times, console, self.format);
        self.signals.drain(voice, report).await
    }

    async fn verify(
        &self,
        report: &Report,
        times: &Times,
        after: &After,
        target: &Target,
        purge: impl Fn(&Target, Plan) -> Events,
        console: &mut Console<'_>,
    ) -> Result<Verified, Failure> {
        let verified = after.verify(report, times, self.format, self.signals, console).await?;
        if !after.again || verified.stale.is_empty() {
            return Ok(verified);
        }
        let plan = match again(&verified) {
            Ok(plan) => plan,
            // The verdicts are more important.
            Err(failure) => {
                let note = format!("the stale paths are not purged again: {failure}");
                output::note(console, self.format, &note);
                return Ok(verified);
            }
        };
        let mut progress = self.progress("purging again", console);
        progress.plan(console.err, &plan);
        let mut times = Times::default();
        let report = self.report(purge(target, plan), progress, &mut times, console).await?;
        after.verify_again(verified, report, &times, self.format, self.signals, console).await
    }

    /// Writes the result, even if the summary cannot be written or the edges were not asked.
    fn end(
        mut self,
        report: &Report,
        verified: Result<Option<Verified>, Failure>,
        console: &mut Console<'_>,
    ) -> Result<Exit, Failure> {
        let (verified, error) = match verified {
            Ok(verified) => (verified, None),
            Err(error) => (None, Some(error)),
        };
        let summarized = self.summary.write(report, verified.as_ref());
        output::report(console.out, console.screen, self.format, report, verified.as_ref())?;
        let mut exit = Exit::from_report(report, self.signals.received());
        output::advice(console, self.format, report, exit, self.journal.as_deref());
        let is_purged = exit == Exit::Success;
        if let Some(failure) = verified.as_ref().and_then(Verified::failure) {
            output::failure(console, self.format, &failure);
            exit = if is_purged { failure.exit() } else { exit };
        }
        if let Some(failure) = error.as_ref().filter(|_| is_purged) {
            exit = failure.exit();
        }
        let audited = self.audit.write(None, report, exit);
        summarized.and(audited)?;
        error.map_or(Ok(exit), Err)
    }
}

/// The times at which progress is reported: never, without an interval.
pub(super) struct Ticks(Option<Interval>);

impl Ticks {
    pub(super) fn every(interval: Option<Duration>) -> Self {
        Self(interval.map(|every| interval_at(Instant::now() + every, every)))
    }

    /// Waits for the next one. Nothing is missed if this future is dropped.
    pub(super) async fn next(&mut self) {
        match &mut self.0 {
            Some(interval) => drop(interval.tick().await),
            None => std::future::pending().await,
        }
    }
}

/// Reports progress and, in formats that stream, writes each operation as soon as its outcome is known. The run
/// continues even if the output fails.
async fn to_its_end(
    mut events: Events,
    mut progress: Progress,
    times: &mut Times,
    console: &mut Console<'_>,
    format: Format,
) -> Result<Report, Failure> {
    let mut written = Ok(());
    let mut ticks = Ticks::every(progress.interval());
    let report = loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = ticks.next() => {
                progress.tick(console.err);
                continue;
            }
        };
        match event {
            Some(Event::Finished(report)) => break Some(*report),
            Some(event) => {
                times.on(&event);
                progress.on(console.err, &event);
                written = written.and_then(|()| write(console.out, format, &event));
            }
            None => break None,
        }
    };
    // Clears the bars to make room for the result.
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
