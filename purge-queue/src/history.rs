//! What the journal of a lane says, folded: which rounds there were, and where each stands.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::note::{Begun, Note};
use crate::outcome::Judged;

/// After so many holders have ended in the same round, it is given up.
pub(crate) const HOLDERS: u32 = 3;

/// The rounds that matter still.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct History {
    pub(crate) rounds: BTreeMap<u64, Round>,
    /// Until when the service wants to be left alone, and the note that says so.
    pub(crate) pause: Option<(u64, SystemTime)>,
}

/// A round.
#[derive(Debug, PartialEq)]
pub(crate) struct Round {
    pub(crate) begun: Begun,
    /// The journal of its run, as far as it was written.
    pub(crate) text: Vec<u8>,
    /// What became of its requests.
    pub(crate) requests: Vec<Judged>,
    /// How its operations ended.
    pub(crate) operations: Vec<Judged>,
    pub(crate) stage: Stage,
    /// How many holders began after it, while it was being sent.
    pub(crate) holders: u32,
}

/// Where a round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It was begun; what its requests did is in the journal of its run.
    Begun,
    /// Its requests are judged.
    Sent,
    /// Its operations are judged, too.
    Settled,
}

impl History {
    /// Takes in the next note.
    pub(crate) fn apply(&mut self, sequence: u64, note: Note) {
        match note {
            Note::Lead { .. } => {
                let begun = self.rounds.values_mut().filter(|round| round.stage == Stage::Begun);
                begun.for_each(|round| round.holders += 1);
            }
            Note::Round(begun) => {
                let (requests, operations) = (Vec::new(), Vec::new());
                let (text, stage, holders) = (Vec::new(), Stage::Begun, 0);
                let round = Round { begun, text, requests, operations, stage, holders };
                self.rounds.insert(sequence, round);
            }
            Note::Lines { round, offset, bytes } => {
                if let Some(round) = self.rounds.get_mut(&round) {
                    // A holder that begins after a torn line drops it.
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
            Note::Sent { round } => self.reach(round, Stage::Sent),
            Note::Settled { round } => self.reach(round, Stage::Settled),
            Note::Pause { until } => self.pause = Some((sequence, until)),
        }
    }

    fn reach(&mut self, round: u64, stage: Stage) {
        if let Some(round) = self.rounds.get_mut(&round) {
            round.stage = round.stage.max(stage);
            if stage == Stage::Settled {
                round.text = Vec::new();
            }
        }
    }

    /// A holder that ended while it judged the requests of a round leaves verdicts that its successor writes anew.
    pub(crate) fn forget_unfinished(&mut self) {
        for round in self.rounds.values_mut() {
            match round.stage {
                Stage::Begun => round.requests.clear(),
                Stage::Sent => round.operations.clear(),
                Stage::Settled => {}
            }
        }
    }

    /// Drops the rounds that no chunk needs: settled ones that were read up to a chunk before `first_open`. Returns
    /// the first note that is still needed; none if no note is.
    pub(crate) fn trim(&mut self, first_open: Option<u64>, now: SystemTime) -> Option<u64> {
        let is_needed = |round: &Round| {
            round.stage != Stage::Settled || first_open.is_some_and(|open| round.begun.upto >= open)
        };
        // Only from the front: what is between two rounds belongs to the later one.
        while let Some(first) = self.rounds.first_entry() {
            if is_needed(first.get()) {
                break;
            }
            first.remove();
        }
        self.pause = self.pause.filter(|(_, until)| *until > now);
        let pause = self.pause.map(|(sequence, _)| sequence);
        let round = self.rounds.keys().next().copied();
        [pause, round].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::{State, Verdict};

    fn begun(upto: u64) -> Note {
        Note::Round(Begun { resource: "r".to_owned(), upto, everything: false })
    }

    fn judged(path: &str) -> Vec<Judged> {
        let paths = vec![path.to_owned()];
        vec![Judged { verdict: Verdict::new(State::Accepted, None), paths }]
    }

    fn folded(notes: Vec<Note>) -> History {
        let mut history = History::default();
        (1..).zip(notes).for_each(|(sequence, note)| history.apply(sequence, note));
        history
    }

    #[test]
    fn torn_line_of_a_predecessor_is_dropped() {
        let lines = |offset, bytes: &[u8]| Note::Lines { round: 1, offset, bytes: bytes.to_vec() };
        let history = folded(vec![begun(5), lines(0, b"one\ntwo\nto"), lines(8, b"three\n")]);
        assert_eq!(history.rounds[&1].text, b"one\ntwo\nthree\n");
    }

    #[test]
    fn verdicts_count_when_all_of_them_are_there() {
        let lead = || Note::Lead { holder: "a".to_owned() };
        let torn = Note::Judged { round: 1, judged: judged("/a") };
        let mut history = folded(vec![begun(5), torn.clone(), lead()]);
        history.forget_unfinished();
        assert!(history.rounds[&1].requests.is_empty());
        assert_eq!(history.rounds[&1].holders, 1);
        history.apply(4, torn);
        history.apply(5, Note::Sent { round: 1 });
        history.forget_unfinished();
        history.apply(6, lead());
        assert_eq!((history.rounds[&1].requests.len(), history.rounds[&1].holders), (1, 1));
    }

    #[test]
    fn round_is_needed_while_a_chunk_it_may_have_read_is_open() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
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
        notes.push(begun(8));
        assert_eq!(folded(notes.clone()).trim(Some(9), now), Some(7), "it is not settled");
        notes.insert(0, Note::Pause { until: now + Duration::from_secs(1) });
        assert_eq!(folded(notes).trim(Some(9), now), Some(1), "the pause is not over");
    }
}
