//! The journal of a lane, folded: which rounds there were, and how far each one got.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::note::{Begun, Digest, Doubts, Kept, Note};
use crate::outcome::{Judged, State};

/// How many holders may end in the same round before it is given up.
pub(crate) const HOLDERS: u32 = 3;
/// How long after an operation was created it may still be taken for that of a later request whose response is lost:
/// the 2 s of uncertainty of a look-up (`docs/retries.md`), and 3 s for clocks that differ.
pub(crate) const UNCERTAIN: Duration = Duration::from_secs(5);

/// The rounds that still matter.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct History {
    pub(crate) rounds: BTreeMap<u64, Round>,
    /// Until when the service asked for a pause, and the note that says so.
    pub(crate) pause: Option<(u64, SystemTime)>,
    /// When a round last ended with a request that may have been applied.
    in_doubt: Option<SystemTime>,
    /// The last complete digest, apart from its rounds, and the one that is being written.
    digest: Option<Condensed>,
    draft: Option<(Condensed, BTreeMap<u64, Round>)>,
}

/// A digest in the journal.
#[derive(Debug, PartialEq)]
struct Condensed {
    /// The sequence of its first part.
    at: u64,
    /// The first and last sequences of the input between which no chunk was open, in order.
    done: Vec<(u64, u64)>,
    /// The paths in doubt, in the order of rounds.
    doubts: Vec<Doubts>,
    /// The first round that it does not replace, settled or not.
    below: u64,
}

/// A round.
#[derive(Debug, PartialEq)]
pub(crate) struct Round {
    pub(crate) begun: Begun,
    /// The journal of its run, as far as it was written.
    pub(crate) text: Vec<u8>,
    /// The verdicts on its requests.
    pub(crate) requests: Vec<Judged>,
    /// The verdicts on its operations.
    pub(crate) operations: Vec<Judged>,
    pub(crate) stage: Stage,
    /// When it began, or when its last request had ended, by the engine's clock.
    pub(crate) since: SystemTime,
    /// How many holders ended while they were sending it.
    pub(crate) holders: u32,
    /// Whether the current holder has begun to send it.
    is_tried: bool,
    /// The first note that it needs: its own, or the digest that contains it.
    at: u64,
    /// About how many bytes its notes take up in the journal.
    bytes: usize,
}

impl Round {
    fn new(begun: Begun, at: u64, since: SystemTime) -> Self {
        let (text, requests, operations) = (Vec::new(), Vec::new(), Vec::new());
        let (stage, holders, is_tried) = (Stage::Begun, 0, false);
        Self { begun, text, requests, operations, stage, since, holders, is_tried, at, bytes: 0 }
    }

    /// Adds what a digest says about it.
    fn keep(&mut self, kept: Kept) {
        self.bytes += kept.bytes();
        self.requests.extend(kept.requests());
        self.operations.extend(kept.judged);
        self.stage = Stage::Settled;
    }
}

/// How far a round got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It has begun. What its requests did is in the journal of its run.
    Begun,
    /// The verdicts on its requests are complete.
    Sent,
    /// The verdicts on its operations are complete, too.
    Settled,
}

impl History {
    /// Applies the next note, which was stored at a time by the engine's clock.
    pub(crate) fn apply(&mut self, sequence: u64, stored: SystemTime, note: Note) {
        if let Some(round) = note.round().and_then(|number| self.rounds.get_mut(&number)) {
            round.bytes += note.bytes();
        }
        match note {
            Note::Lead { .. } => {
                // What its predecessor had not completed, this holder begins again.
                self.draft = None;
                self.forget_unfinished();
                // A holder that never came to this round cannot have ended because of it.
                let tried = |round: &&mut Round| round.stage == Stage::Begun && round.is_tried;
                for round in self.rounds.values_mut().filter(tried) {
                    round.holders += 1;
                    round.is_tried = false;
                }
            }
            Note::Round(begun) => {
                self.rounds.insert(sequence, Round::new(begun, sequence, stored));
            }
            Note::Resumed { round } => {
                if let Some(round) = self.rounds.get_mut(&round) {
                    round.is_tried = true;
                }
            }
            Note::Lines { round, offset, bytes } => {
                if let Some(round) = self.rounds.get_mut(&round) {
                    round.is_tried = true;
                    // A holder that begins after a torn line drops that line.
                    round.text.truncate(usize::try_from(offset).unwrap_or(usize::MAX));
                    round.text.extend(bytes);
                }
            }
            Note::Judged { round, judged } => {
                if let Some(round) = self.rounds.get_mut(&round) {
                    let into = match round.stage {
                        Stage::Begun => &mut round.requests,
                        _ => &mut round.operations,
                    };
                    into.extend(judged);
                }
            }
            Note::Sent { round } => self.sent(round, stored),
            Note::Settled { round } => self.reach(round, Stage::Settled),
            Note::Pause { until } => self.pause = Some((sequence, until)),
            Note::Digest { part, digest } => self.draft(sequence, part, digest),
            Note::Digested => {
                if let Some((digest, rounds)) = self.draft.take() {
                    self.rounds.retain(|number, round| {
                        round.stage != Stage::Settled || *number >= digest.below
                    });
                    self.rounds.extend(rounds);
                    self.digest = Some(digest);
                }
            }
        }
    }

