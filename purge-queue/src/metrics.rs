//! What a worker counts, in the Prometheus text format.

mod serve;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::chunk::Urgency;
use crate::names::Lane;

/// The upper bounds of the histogram of append durations, in seconds.
const BOUNDS: [f64; 8] = [0.001, 0.003, 0.01, 0.03, 0.1, 1.0, 5.0, 15.0];

/// The metrics of one worker. Clones share them.
///
/// Two alerts are enough: `purge_oldest_waiting_seconds` is above 300 while `purge_paused` is 0, and the sum of
/// `purge_lane_held` over all workers of a lane is not 1 for a minute.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    lane: Lane,
    /// Waiting paths, by resource and urgency.
    waiting: BTreeMap<(String, Urgency), usize>,
    /// When the oldest of them was stored, by the engine's clock.
    oldest: Option<SystemTime>,
    /// A time of the engine's clock, and when it was read.
    clock: Option<(SystemTime, Instant)>,
    progress: Option<Instant>,
    held: bool,
    paused: bool,
    paused_until: Option<SystemTime>,
    requests: BTreeMap<&'static str, u64>,
    paths: BTreeMap<&'static str, u64>,
    duplicate: u64,
    covered: u64,
    possible_duplicates: u64,
    fenced: u64,
    takeovers: u64,
    reconnections: u64,
    unusable: u64,
    appends: [u64; BOUNDS.len() + 1],
    append_seconds: f64,
}

impl Metrics {
    /// The metrics of a worker that has done nothing yet.
    #[must_use]
    pub fn new(lane: Lane) -> Self {
        Self(Arc::new(Mutex::new(Counts {
            lane,
            waiting: BTreeMap::new(),
            oldest: None,
            clock: None,
            progress: None,
            held: false,
            paused: false,
            paused_until: None,
            requests: BTreeMap::new(),
            paths: BTreeMap::new(),
            duplicate: 0,
            covered: 0,
            possible_duplicates: 0,
            fenced: 0,
            takeovers: 0,
            reconnections: 0,
            unusable: 0,
            appends: [0; BOUNDS.len() + 1],
            append_seconds: 0.0,
        })))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn held(&self, held: bool) {
        let mut counts = self.counts();
        counts.takeovers += u64::from(held);
        counts.held = held;
        counts.progress = held.then(Instant::now);
        if !held {
            counts.waiting.clear();
            counts.oldest = None;
        }
    }

    pub(crate) fn fenced(&self) {
        self.counts().fenced += 1;
    }

    pub(crate) fn reconnected(&self) {
        self.counts().reconnections += 1;
    }

    pub(crate) fn unusable(&self) {
        self.counts().unusable += 1;
    }

    pub(crate) fn appended(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut counts = self.counts();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        counts.appends[bucket] += 1;
        counts.append_seconds += seconds;
    }

    pub(crate) fn waits(
        &self,
        waiting: BTreeMap<(String, Urgency), usize>,
        oldest: Option<SystemTime>,
        now: SystemTime,
    ) {
        let mut counts = self.counts();
        counts.waiting = waiting;
        counts.oldest = oldest;
        counts.clock = Some((now, Instant::now()));
    }

    pub(crate) fn progressed(&self) {
        self.counts().progress = Some(Instant::now());
    }

    pub(crate) fn paused(&self, paused: bool, until: Option<SystemTime>) {
        let mut counts = self.counts();
        (counts.paused, counts.paused_until) = (paused, until);
    }

    pub(crate) fn request(&self, outcome: &'static str, possible_duplicate: bool) {
        let mut counts = self.counts();
        *counts.requests.entry(outcome).or_default() += 1;
        counts.possible_duplicates += u64::from(possible_duplicate);
    }

    pub(crate) fn paths(&self, outcome: &'static str, count: u64) {
        *self.counts().paths.entry(outcome).or_default() += count;
    }

    pub(crate) fn duplicates(&self, paths: u64) {
        self.counts().duplicate += paths;
    }

    pub(crate) fn covered(&self, paths: u64) {
        self.counts().covered += paths;
    }

    /// All metrics as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.counts().text()
    }
}

impl Counts {
    fn text(&self) -> String {
        let (lane, mut text) = (format!("lane=\"{}\"", self.lane), Text(String::new()));
        self.gauges(&mut text, &lane);
        self.counters(&mut text, &lane);
        self.histogram(&mut text, &lane);
        text.0
    }

    fn gauges(&self, text: &mut Text, lane: &str) {
        let now = self.clock.map(|(shown, at)| shown + at.elapsed());
        let oldest = self.oldest.zip(now).and_then(|(oldest, now)| now.duration_since(oldest).ok());
        let oldest = oldest.unwrap_or_default().as_secs_f64();
        let progress = self.progress.map_or(0.0, |at| at.elapsed().as_secs_f64());
        let until = self.paused_until.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let until = until.unwrap_or_default().as_secs();
        text.one(
            "purge_oldest_waiting_seconds",
            "gauge",
            "Age of the oldest path that is waiting, or that cannot be read, in seconds.",
            lane,
            oldest,
        );
        text.head("purge_waiting_paths", "gauge", "Paths waiting to be sent.");
        for ((resource, urgency), count) in &self.waiting {
            let labels = format!("{lane},resource=\"{resource}\",urgency=\"{}\"", urgency.as_str());
            text.value("purge_waiting_paths", &labels, *count as f64);
        }
        text.one(
            "purge_seconds_since_progress",
            "gauge",
            "Seconds since a request was last accepted or settled, or since the lane was taken; 0 without the lane.",
            lane,
            progress,
        );
        text.one(
            "purge_lane_held",
            "gauge",
            "1 if this worker holds the lane, 0 otherwise.",
            lane,
            f64::from(u8::from(self.held)),
        );
        text.one(
            "purge_paused",
            "gauge",
            "1 if an operator has paused the lane, 0 otherwise.",
            lane,
            f64::from(u8::from(self.paused)),
        );
        text.one(
            "purge_paused_until",
            "gauge",
            "Unix time until which the service asked for a pause, or 0.",
            lane,
            until as f64,
        );
    }

