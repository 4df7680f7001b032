//! The story of each request of a run: what happened to it, and what is to be done next.
//!
//! A live run and one that is read from its journal are the same: entries, applied one after the other. So what a
//! resumed run knows is what the first one knew. All of it is pure: times and chance are handed in.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::id::OperationId;
use crate::retry::{Applied, RetryPolicy};
use crate::sanitize::Shown;
use crate::transport::Failure;

/// Something that happened to a request. Requests are numbered in the order of the plan, and those that
/// others are split into after these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// It is about to be sent.
    Sending {
        request: usize,
        attempt: u32,
        /// Milliseconds since 1970, by the clock of this machine: for people.
        at: u64,
        /// What the service's clock showed at most, if an answer had shown it: also without the run, and
        /// whatever becomes of the clock of this machine, this tells which jobs are older than the request.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
        service_time: Option<SystemTime>,
    },
    /// The service took it.
    Accepted {
        request: usize,
        op_id: OperationId,
        message: Option<Shown>,
        possible_duplicate: bool,
    },
    /// The attempt failed.
    Failed {
        request: usize,
        applied: Applied,
        message: Shown,
        /// What the service's clock showed when it was sent, if it may have been applied and that is known by now:
        /// closer than what was written down before.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
        service_time: Option<SystemTime>,
    },
    /// It was too large, and goes on as two requests: its first paths, and the others.
    Split { request: usize, at: usize, into: [usize; 2] },
    /// The run came to its end.
    Ended { at: u64 },
}

/// A time as milliseconds since 1970.
mod millis {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.and_then(|since| u64::try_from(since.as_millis()).ok()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let millis = Option::<u64>::deserialize(deserializer)?;
        // A time that does not fit on the clock says nothing.
        Ok(millis.and_then(|millis| UNIX_EPOCH.checked_add(Duration::from_millis(millis))))
    }
}

/// What is known of all requests of a run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ledger {
    /// One for each request of the plan, and after them those that others were split into.
    stories: Vec<Story>,
    /// How many paths each of them has.
    paths: Vec<usize>,
    /// The operations that belong to some of them.
    operations: HashSet<OperationId>,
}

/// What is known of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Story {
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
        message: Option<Shown>,
        possible_duplicate: bool,
    },
    /// Its first `at` paths, and the others, are requests of their own.
    Split {
        at: usize,
        into: [usize; 2],
    },
}

/// Where a run is with a request.
#[derive(Debug, Default)]
pub(crate) enum Stage {
    /// It has done nothing for it yet.
    #[default]
    Begun,
    /// It may send it.
    Ready,
    /// The service found it too large, and it has more than one path.
    TooLarge,
    /// The token was refused, and it may be an old one.
    TokenRefused(Failure),
    /// An attempt failed.
    Failed(Failure),
    /// An attempt failed, and the list does not have its operation.
    LookedUp(Failure),
    /// The run ends, or nothing more is to be tried.
    Over(Failure),
}

/// How often a run has tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// Attempts that failed, but for those whose token was refused and renewed.
    pub(crate) failed: u32,
    /// Those of them that may have been applied.
    pub(crate) ambiguous: u32,
}

/// What a run does next for a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Next {
    Send,
    /// Look for its operation in the list.
    LookUp,
    /// Get another token.
    Renew,
    /// Wait, and send it then.
    Wait(Duration),
    /// Make two requests of it: its first paths, so many, and the others.
    Split(usize),
    /// Nothing: it has ended, or the last failure is its outcome.
    Done,
}

impl Ledger {
    /// Of requests that have so many paths each, and of which nothing is known.
    pub(crate) fn new(paths: Vec<usize>) -> Self {
        Self { stories: vec![Story::default(); paths.len()], paths, operations: HashSet::new() }
    }

