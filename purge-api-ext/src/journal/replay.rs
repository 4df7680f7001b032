//! From the events of a journal to what is known of each request.
//!
//! Anyone may have written the file, so an event is taken only if a run can have written it there.

use std::collections::HashSet;
use std::time::SystemTime;

use super::format::{Entry, shown};
use crate::OperationId;
use crate::retry::Applied;

/// What is known of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Known {
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// How often it may have been applied without an answer that names the operation.
    pub(crate) ambiguous: u32,
    /// The first of these times that is known.
    pub(crate) lost: Option<Lost>,
    pub(crate) end: End,
    /// That it was sent, as long as the answer to that is missing, and when, if that is known.
    open: Option<Option<SystemTime>>,
}

/// When a request was sent that may have been applied, by the service's clock and if that is known, and what
/// the last answer says of that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lost {
    pub(crate) on: Option<SystemTime>,
    pub(crate) applied: Applied,
}

/// What settled a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum End {
    /// Nothing yet.
    #[default]
    Open,
    Accepted {
        op_id: OperationId,
        message: Option<String>,
        possible_duplicate: bool,
    },
    /// Its first `at` paths, and the others, are requests of their own.
    Split {
        at: usize,
        into: [usize; 2],
    },
}

/// The requests of a journal while its events are read.
pub(super) struct Replay {
    known: Vec<Known>,
    /// How many paths each of them has.
    paths: Vec<usize>,
    /// The operations that belong to some of them.
    operations: HashSet<OperationId>,
}

impl Replay {
    pub(super) fn new(paths: Vec<usize>) -> Self {
        let known = vec![Known::default(); paths.len()];
        Self { known, paths, operations: HashSet::new() }
    }

    pub(super) fn apply(&mut self, event: Entry) -> Result<(), &'static str> {
        match event {
            Entry::Ended { .. } => {}
            Entry::Sending { request, attempt, service_time, .. } => {
                let known = self.unsettled(request)?;
                if Some(attempt) != known.attempts.checked_add(1) {
                    return Err("its attempts are not counted one by one");
                }
                // A run that could not write down the answer has left one open.
                if let Some(earlier) = known.open.replace(service_time) {
                    known.answered(earlier, Applied::Maybe);
                    known.open = Some(service_time);
                }
                known.attempts = attempt;
            }
            Entry::Failed { request, applied, .. } => {
                let known = self.unsettled(request)?;
                let on = known.open.ok_or("an answer comes before its request")?;
                known.answered(on, applied);
            }
            Entry::Accepted { request, op_id, message, possible_duplicate } => {
                let known = self.unsettled(request)?;
                if known.open.is_none() && known.lost.is_none() {
                    return Err("an answer comes before its request");
                }
                let message = message.map(|message| shown(&message));
                known.settle(End::Accepted { op_id: op_id.clone(), message, possible_duplicate });
                if !self.operations.insert(op_id) {
                    return Err("it names one operation for two requests");
                }
            }
            Entry::Split { request, at, into } => self.split(request, at, into)?,
        }
        Ok(())
    }

    fn split(&mut self, request: usize, at: usize, into: [usize; 2]) -> Result<(), &'static str> {
        let next = self.known.len();
        let known = self.unsettled(request)?;
        let (sent, half) = (known.open.is_some(), Known::half(known.ambiguous));
        known.settle(End::Split { at, into });
        let count = self.paths[request];
        if !sent || at == 0 || at >= count || into != [next, next + 1] {
            return Err("a request cannot be split like that");
        }
        self.paths.extend([at, count - at]);
        self.known.extend([half.clone(), half]);
        Ok(())
    }

    /// A request that is not settled yet.
    fn unsettled(&mut self, request: usize) -> Result<&mut Known, &'static str> {
        match self.known.get_mut(request) {
            None => Err("it names a request that is not there"),
            Some(known) if known.end != End::Open => Err("it names a request that is settled"),
            Some(known) => Ok(known),
        }
    }

    /// What is known when there are no more events: what is missing by now has got lost.
    pub(super) fn end(mut self) -> Vec<Known> {
        for known in &mut self.known {
            if let Some(on) = known.open {
                known.answered(on, Applied::Maybe);
            }
        }
        self.known
    }
}

impl Known {
    /// What is known of half a request that may have been applied so often.
    pub(crate) fn half(ambiguous: u32) -> Self {
        Self { ambiguous, ..Self::default() }
    }

    /// Takes note of the answer to what was sent `on` a time.
    fn answered(&mut self, on: Option<SystemTime>, applied: Applied) {
        self.open = None;
        if matches!(applied, Applied::Maybe | Applied::Yes) {
            self.ambiguous = self.ambiguous.saturating_add(1);
            let first = self.lost.and_then(|first| first.on);
            self.lost = Some(Lost { on: first.or(on), applied });
        }
    }

    fn settle(&mut self, end: End) {
        self.open = None;
        self.end = end;
    }
}