    fn draft(&mut self, sequence: u64, part: u64, digest: Digest) {
        if part == 0 {
            let (done, doubts) = (Vec::new(), Vec::new());
            let below = digest.below.unwrap_or(u64::MAX);
            let condensed = Condensed { at: sequence, done, doubts, below };
            self.draft = Some((condensed, BTreeMap::new()));
        }
        // Without its first part, it was trimmed, and a later digest replaces it.
        let Some((condensed, draft)) = &mut self.draft else { return };
        condensed.done.extend(digest.done);
        condensed.doubts.extend(digest.doubts);
        for kept in digest.rounds {
            // A digest has only rounds that ended long enough ago.
            let long_ago = SystemTime::UNIX_EPOCH;
            let new = || Round::new(kept.begun.clone(), condensed.at, long_ago);
            draft.entry(kept.number).or_insert_with(new).keep(kept);
        }
    }

    /// The round that was being sent when the last holder ended, if there is one.
    pub(crate) fn begun(&self) -> Option<u64> {
        let mut rounds = self.rounds.iter();
        rounds.find(|(_, round)| round.stage == Stage::Begun).map(|(number, _)| *number)
    }

    /// What each settled round below a number was about.
    pub(crate) fn settled(&self, below: u64) -> BTreeMap<u64, &Begun> {
        let rounds = self.rounds.range(..below);
        let settled = rounds.filter(|(_, round)| round.stage == Stage::Settled);
        settled.map(|(number, round)| (*number, &round.begun)).collect()
    }

