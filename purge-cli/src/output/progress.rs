//! What is said on standard error while a run is under way.

mod counts;
mod bars;

use std::io;
use std::time::Duration;

use purge_api_ext::{Event, Page, Plan};

use bars::Bars;
use counts::Counts;

use super::Out;

/// How often a log that nobody watches says how far it is.
const INTERVAL: Duration = Duration::from_secs(10);

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Messages {
    Quiet,
    Normal,
    Verbose,
}

/// Bars on a terminal, lines anywhere else, nothing if that is wished.
pub(crate) struct Progress {
    messages: Messages,
    counts: Counts,
    bars: Option<Bars>,
}

impl Progress {
    /// Shows a sign of life at once, before there is anything to count.
    pub(crate) fn start(messages: Messages, interactive: bool, doing: &'static str) -> Self {
        let bars = (interactive && messages != Messages::Quiet).then(|| Bars::start(doing));
        Self { messages, counts: Counts::default(), bars }
    }

    /// Says what is about to be sent.
    pub(crate) fn plan(&mut self, err: Out<'_>, plan: &Plan) {
        self.counts.plan(plan.batches().iter().map(|batch| batch.paths().len()));
        self.say(err, format_args!("purging {plan}"));
    }

    /// Says which requests would be sent.
    pub(crate) fn batches(&mut self, err: Out<'_>, plan: &Plan) {
        if self.messages != Messages::Verbose {
            return;
        }
        for (index, batch) in plan.batches().iter().enumerate() {
            let mut paths = batch.paths();
            let (count, first) = (paths.len(), paths.next().unwrap_or_default());
            let (number, s) = (index + 1, super::plural(count));
            let last = paths.next_back().map(|last| format!(" to {last}")).unwrap_or_default();
            self.say(err, format_args!("request {number}: {count} path{s}, {first}{last}"));
        }
    }

    /// Says what a page of the list holds. The bars make room for its records.
    pub(crate) fn page(&mut self, err: Out<'_>, page: &Page) {
        self.bars = None;
        if self.messages == Messages::Verbose {
            let (number, count) = (page.page, page.requests.len());
            let total = page.total.map(|total| format!(" of {total}")).unwrap_or_default();
            let s = super::plural(count);
            self.say(err, format_args!("page {number}: {count} record{s}{total}"));
        }
    }

    /// How often [`tick`](Self::tick) wants to be called.
    pub(crate) fn interval(&self) -> Option<Duration> {
        (self.bars.is_none() && self.messages != Messages::Quiet).then_some(INTERVAL)
    }

    /// Says how far it is, if anything has happened since the last time.
    pub(crate) fn tick(&mut self, err: Out<'_>) {
        if let Some(line) = self.counts.news() {
            self.say(err, format_args!("{line}"));
        }
    }

    pub(crate) fn on(&mut self, err: Out<'_>, event: &Event) {
        self.counts.on(event);
        if self.messages == Messages::Verbose
            && let Some(line) = counts::line(event)
        {
            self.say(err, format_args!("{line}"));
        }
        if let Some(bars) = &mut self.bars {
            bars.show(&self.counts);
        }
    }

    pub(crate) fn say(&mut self, err: Out<'_>, line: std::fmt::Arguments<'_>) {
        if self.messages == Messages::Quiet {
            return;
        }
        match &self.bars {
            Some(bars) => bars.say(&line.to_string()),
            // A message that nobody can read must not keep the purge from being sent.
            None => drop(write_line(err, line)),
        }
    }
}

fn write_line(err: Out<'_>, line: std::fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(err, "{line}")
}
