//! One run: what its requests share, and what becomes of each.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{StreamExt, stream};
use purge_api::types::{CreatePurgeRequest, CreatePurgeResponse};
use tokio::time::sleep;

use super::request::Request;
use super::work::Work;
use crate::endpoint::Endpoint;
use crate::gate::{Pass, Stop};
use crate::journal::{self, End, Entry, Writer};
use crate::plan::Batch;
use crate::progress::{Event, Reporter};
use crate::reconcile::{self, Sent};
use crate::report::{OperationOutcome, OperationState, PathState};
use crate::retry::{Applied, RetryPolicy, RetryQuota};
use crate::session::Exchange;
use crate::trace::{event, span};
use crate::transport::Failure;
use crate::wait::is_followed;
use crate::{Error, ErrorKind, OperationId, Shutdown, text, transport};

/// What the requests of one run share.
pub(super) struct Run<'a> {
    /// With the stop of this run.
    endpoint: Endpoint,
    retry: RetryPolicy,
    shared: Mutex<Shared>,
    stop: Stop,
    reporter: &'a Reporter,
    journal: Option<Writer>,
    concurrency: usize,
}

#[derive(Default)]
struct Shared {
    quota: RetryQuota,
    /// The operations that belong to a request of this run, or of an earlier one in its journal.
    operations: HashSet<OperationId>,
    /// How many requests there are, those that others were split into included.
    numbers: usize,
}

/// How one attempt ended. A 200 that refuses is a [`Failure`] like any other refusal.
pub(crate) type Attempt = Result<Accepted, Failure>;

pub(crate) struct Accepted {
    pub(crate) op_id: OperationId,
    pub(crate) message: Option<String>,
}

/// What became of a request.
enum Settled {
    Outcome(OperationOutcome),
    /// It is too large.
    Halves([Request; 2]),
}

impl<'a> Run<'a> {
    pub(super) fn new(
        endpoint: &Endpoint,
        retry: RetryPolicy,
        reporter: &'a Reporter,
        work: &mut Work,
        concurrency: usize,
    ) -> Self {
        let operations = std::mem::take(&mut work.operations);
        let shared = Shared { quota: RetryQuota::default(), operations, numbers: work.numbers };
        let (journal, stop) = (work.journal.take(), Stop::default());
        if let Some(error) = &work.refused {
            stop.now(error);
        }
        let shared = Mutex::new(shared);
        let endpoint = endpoint.of_run(&stop);
        Self { endpoint, retry, shared, stop, reporter, journal, concurrency }
    }

    /// Sends what is to be sent, and closes the journal.
    pub(super) async fn send_all(
        mut self,
        requests: impl Iterator<Item = Request>,
        shutdown: &Shutdown,
        wait: Option<Duration>,
    ) -> Vec<OperationOutcome> {
        let outcomes = {
            // Those that end in another order would get far ahead of one without an answer, and bury its job in
            // the list.
            let sending = stream::iter(requests)
                .map(|request| self.submit(request, wait))
                .buffered(self.concurrency)
                .flat_map(stream::iter)
                .collect();
            // One that has begun already ends the run before its first request.
            match select(pin!(shutdown.begun()), pin!(sending)).await {
                Either::Right((outcomes, _)) => outcomes,
                Either::Left(((), sending)) => {
                    self.stop.now(&Error::new(ErrorKind::Interrupted, "a shutdown had begun"));
                    sending.await
                }
            }
        };
        if let Some(journal) = self.journal.take() {
            // What could not be written was the reason to stop, or nothing is left to be done.
            let _ = journal.end().await;
        }
        outcomes
    }

    /// Sends a request, and if it is too large its parts, in order.
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

