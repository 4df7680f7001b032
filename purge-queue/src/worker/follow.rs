//! Follows the operations of a round until they finish.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use purge_api_ext::{Journal, PurgeEverything, Resource, Shutdown};

use super::Options;
use super::under_way::{Followed, UnderWay};
use crate::history::Round;
use crate::sink::Closed;

/// At least how long a round is followed: long enough to look at its operations once.
const ONE_LOOK: Duration = Duration::from_secs(10);

/// The resource of a round.
pub(super) fn site(options: &Options, round: &Round) -> Option<Resource> {
    let resource = round.begun.resource.parse().ok()?;
    Some(options.client.resource(options.organization, resource))
}

/// Rounds that were sent and are not yet followed, with the journals of their runs.
///
/// The oldest are followed first: the operations of a round that has waited have mostly ended, so that it takes one look.
/// If a newer one were followed first, new rounds could keep older ones from ever having an outcome.
#[derive(Default)]
pub(super) struct ToFollow {
    urgent: BTreeMap<u64, Vec<u8>>,
    bulk: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
    /// Whether the last one was followed because it is urgent.
    urgent_was_last: bool,
}

impl ToFollow {
    pub(super) fn push(&mut self, number: u64, is_urgent: bool, text: Vec<u8>) {
        self.bytes += text.len();
        if is_urgent { &mut self.urgent } else { &mut self.bulk }.insert(number, text);
    }

    /// The round to follow next: in turn the oldest for which a person may be waiting, and the oldest of all.
    pub(super) fn next(&mut self) -> Option<(u64, Vec<u8>)> {
        self.urgent_was_last = !self.urgent_was_last && !self.urgent.is_empty();
        if !self.urgent_was_last {
            return self.oldest();
        }
        let next = self.urgent.pop_first()?;
        self.bytes -= next.1.len();
        Some(next)
    }

    /// Removes the oldest of all.
    pub(super) fn oldest(&mut self) -> Option<(u64, Vec<u8>)> {
        let first = |rounds: &BTreeMap<u64, Vec<u8>>| rounds.keys().next().copied();
        let is_urgent = match (first(&self.urgent), first(&self.bulk)) {
            (Some(urgent), Some(bulk)) => urgent < bulk,
            (urgent, _) => urgent.is_some(),
        };
        let next = if is_urgent { &mut self.urgent } else { &mut self.bulk }.pop_first()?;
        self.bytes -= next.1.len();
        Some(next)
    }

    /// How many bytes the journals have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// How long a round is still followed, if its last request ended at a time. There is always time for one look.
pub(super) fn left(follow: Duration, sent: SystemTime, now: SystemTime) -> Duration {
    let waited = now.duration_since(sent).unwrap_or_default();
    follow.saturating_sub(waited).max(ONE_LOOK.min(follow))
}

/// Follows the operations of a round: a run of its journal that is not allowed to send.
pub(super) fn follow(
    options: &Options,
    round: &Round,
    (number, text): (u64, &[u8]),
    deadline: Duration,
    shutdown: &Shutdown,
) -> UnderWay<Followed> {
    let journal = Journal::in_sink("the round that is followed", Closed, text).ok();
    let journal = journal.map(|journal| match round.begun.everything {
        true => journal.allow_full_purge(PurgeEverything),
        false => journal,
    });
    let resumed = site(options, round).zip(journal).and_then(|(s, journal)| s.resume(journal).ok());
    let shutdown = shutdown.clone();
    Box::pin(async move {
        let report = match resumed {
            Some(purge) => Some(purge.wait_for(deadline).shutdown(shutdown).await),
            None => None,
        };
        Followed { number, report }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_rounds_are_followed_first_and_urgent_ones_every_other_time() {
        let mut rounds = ToFollow::default();
        for (number, is_urgent) in
            [(5, true), (1, false), (4, true), (2, false), (6, true), (3, false), (7, true)]
        {
            rounds.push(number, is_urgent, vec![b'x'; 3]);
        }
        assert_eq!(rounds.bytes(), 21);
        let order: Vec<_> = std::iter::from_fn(|| rounds.next()).map(|(n, _)| n).collect();
        assert_eq!(order, [4, 1, 5, 2, 6, 3, 7]);
        assert_eq!(rounds.bytes(), 0);
        (1..=3).for_each(|number| rounds.push(number, number > 1, Vec::new()));
        assert_eq!(rounds.oldest().map(|(number, _)| number), Some(1));
        assert_eq!(rounds.oldest().map(|(number, _)| number), Some(2));
    }

    #[test]
    fn time_to_follow_begins_when_the_round_was_sent() {
        let (sent, minutes) = (SystemTime::UNIX_EPOCH, |n: u64| Duration::from_secs(60 * n));
        let left = |follow, waited| left(follow, sent, sent + waited);
        assert_eq!(left(minutes(5), minutes(0)), minutes(5));
        assert_eq!(left(minutes(5), minutes(2)), minutes(3));
        assert_eq!(left(minutes(5), minutes(60)), ONE_LOOK);
        let second = Duration::from_secs(1);
        assert_eq!(left(second, minutes(60)), second);
    }
}
