//! What a worker does with the service, modelled: the run of a round, step by step.

use std::sync::Arc;

use super::{Agent, World};
use crate::history::{HOLDERS, Stage};
use crate::note::{Begun, Note};
use crate::outcome::{Judged, State, Verdict};
use crate::worker::judge::{Judgement, given_up};
use crate::worker::under_way::RoundEnd;

/// The service refuses every request with this path.
pub(super) const POISON: &str = "/bad";

/// A POST that the service has accepted.
pub(super) struct Accepted {
    pub(super) round: u64,
    pub(super) request: usize,
    pub(super) paths: Vec<String>,
}

/// The run of a round.
pub(super) struct Run {
    pub(super) number: u64,
    pub(super) selected: Vec<Arc<str>>,
    pub(super) requests: Vec<Vec<String>>,
    pub(super) written: u64,
    pub(super) next: usize,
    /// Whether the next request is in the journal.
    pub(super) is_noted: bool,
    pub(super) judgement: Judgement,
}

impl World<'_> {
    /// Finishes the rounds that an earlier holder was sending.
    pub(super) async fn resume(&mut self, seat: usize) {
        let Some(agent) = &mut self.agents[seat] else { return };
        let begun = agent.holder.history.rounds.iter().filter(|(_, r)| r.stage == Stage::Begun);
        let begun: Vec<_> = begun.map(|(n, r)| (*n, r.text.clone(), r.holders)).collect();
        assert!(begun.len() <= 1, "{}: only one round is sent at a time", self.seed);
        let Some((number, text, holders)) = begun.into_iter().next() else { return };
        let requests = requests(&text);
        if requests.is_empty() {
            return agent.holder.close(number, Vec::new()).await;
        }
        if agent.holder.note(Note::Resumed { round: number }).await.is_none() {
            return;
        }
        if holders >= HOLDERS {
            return agent.holder.close(number, given_up(&text, holders)).await;
        }
        let (written, judgement) = (text.len() as u64, Judgement::default());
        let selected = Vec::new();
        let (next, is_noted) = (0, false);
        agent.run = Some(Run { number, selected, requests, written, next, is_noted, judgement });
    }

    pub(super) async fn begin_round(&mut self, seat: usize) -> bool {
        let Some(Agent { holder, run, .. }) = &mut self.agents[seat] else { return true };
        let Some((resource, selection)) = holder.next_selection().await else { return false };
        let begun = Begun { resource, upto: holder.read, everything: false, input: holder.input() };
        let Some(number) = holder.note(Note::Round(begun)).await else { return true };
        let requests = selection.paths.chunks(selection.batch_size.min(3));
        let requests: Vec<Vec<String>> =
            requests.map(|paths| paths.iter().map(ToString::to_string).collect()).collect();
        let lines = requests
            .iter()
            .map(|paths| serde_json::json!({ "request": { "paths": paths } }).to_string() + "\n");
        let bytes = lines.collect::<String>().into_bytes();
        let written = bytes.len() as u64;
        let lines = Note::Lines { round: number, offset: 0, bytes };
        let (selected, judgement) = (selection.paths, Judgement::default());
        let (next, is_noted) = (0, false);
        *run = Some(Run { number, selected, requests, written, next, is_noted, judgement });
        holder.note(lines).await.is_none()
    }

    /// The next step of a run: the note before a request, the request, or the verdicts at the end.
    pub(super) async fn send(&mut self, seat: usize) -> bool {
        let Some(Agent { holder, run: place, .. }) = &mut self.agents[seat] else { return true };
        let Some(run) = place else { return true };
        let Some(paths) = run.requests.get(run.next).cloned() else {
            let Run { number, selected, judgement, .. } = place.take().expect("a run");
            let (is_urgent, report, text) = (true, None, Arc::default());
            holder.judged(RoundEnd { number, selected, is_urgent, report, text }, judgement).await;
            return false;
        };
        // As a resumed run looks a request up before it sends it.
        let known = |sent: &Accepted| sent.round == run.number && sent.request == run.next;
        if !run.is_noted && self.accepted.iter().any(known) {
            run.judgement.judged.push(judged(State::Accepted, paths));
            run.next += 1;
            return false;
        }
        if !run.is_noted {
            let bytes = b"{\"sending\":0}\n".to_vec();
            let (round, offset) = (run.number, run.written);
            run.written += bytes.len() as u64;
            run.is_noted = true;
            return holder.note(Note::Lines { round, offset, bytes }).await.is_none();
        }
        run.is_noted = false;
        let is_refused = paths.iter().any(|path| path == POISON);
        match self.random.u8(..5) {
            _ if is_refused && paths.len() == 1 => {
                run.judgement.judged.push(judged(State::Failed, paths));
            }
            _ if is_refused => run.judgement.suspects.extend(paths),
            // The service is away.
            0 => {}
            1 => {
                // There is no response.
                if self.random.bool() {
                    let (round, request) = (run.number, run.next);
                    self.accepted.push(Accepted { round, request, paths: paths.clone() });
                }
                run.judgement.judged.push(Judged::in_doubt(paths));
            }
            _ => {
                let (round, request) = (run.number, run.next);
                self.accepted.push(Accepted { round, request, paths: paths.clone() });
                run.judgement.judged.push(judged(State::Accepted, paths));
            }
        }
        run.next += 1;
        false
    }

    /// Learns how the operations of a round ended, if one is to be followed.
    pub(super) async fn follow(&mut self, seat: usize) -> bool {
        let Some(agent) = &mut self.agents[seat] else { return true };
        let Some((number, _)) = agent.holder.to_follow.pop_front() else { return false };
        let operations = self.accepted.iter().filter(|sent| sent.round == number);
        let mut all = Vec::new();
        for sent in operations {
            match self.random.u8(..4) {
                0 => {}
                1 => all.push(judged(State::NotCached, sent.paths.clone())),
                _ => all.push(judged(State::Purged, sent.paths.clone())),
            }
        }
        agent.holder.ended(number, all).await;
        false
    }
}

pub(super) fn judged(state: State, paths: Vec<String>) -> Judged {
    Judged { verdict: Verdict::new(state, None), paths }
}

/// The requests of a run, from its journal.
fn requests(text: &[u8]) -> Vec<Vec<String>> {
    let lines = text.split(|byte| *byte == b'\n');
    let values = lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let paths = values.filter_map(|mut line| {
        serde_json::from_value(line.pointer_mut("/request/paths")?.take()).ok()
    });
    paths.collect()
}
