//! One run: what its requests share, and what becomes of each.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use purge_api::types::{CreatePurgeRequest, CreatePurgeResponse};
use tokio::time::{Instant, sleep};

use super::stop::Stop;
use crate::pace::{Pace, Rate};
use crate::plan::Batch;
use crate::progress::{Event, Reporter};
use crate::report::{OperationOutcome, OperationState, PathState};
use crate::retry::{RetryPolicy, RetryQuota};
use crate::trace::event;
use crate::transport::{Applied, Failure};
use crate::{Error, ErrorKind, OperationId, Resource, reconcile, text};

/// What the requests of one run share.
pub(super) struct Run<'a> {
    resource: &'a Resource,
    retry: RetryPolicy,
    pace: Pace,
    shared: Mutex<Shared>,
    stop: Stop,
    reporter: &'a Reporter,
}

#[derive(Default)]
struct Shared {
    quota: RetryQuota,
    /// The operations that belong to a request of this run.
    operations: HashSet<OperationId>,
}

/// How one attempt ended. A 200 that refuses is a [`Failure`] like any other refusal.
type Attempt = Result<Accepted, Failure>;

struct Accepted {
    op_id: OperationId,
    message: Option<String>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        resource: &'a Resource,
        retry: RetryPolicy,
        rate: Option<Rate>,
        reporter: &'a Reporter,
    ) -> Self {
        let (pace, shared, stop) = (Pace::new(rate), Mutex::default(), Stop::default());
        Self { resource, retry, pace, shared, stop, reporter }
    }

    /// Sends one batch until its outcome is known, or nothing more can be done for it.
    pub(super) async fn submit(&self, request: usize, batch: Batch) -> OperationOutcome {
        let body = CreatePurgeRequest {
            resource_uuid: self.resource.id().uuid(),
            file_path: batch.paths().iter().map(|path| path.as_str().to_owned()).collect(),
        };
        let (mut attempts, mut ambiguous) = (0, 0);
        // The first time after which the request may have been carried out, and what the last answer to it
        // says of that.
        let mut lost: Option<(Instant, Applied)> = None;
        let mut failure = loop {
            if let Some(error) = self.turn().await {
                break Failure::new(Applied::No, error);
            }
            attempts += 1;
            event!(attempt = attempts, "sending");
            self.reporter.tell(|| Event::Attempt { request, attempt: attempts });
            let sent = Instant::now();
            let failure = match self.attempt(&body).await {
                Ok(accepted) => {
                    return self.accepted(request, batch, accepted, attempts, ambiguous > 0);
                }
                Err(failure) => failure,
            };
            let asked = failure.error.retry_after();
            // What the service asks for holds for every request, whatever becomes of this one.
            if let Some(asked) = asked {
                self.pace.pause(asked.min(self.retry.longest_retry_after));
            }
            if self.retry.ends_run(&failure.error) {
                self.stop.now(&failure.error);
            }
            if matches!(failure.applied, Applied::Maybe | Applied::Yes) {
                ambiguous += 1;
                let since = lost.as_ref().map_or(sent, |(since, _)| *since);
                if let Some(op_id) = self.adopt(&batch, since).await {
                    let message = format!("{}; found in the list", failure.error);
                    let accepted = Accepted { op_id, message: Some(message) };
                    return self.accepted(request, batch, accepted, attempts, ambiguous > 1);
                }
                lost = Some((since, failure.applied));
            }
            let random = fastrand::f64();
            let delay = self.retry.delay(failure.applied, attempts, ambiguous, asked, random);
            let Some(delay) = delay.filter(|_| self.shared().quota.spend()) else { break failure };
            event!(?delay, error = %failure.error, "trying again");
            self.reporter.tell(|| Event::Retrying { request, delay, error: failure.error });
            sleep(delay).await;
        };
        // A later refusal does not undo what an earlier attempt may have done.
        if let Some((_, applied)) = lost {
            failure.applied = applied;
        }
        let (state, path_state) = match failure.applied {
            Applied::No => (OperationState::NotSent, PathState::NotSent),
            Applied::Refused => (OperationState::Failed, PathState::Failed),
            Applied::Maybe | Applied::Yes => (OperationState::Unconfirmed, PathState::Unconfirmed),
        };
        event!(error = %failure.error, "failed");
        self.reporter.tell(|| Event::Failed { request, error: failure.error.clone() });
        let mut outcome = OperationOutcome::of_batch(batch, state, path_state);
        outcome.attempts = attempts;
        outcome.possible_duplicate = ambiguous > 1;
        outcome.message = Some(failure.error.to_string());
        outcome.error = Some(failure.error);
        outcome
    }

    /// Waits until a request may be sent, or until the run ends; then it says why.
    async fn turn(&self) -> Option<Error> {
        self.stop.or(self.pace.turn()).await
    }

    async fn attempt(&self, body: &CreatePurgeRequest) -> Attempt {
        let request = self
            .resource
            .raw()
            .create_purge()
            .organization_uuid(self.resource.organization().uuid())
            .resource_uuid(self.resource.id().uuid())
            .body(body.clone());
        let sent = self.resource.session().authorized(|| async {
            match request.clone().send().await {
                // Documented is only 200, but these say the same.
                Err(purge_api::Error::UnexpectedResponse(other))
                    if matches!(other.status().as_u16(), 201 | 202) =>
                {
                    purge_api::ResponseValue::from_response(other).await
                }
                sent => sent,
            }
        });
        accepted(sent.await?.into_inner())
    }

    /// The operation that a request has created although its answer got lost.
    async fn adopt(&self, batch: &Batch, sent: Instant) -> Option<OperationId> {
        // Looking it up costs as much as sending it again, and a service that is down answers neither.
        if !self.shared().quota.spend() || self.turn().await.is_some() {
            return None;
        }
        let known = |id: &OperationId| self.shared().operations.contains(id);
        // If the list cannot be read either, nobody can tell.
        reconcile::find(self.resource, batch.paths(), known, sent).await.ok().flatten()
    }

    fn accepted(
        &self,
        request: usize,
        batch: Batch,
        accepted: Accepted,
        attempts: u32,
        possible_duplicate: bool,
    ) -> OperationOutcome {
        let mut shared = self.shared();
        shared.quota.refund();
        shared.operations.insert(accepted.op_id.clone());
        event!(op_id = %accepted.op_id, "accepted");
        self.reporter.tell(|| Event::Accepted { request, op_id: accepted.op_id.clone() });
        let mut outcome =
            OperationOutcome::of_batch(batch, OperationState::Accepted, PathState::Accepted);
        outcome.op_id = Some(accepted.op_id);
        outcome.attempts = attempts;
        outcome.possible_duplicate = possible_duplicate;
        outcome.message = accepted.message;
        outcome
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accepted(answer: CreatePurgeResponse) -> Attempt {
    let said = answer.message.as_deref().map(text::excerpt).filter(|said| !said.is_empty());
    if !answer.status {
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        let message = format!("the service refused the request (status: false){said}");
        let error = Error::new(ErrorKind::Refused, message).with_status(200);
        return Err(Failure::new(Applied::Refused, error));
    }
    let op_id = answer.op_id.and_then(|id| id.parse().ok()).ok_or_else(|| {
        let message = "the answer names no operation, so nothing can tell what became of it";
        let error = Error::new(ErrorKind::Untrusted, message).with_status(200);
        Failure::new(Applied::Yes, error)
    })?;
    Ok(Accepted { op_id, message: said })
}
