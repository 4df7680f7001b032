//! How far a run is, from what it tells.

use std::collections::BTreeSet;

use purge_api_ext::{Error, Event, OperationState};

/// Counts of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// The paths of each request; none if the plan is not known, and requests are counted instead.
    sizes: Vec<usize>,
    /// The paths of all requests, or the requests.
    pub(super) paths: usize,
    /// Requests that were sent, and wait for their answer.
    under_way: BTreeSet<usize>,
    /// Requests that will be sent again.
    waiting: BTreeSet<usize>,
    pub(super) accepted: usize,
    pub(super) failed: usize,
    pub(super) finished: usize,
    /// The paths that are waited for.
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
            Event::Retrying { request, .. } => {
                self.under_way.remove(request);
                self.waiting.insert(*request);
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

    /// What is counted.
    pub(super) fn unit(&self) -> &'static str {
        if self.sizes.is_empty() { "requests" } else { "paths" }
    }

    /// A sentence on how far it is; none if the last one still holds.
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

    /// What is going on with the requests.
    pub(super) fn requests(&self) -> String {
        let count = |set: &BTreeSet<usize>, what: &str| {
            (!set.is_empty()).then(|| format!("{} {what}", set.len()))
        };
        let failed = (self.failed > 0).then(|| format!("{} {} failed", self.failed, self.unit()));
        let under_way = count(&self.under_way, "under way");
        let waiting = count(&self.waiting, "to be sent again");
        [failed, under_way, waiting].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// What `-v` says about an event. Requests are counted from 1 for people.
pub(super) fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Attempt { request, attempt: 1 } => format!("request {}: sent", request + 1),
        Event::Attempt { request, attempt } => {
            format!("request {}: sent again, attempt {attempt}", request + 1)
        }
        Event::LookingUp { request, error } => {
            let why = error.as_ref().map(Error::to_string);
            let why = why.as_deref().unwrap_or("an earlier run got no answer");
            format!("request {}: {why}; looking for it in the list", request + 1)
        }
        Event::Retrying { request, delay, error } => {
            format!("request {}: {error}; again in {:.1} s", request + 1, delay.as_secs_f64())
        }
        Event::Accepted { request, op_id } => {
            format!("request {}: accepted as {op_id}", request + 1)
        }
        Event::Split { request, into: [first, second] } => format!(
            "request {}: too large, goes on as requests {} and {}",
            request + 1,
            first + 1,
            second + 1
        ),
        Event::Failed { request, error } => format!("request {}: {error}", request + 1),
        Event::Settled { outcome, .. } if outcome.state == OperationState::Finished => {
            format!("operation {}: finished", outcome.op_id.as_ref()?)
        }
        Event::Progress { finished, paths } => format!("{finished} of {paths} paths finished"),
        _ => return None,
    })
}