    /// The operations that belong to requests of earlier rounds.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &str> {
        let requests = self.rounds.values().flat_map(|round| &round.requests);
        requests.filter_map(|judged| judged.verdict.op_id.as_deref())
    }

    /// The first of the rounds whose operations could be taken for that of a request that is sent now, or of one of the
    /// round that is under way. The journal keeps their notes, since they have the IDs of these operations; an older
    /// operation is never taken for a later one.
    pub(crate) fn first_recent(&self, now: SystemTime) -> u64 {
        let begun = self.begun().and_then(|number| self.rounds.get(&number));
        let sent = begun.map_or(now, |round| round.since.min(now));
        let mut rounds = self.rounds.iter();
        let recent = rounds.find(|(_, round)| round.since + UNCERTAIN > sent);
        recent.map_or(u64::MAX, |(number, _)| *number)
    }

    /// Before this time, no round may begin: nobody knows the operation of a request whose response was lost, and a
    /// look-up for a later request with the same paths could take it for that of the later one.
    pub(crate) fn in_doubt_until(&self) -> Option<SystemTime> {
        self.in_doubt.map(|at| at + UNCERTAIN)
    }

    /// Whether the outcome of a chunk was stored before the last digest, so that its rounds are not in it.
    pub(crate) fn is_done(&self, sequence: u64) -> bool {
        let Some(Condensed { done, .. }) = &self.digest else { return false };
        let after = done.partition_point(|(_, last)| *last < sequence);
        done.get(after).is_some_and(|(first, _)| *first <= sequence)
    }

    /// The paths that were in doubt before some rounds, in the order of the rounds.
    pub(crate) fn doubts(&self) -> &[Doubts] {
        self.digest.as_ref().map_or(&[], |digest| &digest.doubts)
    }

    /// Whether a digest is worth its cost: the notes of rounds that were settled since the last one take up at least
    /// this many bytes, and at least as many as that digest. It replaces only rounds below a number.
    pub(crate) fn needs_digest(&self, least: usize, below: u64) -> bool {
        let (mut fresh, mut kept) = (0, 0);
        let rounds = self.rounds.range(..below);
        for (number, round) in rounds.filter(|(_, round)| round.stage == Stage::Settled) {
            match round.at == *number {
                true => fresh += round.bytes,
                false => kept += round.bytes,
            }
        }
        fresh >= kept.max(least)
    }

    /// Drops the verdicts of settled rounds, which the backlog has.
    pub(crate) fn forget_settled(&mut self) {
        for round in self.rounds.values_mut().filter(|round| round.stage == Stage::Settled) {
            (round.requests, round.operations) = (Vec::new(), Vec::new());
        }
    }

    fn sent(&mut self, round: u64, stored: SystemTime) {
        if let Some(round) = self.rounds.get_mut(&round) {
            round.since = stored;
            if round.requests.iter().any(|judged| judged.verdict.state == State::Queued) {
                self.in_doubt = Some(stored);
            }
        }
        self.reach(round, Stage::Sent);
    }

    fn reach(&mut self, round: u64, stage: Stage) {
        if let Some(round) = self.rounds.get_mut(&round) {
            round.stage = round.stage.max(stage);
            if stage == Stage::Settled {
                round.text = Vec::new();
            }
        }
    }

    /// Drops incomplete verdicts: if a holder ended while it judged a round, its successor judges it again.
    fn forget_unfinished(&mut self) {
        for round in self.rounds.values_mut() {
            match round.stage {
                Stage::Begun => round.requests.clear(),
                Stage::Sent => round.operations.clear(),
                Stage::Settled => {}
            }
        }
    }

    /// Drops the rounds that neither a chunk nor a look-up needs any longer: settled rounds that were read up to a
    /// chunk before `first_open`, and are not recent. Returns the first note that is still needed, or `None` if no note
    /// is.
    pub(crate) fn trim(&mut self, first_open: Option<u64>, now: SystemTime) -> Option<u64> {
        let recent = self.first_recent(now);
        let is_needed = |number: u64, round: &Round| {
            number >= recent
                || round.stage != Stage::Settled
                || first_open.is_some_and(|open| round.begun.upto >= open)
        };
        // Only from the front: the notes between two rounds belong to the later one.
        while let Some(first) = self.rounds.first_entry() {
            if is_needed(*first.key(), first.get()) {
                break;
            }
            first.remove();
        }
        let open = first_open.unwrap_or(u64::MAX);
        let is_needed = |digest: &Condensed| {
            digest.done.last().is_some_and(|(_, last)| *last > open)
                || digest.doubts.iter().any(|doubts| doubts.upto >= open)
        };
        self.digest = self.digest.take().filter(is_needed);
        self.pause = self.pause.filter(|(_, until)| *until > now);
        let pause = self.pause.map(|(sequence, _)| sequence);
        // Not the first round: a round of a digest is older than the note that it needs.
        let round = self.rounds.values().map(|round| round.at).min();
        let digest = self.digest.as_ref().map(|digest| digest.at);
        [pause, digest, round].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Verdict;

    fn begun(upto: u64) -> Note {
        Note::Round(Begun { resource: "r".to_owned(), upto, everything: false, input: None })
    }

    fn judged(path: &str) -> Vec<Judged> {
        let paths = vec![path.to_owned()];
        vec![Judged { verdict: Verdict::new(State::Accepted, None), paths }]
    }

    fn folded(notes: Vec<Note>) -> History {
        let mut history = History::default();
        (1..).zip(notes).for_each(|(sequence, note)| history.apply(sequence, at(sequence), note));
        history
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn torn_line_of_a_predecessor_is_dropped() {
        let lines = |offset, bytes: &[u8]| Note::Lines { round: 1, offset, bytes: bytes.to_vec() };
        let history = folded(vec![begun(5), lines(0, b"one\ntwo\nto"), lines(8, b"three\n")]);
        assert_eq!(history.rounds[&1].text, b"one\ntwo\nthree\n");
    }

    fn lead() -> Note {
        Note::Lead { holder: "a".to_owned() }
    }

    #[test]
    fn verdicts_count_only_when_complete() {
        let torn = Note::Judged { round: 1, judged: judged("/a") };
        let mut history = folded(vec![begun(5), torn.clone(), lead()]);
        assert!(history.rounds[&1].requests.is_empty());
        history.apply(4, at(4), torn);
        history.apply(5, at(5), Note::Sent { round: 1 });
        history.apply(6, at(6), Note::Judged { round: 1, judged: judged("/a") });
        history.apply(7, at(7), lead());
        let round = &history.rounds[&1];
        assert_eq!((round.requests.len(), round.operations.len()), (1, 0));
    }

    #[test]
    fn only_holders_that_sent_a_round_count_as_ended_in_it() {
        let lines = Note::Lines { round: 1, offset: 0, bytes: b"plan".to_vec() };
        let mut history = folded(vec![begun(5), lines, lead(), lead(), lead()]);
        assert_eq!(history.rounds[&1].holders, 1, "two holders ended before they resumed it");
        history.apply(6, at(6), Note::Resumed { round: 1 });
        history.apply(7, at(7), lead());
        assert_eq!(history.rounds[&1].holders, 2);
        history.apply(8, at(8), Note::Resumed { round: 1 });
        history.apply(9, at(9), Note::Sent { round: 1 });
        history.apply(10, at(10), lead());
        assert_eq!(history.rounds[&1].holders, 2, "it was sent");
    }

    #[test]
    fn round_is_kept_while_a_chunk_it_may_have_read_is_open() {
        let now = at(100);
        let settled = |round| [Note::Sent { round }, Note::Settled { round }];
        let mut notes = vec![begun(5)];
        notes.extend(settled(1));
        notes.push(begun(8));
        notes.extend(settled(4));
        let trimmed = |first_open| folded(notes.clone()).trim(first_open, now);
        assert_eq!(trimmed(Some(5)), Some(1));
        assert_eq!(trimmed(Some(6)), Some(4));
        assert_eq!(trimmed(Some(9)), None);
        assert_eq!(trimmed(None), None);
        notes.extend([lead(), lead(), lead(), lead(), lead(), lead()]);
        notes.push(begun(8));
        assert_eq!(folded(notes.clone()).trim(Some(9), now), Some(13), "it is not settled");
        notes.insert(0, Note::Pause { until: now + Duration::from_secs(1) });
        assert_eq!(folded(notes).trim(Some(9), now), Some(1), "the pause is not over");
    }
    #[test]
    fn round_is_kept_while_a_look_up_could_take_its_operations() {
        let settled = |round| [Note::Sent { round }, Note::Settled { round }];
        let mut notes = vec![begun(5)];
        notes.extend(settled(1));
        let trimmed = |notes: &[Note], now| folded(notes.to_vec()).trim(None, at(now));
        // Its last request had ended after 2 s.
        assert_eq!(trimmed(&notes, 6), Some(1));
        assert_eq!(trimmed(&notes, 7), None);
        // A round that began meanwhile, and is still being sent much later.
        notes.push(begun(8));
        assert_eq!(trimmed(&notes, 100), Some(1));
        notes.extend(settled(4));
        assert_eq!(trimmed(&notes, 7), Some(4));
        assert_eq!(trimmed(&notes, 10), None);
    }

    #[test]
    fn digest_leaves_recent_rounds_as_they_are() {
        let settled = |round| [Note::Sent { round }, Note::Settled { round }];
        let mut notes = vec![begun(5)];
        notes.extend(settled(1));
        notes.push(begun(8));
        notes.push(Note::Judged { round: 4, judged: judged("/a") });
        notes.extend(settled(4));
        let digest = Digest { below: Some(4), ..Digest::default() };
        notes.extend([Note::Digest { part: 0, digest }, Note::Digested]);
        let mut history = folded(notes);
        assert_eq!(history.rounds.keys().collect::<Vec<_>>(), [&4]);
        assert_eq!(history.rounds[&4].requests, judged("/a"), "a successor needs its operations");
        assert_eq!(history.trim(None, at(9)), Some(4));
    }

    #[test]
    fn no_round_begins_right_after_one_with_a_request_in_doubt() {
        let sent = |judged| {
            let judged = Note::Judged { round: 1, judged };
            folded(vec![begun(5), judged, Note::Sent { round: 1 }]).in_doubt_until()
        };
        assert_eq!(sent(judged("/a")), None);
        assert_eq!(sent(vec![Judged::in_doubt(vec!["/a".to_owned()])]), Some(at(3) + UNCERTAIN));
    }
}
