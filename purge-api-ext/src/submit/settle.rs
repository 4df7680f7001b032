//! Takes each request of a run to its outcome.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{StreamExt, stream};

use super::request::Request;
use super::run::Run;
use super::turn::Turn;
use crate::error::{Error, ErrorKind};
use crate::events::Event;
use crate::known::Unsettled;
use crate::ledger::{End, Entry, Next, Stage, Story};
use crate::report::{OperationOutcome, OperationState, PathState};
use crate::retry::Applied;
use crate::sanitize::Shown;
use crate::shutdown::Shutdown;
use crate::trace::{event, span};
use crate::wait::is_followed;

/// How a request ended.
enum Settled {
    Outcome(OperationOutcome),
    /// It was too large, and was split.
    Halves([Request; 2]),
}

impl Run<'_> {
    /// Sends all requests, then closes the journal.
    pub(super) async fn send_all(
        mut self,
        requests: impl Iterator<Item = Request>,
        shutdown: &Shutdown,
        wait: Option<Duration>,
    ) -> Vec<OperationOutcome> {
        let outcomes = {
            // `buffered` keeps the order: otherwise the other requests could get far ahead of one without a response,
            // and bury its operation in the list.
            let sending = stream::iter(requests)
                .map(|request| self.submit(request, wait))
                .buffered(self.concurrency)
                .flat_map(stream::iter)
                .collect();
            // A shutdown that has already begun ends the run before its first request.
            match select(pin!(shutdown.begun()), pin!(sending)).await {
                Either::Right((outcomes, _)) => outcomes,
                Either::Left(((), sending)) => {
                    self.stop.now(&Error::new(ErrorKind::Interrupted, "the run was interrupted"));
                    sending.await
                }
            }
        };
        if let Some(journal) = self.journal.take() {
            // An error needs no handling: either it has stopped the run, or there is nothing left to do.
            let _ = journal.end().await;
        }
        outcomes
    }

    /// Sends a request, or its parts in order if it is too large.
    async fn submit(&self, request: Request, wait: Option<Duration>) -> Vec<OperationOutcome> {
        let mut outcomes = Vec::new();
        let mut rest = vec![request];
        while let Some(request) = rest.pop() {
            match span!(self.settle(request), request = request.number).await {
                Settled::Outcome(outcome) => {
                    if wait.is_none() || !is_followed(&outcome) {
                        self.reporter.settled(&outcome);
                    }
                    outcomes.push(outcome);
                }
                Settled::Halves([first, others]) => rest.extend([others, first]),
            }
        }
        outcomes
    }

    /// Decides what to do next for a request and does it, until its outcome is known or nothing more can be done.
    async fn settle(&self, request: Request) -> Settled {
        let mut turn = Turn::begin(&self.story(request.number));
        loop {
            match self.next(&request, &turn) {
                Next::Send => self.send(&request, &mut turn).await,
                // Boxed, since a look-up is rare and its future is the largest: every request would have room for it.
                Next::LookUp => Box::pin(self.look_up(&request, &mut turn)).await,
                Next::Renew => self.renew(&mut turn).await,
                Next::Wait(delay) => self.pause(&request, &mut turn, delay).await,
                Next::Split(at) => self.split(request.number, at, &mut turn),
                Next::Done => return self.settled(request, turn),
            }
        }
    }

    fn next(&self, request: &Request, turn: &Turn) -> Next {
        let (paths, random) = (request.batch.paths().len(), fastrand::f64());
        let shared = self.shared();
        shared.ledger.stories()[request.number].next(
            &turn.stage,
            turn.tries,
            paths,
            &self.retry,
            random,
        )
    }

    /// The outcome of a request for which nothing more is done.
    fn settled(&self, request: Request, mut turn: Turn) -> Settled {
        let story = self.story(request.number);
        // Otherwise it may have an operation that is not known.
        let settled = turn.unsettled.take_if(|_| !story.is_in_doubt());
        settled.into_iter().for_each(Unsettled::settle);
        let sent = story.sent();
        let mut outcome = match story.end {
            End::Split { at, into } => return Settled::Halves(request.split(at, into)),
            End::Accepted { op_id, message, possible_duplicate } => {
                event!(op_id = %op_id, "accepted");
                let event = || Event::Accepted { request: request.number, op_id: op_id.clone() };
                self.reporter.tell(event);
                let (state, path_state) = (OperationState::Accepted, PathState::Accepted);
                let outcome = OperationOutcome::of_batch(&request.batch, state, path_state);
                let message = message.map(Shown::into_string);
                OperationOutcome { op_id: Some(op_id), message, possible_duplicate, ..outcome }
            }
            End::Open => self.failed(&request, &story, turn),
        };
        outcome.attempts = sent;
        Settled::Outcome(outcome)
    }

    /// The outcome of a request that was not accepted.
    fn failed(&self, request: &Request, story: &Story, turn: Turn) -> OperationOutcome {
        let failure = turn.into_failure();
        let (state, path_state) = match story.applied(failure.applied) {
            Applied::No | Applied::Unsent => (OperationState::NotSent, PathState::NotSent),
            Applied::Refused => (OperationState::Failed, PathState::Failed),
            Applied::Maybe | Applied::Yes => (OperationState::Unconfirmed, PathState::Unconfirmed),
        };
        event!(error = %failure.error, "failed");
        let event = || Event::Failed { request: request.number, error: failure.error.clone() };
        self.reporter.tell(event);
        OperationOutcome {
            possible_duplicate: story.may_be_duplicate(false),
            message: Some(failure.error.to_string()),
            error: Some(failure.error),
            ..OperationOutcome::of_batch(&request.batch, state, path_state)
        }
    }

    fn split(&self, request: usize, at: usize, turn: &mut Turn) {
        let into = {
            // The journal must have the numbers in order, so the ledger stays locked.
            let mut shared = self.shared();
            let next = shared.ledger.stories().len();
            let into = [next, next + 1];
            let recorded = self.record(&mut shared, Entry::Split { request, at, into });
            if let Err(lost) = recorded {
                return turn.stage = Stage::Over(lost);
            }
            into
        };
        event!("too large, so it is split");
        self.reporter.tell(|| Event::Split { request, into });
    }
}