    fn counters(&self, text: &mut Text, lane: &str) {
        text.group(
            "purge_requests_total",
            "Requests, by outcome.",
            lane,
            "outcome",
            self.requests.iter(),
        );
        text.group(
            "purge_paths_total",
            "Paths whose outcome was stored, by outcome.",
            lane,
            "outcome",
            self.paths.iter(),
        );
        let why = [("duplicate", self.duplicate), ("covered", self.covered)];
        text.group(
            "purge_coalesced_paths_total",
            "Paths purged by the request of an equal or covering path.",
            lane,
            "why",
            why.iter().map(|(w, c)| (w, c)),
        );
        for (name, help, value) in [
            (
                "purge_possible_duplicates_total",
                "Requests that may have been applied twice.",
                self.possible_duplicates,
            ),
            (
                "purge_fenced_total",
                "Terms that ended because another worker had taken over.",
                self.fenced,
            ),
            (
                "purge_reconnections_total",
                "How often another node was tried because the engine was unavailable.",
                self.reconnections,
            ),
            ("purge_takeovers_total", "Terms that this worker has begun.", self.takeovers),
            (
                "purge_unusable_messages_total",
                "Input messages without a usable subject.",
                self.unusable,
            ),
        ] {
            text.one(name, "counter", help, lane, value as f64);
        }
    }

    fn histogram(&self, text: &mut Text, lane: &str) {
        let name = "purge_append_seconds";
        text.head(name, "histogram", "Duration of an append to the journal, in seconds.");
        let mut below = 0;
        for (bound, count) in BOUNDS.iter().zip(&self.appends) {
            below += count;
            text.value(
                "purge_append_seconds_bucket",
                &format!("{lane},le=\"{bound}\""),
                below as f64,
            );
        }
        below += self.appends[BOUNDS.len()];
        text.value("purge_append_seconds_bucket", &format!("{lane},le=\"+Inf\""), below as f64);
        text.value("purge_append_seconds_sum", lane, self.append_seconds);
        text.value("purge_append_seconds_count", lane, below as f64);
    }
}

/// The text under construction. Writing to it cannot fail.
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &str, value: f64) {
        let _ = writeln!(self.0, "{name}{{{labels}}} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, labels: &str, value: f64) {
        self.head(name, kind, help);
        self.value(name, labels, value);
    }

    fn group<'a>(
        &mut self,
        name: &str,
        help: &str,
        labels: &str,
        label: &str,
        values: impl Iterator<Item = (&'a &'static str, &'a u64)>,
    ) {
        self.head(name, "counter", help);
        for (key, value) in values {
            self.value(name, &format!("{labels},{label}=\"{key}\""), *value as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn text_begins_with_the_age_of_the_oldest_path() {
        let metrics = Metrics::new("shop".parse().expect("a lane"));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        metrics.held(true);
        metrics.waits(
            BTreeMap::from([(("r".to_owned(), Urgency::Now), 7)]),
            Some(now - Duration::from_secs(5)),
            now,
        );
        metrics.appended(Duration::from_millis(2));
        metrics.request("accepted", true);
        metrics.paths("purged", 3);
        tokio::time::advance(Duration::from_secs(2)).await;
        let text = metrics.text();
        assert!(text.contains("purge_seconds_since_progress{lane=\"shop\"} 2\n"), "{text}");
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines[0], "purge_oldest_waiting_seconds{lane=\"shop\"} 7");
        for line in [
            "purge_waiting_paths{lane=\"shop\",resource=\"r\",urgency=\"now\"} 7",
            "purge_lane_held{lane=\"shop\"} 1",
            "purge_requests_total{lane=\"shop\",outcome=\"accepted\"} 1",
            "purge_paths_total{lane=\"shop\",outcome=\"purged\"} 3",
            "purge_possible_duplicates_total{lane=\"shop\"} 1",
            "purge_append_seconds_bucket{lane=\"shop\",le=\"0.001\"} 0",
            "purge_append_seconds_bucket{lane=\"shop\",le=\"0.003\"} 1",
            "purge_append_seconds_bucket{lane=\"shop\",le=\"+Inf\"} 1",
        ] {
            assert!(lines.contains(&line), "{line}\n{text}");
        }
        metrics.held(false);
        for name in ["purge_oldest_waiting_seconds", "purge_seconds_since_progress"] {
            assert!(metrics.text().contains(&format!("{name}{{lane=\"shop\"}} 0\n")), "{name}");
        }
    }
}
