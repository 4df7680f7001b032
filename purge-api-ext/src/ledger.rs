//! The history of each request of a run, and what to do with it next.
//!
//! A live run and a journal that is read back apply the same entries in the same order, so a resumed run knows
//! exactly what the first one knew. Everything here is pure: time and randomness are arguments.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use foldhash::quality::RandomState;
use serde::{Deserialize, Serialize};

use crate::id::OperationId;
use crate::retry::{Applied, RetryPolicy};
use crate::sanitize::Shown;
use crate::transport::Failure;

/// Something that happened to a request. Requests are numbered in the order of the plan; the halves of split
/// requests get the numbers after these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// It is about to be sent.
    Sending {
        request: usize,
        attempt: u32,
        /// Milliseconds since 1970, by the local clock. Informational only.
        at: u64,
        /// The latest time that the service's clock can have shown, if an earlier response revealed it. With it, a
        /// later run can tell which operations are older than the request, even if the local clock was adjusted.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
        service_time: Option<SystemTime>,
    },
    /// The service accepted it.
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
        /// When it was sent, by the service's clock, if it may have been applied and the time is known by now.
        /// More precise than the time in `Sending`.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
        service_time: Option<SystemTime>,
        /// Whether the request never left: something else ended its attempt after it had been recorded.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsent: bool,
    },
    /// It was too large, and was split in two: its first `at` paths, and the rest.
    Split { request: usize, at: usize, into: [usize; 2] },
    /// The run ended.
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
        // A time that the clock cannot represent is ignored.
        Ok(millis.and_then(|millis| UNIX_EPOCH.checked_add(Duration::from_millis(millis))))
    }
}

/// What is known of all requests of a run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ledger {
    /// One for each request of the plan, followed by the halves of split requests.
    stories: Vec<Story>,
    /// How many paths each request has.
    paths: Vec<usize>,
    /// The operations that are known to belong to a request.
    operations: HashSet<OperationId, RandomState>,
}

/// What is known of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Story {
    /// How often it was recorded as being sent.
    pub(crate) attempts: u32,
    /// How many of these attempts never left.
    unsent: u32,
    /// How many attempts may have been applied without a response that names the operation.
    pub(crate) ambiguous: u32,
    /// What is known of these attempts, if there are any.
    pub(crate) lost: Option<Lost>,
    pub(crate) end: End,
    /// `Some` while an attempt has no response yet; inside, when it was sent, if that is known.
    open: Option<Option<SystemTime>>,
}

/// What is known of the attempts that may have been applied: the first known time of one, by the service's clock, and
/// what the last of their responses implies.
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
    /// Its first `at` paths, and the rest, are requests of their own.
    Split {
        at: usize,
        into: [usize; 2],
    },
}

/// What this run has done for a request so far.
#[derive(Debug, Default)]
pub(crate) enum Stage {
    /// Nothing yet.
    #[default]
    Begun,
    /// It may be sent.
    Ready,
    /// The service found it too large, and it has more than one path.
    TooLarge,
    /// The token was refused; it may have been replaced since.
    TokenRefused(Failure),
    /// An attempt failed.
    Failed(Failure),
    /// An attempt failed, and the list does not have its operation.
    LookedUp(Failure),
    /// The run ends, or there is nothing left to try.
    Over(Failure),
}

/// How many attempts a run has made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// Failed attempts, except those whose token was refused and renewed.
    pub(crate) failed: u32,
    /// Failed attempts that may have been applied.
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
    /// Wait, then send it.
    Wait(Duration),
    /// Split it in two: its first paths, as many as given, and the rest.
    Split(usize),
    /// Nothing: it has ended, or the last failure is its outcome.
    Done,
}

impl Ledger {
    /// A ledger without entries, for requests with these numbers of paths.
    pub(crate) fn new(paths: Vec<usize>) -> Self {
        Self { stories: vec![Story::default(); paths.len()], paths, operations: HashSet::default() }
    }

    /// Applies an entry, or says why no run can have written it.
    pub(crate) fn apply(&mut self, entry: &Entry) -> Result<(), &'static str> {
        match entry {
            Entry::Ended { .. } => {}
            Entry::Sending { request, attempt, service_time, .. } => {
                let story = self.unsettled(*request)?;
                if Some(*attempt) != story.attempts.checked_add(1) {
                    return Err("its attempts are not numbered consecutively");
                }
                // An earlier run sent it, but could not record the response.
                if let Some(earlier) = story.open.replace(*service_time) {
                    story.answered(earlier, Applied::Maybe);
                    story.open = Some(*service_time);
                }
                story.attempts = *attempt;
            }
            Entry::Failed { request, applied, service_time, unsent, .. } => {
                let story = self.unsettled(*request)?;
                let on = story.open.ok_or("a response comes before its attempt")?;
                if *unsent && *applied != Applied::No {
                    return Err("a request that was not sent may have been applied");
                }
                story.unsent += u32::from(*unsent);
                story.answered(service_time.or(on), *applied);
            }
            Entry::Accepted { request, op_id, message, possible_duplicate } => {
                let story = self.unsettled(*request)?;
                if story.open.is_none() && story.lost.is_none() {
                    return Err("a response comes before its attempt");
                }
                if self.operations.contains(op_id) {
                    return Err("two requests have the same operation");
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
            return Err("a request is split into impossible parts");
        }
        self.stories[request].settle(End::Split { at, into });
        self.paths.extend([at, count - at]);
        self.stories.extend([half.clone(), half]);
        Ok(())
    }

    /// A request that has not ended yet.
    fn unsettled(&mut self, request: usize) -> Result<&mut Story, &'static str> {
        match self.stories.get_mut(request) {
            None => Err("it names a request that does not exist"),
            Some(story) if story.end != End::Open => {
                Err("it names a request that has already ended")
            }
            Some(story) => Ok(story),
        }
    }

