//! Progress on standard error during a run.

mod pause;
mod counts;
mod bars;
mod voice;

use std::sync::Arc;
use std::time::{Duration, Instant};

use purge_api_ext::{Event, Page, Plan};

use bars::Bars;
use counts::Counts;
use voice::Speaker;

use super::{Format, Out};
use crate::signals::Voice;

/// How often progress is logged when there are no bars.
const INTERVAL: Duration = Duration::from_secs(10);
/// How often bars update the countdown to a retry.
const COUNTDOWN: Duration = Duration::from_secs(1);
/// How many operations without a record are named.
const UNSEEN: usize = 5;

/// How many messages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Messages {
    Quiet,
    Normal,
    Verbose,
}

/// Bars on a terminal, lines elsewhere, and nothing with `--quiet`.
pub(crate) struct Progress {
    messages: Messages,
    format: Format,
    /// The profile, if there are several.
    profile: Option<String>,
    counts: Counts,
    bars: Option<Bars>,
    /// The end of the last pause that was announced.
    pause: Option<Instant>,
    unseen: usize,
}

impl Progress {
    /// Shows a spinner immediately, before there is anything to count.
    pub(crate) fn start(
        messages: Messages,
        format: Format,
        interactive: bool,
        doing: &'static str,
    ) -> Self {
        let bars = (interactive && messages != Messages::Quiet).then(|| Bars::start(doing));
        let counts = Counts::default();
        Self { messages, format, profile: None, counts, bars, pause: None, unseen: 0 }
    }

    /// Writes lines about one of several profiles; each line names the profile. There are no bars.
    pub(crate) fn of_profile(messages: Messages, format: Format, name: &str) -> Self {
        Self { profile: Some(name.to_owned()), ..Self::start(messages, format, false, "purging") }
    }

    /// The voice of the signal handlers.
    pub(crate) fn voice(&self) -> Arc<dyn Voice> {
        let is_quiet = self.messages == Messages::Quiet;
        Arc::new(Speaker::new(is_quiet, self.format, self.bars.as_ref().map(Bars::all)))
    }

    /// Announces what is about to be sent.
    pub(crate) fn plan(&mut self, err: Out<'_>, plan: &Plan) {
        self.counts.plan(plan.batches().iter().map(|batch| batch.paths().len()));
        self.say(err, format_args!("purging {plan}"));
    }

    /// Lists the requests that would be sent.
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

    /// Announces a page of the list. The bars make room for its records.
    pub(crate) fn page(&mut self, err: Out<'_>, page: &Page) {
        self.bars = None;
        if self.messages == Messages::Verbose {
            let (number, count) = (page.page, page.requests.len());
            let total = page.total.map(|total| format!(" of {total}")).unwrap_or_default();
            let s = super::plural(count);
            self.say(err, format_args!("page {number}: {count} record{s}{total}"));
        }
    }

    /// How often to call [`tick`](Self::tick).
    pub(crate) fn interval(&self) -> Option<Duration> {
        let interval = if self.bars.is_some() { COUNTDOWN } else { INTERVAL };
        (self.messages != Messages::Quiet).then_some(interval)
    }

    /// Reports progress, if there has been any since the last time.
    pub(crate) fn tick(&mut self, err: Out<'_>) {
        if let Some(bars) = &mut self.bars {
            bars.show(&self.counts);
        } else if let Some(line) = self.counts.news() {
            self.say(err, format_args!("{line}"));
        }
    }

    pub(crate) fn on(&mut self, err: Out<'_>, event: &Event) {
        let known = self.counts.finished;
        self.counts.on(event);
        let line = match event {
            // The bars count the pause down.
            Event::Retrying { .. } | Event::Paused { .. }
                if self.messages == Messages::Normal && self.bars.is_some() =>
            {
                None
            }
            Event::Unseen { .. } => {
                self.unseen += 1;
                counts::line(event).filter(|_| self.unseen <= UNSEEN)
            }
            Event::Progress { finished, .. } if *finished == known => None,
            _ if self.messages == Messages::Verbose => counts::line(event),
            Event::Retrying { delay, .. } | Event::Paused { delay, .. } => {
                let is_news = pause::is_news(&mut self.pause, Instant::now(), *delay);
                counts::line(event).filter(|_| is_news)
            }
            _ => None,
        };
        if let Some(line) = line {
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
        let line = match &self.profile {
            Some(name) => super::message(self.format, format_args!("{name}: {line}")),
            None => super::message(self.format, line),
        };
        match &self.bars {
            Some(bars) => bars.say(&line),
            // A closed standard error must not stop the purge.
            None => drop(writeln!(err, "{line}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use purge_api_ext::{BaseUrl, Error};

    use super::*;

    /// The lines about these events without a terminal.
    fn said(messages: Messages, format: Format, events: &[Event]) -> Vec<String> {
        let mut err = Vec::new();
        let mut progress = Progress::start(messages, format, false, "testing");
        events.iter().for_each(|event| progress.on(&mut err, event));
        String::from_utf8(err).expect("text").lines().map(str::to_owned).collect()
    }

    fn retrying(request: usize, seconds: u64) -> Event {
        let error: Error = "x".parse::<BaseUrl>().expect_err("not a URL");
        Event::Retrying { request, delay: Duration::from_secs(seconds), error }
    }

    #[test]
    fn long_pause_is_announced_once_unless_verbose() {
        let events = [retrying(0, 1), retrying(1, 9), retrying(2, 9)];
        let lines = said(Messages::Normal, Format::Text, &events);
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert!(
            line.starts_with("request 2: ") && line.contains("; again in 9.0 s, at "),
            "{line}"
        );
        assert_eq!(said(Messages::Verbose, Format::Text, &events).len(), 3);
        assert!(said(Messages::Quiet, Format::Text, &events).is_empty());
    }

    #[test]
    fn messages_have_the_format_of_the_result() {
        let lines = said(Messages::Normal, Format::Ndjson, &[retrying(0, 9)]);
        let line: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
        assert_eq!(line["schema"], 1);
        assert!(
            line["message"].as_str().is_some_and(|text| text.starts_with("request 1: ")),
            "{line}"
        );
    }

    #[test]
    fn the_first_operations_without_a_record_are_named() {
        let unseen = |i| Event::Unseen { op_id: format!("op-{i}").parse().expect("an ID") };
        let events: Vec<_> = (0..100).map(unseen).collect();
        let lines = said(Messages::Normal, Format::Text, &events);
        assert_eq!(lines.len(), UNSEEN);
        assert_eq!(
            lines[0],
            "no record of operation op-0 so far: is it an operation of this resource?"
        );
    }

    #[test]
    fn only_real_progress_is_reported() {
        let at = |finished, paths| Event::Progress { finished, paths };
        let events = [at(0, 0), at(0, 2), at(1, 2), at(1, 2), at(2, 2)];
        let lines = said(Messages::Verbose, Format::Text, &events);
        assert_eq!(lines, ["1 of 2 paths finished", "2 of 2 paths finished"]);
    }
}
