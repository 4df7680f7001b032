//! From the events of a journal to what is known of each request.
//!
//! Anyone may have written the file, so an event is taken only if a run can have written it there.

use std::collections::HashSet;
use std::time::Duration;

use super::format::{Entry, shown};
use crate::OperationId;
use crate::retry::Applied;
use crate::text::escape;

/// What is known of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Known {
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// How often it may have been applied without an answer that names the operation.
    pub(crate) ambiguous: u32,
    /// The first of these times that the last one can be compared with.
    pub(crate) lost: Option<Lost>,
    pub(crate) end: End,
    /// When it was sent, as long as the answer to that is missing.
    open: Option<u64>,
}

/// When a request was sent that may have been applied, in milliseconds since 1970, and what the last answer
/// says of that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lost {
    pub(crate) at: u64,
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
            Entry::Sending { request, attempt, at } => {
                let known = self.unsettled(request)?;
                if Some(attempt) != known.attempts.checked_add(1) {
                    return Err("its attempts are not counted one by one");
                }
                // A run that could not write down the answer has left one open.
                if let Some(earlier) = known.open.replace(at) {
                    known.answered(earlier, Applied::Maybe);
                    known.open = Some(at);
                }
                known.attempts = attempt;
            }
            Entry::Failed { request, applied, .. } => {
                let known = self.unsettled(request)?;
                let at = known.open.ok_or("an answer comes before its request")?;
                known.answered(at, applied);
            }
            Entry::Accepted { request, op_id, message, possible_duplicate } => {
                let known = self.unsettled(request)?;
                if known.open.is_none() && known.lost.is_none() {
                    return Err("an answer comes before its request");
                }
                if escape(op_id.as_str()) != op_id.as_str() {
                    return Err("it names an operation by control characters");
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
            if let Some(at) = known.open {
                known.answered(at, Applied::Maybe);
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

    /// Takes note of the answer to what was sent at `at`.
    fn answered(&mut self, at: u64, applied: Applied) {
        self.open = None;
        if matches!(applied, Applied::Maybe | Applied::Yes) {
            self.ambiguous = self.ambiguous.saturating_add(1);
            let first = self.lost.filter(|first| first.elapsed(at).is_some());
            self.lost = Some(Lost { at: first.map_or(at, |first| first.at), applied });
        }
    }

    fn settle(&mut self, end: End) {
        self.open = None;
        self.end = end;
    }
}

impl Lost {
    /// A look-up that reaches back further would find too much that other runs have made.
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    /// How long it is ago, by the clock that shows `now`; nothing if that is not to be relied on.
    ///
    /// A clock that was not set when one of the two times was taken would make everything that was created
    /// since 1970 look like the lost operation. Without a time the request is sent again.
    pub(crate) fn elapsed(self, now: u64) -> Option<Duration> {
        now.checked_sub(self.at).map(Duration::from_millis).filter(|ago| *ago <= Self::LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_time_counts_unless_the_clock_was_set_since() {
        let first = |times: &[u64]| {
            let mut known = Known::default();
            times.iter().for_each(|&at| known.answered(at, Applied::Maybe));
            assert_eq!(known.ambiguous as usize, times.len());
            known.lost.map(|lost| lost.at)
        };
        const NOW: u64 = 1_800_000_000_000;
        assert_eq!(first(&[NOW, NOW + 1, NOW + 2]), Some(NOW));
        assert_eq!(first(&[0, NOW]), Some(NOW));
        assert_eq!(first(&[u64::MAX, NOW]), Some(NOW));
        assert_eq!(first(&[NOW, NOW - 1]), Some(NOW - 1));
    }

    #[test]
    fn time_that_no_clock_can_have_shown_is_not_relied_on() {
        const NOW: u64 = 1_800_000_000_000;
        let day = 24 * 60 * 60 * 1000;
        let check = |at, expected: Option<u64>| {
            let elapsed = Lost { at, applied: Applied::Maybe }.elapsed(NOW);
            assert_eq!(elapsed, expected.map(Duration::from_millis), "{at}");
        };
        check(NOW, Some(0));
        check(NOW - 1, Some(1));
        check(NOW - day, Some(day));
        check(NOW - day - 1, None);
        check(0, None);
        check(NOW + 1, None);
        check(u64::MAX, None);
    }
}
