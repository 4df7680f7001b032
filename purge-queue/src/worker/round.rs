//! One round: what is sent at once, and its outcome.

use std::future::IntoFuture as _;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{Either, select};
use purge_api_ext::{Error, Journal, Paths, Plan, PurgeEverything, Resource, Shutdown};

use super::follow::{follow, left, site};
use super::holder::Holder;
use super::judge::{self, Judgement};
use super::under_way::{Followed, RoundEnd};
use crate::backlog::Selection;
use crate::chunk::read_back;
use crate::engine::Engine;
use crate::note::{Begun, Note, pieces};
use crate::outcome::{Judged, State, Verdict};
use crate::sink::LaneSink;

/// The maximum number of requests in a round without a rate.
const UNLIMITED: usize = 256;
/// With a rate, a round holds what the rate allows in 10 s, up to this number of requests.
const LIMITED: usize = 64;
/// How many rounds are followed concurrently when there is no rate.
const FOLLOWED: usize = 2;
/// The maximum size of a request in bytes: a journal line that contains it must fit into a message.
const BODY: usize = 128 * 1024;

impl<E: Engine> Holder<'_, E> {
    /// Begins the next round if something is due.
    pub(super) async fn begin_round(&mut self) {
        if !self.due().is_some_and(|due| due.is_zero()) {
            return;
        }
        let Some((resource, selection)) = self.next_selection().await else {
            // Everything that is waiting is in flight; checking again immediately would not help.
            return self.rest(false);
        };
        crate::marks::mark("selected");
        let planned = self.compute(move |_| {
            let plan = planned(&selection);
            (selection, plan)
        });
        let (selection, plan) = planned.await;
        let (upto, everything, input) = (self.read, selection.everything, self.input());
        let begun = Begun { resource, upto, everything, input };
        self.backlog.sending(Some((begun.resource.clone(), begun.upto)));
        let Some(number) = self.note(Note::Round(begun)).await else { return };
        crate::marks::mark("round");
        let text = Arc::new(Mutex::new(Vec::new()));
        let plan = match plan {
            Ok(plan) => plan,
            Err(judgement) => {
                let Selection { paths: selected, is_urgent, .. } = selection;
                let end = RoundEnd { number, selected, is_urgent, report: None, text };
                return self.judged(end, judgement).await;
            }
        };
        // A new journal is not read, so it cannot be invalid.
        let journal = self.journal(number, &text).ok();
        let purge =
            self.site(number).zip(journal).map(|(site, journal)| site.purge(plan).journal(journal));
        self.send(number, (selection.paths, selection.is_urgent), text, purge);
    }

    pub(super) async fn next_selection(&mut self) -> Option<(String, Selection)> {
        let mut resources = self.backlog.resources();
        // Resources take turns.
        let next = resources.iter().position(|resource| Some(resource) > self.last.as_ref());
        resources.rotate_left(next.unwrap_or_default());
        let batches = match self.options.rate {
            None => UNLIMITED,
            Some(rate) => {
                let in_ten_seconds = 10.0 / rate.interval().as_secs_f64().max(0.001);
                (in_ten_seconds as usize).clamp(1, LIMITED)
            }
        };
        let selected = self.compute(move |backlog| {
            let mut resources = resources.into_iter();
            resources.find_map(|resource| {
                let selection = backlog.select(&resource, batches)?;
                Some((resource, selection))
            })
        });
        let (resource, selection) = selected.await?;
        self.last = Some(resource.clone());
        Some((resource, selection))
    }

    pub(super) fn site(&self, number: u64) -> Option<Resource> {
        self.history.rounds.get(&number).and_then(|round| site(self.options, round))
    }

    pub(super) fn journal(
        &self,
        number: u64,
        text: &Arc<Mutex<Vec<u8>>>,
    ) -> Result<Journal, Error> {
        let past = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sink = LaneSink::new(self.term.clone(), number, Arc::clone(text));
        Journal::in_sink(format!("round {number} of the lane {}", self.options.lane), sink, &past)
    }

    /// Begins to send, until everything is sent, the term ends, or `ends_round` begins.
    pub(super) fn send(
        &mut self,
        number: u64,
        (selected, is_urgent): (Vec<Arc<str>>, bool),
        text: Arc<Mutex<Vec<u8>>>,
        purge: Option<purge_api_ext::Purge>,
    ) {
        let (ended, concurrency) = (self.term.shutdown(), self.options.concurrency);
        let shutdown = Shutdown::new();
        self.ends_round = shutdown.clone();
        self.round = Some(Box::pin(async move {
            let report = match purge {
                Some(purge) => {
                    let run = purge.shutdown(shutdown.clone()).concurrency(concurrency);
                    Some(match select(pin!(ended.begun()), run.into_future()).await {
                        Either::Right((report, _)) => report,
                        Either::Left(((), run)) => {
                            shutdown.begin();
                            run.await
                        }
                    })
                }
                None => None,
            };
            RoundEnd { number, selected, is_urgent, report, text }
        }));
    }

    /// Records the verdicts on the requests of a round, and lets them take the paths they purged.
    pub(super) async fn round_ended(&mut self, end: RoundEnd) {
        let judgement = end.report.as_ref().map(judge::requests).unwrap_or_default();
        if let Some(report) = &end.report {
            judge::count(report, &self.options.metrics);
        }
        self.judged(end, judgement).await;
    }

    /// The same, with verdicts that have been reached.
    pub(super) async fn judged(&mut self, end: RoundEnd, judgement: Judgement) {
        let RoundEnd { number, selected, is_urgent, text, .. } = end;
        let Judgement { judged, suspects, why } = judgement;
        crate::marks::mark("sent");
        let is_accepted = |judged: &Judged| judged.verdict.state == State::Accepted;
        let has_operations = judged.iter().any(is_accepted);
        let is_over = |judged: &Judged| judged.verdict.state != State::Queued;
        let has_progressed = judged.iter().any(is_over) || !suspects.is_empty();
        if !self.say(number, judged).await {
            return;
        }
        crate::marks::mark("judged");
        if self.note(Note::Sent { round: number }).await.is_none() {
            return;
        }
        crate::marks::mark("noted");
        let Some(round) = self.history.rounds.get_mut(&number) else { return };
        // As in the journal, so that a later holder computes the same.
        let judged = std::mem::take(&mut round.requests);
        let Begun { resource, upto, .. } = round.begun.clone();
        let taken = self.compute(move |backlog| {
            let duplicates = backlog.take(number, &resource, upto, &judged);
            backlog.wait_again(&resource, &selected, &suspects);
            duplicates
        });
        let duplicates = taken.await;
        self.options.metrics.duplicates(duplicates as u64);
        self.round_is_over();
        if has_progressed {
            self.options.metrics.progressed();
        }
        if has_progressed || !self.paused {
            self.rest(has_progressed);
        }
        if let Some(why) = why.filter(|_| !self.paused) {
            self.options.say(&format!("not sent, and still waiting: {why}"));
        }
        self.note_pause().await;
        if has_operations && !self.options.follow.is_zero() {
            let text = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
            self.to_follow.push(number, is_urgent, text);
        } else {
            self.settled(number, Vec::new()).await;
        }
    }

    /// Begins to follow the rounds whose turn it is.
    pub(super) fn begin_follows(&mut self) {
        // With a rate, each poll takes the place of a request.
        let most = if self.options.rate.is_some() { 1 } else { FOLLOWED };
        while self.follows.len() < most
            && let Some((number, text)) = self.to_follow.next()
        {
            let Some(round) = self.history.rounds.get(&number) else { continue };
            let left = left(self.options.follow, round.since, self.term.now());
            let ended = self.term.shutdown();
            self.follows.push(follow(self.options, round, (number, &text), left, &ended));
        }
    }

    /// Records how the operations of a round ended.
    pub(super) async fn followed(&mut self, followed: Followed) {
        let Followed { number, report } = followed;
        crate::marks::mark("followed");
        let judged = report.as_ref().map(judge::operations).unwrap_or_default();
        self.ended(number, judged).await;
    }

    /// The same, with verdicts that have been reached.
    pub(super) async fn ended(&mut self, number: u64, judged: Vec<Judged>) {
        if self.say(number, judged.clone()).await {
            self.settled(number, judged).await;
        }
    }

    pub(super) async fn settled(&mut self, number: u64, judged: Vec<Judged>) {
        if self.note(Note::Settled { round: number }).await.is_some() {
            self.backlog.settle(number, &judged);
            if let Some(round) = self.history.rounds.get_mut(&number) {
                (round.requests, round.operations) = (Vec::new(), Vec::new());
            }
            crate::marks::mark("settled");
        }
    }

    pub(super) async fn say(&mut self, number: u64, judged: Vec<Judged>) -> bool {
        for judged in pieces(judged) {
            if self.note(Note::Judged { round: number, judged }).await.is_none() {
                return false;
            }
        }
        true
    }

    /// A pause that the service asked for must outlive this holder, however it ends.
    pub(super) async fn note_pause(&mut self) {
        let Some(left) = self.options.throttle.pause_left() else { return };
        let until = self.term.now() + left;
        let is_known = self.history.pause.is_some_and(|(_, known)| {
            known
                .duration_since(until)
                .or_else(|_| until.duration_since(known))
                .is_ok_and(|d| d.as_secs() < 1)
        });
        if !is_known {
            self.note(Note::Pause { until }).await;
        }
    }

    /// Appends a note and applies it; `None` if the term has ended.
    pub(super) async fn note(&mut self, note: Note) -> Option<u64> {
        let sequence = self.term.append(&note).await.ok()?;
        self.history.apply(sequence, self.term.now(), note);
        Some(sequence)
    }
}

