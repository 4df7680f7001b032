//! A run, from its first event to its exit code.

use std::time::Duration;

use futures_util::StreamExt as _;
use purge_api_ext::{Event, Events, Plan, Report};
use tokio::time::{Instant, Interval, interval_at};

use super::after::{After, Times, again};
use super::end::End;
use super::verify::interrupted;
use crate::advice::Next;
use crate::args::ReportArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Audit, Console, Format, Progress, Summary, Verified};
use crate::selection::Renewal;
use crate::signals::Signals;
use crate::target::Target;

/// What `create`, `resume` and `wait` have in common: they differ only in where their events come from.
pub(super) struct Run<'a> {
    signals: &'a Signals,
    format: Format,
    summary: Summary,
    audit: Audit,
    next: Next,
    /// The baseline to replace if everything succeeds.
    renewal: Option<Renewal>,
}

impl<'a> Run<'a> {
    /// Opens the summary file before anything is sent.
    pub(super) fn new(
        report: &ReportArgs,
        audit: Audit,
        next: Next,
        signals: &'a Signals,
    ) -> Result<Self, Failure> {
        let summary = Summary::open(report.summary.as_deref())?;
        let (format, renewal) = (report.output.format, None);
        Ok(Self { signals, format, summary, audit, next, renewal })
    }

    /// Replaces a baseline if everything succeeds.
    pub(super) fn renewing(self, renewal: Option<Renewal>) -> Self {
        Self { renewal, ..self }
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

    /// Writes the result wherever it can be written, even if the edges were not asked.
    fn end(
        mut self,
        report: &Report,
        verified: Result<Option<Verified>, Failure>,
        console: &mut Console<'_>,
    ) -> Result<Exit, Failure> {
        let format = self.format;
        let (verified, error) = match verified {
            Ok(verified) => (verified, Ok(())),
            Err(error) => (None, Err(error)),
        };
        let verified = verified.as_ref();
        let summarized = self.summary.write(report, verified);
        console.write(|out, screen| output::report(out, screen, format, report, verified));
        let mut exit = Exit::from_report(report, self.signals.received());
        output::advice(console, format, report, exit, &self.next, None);
        if let Some(failure) = verified.and_then(|verified| verified.failure(&self.next)) {
            output::failure(console, format, &failure);
            exit = if exit == Exit::Success { failure.exit() } else { exit };
        }
        let mut end = End::new(exit);
        end.add(error);
        end.add(summarized);
        end.add(console.written());
        end.renew(self.renewal, format, console);
        let again = verified.and_then(|verified| verified.again.as_ref());
        let audited = self.audit.write(None, report, again, end.exit());
        end.add(audited);
        end.say(format, console)
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
                if let Event::Settled { outcome, .. } = &event {
                    console.write(|out, _| output::operation(out, format, outcome));
                }
            }
            None => break None,
        }
    };
    // Clears the bars to make room for the result.
    drop(progress);
    // The last event is the report.
    report.ok_or_else(|| Failure::new(Exit::Failed, "the run ended without a report"))
}
