//! Carries out the steps that the ledger decides on for a request, and records their results.

use std::pin::pin;
use std::time::Duration;

use purge_api::types::{CreatePurgeRequest, CreatePurgeResponse};
use purge_api::{FilePaths, PathList};
use tokio::time::{Instant, sleep};

use super::request::Request;
use super::run::{Run, out_of_order};
use crate::auth::{Exchange, Seen};
use crate::error::{Error, ErrorKind};
use crate::events::Event;
use crate::gate::{Gate, Permit};
use crate::id::OperationId;
use crate::journal;
use crate::known::Unsettled;
use crate::ledger::{Entry, Stage, Story, Tries};
use crate::lookup::{self, Sent};
use crate::plan::Batch;
use crate::retry::Applied;
use crate::sanitize::{Redactor, Shown, excerpt, shown};
use crate::trace::event;
use crate::transport::{Failure, granted};

/// The result of one attempt. A refusal with status 200 is a [`Failure`] like any other refusal.
pub(crate) type Attempt = Result<Accepted, Failure>;

pub(crate) struct Accepted {
    pub(crate) op_id: OperationId,
    pub(crate) message: Option<Shown>,
}

/// What this run knows of its own attempts at a request, in addition to the story.
#[derive(Default)]
pub(super) struct Turn {
    pub(super) stage: Stage,
    pub(super) tries: Tries,
    /// Whether the token was renewed after the last refusal.
    renewed: bool,
    /// What the session knew when the last attempt was sent.
    seen: Seen,
    /// The earliest known time after which the request may have been applied.
    since: Option<Sent>,
    /// What other runs of the client see of it, from the first attempt on.
    pub(super) unsettled: Option<Unsettled>,
    /// Whether a look-up that could not read the list has paid for the next retry.
    is_paid: bool,
}

impl Turn {
    pub(super) fn begin(story: &Story) -> Self {
        Self { since: story.lost.and_then(|lost| lost.on).map(Sent::On), ..Self::default() }
    }

    /// The failure that became the outcome.
    pub(super) fn into_failure(self) -> Failure {
        match self.stage {
            Stage::Over(failure) | Stage::Failed(failure) | Stage::LookedUp(failure) => failure,
            // In any other stage, the run takes another step.
            Stage::Begun | Stage::Ready | Stage::TooLarge | Stage::TokenRefused(_) => {
                let error = Error::new(ErrorKind::Interrupted, "the run ended before it was sent");
                Failure::new(Applied::Maybe, error)
            }
        }
    }

    /// The failure of the attempt to handle; `None` if an earlier run sent it.
    fn take_failure(&mut self) -> Option<Failure> {
        match std::mem::take(&mut self.stage) {
            Stage::Failed(failure) | Stage::TokenRefused(failure) | Stage::LookedUp(failure) => {
                Some(failure)
            }
            _ => None,
        }
    }
}