/// The plan of a round. An error has the verdicts on the paths that cannot be planned: a refused plan must not be tried
/// again and again.
fn planned(selection: &Selection) -> Result<Plan, Judgement> {
    let plan = |paths: &[Arc<str>]| {
        let mut planner = Plan::planner().batch_size(selection.batch_size).max_body_bytes(BODY);
        if selection.everything {
            planner = planner.allow_full_purge(PurgeEverything);
        }
        let mut parsed = Paths::new();
        for path in paths {
            parsed.push(&read_back(path)?);
        }
        planner.plan(parsed).map_err(|error| error.to_string())
    };
    let why = match plan(&selection.paths) {
        Ok(plan) => return Ok(plan),
        Err(why) => why,
    };
    let failed = |why: String, paths: &[Arc<str>]| Judged {
        verdict: Verdict::new(State::Failed, why),
        paths: paths.iter().map(ToString::to_string).collect(),
    };
    let alone = selection.paths.chunks(1);
    let mut judged: Vec<_> =
        alone.filter_map(|path| Some(failed(plan(path).err()?, path))).collect();
    if judged.is_empty() {
        judged.push(failed(why.clone(), &selection.paths));
    }
    Err(Judgement { judged, why: Some(why), ..Judgement::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_that_cannot_be_planned_fails_alone() {
        let selection = |paths: &[&str], everything| Selection {
            paths: paths.iter().map(|path| (*path).into()).collect(),
            batch_size: 100,
            everything,
            is_urgent: true,
        };
        let failed = |paths: &[&str]| {
            let judged = planned(&selection(paths, false)).expect_err("it is refused").judged;
            judged.into_iter().flat_map(|judged| judged.paths).collect::<Vec<_>>()
        };
        assert_eq!(failed(&["/a", "/%2A", "/b,"]), ["/%2A"]);
        assert_eq!(failed(&["/a", "no path"]), ["no path"]);
        assert_eq!(failed(&[&format!("/{}", "a".repeat(BODY))]).len(), 1);
        assert!(planned(&selection(&["/a", "/%2A"], true)).is_ok(), "there is consent");
    }
}
