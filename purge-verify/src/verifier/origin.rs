//! The origin, which is asked in addition to the edges.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::answer::Coding;
use crate::client::{Came, Client};
use crate::judge::{Offset, Origin, OriginAnswer};

/// The origin, and what its responses have shown so far.
pub(super) struct Source<'a> {
    client: Option<&'a Client>,
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    sends_age: bool,
    clock: Option<Offset>,
}

impl<'a> Source<'a> {
    pub(super) fn new(client: Option<&'a Client>) -> Self {
        Self { client, known: Mutex::default() }
    }

    /// Asks for a path once more than necessary: a cache in front of the origin may send `Age` only with what it has
    /// stored.
    pub(super) async fn probe(&self, path: &str, until: Option<Instant>) {
        self.ask(path, until).await;
    }

    /// Asks again even if the last requests have timed out.
    pub(super) fn retry(&self) {
        self.client.iter().for_each(|client| client.retry());
    }

    /// What is known about the origin, and its response for a path; none if there is no origin.
    pub(super) async fn ask(&self, path: &str, until: Option<Instant>) -> Option<Origin> {
        let came = self.client?.ask(path, Coding::Identity, until).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(came) = &came {
            known.sends_age |= came.answer.age.is_some();
            known.clock = joined(known.clock, offset(came));
        }
        let answer = came.ok().map(|came| OriginAnswer {
            status: came.answer.status,
            digest: came.answer.body.digest(),
            tag: came.answer.tag,
        });
        Some(Origin { answer, sends_age: known.sends_age, clock: known.clock })
    }
}

/// What the clock of the origin shows: between the request and the response, it was at `Date` or up to a second later.
fn offset(came: &Came) -> Option<Offset> {
    let date = came.answer.date?;
    let least = between(came.answer.received, date);
    let most = between(came.asked_on, date.checked_add(Duration::from_secs(1))?);
    // The wall clock of this machine may be adjusted in between.
    (least <= most).then_some(Offset { least, most })
}

/// From the first time to the second, in milliseconds.
fn between(first: SystemTime, second: SystemTime) -> i64 {
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    match second.duration_since(first) {
        Ok(time) => millis(time),
        // Rounded down, like the other.
        Err(error) => -millis(error.duration()) - 1,
    }
}

/// An origin may be several machines, whose clocks differ. The result holds for all of them.
fn joined(one: Option<Offset>, other: Option<Offset>) -> Option<Offset> {
    let both = |one: Offset, other: Offset| Offset {
        least: one.least.min(other.least),
        most: one.most.max(other.most),
    };
    match (one, other) {
        (Some(one), Some(other)) => Some(both(one, other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_hold_for_all_responses() {
        let (a, b) = (Offset { least: -3, most: 5 }, Offset { least: 0, most: 9 });
        assert_eq!(joined(None, Some(a)), Some(a));
        assert_eq!(joined(Some(a), Some(b)), Some(Offset { least: -3, most: 9 }));
        let time = |millis| SystemTime::UNIX_EPOCH + Duration::from_micros(millis);
        assert_eq!(between(time(5_000_500), time(9_000_900)), 4_000);
        assert_eq!(between(time(9_000_900), time(5_000_500)), -4_001);
    }
}