    /// Sends a request until its outcome is known, or nothing more can be done for it.
    async fn settle(&self, mut request: Request) -> Settled {
        if let End::Split { at, into } = request.known.end {
            return Settled::Halves(request.halves(at, into));
        }
        let number = request.number;
        let mut attempts = request.known.attempts;
        if let End::Accepted { op_id, message, possible_duplicate } = request.known.end {
            let accepted = Accepted { op_id, message };
            return self.accepted(number, &request.batch, accepted, attempts, possible_duplicate);
        }
        let earlier = request.known.ambiguous;
        // The first time after which the request may have been carried out, and what the last answer to it
        // says of that.
        let mut lost = request.known.lost.map(|lost| {
            // Without a time that can be relied on, nothing is old enough to be taken for it.
            (lost.on.map(Sent::On), lost.applied)
        });
        if let Some((Some(since), _)) = lost
            && let Some(op_id) = self.recall(&request, since).await
        {
            let message = Some("found in the list".to_owned());
            let accepted = Accepted { op_id, message };
            return self.newly_accepted(request, accepted, attempts, earlier > 1);
        }
        let (mut tries, mut ambiguous) = (0, 0);
        // Whether the token is another one since the last refusal of one.
        let mut renewed = false;
        let mut failure = loop {
            let pass = match self.may_send(number, attempts + 1).await {
                Ok(pass) => pass,
                Err(error) => break Failure::new(Applied::No, error),
            };
            attempts += 1;
            event!(attempt = attempts, "sending");
            self.reporter.tell(|| Event::Attempt { request: number, attempt: attempts });
            let exchange = self.attempt(pass, &request.batch).await;
            let mut failure = match exchange.outcome {
                Ok(accepted) => {
                    let duplicate = earlier + ambiguous > 0;
                    return self.newly_accepted(request, accepted, attempts, duplicate);
                }
                Err(failure) => failure,
            };
            if failure.error.status() == Some(413) && request.batch.paths().len() > 1 {
                request.known.ambiguous = earlier + ambiguous;
                return self.split(request);
            }
            self.note(|| Entry::Failed {
                request: number,
                applied: failure.applied,
                message: text::excerpt(&failure.error.to_string()),
            });
            if !renewed {
                match self.endpoint.renew(&failure, exchange.seen).await {
                    Ok(false) => {}
                    Ok(true) => {
                        // The same attempt again: the service did not look at the request.
                        renewed = true;
                        continue;
                    }
                    Err(why) => failure = why,
                }
            }
            renewed = false;
            tries += 1;
            // Where no connection can be trusted, no other request gets one either.
            if self.retry.ends_run(&failure.error) || failure.applied == Applied::Unsent {
                self.stop.now(&failure.error);
            }
            if matches!(failure.applied, Applied::Maybe | Applied::Yes) {
                ambiguous += 1;
                let since = lost.and_then(|(since, _)| since).unwrap_or(Sent::At(exchange.sent));
                if let Some(op_id) = self.adopt(&request, since, &failure.error).await {
                    let message = Some(format!("{}; found in the list", failure.error));
                    let accepted = Accepted { op_id, message };
                    let duplicate = earlier + ambiguous > 1;
                    return self.newly_accepted(request, accepted, attempts, duplicate);
                }
                lost = Some((Some(since), failure.applied));
            }
            let asked = failure.error.retry_after();
            let random = fastrand::f64();
            let delay = self.retry.delay(failure.applied, tries, ambiguous, asked, random);
            let Some(delay) = delay.filter(|_| self.shared().quota.spend()) else { break failure };
            event!(?delay, error = %failure.error, "trying again");
            let error = failure.error.clone();
            self.reporter.tell(|| Event::Retrying { request: number, delay, error });
            if let Err(error) = self.stop.or(sleep(delay)).await {
                // What may have been applied has a better reason to be unconfirmed.
                break if lost.is_some() { failure } else { Failure::new(Applied::No, error) };
            }
        };
        // A later refusal does not undo what an earlier attempt may have done, also of the request that this one
        // is half of.
        if let Some((_, applied)) = lost {
            failure.applied = applied;
        } else if earlier > 0 {
            failure.applied = Applied::Maybe;
        }
        let (state, path_state) = match failure.applied {
            Applied::No | Applied::Unsent => (OperationState::NotSent, PathState::NotSent),
            Applied::Refused => (OperationState::Failed, PathState::Failed),
            Applied::Maybe | Applied::Yes => (OperationState::Unconfirmed, PathState::Unconfirmed),
        };
        event!(error = %failure.error, "failed");
        self.reporter.tell(|| Event::Failed { request: number, error: failure.error.clone() });
        let mut outcome = OperationOutcome::of_batch(&request.batch, state, path_state);
        outcome.attempts = attempts;
        outcome.possible_duplicate = earlier + ambiguous > 1;
        outcome.message = Some(failure.error.to_string());
        outcome.error = Some(failure.error);
        Settled::Outcome(outcome)
    }

    /// Waits until a request may be sent, and writes down that it is; or says why nothing is sent any more.
    async fn may_send(&self, request: usize, attempt: u32) -> Result<Pass, Error> {
        // What keeps one request from being sent keeps all others: no token, or too long a pause.
        let pass = self.endpoint.enter().await.inspect_err(|error| self.stop.now(error))?;
        let Some(journal) = &self.journal else { return Ok(pass) };
        let service_time = self.endpoint.session().service_time();
        let sending = Entry::Sending { request, attempt, at: journal::now(), service_time };
        journal.write(sending).await.inspect_err(|error| self.stop.now(error))?;
        // The disk may have taken its time.
        self.endpoint.check().inspect_err(|error| {
            let message = error.to_string();
            journal.note(Entry::Failed { request, applied: Applied::No, message });
        })?;
        Ok(pass)
    }

    async fn attempt(&self, pass: Pass, batch: &Batch) -> Exchange<Accepted> {
        // The body is made anew when it is sent again, which is rare: a copy kept for it would cost every
        // request as much as its paths do.
        let body = CreatePurgeRequest {
            resource_uuid: self.endpoint.resource().uuid(),
            file_path: batch.paths().collect(),
        };
        let send = async {
            match self.endpoint.create_purge().body(body).send().await {
                // Documented is only 200, but these say the same.
                Err(purge_api::Error::UnexpectedResponse(other))
                    if matches!(other.status().as_u16(), 201 | 202) =>
                {
                    purge_api::ResponseValue::from_response(other).await
                }
                sent => sent,
            }
        };
        let exchange = self.endpoint.send(pass, "POST", send).await;
        let redactor = self.endpoint.session().redactor();
        let answer = exchange.outcome.and_then(|answer| accepted(answer.into_inner(), &redactor));
        let outcome = answer.and_then(|accepted| self.claim(accepted));
        Exchange { outcome, sent: exchange.sent, seen: exchange.seen }
    }

