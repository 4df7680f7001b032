//! The progress of a run, counted from its events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use purge_api_ext::{Error, Event, OperationState};

use super::pause;

/// Counts of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// The number of paths of each request; empty if the plan is unknown, and requests are counted instead.
    sizes: Vec<usize>,
    /// The number of all paths, or of all requests.
    pub(super) paths: usize,
    /// Requests that wait for a response.
    under_way: BTreeSet<usize>,
    /// Requests that will be sent again: when and why.
    waiting: BTreeMap<usize, (Instant, String)>,
    /// The pause in polling: until when and why.
    paused: Option<(Instant, String)>,
    pub(super) accepted: usize,
    pub(super) failed: usize,
    pub(super) finished: usize,
    /// The number of paths whose operations are waited for.
    pub(super) followed: usize,
    said: (usize, usize, usize),
}

impl Counts {
    pub(super) fn plan(&mut self, sizes: impl Iterator<Item = usize>) {
        self.sizes = sizes.collect();
        self.paths = self.sizes.iter().sum();
    }

    pub(super) fn on(&mut self, event: &Event) {
        let known = !self.sizes.is_empty();
        let size = |request: &usize| match known {
            true => self.sizes.get(*request).copied().unwrap_or(0),
            false => 1,
        };
        match event {
            Event::Started { requests, .. } if !known => self.paths = *requests,
            Event::Split { request, into: [first, second] } => {
                self.under_way.remove(request);
                if !known {
                    self.paths += 1;
                    return;
                }
                let whole = size(request);
                let last = (*first).max(*second);
                self.sizes.resize(self.sizes.len().max(last + 1), 0);
                self.sizes[*first] = whole / 2;
                self.sizes[*second] = whole - whole / 2;
            }
            Event::Attempt { request, .. } => {
                self.waiting.remove(request);
                self.under_way.insert(*request);
            }
            Event::Retrying { request, delay, error } => {
                self.under_way.remove(request);
                if let Some(end) = Instant::now().checked_add(*delay) {
                    self.waiting.insert(*request, (end, error.to_string()));
                }
            }
            Event::Paused { delay, error } => {
                let end = Instant::now().checked_add(*delay);
                self.paused = end.map(|end| (end, error.to_string()));
            }
            Event::Accepted { request, .. } => {
                self.accepted += size(request);
                self.under_way.remove(request);
            }
            Event::Failed { request, .. } => {
                self.failed += size(request);
                self.under_way.remove(request);
            }
            Event::Progress { finished, paths } => {
                self.finished = *finished;
                self.followed = *paths;
            }
            _ => {}
        }
    }

    /// Why polling is paused, and for how long.
    pub(super) fn pause(&self, now: Instant) -> Option<String> {
        let (end, why) = self.paused.as_ref().filter(|(end, _)| *end > now)?;
        Some(format!("paused for {} s ({why})", left(*end, now)))
    }

    /// What is counted.
    pub(super) fn unit(&self) -> &'static str {
        if self.sizes.is_empty() { "requests" } else { "paths" }
    }

    /// The progress as text; none if nothing has changed since the last time.
    pub(super) fn news(&mut self) -> Option<String> {
        let now = (self.accepted, self.failed, self.finished);
        if std::mem::replace(&mut self.said, now) == now {
            return None;
        }
        let mut parts = Vec::new();
        if self.paths > 0 {
            let (accepted, paths, unit) = (self.accepted, self.paths, self.unit());
            parts.push(format!("{accepted} of {paths} {unit} accepted"));
        }
        if self.failed > 0 {
            parts.push(format!("{} failed", self.failed));
        }
        if self.followed > 0 {
            parts.push(format!("{} of {} paths finished", self.finished, self.followed));
        }
        Some(parts.join(", "))
    }

    /// The state of the requests that are not accepted.
    pub(super) fn requests(&self, now: Instant) -> String {
        let failed = (self.failed > 0).then(|| format!("{} {} failed", self.failed, self.unit()));
        let under_way = self.under_way.len();
        let under_way = (under_way > 0).then(|| format!("{under_way} under way"));
        let next = self.waiting.values().min();
        let waiting = next.map(|(end, why)| {
            let (count, left) = (self.waiting.len(), left(*end, now));
            format!("{count} to be sent again in {left} s ({why})")
        });
        [failed, under_way, waiting].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The seconds until then, rounded up.
fn left(end: Instant, now: Instant) -> u64 {
    let left = end.saturating_duration_since(now);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

/// What `-v` says about an event. For people, requests are numbered from 1.
pub(super) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Attempt { request, attempt: 1 } => format!("request {}: sent", request + 1),
        Event::Attempt { request, attempt } => {
            format!("request {}: sent again, attempt {attempt}", request + 1)
        }
        Event::LookingUp { request, error } => {
            let why = error.as_ref().map(Error::to_string);
            let why = why.as_deref().unwrap_or("an earlier run got no response");
            format!("request {}: {why}; looking for it in the list", request + 1)
        }
        Event::Retrying { request, delay, error } => {
            format!("request {}: {error}; again in {}", request + 1, pause::text(*delay))
        }
        Event::Paused { delay, error } => {
            format!("waiting: {error}; again in {}", pause::text(*delay))
        }
        Event::Unseen { op_id } => {
            format!("no record of operation {op_id} so far: is it an operation of this resource?")
        }
        Event::Accepted { request, op_id } => {
            format!("request {}: accepted as {op_id}", request + 1)
        }
        Event::Split { request, into: [first, second] } => format!(
            "request {}: too large, split into requests {} and {}",
            request + 1,
            first + 1,
            second + 1
        ),
        Event::Failed { request, error } => format!("request {}: {error}", request + 1),
        Event::Settled { outcome, .. } if outcome.state == OperationState::Finished => {
            format!("operation {}: finished", outcome.op_id.as_ref()?)
        }
        Event::Progress { paths: 0, .. } => return None,
        Event::Progress { finished, paths } => format!("{finished} of {paths} paths finished"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn countdowns_give_the_reason_for_the_pause() {
        let now = Instant::now();
        let at = |millis| now + Duration::from_millis(millis);
        let mut counts = Counts { paths: 3, ..Counts::default() };
        assert_eq!(counts.requests(now), "");
        counts.under_way.insert(0);
        counts.waiting.insert(1, (at(8_000), "too many requests (429)".to_owned()));
        counts.waiting.insert(2, (at(9_000), "the service is unavailable (503)".to_owned()));
        let said = "1 under way, 2 to be sent again in 8 s (too many requests (429))";
        assert_eq!(counts.requests(now), said);
        assert_eq!(counts.requests(at(1)), said);
        assert_eq!(counts.requests(at(1_000)), said.replace("8 s", "7 s"));
        assert_eq!(counts.requests(at(10_000)), said.replace("8 s", "0 s"));
        counts.on(&Event::Attempt { request: 1, attempt: 2 });
        assert!(counts.requests(at(8_000)).ends_with("in 1 s (the service is unavailable (503))"));

        assert_eq!(counts.pause(now), None);
        counts.paused = Some((at(2_500), "too many requests (429)".to_owned()));
        assert_eq!(counts.pause(now).as_deref(), Some("paused for 3 s (too many requests (429))"));
        assert_eq!(counts.pause(at(2_500)), None);
    }
}