impl Run<'_> {
    /// Sends the request once.
    pub(super) async fn send(&self, request: &Request, turn: &mut Turn) {
        let number = request.number;
        let (permit, attempt) = match self.may_send(number).await {
            Ok(may) => may,
            Err(failure) => return turn.stage = Stage::Over(failure),
        };
        event!(attempt, "sending");
        self.reporter.tell(|| Event::Attempt { request: number, attempt });
        turn.unsettled.get_or_insert_with(|| self.unsettled(request));
        let Exchange { outcome, asked, seen } = self.attempt(permit, &request.batch).await;
        turn.seen = seen;
        let accepted = outcome.and_then(|accepted| self.accept(number, accepted, true));
        let Err(failure) = accepted else { return };
        // A proxy may refuse the connection with the same statuses; then nothing was sent.
        let refused = failure.error.status().filter(|_| failure.applied == Applied::Refused);
        if refused == Some(413) && request.batch.paths().len() > 1 {
            return turn.stage = Stage::TooLarge;
        }
        let message = excerpt(&failure.error);
        let (applied, mut service_time) = (failure.applied, None);
        if applied.is_ambiguous() {
            let sent = self.resource.session().latest_sending(asked);
            turn.since.get_or_insert(Sent::At(sent));
            // More precise than the time recorded before it was sent.
            service_time = self.resource.session().service_time_at(sent);
        }
        let unsent = false;
        let entry = Entry::Failed { request: number, applied, message, service_time, unsent };
        if let Err(lost) = self.note(entry) {
            return turn.stage = Stage::Over(lost);
        }
        match refused {
            Some(401) if !turn.renewed => turn.stage = Stage::TokenRefused(failure),
            _ => self.fail(turn, self.resource.session().advised(failure)),
        }
    }

    /// Counts a failed attempt.
    fn fail(&self, turn: &mut Turn, failure: Failure) {
        turn.renewed = false;
        turn.tries.failed += 1;
        turn.tries.ambiguous += u32::from(failure.applied.is_ambiguous());
        // If no connection can be trusted, other requests will not get one either.
        if self.retry.ends_run(&failure.error) || failure.applied == Applied::Unsent {
            self.stop.now(&failure.error);
        }
        turn.stage = Stage::Failed(failure);
    }

    /// Gets another token and sends the request again immediately, because the service did not process it.
    pub(super) async fn renew(&self, turn: &mut Turn) {
        let Some(refusal) = turn.take_failure() else { return };
        let renewing = Box::pin(self.resource.renew(&refusal, turn.seen));
        match self.resource.reporting(renewing, self.reporter).await {
            Ok(true) => {
                turn.renewed = true;
                turn.stage = Stage::Ready;
            }
            Ok(false) => self.fail(turn, self.resource.session().advised(refusal)),
            Err(why) => self.fail(turn, why),
        }
    }

    /// Waits before the next attempt, if the run can afford one.
    pub(super) async fn pause(&self, request: &Request, turn: &mut Turn, delay: Duration) {
        let Some(failure) = turn.take_failure() else { return };
        // The gate may hold it back for longer, because of the response to another request.
        let held = self.resource.pause_left().unwrap_or_default();
        // After a stop, or if that is too long, there is no other attempt to pay for and to report.
        let is_last = self.stop.reason().is_some() || held > Gate::PATIENCE;
        let delay = if is_last { Duration::ZERO } else { delay.max(held) };
        if !is_last {
            if !std::mem::take(&mut turn.is_paid) && !self.shared().quota.spend() {
                return turn.stage = Stage::Over(failure);
            }
            event!(?delay, error = %failure.error, "trying again");
            let event =
                || Event::Retrying { request: request.number, delay, error: failure.error.clone() };
            self.reporter.tell(event);
        }
        turn.stage = match self.stop.or(sleep(delay)).await {
            Ok(()) => Stage::Ready,
            // If it may have been applied, the earlier failure explains its outcome better.
            Err(_) if self.story(request.number).lost.is_some() => Stage::Over(failure),
            Err(error) => Stage::Over(Failure::new(Applied::No, error)),
        };
    }

    /// Looks in the list for the operation of a request whose response got lost.
    pub(super) async fn look_up(&self, request: &Request, turn: &mut Turn) {
        let (failure, begun) = (turn.take_failure(), Instant::now());
        let found = match turn.since {
            Some(since) if self.may_look_up() => {
                let own = turn.unsettled.get_or_insert_with(|| self.unsettled(request));
                let found = self.find(request, own, since, failure.as_ref()).await;
                turn.is_paid = found.is_err() && self.shared().quota.spend();
                // If the list cannot be read, the outcome stays unknown.
                found.ok().flatten()
            }
            _ => None,
        };
        if let Some(op_id) = found {
            let message = Some(match &failure {
                None => "found in the list".into(),
                Some(failure) => shown!("{error}; found in the list", error = failure.error),
            });
            if self.accept(request.number, Accepted { op_id, message }, false).is_ok() {
                return;
            }
        }
        turn.stage = failure.map_or(Stage::Ready, |failure| {
            // The look-up has waited out the pause that the response asked for.
            let left =
                failure.error.retry_after().map(|asked| asked.saturating_sub(begun.elapsed()));
            Stage::LookedUp(Failure { error: failure.error.with_retry_after(left), ..failure })
        });
    }

    /// Whether a look-up is worth its requests. It costs nothing if the list can be read. Otherwise it costs as much as
    /// the retry that it pays for, because a service that is down responds to neither.
    fn may_look_up(&self) -> bool {
        self.stop.reason().is_none() && !self.shared().quota.is_spent()
    }

    /// Tells the other runs of the client that this request may have an operation.
    fn unsettled(&self, request: &Request) -> Unsettled {
        let is_resumed = self.shared().ledger.stories()[request.number].lost.is_some();
        let known = self.resource.session().known();
        known.sending(self.resource.id(), request.batch.clone(), is_resumed)
    }

    async fn find(
        &self,
        request: &Request,
        own: &Unsettled,
        since: Sent,
        failure: Option<&Failure>,
    ) -> Result<Option<OperationId>, Error> {
        let error = failure.map(|failure| failure.error.clone());
        self.reporter.tell(|| Event::LookingUp { request: request.number, error: error.clone() });
        error.iter().for_each(|error| self.reporter.paused(error));
        let sent = match since {
            Sent::At(moment) => Some(moment),
            Sent::On(_) => None,
        };
        let known =
            |id: &OperationId| self.shared().ledger.has(id) || own.may_be_of_another(id, sent);
        // As many as can be in flight before it and after it; all of these may have been accepted meanwhile.
        let followers = (self.concurrency - 1).saturating_mul(2);
        let found = lookup::find(&self.resource, &request.batch, known, since, followers).await;
        // A pause that is too long ends the run instead.
        if let Err(error) = &found
            && !self.retry.ends_run(error)
        {
            self.reporter.paused(error);
        }
        found
    }

    /// Waits until a request may be sent, and records that it is being sent; or returns why nothing more is sent.
    async fn may_send(&self, request: usize) -> Result<(Permit, u32), Failure> {
        /// A request that may be sent only later than this after it was recorded is recorded again: otherwise, a later
        /// run could mistake an operation from the time in between for that of the request.
        const PROMPT: Duration = Duration::from_secs(1);

        // If one request cannot be sent, neither can the others: there is no token, or the pause is too long.
        let stopped = |error| {
            self.stop.now(&error);
            Failure::new(Applied::No, error)
        };
        loop {
            // It is large, and would be moved several times for each request.
            let entering = pin!(self.resource.enter());
            let pass = self.resource.reporting(entering, self.reporter).await.map_err(stopped)?;
            let written = self.record_sending(request).await?;
            let begun = Instant::now();
            // Writing may have been slow, so wait again for permission to send.
            let permit = match written {
                Ok(()) => self.resource.depart(pass).await,
                Err(error) => Err(error),
            };
            let (failure, message) = match permit {
                Ok(permit) if self.journal.is_none() || begun.elapsed() <= PROMPT => {
                    return Ok((permit, self.story(request).sent()));
                }
                Ok(_) => (None, "a pause began before it was sent".into()),
                Err(error) => {
                    let message = shown!("{error}", error);
                    (Some(stopped(error)), message)
                }
            };
            let (applied, service_time) = (Applied::No, None);
            self.note(Entry::Failed { request, applied, message, service_time, unsent: true })?;
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
    }

    /// Records that a request is being sent, first in the ledger. Returns whether it is in the journal, too.
    async fn record_sending(&self, request: usize) -> Result<Result<(), Error>, Failure> {
        let (at, service_time) = match &self.journal {
            Some(_) => (journal::now(), self.resource.session().service_time()),
            None => (0, None),
        };
        let sending = {
            let ledger = &mut self.shared().ledger;
            let attempt = ledger.stories()[request].attempts.saturating_add(1);
            let sending = Entry::Sending { request, attempt, at, service_time };
            ledger.apply(&sending).map_err(out_of_order)?;
            sending
        };
        Ok(match &self.journal {
            None => Ok(()),
            Some(journal) => journal.write(sending).await,
        })
    }

    async fn attempt(&self, permit: Permit, batch: &Batch) -> Exchange<Accepted> {
        let body = CreatePurgeRequest::builder()
            .resource_uuid(self.resource.id().uuid())
            .file_path(FilePaths::shared(Unsent(batch.clone())));
        // Pinned here, so that the futures of the layers below do not each have room for it.
        let send = pin!(async {
            match self.resource.create_purge().body(body).send().await {
                // Only 200 is documented, but these mean the same.
                Err(purge_api::Error::UnexpectedResponse(other))
                    if matches!(other.status().as_u16(), 201 | 202) =>
                {
                    purge_api::ResponseValue::from_response(other).await
                }
                sent => sent,
            }
        });
        let exchange = self.resource.send(permit, "POST", send).await;
        let redactor = self.resource.session().redactor();
        exchange.and_then(|response| accepted(response.into_inner(), &redactor))
    }

    /// Assigns an operation to a request, unless it belongs to another request already.
    fn accept(&self, request: usize, accepted: Accepted, by_answer: bool) -> Result<(), Failure> {
        let mut shared = self.shared();
        let possible_duplicate = shared.ledger.stories()[request].may_be_duplicate(by_answer);
        let Accepted { op_id, message } = accepted;
        if shared.ledger.has(&op_id) {
            let message = shown!(
                "the response names operation {op_id}, which belongs to another request of this run",
                op_id,
            );
            let error = Error::new(ErrorKind::Untrusted, message).with_status(200);
            return Err(Failure::new(Applied::Yes, error));
        }
        let operation = op_id.clone();
        self.record(&mut shared, Entry::Accepted { request, op_id, message, possible_duplicate })?;
        self.resource.session().known().remember(&operation);
        shared.quota.refund();
        Ok(())
    }

    fn note(&self, entry: Entry) -> Result<(), Failure> {
        self.record(&mut self.shared(), entry)
    }
}

/// The paths of a batch, for the body of its request. The batch itself is public, and shows no type of the bindings.
struct Unsent(Batch);

impl PathList for Unsent {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn path(&self, index: usize) -> &str {
        self.0.at(index)
    }
}

/// The result that a response with the documented body stands for.
pub(crate) fn accepted(answer: CreatePurgeResponse, redactor: &Redactor) -> Attempt {
    let said = granted(answer.status, answer.message.as_deref(), redactor)
        .map_err(|error| Failure::new(Applied::Refused, error))?;
    // Text that contains the token is not an operation ID.
    let op_id = answer.op_id.filter(|id| !redactor.hides(id));
    let op_id = op_id.and_then(|id| id.parse().ok()).ok_or_else(|| {
        let message =
            "the response names no operation, so it is unknown whether the request was applied";
        let error = Error::new(ErrorKind::Untrusted, message).with_status(200);
        Failure::new(Applied::Yes, error)
    })?;
    Ok(Accepted { op_id, message: said })
}