    /// Treats attempts without a response as lost, because there are no more entries.
    pub(crate) fn close(&mut self) {
        for story in &mut self.stories {
            if let Some(on) = story.open {
                story.answered(on, Applied::Maybe);
            }
        }
    }

    /// The requests of the plan, followed by the halves of split requests.
    pub(crate) fn stories(&self) -> &[Story] {
        &self.stories
    }

    /// The operations that belong to a request.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &OperationId> {
        self.operations.iter()
    }

    /// Whether an operation belongs to a request.
    pub(crate) fn has(&self, operation: &OperationId) -> bool {
        self.operations.contains(operation)
    }
}

impl Story {
    /// How often it was sent.
    pub(crate) fn sent(&self) -> u32 {
        self.attempts - self.unsent
    }

    /// What is known of each half. An attempt that may have been applied had all the paths, so its operation can
    /// never match one half; without a time, no look-up is made.
    fn half(&self) -> Self {
        let lost = self.lost.map(|lost| Lost { on: None, ..lost });
        Self { ambiguous: self.ambiguous, lost, ..Self::default() }
    }

    /// Records the response to the attempt that was sent at `on`.
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

    /// Whether it may have created more than one operation. An operation that was found in the list comes from one
    /// of the ambiguous attempts; one that a response has just named does not.
    pub(crate) fn may_be_duplicate(&self, named_by_answer: bool) -> bool {
        self.ambiguous > u32::from(!named_by_answer)
    }

    /// Whether it may have an operation that is not known.
    pub(crate) fn is_in_doubt(&self) -> bool {
        match &self.end {
            End::Accepted { possible_duplicate, .. } => *possible_duplicate,
            End::Open | End::Split { .. } => self.lost.is_some(),
        }
    }

    /// Whether it was applied, given the last failure, which does not undo what an earlier attempt may have done.
    pub(crate) fn applied(&self, last: Applied) -> Applied {
        self.lost.map_or(last, |lost| lost.applied)
    }

    /// What to do next for a request with this number of paths. `random` is between 0 and 1.
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
        let (message, service_time) = (Shown::default(), None);
        Entry::Failed { request: 0, applied, message, service_time, unsent: false }
    }

    fn unsent() -> Entry {
        let (applied, message) = (Applied::No, Shown::default());
        Entry::Failed { request: 0, applied, message, service_time: None, unsent: true }
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
    fn first_known_time_counts() {
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
    fn attempt_that_never_left_is_not_counted() {
        let story = story(&[sent(1, Some(7)), unsent(), sent(2, Some(9)), failed(Applied::Maybe)]);
        assert_eq!((story.attempts, story.sent(), story.ambiguous), (2, 1, 1));
        let on = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
        assert_eq!(story.lost, Some(Lost { on: Some(on), applied: Applied::Maybe }));
        let json = serde_json::to_string(&[unsent(), failed(Applied::No)]).expect("JSON");
        assert_eq!(json.matches("\"unsent\":true").count(), 1, "{json}");
        let read: Vec<Entry> = serde_json::from_str(&json).expect("entries");
        assert_eq!(read, [unsent(), failed(Applied::No)]);
        let mut ledger = Ledger::new(vec![4]);
        ledger.apply(&sent(1, None)).expect("an entry");
        let Entry::Failed { request, message, service_time, unsent, .. } = unsent() else {
            unreachable!()
        };
        let applied = Applied::Maybe;
        let entry = Entry::Failed { request, applied, message, service_time, unsent };
        ledger.apply(&entry).expect_err("what was not sent was not applied");
    }

    #[test]
    fn later_response_does_not_undo_an_ambiguous_attempt() {
        let lost =
            story(&[sent(1, None), failed(Applied::Maybe), sent(2, None), failed(Applied::No)]);
        assert_eq!(lost.applied(Applied::Refused), Applied::Maybe);
        let clear = story(&[sent(1, None), failed(Applied::No)]);
        assert_eq!(clear.applied(Applied::Refused), Applied::Refused);
    }

    #[test]
    fn halves_inherit_an_ambiguous_attempt() {
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
            let mut story = story(entries);
            assert_eq!(story.may_be_duplicate(true), by_answer, "{entries:?}");
            assert_eq!(story.may_be_duplicate(false), otherwise, "{entries:?}");
            assert_eq!(story.is_in_doubt(), by_answer, "{entries:?}");
            let op_id = "a".parse().expect("an ID");
            let possible_duplicate = otherwise;
            story.settle(End::Accepted { op_id, message: None, possible_duplicate });
            assert_eq!(story.is_in_doubt(), otherwise, "{entries:?}");
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
