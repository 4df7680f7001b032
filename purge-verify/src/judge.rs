//! Judges one response of an edge. A pure function: its arguments are the request, the times and the response.
//!
//! `Age` counts whole seconds, and a cache may round each of the times that it adds and subtracts. Neither verdict may
//! profit from that: a copy that is `A` seconds old by its header may be younger by [`ROUNDING`], or older by
//! [`SECOND`].

use std::time::{Duration, SystemTime};

use crate::answer::{Answer, Body};
use crate::digest::Digest;
use crate::verdict::{Reason, Verdict};

mod age;
#[cfg(test)]
mod tests;

use age::Aged;

/// By how much an `Age` may be too large because of rounding: of the delay of the fetch, and of the time since.
const ROUNDING: Duration = Duration::from_secs(2);
/// By how much an `Age` may be too small because of rounding: of the time since the fetch.
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// The difference up to which the clocks of an edge and of the origin count as equal.
const CLOCKS: Duration = Duration::from_secs(2);
/// How long after the first response a second one shows whether an edge replaces `Date`: long enough that rounding
/// cannot do so.
pub(crate) const SECOND_LOOK: Duration = Duration::from_secs(5);

/// The file that is expected at a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// In the new build.
    pub new: New,
    /// In the old build, if that is known and the file was there.
    pub old: Option<Digest>,
    /// Whether a cache may also have other contents from before the purge, such as those of a build whose purge did not
    /// finish. Without `old`, that is always assumed.
    pub is_in_doubt: bool,
}

impl Expected {
    /// Whether `old` is the only content that a cache may have from before the purge.
    fn is_old_known(&self) -> bool {
        self.old.is_some() && !self.is_in_doubt
    }
}

/// What the new build has at a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum New {
    /// It is unknown.
    #[default]
    Unknown,
    /// A file with this content.
    Is(Digest),
    /// No file, although there was one.
    Gone,
}

/// The time since a purge was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    /// The longest possible time: from when the POST was first sent until the response of the edge arrived.
    pub until_answer: Duration,
    /// The shortest possible time: from when the POST was last sent, or from the response to it, until the edge was
    /// asked.
    pub until_request: Duration,
    /// When the POST was first sent, by the wall clock of this machine.
    pub sent: SystemTime,
}

/// What is known about the origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its response for the same path and content coding.
    pub answer: Option<OriginAnswer>,
    /// Whether any of its responses had an `Age`, so that a cache is in front of it.
    pub sends_age: bool,
    /// What its clock shows.
    pub clock: Option<Offset>,
}

/// The response of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginAnswer {
    /// The status code.
    pub status: u16,
    /// The hash of its body, if there is one.
    pub digest: Option<Digest>,
    /// Its `ETag`, if it is a strong one.
    pub tag: Option<String>,
}

/// How far another clock is ahead of the wall clock of this machine, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// At least.
    pub least: i64,
    /// At most.
    pub most: i64,
}

/// An earlier response of the same edge for the same path and content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Its `Age`.
    pub age: u64,
    /// Its `Date`.
    pub date: SystemTime,
    /// When it arrived, by the wall clock of this machine.
    pub received: SystemTime,
}

/// Everything that is known in addition to the response itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'a> {
    /// The file.
    pub expected: Expected,
    /// The time since the purge; none if it is unknown when that was sent.
    pub elapsed: Option<Elapsed>,
    /// The origin, if it was asked.
    pub origin: Option<&'a Origin>,
    /// The response that came some seconds earlier, if there is one.
    pub earlier: Option<Sight>,
}

/// Judges a response. The reason says which [`Verdict`](crate::Verdict) it is for.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use purge_verify::{Answer, Body, Digest, Elapsed, Expected, New, Question, Verdict, judge};
///
/// let body = Body::Hashed(Digest([1; 32]));
/// let answer = Answer::new(200, &http::HeaderMap::new(), SystemTime::now(), body);
/// let expected = Expected { new: New::Is(Digest([1; 32])), ..Expected::default() };
/// let question = Question { expected, ..Question::default() };
/// assert_eq!(judge(&question, &answer).verdict(), Verdict::Fresh);
/// ```
#[must_use]
pub fn judge(question: &Question<'_>, answer: &Answer) -> Reason {
    let reason = judged(question, answer);
    // Other visitors may get a different response.
    let is_one_of_many = answer.varies_by_all && reason.verdict() == Verdict::Fresh;
    if is_one_of_many { Reason::VariesByAll } else { reason }
}

/// Whether `Age` says that the copy is older than the purge.
pub(crate) fn says_older(question: &Question<'_>, answer: &Answer) -> bool {
    Aged::of(question, answer).says_older()
}