    /// Takes note of something that happened; or says why that cannot have happened in a run.
    pub(crate) fn apply(&mut self, entry: &Entry) -> Result<(), &'static str> {
        match entry {
            Entry::Ended { .. } => {}
            Entry::Sending { request, attempt, service_time, .. } => {
                let story = self.unsettled(*request)?;
                if Some(*attempt) != story.attempts.checked_add(1) {
                    return Err("its attempts are not counted one by one");
                }
                // A run that could not write down the answer has left one open.
                if let Some(earlier) = story.open.replace(*service_time) {
                    story.answered(earlier, Applied::Maybe);
                    story.open = Some(*service_time);
                }
                story.attempts = *attempt;
            }
            Entry::Failed { request, applied, service_time, .. } => {
                let story = self.unsettled(*request)?;
                let on = story.open.ok_or("an answer comes before its request")?;
                story.answered(service_time.or(on), *applied);
            }
            Entry::Accepted { request, op_id, message, possible_duplicate } => {
                let story = self.unsettled(*request)?;
                if story.open.is_none() && story.lost.is_none() {
                    return Err("an answer comes before its request");
                }
                if self.operations.contains(op_id) {
                    return Err("it names one operation for two requests");
                }
                self.operations.insert(op_id.clone());
                let (op_id, message) = (op_id.clone(), message.clone());
                let end = End::Accepted { op_id, message, possible_duplicate: *possible_duplicate };
                self.stories[*request].settle(end);
            }
            Entry::Split { request, at, into } => self.split(*request, *at, *into)?,
        }
        Ok(())
    }

    fn split(&mut self, request: usize, at: usize, into: [usize; 2]) -> Result<(), &'static str> {
        let next = self.stories.len();
        let story = self.unsettled(request)?;
        let (sent, half) = (story.open.is_some(), story.half());
        let count = self.paths[request];
        if !sent || at == 0 || at >= count || into != [next, next + 1] {
            return Err("a request cannot be split like that");
        }
        self.stories[request].settle(End::Split { at, into });
        self.paths.extend([at, count - at]);
        self.stories.extend([half.clone(), half]);
        Ok(())
    }

    /// A request that is not settled yet.
    fn unsettled(&mut self, request: usize) -> Result<&mut Story, &'static str> {
        match self.stories.get_mut(request) {
            None => Err("it names a request that is not there"),
            Some(story) if story.end != End::Open => Err("it names a request that is settled"),
            Some(story) => Ok(story),
        }
    }

    /// Takes what was sent without an answer for lost: there are no more entries.
    pub(crate) fn close(&mut self) {
        for story in &mut self.stories {
            if let Some(on) = story.open {
                story.answered(on, Applied::Maybe);
            }
        }
    }

    /// All requests, those that others were split into after those of the plan.
    pub(crate) fn stories(&self) -> &[Story] {
        &self.stories
    }

    /// Whether an operation belongs to a request.
    pub(crate) fn has(&self, operation: &OperationId) -> bool {
        self.operations.contains(operation)
    }
}

impl Story {
    /// What is known of each half of it: what may have been applied may be found as a whole only, so no time
    /// helps to look for it.
    fn half(&self) -> Self {
        let lost = self.lost.map(|lost| Lost { on: None, ..lost });
        Self { ambiguous: self.ambiguous, lost, ..Self::default() }
    }

    /// Takes note of the answer to what was sent `on` a time.
    fn answered(&mut self, on: Option<SystemTime>, applied: Applied) {
        self.open = None;
        if applied.is_ambiguous() {
            self.ambiguous = self.ambiguous.saturating_add(1);
            let first = self.lost.and_then(|first| first.on);
            self.lost = Some(Lost { on: first.or(on), applied });
        }
    }

    fn settle(&mut self, end: End) {
        self.open = None;
        self.end = end;
    }

    /// Whether more than one operation may have come of it: one that is known or looked for is one of those that
    /// got lost, and one that an answer has just named is not.
    pub(crate) fn may_be_duplicate(&self, named_by_answer: bool) -> bool {
        self.ambiguous > u32::from(!named_by_answer)
    }

    /// What a later failure leaves of it: it does not undo what an earlier attempt may have done.
    pub(crate) fn applied(&self, last: Applied) -> Applied {
        self.lost.map_or(last, |lost| lost.applied)
    }

