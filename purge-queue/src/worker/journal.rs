//! What the journal of a run says about its requests.
//!
//! This does not use the code that resumes a run, which may be why the workers ended.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::outcome::{State, Verdict};

/// A request of a run.
#[derive(Default)]
pub(super) struct Request {
    pub(super) paths: Vec<String>,
    /// The verdict, if it was accepted.
    pub(super) accepted: Option<Verdict>,
    /// Whether its last attempt has no response, and whether an earlier one may have been applied.
    is_open: bool,
    is_lost: bool,
}

impl Request {
    fn new(paths: Vec<String>, is_lost: bool) -> Self {
        Self { paths, is_lost, ..Self::default() }
    }

    /// Whether it may have been applied, and is not known to be accepted.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_open || self.is_lost
    }
}

#[derive(Deserialize)]
struct Line {
    header: Option<Header>,
    request: Option<Planned>,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Header {
    version: u32,
}

#[derive(Deserialize)]
struct Planned {
    paths: Vec<String>,
}

/// One of these, or something that is not known here.
#[derive(Deserialize)]
struct Event {
    sending: Option<Sending>,
    failed: Option<Failed>,
    accepted: Option<Accepted>,
    split: Option<Split>,
    ended: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Sending {
    request: usize,
}

#[derive(Deserialize)]
struct Failed {
    request: usize,
    applied: String,
}

#[derive(Deserialize)]
struct Accepted {
    request: usize,
    op_id: String,
    message: Option<String>,
    #[serde(default)]
    possible_duplicate: bool,
}

#[derive(Deserialize)]
struct Split {
    request: usize,
    at: usize,
}

/// The requests of a run, without those that were split, and whether all of its journal was understood.
pub(super) fn requests(journal: &[u8]) -> (Vec<Request>, bool) {
    let (mut requests, mut is_clear) = (Vec::new(), true);
    // A line without its end was not stored completely, so nothing was sent because of it.
    let lines = journal.split_inclusive(|byte| *byte == b'\n').filter(|l| l.ends_with(b"\n"));
    for line in lines {
        let Ok(Line { header, request, events }) = serde_json::from_slice(line) else {
            is_clear = false;
            continue;
        };
        is_clear &= header.is_none_or(|header| header.version == 1);
        requests.extend(request.map(|planned| Request::new(planned.paths, false)));
        for event in events {
            is_clear &= apply(&mut requests, event).is_some();
        }
    }
    requests.retain(|request| !request.paths.is_empty());
    (requests, is_clear)
}

/// Applies an event; `None` if it was not understood.
fn apply(requests: &mut Vec<Request>, event: Event) -> Option<()> {
    if let Some(Sending { request }) = event.sending {
        let request = requests.get_mut(request)?;
        // An earlier attempt whose response nobody could record.
        request.is_lost |= request.is_open;
        request.is_open = true;
    } else if let Some(Failed { request, applied }) = event.failed {
        let request = requests.get_mut(request)?;
        request.is_open = false;
        request.is_lost |= !matches!(applied.as_str(), "no" | "refused");
    } else if let Some(accepted) = event.accepted {
        let Accepted { request, op_id, message, possible_duplicate } = accepted;
        let (op_id, verdict) = (Some(op_id), Verdict::new(State::Accepted, message));
        requests.get_mut(request)?.accepted =
            Some(Verdict { op_id, possible_duplicate, ..verdict });
    } else if let Some(Split { request, at }) = event.split {
        let request = requests.get_mut(request)?;
        let mut first = std::mem::take(&mut request.paths);
        let (rest, is_lost) = (first.split_off(at.min(first.len())), request.is_lost);
        requests.extend([first, rest].map(|paths| Request::new(paths, is_lost)));
    } else {
        event.ended?;
    }
    Some(())
}