    /// Takes an operation for one request. A second one cannot have it too.
    fn claim(&self, accepted: Accepted) -> Attempt {
        if self.shared().operations.insert(accepted.op_id.clone()) {
            return Ok(accepted);
        }
        let message = format!(
            "the answer names the operation {}, which belongs to another request of this run",
            accepted.op_id
        );
        let error = Error::new(ErrorKind::Untrusted, message).with_status(200);
        Err(Failure::new(Applied::Yes, error))
    }

    /// The operation that a request of an earlier run has created although its answer got lost. Only a list
    /// that cannot be read costs as much as sending the request again.
    async fn recall(&self, request: &Request, since: Sent) -> Option<OperationId> {
        if self.shared().quota.is_spent() {
            return None;
        }
        let found = self.find(request, since, None).await;
        if found.is_err() {
            self.shared().quota.spend();
        }
        found.ok().flatten()
    }

    /// The operation that a request has created although its answer got lost.
    async fn adopt(&self, request: &Request, since: Sent, error: &Error) -> Option<OperationId> {
        // Looking it up costs as much as sending it again, and a service that is down answers neither.
        if self.stop.reason().is_some() || !self.shared().quota.spend() {
            return None;
        }
        // If the list cannot be read either, it stays unknown.
        self.find(request, since, Some(error)).await.ok().flatten()
    }

    async fn find(
        &self,
        request: &Request,
        since: Sent,
        error: Option<&Error>,
    ) -> Result<Option<OperationId>, Error> {
        let event = || Event::LookingUp { request: request.number, error: error.cloned() };
        self.reporter.tell(event);
        let known = |id: &OperationId| self.shared().operations.contains(id);
        // As many as were under way before it and then after it; all of them may have been taken meanwhile.
        let followers = (self.concurrency - 1).saturating_mul(2);
        let found =
            reconcile::find(&self.endpoint, &request.batch, known, since, followers).await?;
        Ok(found.filter(|id| self.shared().operations.insert(id.clone())))
    }

    fn newly_accepted(
        &self,
        request: Request,
        accepted: Accepted,
        attempts: u32,
        possible_duplicate: bool,
    ) -> Settled {
        self.note(|| Entry::Accepted {
            request: request.number,
            op_id: accepted.op_id.clone(),
            message: accepted.message.clone(),
            possible_duplicate,
        });
        self.shared().quota.refund();
        self.accepted(request.number, &request.batch, accepted, attempts, possible_duplicate)
    }

    fn accepted(
        &self,
        request: usize,
        batch: &Batch,
        accepted: Accepted,
        attempts: u32,
        possible_duplicate: bool,
    ) -> Settled {
        event!(op_id = %accepted.op_id, "accepted");
        self.reporter.tell(|| Event::Accepted { request, op_id: accepted.op_id.clone() });
        let mut outcome =
            OperationOutcome::of_batch(batch, OperationState::Accepted, PathState::Accepted);
        outcome.op_id = Some(accepted.op_id);
        outcome.attempts = attempts;
        outcome.possible_duplicate = possible_duplicate;
        outcome.message = accepted.message;
        Settled::Outcome(outcome)
    }

    fn split(&self, request: Request) -> Settled {
        let (number, at) = (request.number, request.batch.paths().len() / 2);
        let into = {
            // The journal takes the numbers in their order.
            let mut shared = self.shared();
            let into = [shared.numbers, shared.numbers + 1];
            shared.numbers += 2;
            self.note(|| Entry::Split { request: number, at, into });
            into
        };
        event!("too large, so it is split");
        self.reporter.tell(|| Event::Split { request: number, into });
        Settled::Halves(request.split(at, into))
    }

    fn note(&self, entry: impl FnOnce() -> Entry) {
        if let Some(journal) = &self.journal {
            journal.note(entry());
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer with a documented body says.
pub(crate) fn accepted(answer: CreatePurgeResponse, redactor: &text::Redactor) -> Attempt {
    let said = transport::granted(answer.status, answer.message.as_deref(), redactor)
        .map_err(|error| Failure::new(Applied::Refused, error))?;
    // What quotes the token is not an identifier.
    let op_id = answer.op_id.filter(|id| !redactor.hides(id));
    let op_id = op_id.and_then(|id| id.parse().ok()).ok_or_else(|| {
        let message =
            "the answer names no operation, so that it is unknown what became of the request";
        let error = Error::new(ErrorKind::Untrusted, message).with_status(200);
        Failure::new(Applied::Yes, error)
    })?;
    Ok(Accepted { op_id, message: said })
}
