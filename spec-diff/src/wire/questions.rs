//! Questions that depend on other questions, even in cycles. The answer is yes, unless something makes it no. They are
//! kept in a list rather than on the stack, so that no chain of them is too long.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::rc::Rc;

/// What the answer to a question depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Needs<K> {
    /// The answer is no.
    Never,
    /// The answer to all of these must be yes.
    All(Vec<K>),
    /// The answer to one of these must be yes.
    Any(Vec<K>),
}

/// Questions that were asked, with what is known about their answers. Each is examined once.
pub(super) struct Questions<K> {
    known: HashMap<Rc<K>, usize>,
    questions: Vec<Question<K>>,
}

struct Question<K> {
    key: Rc<K>,
    state: State,
    parts: Vec<usize>,
    asked_by: Vec<usize>,
    /// How many more parts may have the answer no.
    spare: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// It depends on its parts.
    Open,
    Yes,
    No,
}

impl<K> Default for Questions<K> {
    fn default() -> Self {
        Self { known: HashMap::new(), questions: Vec::new() }
    }
}

impl<K: Eq + Hash> Questions<K> {
    /// Answers a question. `needs` examines one that has not been asked before.
    pub(super) fn answer(&mut self, key: K, mut needs: impl FnMut(&K) -> Needs<K>) -> bool {
        let start = self.index(key);
        let mut seen = HashSet::new();
        let mut open = vec![start];
        while let Some(index) = open.pop() {
            if self.state(start) == State::No {
                break;
            }
            // A question is no longer needed if the answers to all questions that depend on it are known.
            if (index != start && !self.is_awaited(index)) || !seen.insert(index) {
                continue;
            }
            if self.state(index) == State::New {
                let key = self.questions.get(index).map(|question| Rc::clone(&question.key));
                let needs = key.map_or(Needs::Never, |key| needs(&key));
                self.look_into(index, needs);
            }
            if let Some(question) = self.questions.get(index).filter(|q| q.state == State::Open) {
                open.extend(question.parts.iter().rev());
            }
        }
        if self.state(start) == State::No {
            return false;
        }
        // None of the questions that these depend on has the answer no.
        for index in seen {
            if let Some(question) = self.questions.get_mut(index).filter(|q| q.state == State::Open)
            {
                question.state = State::Yes;
            }
        }
        true
    }

    fn index(&mut self, key: K) -> usize {
        if let Some(index) = self.known.get(&key) {
            return *index;
        }
        let (key, index) = (Rc::new(key), self.questions.len());
        self.known.insert(Rc::clone(&key), index);
        let (parts, asked_by) = (Vec::new(), Vec::new());
        self.questions.push(Question { key, state: State::New, parts, asked_by, spare: 0 });
        index
    }

    fn state(&self, index: usize) -> State {
        self.questions.get(index).map_or(State::No, |question| question.state)
    }

    fn is_awaited(&self, index: usize) -> bool {
        let asked_by = self.questions.get(index).map(|question| &question.asked_by);
        asked_by.into_iter().flatten().any(|by| self.state(*by) == State::Open)
    }

    fn look_into(&mut self, index: usize, needs: Needs<K>) {
        let (keys, any) = match needs {
            Needs::Never => return self.refuse(index),
            Needs::All(keys) => (keys, false),
            Needs::Any(keys) => (keys, true),
        };
        let mut parts: Vec<usize> = keys.into_iter().map(|key| self.index(key)).collect();
        parts.sort_unstable();
        parts.dedup();
        let states: Vec<State> = parts.iter().map(|part| self.state(*part)).collect();
        let refused = states.iter().filter(|state| **state == State::No).count();
        if if any { refused == parts.len() } else { refused > 0 } {
            return self.refuse(index);
        }
        let done = any && states.contains(&State::Yes);
        parts.retain(|part| !done && matches!(self.state(*part), State::New | State::Open));
        for part in &parts {
            if let Some(part) = self.questions.get_mut(*part) {
                part.asked_by.push(index);
            }
        }
        if let Some(question) = self.questions.get_mut(index) {
            question.state = State::Open;
            question.spare = if any { parts.len().saturating_sub(1) } else { 0 };
            question.parts = parts;
        }
    }

    /// Sets the answer to no, also for each question that has no spare part left.
    fn refuse(&mut self, index: usize) {
        let mut open = vec![index];
        while let Some(index) = open.pop() {
            let Some(question) = self.questions.get_mut(index) else { continue };
            question.state = State::No;
            for by in std::mem::take(&mut question.asked_by) {
                match self.questions.get_mut(by) {
                    Some(asker) if asker.state != State::Open => {}
                    Some(asker) if asker.spare > 0 => asker.spare -= 1,
                    _ => open.push(by),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The obvious slow model: every answer is yes, until that contradicts what a question needs.
    fn answers(all: &[Needs<usize>]) -> Vec<bool> {
        let mut yes = vec![true; all.len()];
        loop {
            let now: Vec<bool> = all
                .iter()
                .map(|needs| match needs {
                    Needs::Never => false,
                    Needs::All(keys) => keys.iter().all(|key| yes[*key]),
                    Needs::Any(keys) => keys.iter().any(|key| yes[*key]),
                })
                .collect();
            if now == yes {
                return yes;
            }
            yes = now;
        }
    }

    fn needs() -> impl Strategy<Value = Vec<Needs<usize>>> {
        (1..12_usize).prop_flat_map(|count| {
            let keys = || prop::collection::vec(0..count, 0..4);
            let one = prop_oneof![
                1 => Just(Needs::Never),
                3 => keys().prop_map(Needs::All),
                3 => keys().prop_map(Needs::Any),
            ];
            prop::collection::vec(one, count)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_answers_match_the_model(all in needs(), order in prop::collection::vec(any::<prop::sample::Index>(), 1..20)) {
            let expected = answers(&all);
            let mut questions = Questions::default();
            let mut asked = vec![0; all.len()];
            for index in order {
                let index = index.index(all.len());
                let answer = questions.answer(index, |key| {
                    asked[*key] += 1;
                    all[*key].clone()
                });
                prop_assert_eq!(answer, expected[index], "{:?} of {:?}", index, all);
            }
            prop_assert!(asked.iter().all(|times| *times <= 1));
        }
    }
}