    /// What to do next for a request of so many paths. `random` is from 0 to 1.
    pub(crate) fn next(
        &self,
        stage: &Stage,
        tries: Tries,
        paths: usize,
        policy: &RetryPolicy,
        random: f64,
    ) -> Next {
        match stage {
            _ if self.end != End::Open => Next::Done,
            Stage::Begun if self.lost.is_some_and(|lost| lost.on.is_some()) => Next::LookUp,
            Stage::Begun | Stage::Ready => Next::Send,
            Stage::TooLarge => Next::Split(paths / 2),
            Stage::TokenRefused(_) => Next::Renew,
            Stage::Failed(failure) if failure.applied.is_ambiguous() => Next::LookUp,
            Stage::Failed(Failure { applied, error })
            | Stage::LookedUp(Failure { applied, error }) => {
                let Tries { failed, ambiguous } = tries;
                let delay = policy.delay(*applied, failed, ambiguous, error.retry_after(), random);
                delay.map_or(Next::Done, Next::Wait)
            }
            Stage::Over(_) => Next::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    fn sent(attempt: u32, on: Option<u64>) -> Entry {
        let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Entry::Sending { request: 0, attempt, at: 0, service_time: on.map(time) }
    }

    fn failed(applied: Applied) -> Entry {
        Entry::Failed { request: 0, applied, message: Shown::default(), service_time: None }
    }

    fn story(entries: &[Entry]) -> Story {
        let mut ledger = Ledger::new(vec![4]);
        entries.iter().for_each(|entry| ledger.apply(entry).expect("an entry"));
        ledger.stories()[0].clone()
    }

    fn failure(applied: Applied) -> Failure {
        Failure::new(applied, Error::new(ErrorKind::Unavailable, "it failed"))
    }

    #[test]
    fn first_time_that_is_known_counts() {
        let on = |times: &[Option<u64>]| {
            let entries =
                (1..).zip(times).flat_map(|(n, on)| [sent(n, *on), failed(Applied::Maybe)]);
            let story = story(&entries.collect::<Vec<_>>());
            assert_eq!((story.attempts, story.ambiguous), (times.len() as u32, times.len() as u32));
            let on = story.lost.expect("a time").on;
            on.map(|on| on.duration_since(SystemTime::UNIX_EPOCH).expect("since").as_secs())
        };
        assert_eq!(on(&[None]), None);
        assert_eq!(on(&[Some(7), Some(9)]), Some(7));
        assert_eq!(on(&[None, Some(9), Some(8)]), Some(9));
    }

    #[test]
    fn later_answer_does_not_undo_what_may_have_been_applied() {
        let lost =
            story(&[sent(1, None), failed(Applied::Maybe), sent(2, None), failed(Applied::No)]);
        assert_eq!(lost.applied(Applied::Refused), Applied::Maybe);
        let clear = story(&[sent(1, None), failed(Applied::No)]);
        assert_eq!(clear.applied(Applied::Refused), Applied::Refused);
    }

    #[test]
    fn halves_may_have_been_applied_as_a_whole() {
        let mut ledger = Ledger::new(vec![4]);
        let split = Entry::Split { request: 0, at: 2, into: [1, 2] };
        for entry in [sent(1, Some(7)), failed(Applied::Maybe), sent(2, Some(8)), split] {
            ledger.apply(&entry).expect("an entry");
        }
        for half in &ledger.stories()[1..] {
            assert_eq!((half.attempts, half.ambiguous), (0, 1));
            assert_eq!(half.lost, Some(Lost { on: None, applied: Applied::Maybe }));
            assert_eq!(half.applied(Applied::Refused), Applied::Maybe);
        }
    }

    #[test]
    fn duplicates_are_possible_from_the_second_operation_on() {
        let lost = [sent(1, None), failed(Applied::Maybe)];
        let twice = [&lost[..], &[sent(2, None), failed(Applied::Yes)]].concat();
        for (entries, by_answer, otherwise) in
            [(&[][..], false, false), (&lost[..], true, false), (&twice[..], true, true)]
        {
            let story = story(entries);
            assert_eq!(story.may_be_duplicate(true), by_answer, "{entries:?}");
            assert_eq!(story.may_be_duplicate(false), otherwise, "{entries:?}");
        }
    }

    #[test]
    fn next_follows_from_the_stage() {
        let policy = RetryPolicy::default();
        let new = story(&[]);
        let lost = story(&[sent(1, Some(7)), failed(Applied::Maybe)]);
        let untimed = story(&[sent(1, None), failed(Applied::Maybe)]);
        let next = |story: &Story, stage: Stage, failed: u32, ambiguous: u32| {
            story.next(&stage, Tries { failed, ambiguous }, 4, &policy, 1.0)
        };
        let second = Next::Wait(Duration::from_secs(1));
        assert_eq!(next(&new, Stage::Begun, 0, 0), Next::Send);
        assert_eq!(next(&lost, Stage::Begun, 0, 0), Next::LookUp);
        assert_eq!(next(&untimed, Stage::Begun, 0, 0), Next::Send);
        assert_eq!(next(&lost, Stage::Ready, 0, 0), Next::Send);
        assert_eq!(next(&new, Stage::TooLarge, 0, 0), Next::Split(2));
        assert_eq!(next(&new, Stage::TokenRefused(failure(Applied::Refused)), 0, 0), Next::Renew);
        assert_eq!(next(&lost, Stage::Failed(failure(Applied::Maybe)), 1, 1), Next::LookUp);
        assert_eq!(next(&lost, Stage::Failed(failure(Applied::Yes)), 1, 1), Next::LookUp);
        assert_eq!(next(&lost, Stage::LookedUp(failure(Applied::Maybe)), 1, 1), second);
        assert_eq!(next(&lost, Stage::LookedUp(failure(Applied::Maybe)), 3, 3), Next::Done);
        assert_eq!(next(&lost, Stage::LookedUp(failure(Applied::Yes)), 1, 1), Next::Done);
        assert_eq!(next(&new, Stage::Failed(failure(Applied::No)), 1, 0), second);
        assert_eq!(next(&new, Stage::Failed(failure(Applied::No)), 4, 0), Next::Done);
        assert_eq!(next(&new, Stage::Failed(failure(Applied::Refused)), 1, 0), Next::Done);
        assert_eq!(next(&new, Stage::Over(failure(Applied::No)), 1, 0), Next::Done);
        let op_id = "a".parse().expect("an ID");
        let accepted =
            Entry::Accepted { request: 0, op_id, message: None, possible_duplicate: false };
        let ended = story(&[sent(1, None), accepted]);
        assert_eq!(next(&ended, Stage::Begun, 0, 0), Next::Done);
    }
}