/// Whether a response that shows nothing about the file may be a copy from before the purge, so that the next one may be
/// the file. The path of a file that is gone keeps redirecting.
pub(crate) fn may_be_replaced(question: &Question<'_>, answer: &Answer, reason: &Reason) -> bool {
    let new = question.expected.new;
    let is_other = match reason {
        Reason::Redirect(_) => matches!(new, New::Is(_)),
        Reason::Personal | Reason::NotStored | Reason::TooLarge | Reason::Coded(_) => {
            new != New::Unknown
        }
        _ => false,
    };
    is_other && Aged::of(question, answer) != Aged::Younger
}

fn judged(question: &Question<'_>, answer: &Answer) -> Reason {
    if answer.is_challenge {
        return Reason::Challenge;
    }
    let aged = Aged::of(question, answer);
    match answer.status {
        200 | 203 if aged == Aged::Older => Reason::OlderThanPurge,
        // Only the second look shows whether the copy is certainly older.
        200 | 203 if aged == Aged::Doubtful(Reason::SecondLook) => Reason::SecondLook,
        200 | 203 => found(question, answer, &aged),
        404 | 410 => missing(question, answer.status, &aged),
        300..=399 => Reason::Redirect(answer.status),
        status => Reason::Status(status),
    }
}

impl Origin {
    fn is_missing(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| matches!(answer.status, 404 | 410))
    }
}

/// The edge has no such file.
fn missing(question: &Question<'_>, status: u16, aged: &Aged) -> Reason {
    match question.expected.new {
        New::Gone => Reason::Gone,
        New::Unknown if question.origin.is_some_and(Origin::is_missing) => Reason::GoneAtOrigin,
        _ if *aged == Aged::Older => Reason::OlderThanPurge,
        _ => Reason::NotFound(status),
    }
}

/// The edge has a file.
fn found(question: &Question<'_>, answer: &Answer, aged: &Aged) -> Reason {
    let Expected { new, old, .. } = question.expected;
    let origin = question.origin.and_then(|origin| origin.answer.as_ref());
    let origin = origin.filter(|origin| matches!(origin.status, 200 | 203));
    let Some(digest) = answer.body.digest() else {
        return without_bytes(new, answer, origin, aged);
    };
    let is_origins = origin.is_some_and(|origin| origin.digest == Some(digest));
    let same = |reason| if aged.says_older() { Reason::AgeAgainstBytes } else { reason };
    match new {
        New::Is(new) if new == digest => same(Reason::SameAsSite),
        New::Is(_) | New::Gone if old == Some(digest) => match is_origins || *aged == Aged::Younger
        {
            true => Reason::OldAtOrigin,
            false => Reason::OldBytes,
        },
        New::Is(_) if is_origins => Reason::OriginNotAsSite,
        New::Unknown if is_origins => same(Reason::SameAsOrigin),
        // Another page in place of the file, unless it may be the file itself, which the origin still has.
        New::Gone if is_origins && question.expected.is_old_known() => same(Reason::SameAsOrigin),
        _ if answer.is_personal => Reason::Personal,
        _ if answer.is_not_stored => Reason::NotStored,
        New::Is(_) => Reason::NotAsSite,
        New::Gone => Reason::NotGone,
        New::Unknown => match aged.unknown() {
            None => Reason::FetchedAfter,
            Some(_) if origin.is_some_and(|origin| origin.digest.is_some()) => Reason::NotAsOrigin,
            Some(_) if question.origin.is_some_and(Origin::is_missing) => Reason::NotAsOrigin,
            Some(why) => why,
        },
    }
}

/// Judges a copy whose bytes cannot be compared. If the build has the file, neither the `ETag` of the origin nor `Age`
/// proves that the copy is right: the origin may still have the old file.
fn without_bytes(new: New, answer: &Answer, origin: Option<&OriginAnswer>, aged: &Aged) -> Reason {
    let by_age = if new == New::Unknown { Some(aged) } else { None };
    let has_tag_of_origin = answer.tag.is_some() && origin.is_some_and(|o| o.tag == answer.tag);
    match (&answer.body, by_age) {
        // The `ETag` belongs to bytes that have not arrived.
        (Body::Damaged, _) => Reason::Damaged,
        (_, Some(aged)) if has_tag_of_origin && !aged.says_older() => Reason::SameTagAsOrigin,
        _ if answer.is_personal => Reason::Personal,
        _ if answer.is_not_stored => Reason::NotStored,
        _ if new == New::Gone => Reason::NotGone,
        (_, Some(Aged::Younger)) => Reason::FetchedAfter,
        (_, Some(Aged::Unclear(Reason::TooSoon))) => Reason::TooSoon,
        (Body::Coded(coding), _) => Reason::Coded(coding.clone()),
        _ => Reason::TooLarge,
    }
}
