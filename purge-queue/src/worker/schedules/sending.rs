//! What a worker does with the service, modelled: the run of a round, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Agent, World};
use crate::history::{HOLDERS, Stage};
use crate::note::{Begun, Note};
use crate::outcome::{Judged, State, Verdict};
use crate::worker::judge::{Judgement, given_up};
use crate::worker::under_way::RoundEnd;

/// The service refuses every request with this path.
pub(super) const POISON: &str = "/bad";

/// How much older than its request an operation can be and still be taken for that of the request.
const UNCERTAIN: u64 = 2_000;

/// A POST that the service has accepted.
pub(super) struct Accepted {
    pub(super) round: u64,
    pub(super) paths: Vec<String>,
    pub(super) operation: String,
    /// Milliseconds since the beginning.
    at: u64,
    /// Whether another worker had taken over. A look-up does not tell its operation from that of another client, so
    /// `docs/retries.md` has the limits.
    is_late: bool,
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
    /// When an earlier holder had noted its requests.
    pub(super) sent: BTreeMap<usize, u64>,
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
        let (next, is_noted, sent) = (0, false, sent(&text));
        let run = Run { number, selected, requests, written, next, is_noted, sent, judgement };
        agent.run = Some(run);
    }

    pub(super) async fn begin_round(&mut self, seat: usize) -> bool {
        let Some(Agent { holder, run, .. }) = &mut self.agents[seat] else { return true };
        if holder.history.in_doubt_until().is_some_and(|until| until > holder.term.now()) {
            return false;
        }
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
        let (next, is_noted, sent) = (0, false, BTreeMap::new());
        *run = Some(Run { number, selected, requests, written, next, is_noted, sent, judgement });
        holder.note(lines).await.is_none()
    }

    /// The next step of a run: the note before a request, the request, or the verdicts at the end.
    pub(super) async fn send(&mut self, seat: usize) -> bool {
        let (now, is_late) = (self.now(), !self.is_leader(seat));
        let Some(Agent { holder, run: place, known, .. }) = &mut self.agents[seat] else {
            return true;
        };
        let Some(run) = place else { return true };
        let Some(paths) = run.requests.get(run.next).cloned() else {
            let Run { number, selected, judgement, .. } = place.take().expect("a run");
            let (is_urgent, report, text) = (true, None, Arc::default());
            holder.judged(RoundEnd { number, selected, is_urgent, report, text }, judgement).await;
            return false;
        };
        // As a resumed run looks a request up before it sends it.
        if !run.is_noted
            && let Some(sent) = run.sent.get(&run.next)
        {
            let fits = |at: &&Accepted| {
                at.paths == paths
                    && at.at + UNCERTAIN > *sent
                    && !at.is_late
                    && !known.contains(&at.operation)
            };
            let found: Vec<_> = self.accepted.iter().filter(fits).collect();
            if let [only] = found[..] {
                known.insert(only.operation.clone());
                run.judgement.judged.push(only.judged(State::Accepted));
                run.next += 1;
                return false;
            }
        }
        if !run.is_noted {
            let sending = serde_json::json!({ "request": run.next, "attempt": 1, "at": now });
            let line = serde_json::json!({ "events": [{ "sending": sending }] }).to_string() + "\n";
            let (round, offset, bytes) = (run.number, run.written, line.into_bytes());
            run.written += bytes.len() as u64;
            run.is_noted = true;
            return holder.note(Note::Lines { round, offset, bytes }).await.is_none();
        }
        (run.is_noted, run.next) = (false, run.next + 1);
        let is_refused = paths.iter().any(|path| path == POISON);
        let (round, operation) = (run.number, format!("op-{}", self.accepted.len()));
        let new = Accepted { round, paths: paths.clone(), operation, at: now, is_late };
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
                    self.accepted.push(new);
                }
                run.judgement.judged.push(Judged::in_doubt(paths));
            }
            _ => {
                known.insert(new.operation.clone());
                run.judgement.judged.push(new.judged(State::Accepted));
                self.accepted.push(new);
            }
        }
        false
    }

    /// Milliseconds since the beginning.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).expect("not that long")
    }

    /// Learns how the operations of a round ended, if one is to be followed.
    pub(super) async fn follow(&mut self, seat: usize) -> bool {
        let Some(agent) = &mut self.agents[seat] else { return true };
        let Some((number, _)) = agent.holder.to_follow.next() else { return false };
        let operations = self.accepted.iter().filter(|sent| sent.round == number);
        let mut all = Vec::new();
        for sent in operations {
            match self.random.u8(..4) {
                0 => {}
                1 => all.push(sent.judged(State::NotCached)),
                _ => all.push(sent.judged(State::Purged)),
            }
        }
        agent.holder.ended(number, all).await;
        false
    }
}

pub(super) fn judged(state: State, paths: Vec<String>) -> Judged {
    Judged { verdict: Verdict::new(state, None), paths }
}

impl Accepted {
    fn judged(&self, state: State) -> Judged {
        let judged = judged(state, self.paths.clone());
        let op_id = Some(self.operation.clone());
        Judged { verdict: Verdict { op_id, ..judged.verdict }, ..judged }
    }
}

/// When the requests of a run were noted, from its journal.
fn sent(text: &[u8]) -> BTreeMap<usize, u64> {
    let lines = text.split(|byte| *byte == b'\n');
    let values = lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let sent = values.filter_map(|line| {
        let sending = line.pointer("/events/0/sending")?;
        Some((usize::try_from(sending["request"].as_u64()?).ok()?, sending["at"].as_u64()?))
    });
    // Of several attempts, the first counts.
    let mut first = BTreeMap::new();
    for (request, at) in sent {
        first.entry(request).or_insert(at);
    }
    first
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
