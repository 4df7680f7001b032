//! What `Age` says, and whether it can be believed.

use std::time::{Duration, SystemTime};

use super::{CLOCKS, Offset, Question, ROUNDING, SECOND, SECOND_LOOK, Sight};
use crate::answer::Answer;
use crate::verdict::Reason;

/// What the `Age` of a copy says about the purge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aged {
    /// The copy is certainly older.
    Older,
    /// It says that the copy is older, but there may be another explanation.
    Doubtful(Reason),
    /// The copy was fetched after the purge.
    Younger,
    /// It says neither.
    Unclear(Reason),
}

impl Aged {
    pub(super) fn of(question: &Question<'_>, answer: &Answer) -> Self {
        let Some(age) = answer.age else { return Self::Unclear(Reason::NothingToCompare) };
        let Some(elapsed) = question.elapsed else { return Self::Unclear(Reason::PurgeUnknown) };
        let clock = Clock::new(question, answer, elapsed.sent);
        let age_at_least = Duration::from_secs(age).saturating_sub(ROUNDING);
        if age_at_least >= elapsed.until_answer {
            if question.origin.is_some_and(|origin| origin.sends_age) {
                return Self::Doubtful(Reason::OriginSendsAge);
            }
            let spare = age_at_least.saturating_sub(elapsed.until_answer);
            return clock.confirms(age, spare, question.earlier);
        }
        let age_at_most = Duration::from_secs(age).saturating_add(SECOND);
        match age_at_most <= elapsed.until_request {
            // A cache in front of this edge may have kept an older copy without counting.
            true if clock.is_before_purge() => Self::Unclear(Reason::AgeAgainstDate),
            true => Self::Younger,
            false => Self::Unclear(Reason::TooSoon),
        }
    }

    /// Whether `Age` says that the copy is older, whether or not that is to be believed. Behind a cache that sends
    /// `Age`, it says nothing.
    pub(super) fn says_older(&self) -> bool {
        match self {
            Self::Older => true,
            Self::Doubtful(why) => *why != Reason::OriginSendsAge,
            Self::Younger | Self::Unclear(_) => false,
        }
    }

    /// Why it is unknown whether the copy was fetched after the purge; none if it was.
    pub(super) fn unknown(&self) -> Option<Reason> {
        match self {
            Self::Younger => None,
            Self::Doubtful(why) | Self::Unclear(why) => Some(why.clone()),
            Self::Older => Some(Reason::OlderThanPurge),
        }
    }
}

/// `Date`, compared with the clock of the origin, which has set it. A cache keeps it; some edges replace it with the
/// time of the response.
struct Clock {
    date: Option<SystemTime>,
    received: SystemTime,
    sent: SystemTime,
    origin: Offset,
}

impl Clock {
    fn new(question: &Question<'_>, answer: &Answer, sent: SystemTime) -> Self {
        let known = question.origin.and_then(|origin| origin.clock);
        let tolerance = i64::try_from(CLOCKS.as_millis()).unwrap_or(i64::MAX);
        // If the origin is not asked, its clock is assumed to be equal to ours.
        let origin = known.unwrap_or(Offset { least: -tolerance, most: tolerance });
        Self { date: answer.date, received: answer.received, sent, origin }
    }

    /// Whether the copy was generated before the purge was sent, by the clock of the origin alone. `Date` drops
    /// fractions of a second.
    fn is_before_purge(&self) -> bool {
        let sent = shifted(self.sent, self.origin.least);
        self.date.is_some_and(|date| date + Duration::from_secs(1) <= sent)
    }

    /// Whether a `Date` may be the time of a response that arrived at this moment.
    fn is_now(&self, date: SystemTime, received: SystemTime) -> bool {
        let earliest = shifted(received, self.origin.least) - CLOCKS;
        let latest = shifted(received, self.origin.most) + CLOCKS;
        (earliest..=latest).contains(&date)
    }

    /// Whether an `Age` that is larger than the time since the purge, by `spare`, is to be believed.
    ///
    /// It may count from an earlier `Date` than that of the fetch: a cache corrects `Age` by `Date`, and the clocks of
    /// the edge and the origin may differ.
    fn confirms(&self, age: u64, spare: Duration, earlier: Option<Sight>) -> Aged {
        if self.is_before_purge() {
            return Aged::Older;
        }
        let Some(date) = self.date.filter(|date| self.is_now(*date, self.received)) else {
            return Aged::Doubtful(Reason::AgeAgainstDate);
        };
        let Some(earlier) = earlier else { return Aged::Doubtful(Reason::SecondLook) };
        let uncertainty = u64::try_from(self.origin.most - self.origin.least).unwrap_or(u64::MAX);
        let skew = CLOCKS.saturating_add(Duration::from_millis(uncertainty));
        match earlier.is_replaced_by(age, date, self.received) {
            // The edge has shown its clock, which agrees with that of the origin.
            true if spare >= skew => Aged::Older,
            true => Aged::Doubtful(Reason::TooSoon),
            false => Aged::Doubtful(Reason::AgeAgainstDate),
        }
    }
}

impl Sight {
    /// Whether the edge replaces `Date` with the time of the response.
    ///
    /// With the `Date` of the origin, `Date` and `Age` add up to the time by the clock of the edge, whichever copy it is,
    /// so that their sum grows as time passes. If the edge replaces `Date`, the sum grows twice as fast.
    fn is_replaced_by(&self, age: u64, date: SystemTime, received: SystemTime) -> bool {
        let passed = received.duration_since(self.received).unwrap_or_default();
        let sum = |date: SystemTime, age| date.checked_add(Duration::from_secs(age));
        let (Some(now), Some(then)) = (sum(date, age), sum(self.date, self.age)) else {
            return false;
        };
        let grown = now.duration_since(then).unwrap_or_default();
        passed >= SECOND_LOOK && grown >= passed.saturating_add(ROUNDING)
    }
}

fn shifted(time: SystemTime, milliseconds: i64) -> SystemTime {
    let by = Duration::from_millis(milliseconds.unsigned_abs());
    let shifted = if milliseconds < 0 { time.checked_sub(by) } else { time.checked_add(by) };
    shifted.unwrap_or(time)
}
