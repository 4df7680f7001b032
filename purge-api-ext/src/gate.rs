//! The gate that every request passes: POSTs, pages of the list, polls, and requests that are sent again with a new
//! token.
//!
//! A limit that only some callers respect does not hold. So sending requires a [`Permit`], which only the gate issues.
//! [`Gate::enter`] waits for the turn of a request, after which the request may be recorded. [`Gate::depart`] waits
//! until it may be sent. Both check the stop of the run, the pause that the service asked for, and the rate. The
//! throttle belongs to the client, and the stop to the run.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::error::{Error, ErrorKind};
use crate::lock::lock;
use crate::sanitize::shown;
use crate::throttle::{Place, Throttle, TooLong};

/// The gate that each request of a run, or of a client, passes.
#[derive(Clone)]
pub(crate) struct Gate {
    throttle: Throttle,
    stop: Stop,
    patience: Duration,
}

/// Proof that it is the turn of a request, with the place of that request in the rate.
#[must_use]
pub(crate) struct Pass(Place);

/// Permission to send one request now.
#[must_use]
pub(crate) struct Permit(());

impl Gate {
    /// The longest pause that is waited for, except by a caller with a deadline of its own.
    pub(crate) const PATIENCE: Duration = crate::retry::LONGEST_RETRY_AFTER;

    pub(crate) fn new(throttle: Throttle) -> Self {
        Self { throttle, stop: Stop::default(), patience: Self::PATIENCE }
    }

    /// The same throttle, with the stop of a run.
    pub(crate) fn of_run(&self, stop: &Stop) -> Self {
        Self { stop: stop.clone(), ..self.clone() }
    }

    /// The same throttle, for a caller that has a deadline of its own and so waits out any pause.
    pub(crate) fn of_waiting(&self) -> Self {
        Self { stop: Stop::default(), patience: Duration::MAX, ..self.clone() }
    }

    /// Completes `prepare`, then waits for the turn of a request.
    pub(crate) async fn enter(
        &self,
        prepare: impl Future<Output = Result<(), Error>>,
    ) -> Result<Pass, Error> {
        self.stop.or(prepare).await??;
        let place = self.stop.or(self.throttle.turn(self.patience)).await?;
        place.map(Pass).map_err(|pause| too_long(&pause))
    }

    /// Waits until a request whose turn has come may be sent.
    pub(crate) async fn depart(&self, Pass(place): Pass) -> Result<Permit, Error> {
        let departed = self.stop.or(place.depart(self.patience)).await?;
        departed.map(Permit).map_err(|pause| too_long(&pause))
    }

    /// Waits for something, and reports each long pause that the service asks for meanwhile.
    pub(crate) async fn reporting<T>(
        &self,
        something: impl Future<Output = T>,
        mut paused: impl FnMut(&Error),
    ) -> T {
        /// Shorter pauses are not reported.
        const LONG: Duration = Duration::from_secs(3);

        let watch = async {
            loop {
                let TooLong { left } = self.throttle.too_long(LONG).await;
                // Nobody waits for a pause that is too long.
                if left <= self.patience {
                    let error = Error::new(ErrorKind::Unavailable, "the service asked for a pause");
                    paused(&error.with_retry_after(Some(left)));
                }
                sleep(left).await;
            }
        };
        match select(pin!(something), pin!(watch)).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => never,
        }
    }

    /// How much is left of the pause that the service asked for.
    pub(crate) fn pause_left(&self) -> Option<Duration> {
        self.throttle.pause_left()
    }

    /// Why requests wait, if the service has asked for a pause.
    pub(crate) fn pause(&self) -> Option<Error> {
        self.throttle.pause_left().map(|left| too_long(&TooLong { left }))
    }

    /// Waits for something, unless the run is stopped first.
    pub(crate) async fn unless_stopped<T>(
        &self,
        something: impl Future<Output = T>,
    ) -> Result<T, Error> {
        self.stop.or(something).await
    }

    /// Waits for something, unless the run is stopped first, or the service asks for a longer pause than this caller
    /// waits for.
    pub(crate) async fn unless_held_back<T>(
        &self,
        something: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let (something, pause) = (pin!(something), pin!(self.throttle.too_long(self.patience)));
        match self.stop.or(select(something, pause)).await? {
            Either::Left((done, _)) => Ok(done),
            Either::Right((pause, _)) => Err(too_long(&pause)),
        }
    }

    /// Records the pause that a response asks for.
    pub(crate) fn note(&self, answer: &Error) {
        if let Some(asked) = answer.retry_after() {
            self.throttle.pause_for(asked);
        }
    }
}

fn too_long(TooLong { left }: &TooLong) -> Error {
    let left = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
    let message = shown!(
        "the service asked for a pause, which ends in {left}; try again then",
        left = humantime::format_duration(left),
    );
    Error::new(ErrorKind::Unavailable, message).with_retry_after(Some(left))
}

/// Stops a run before everything is sent. Clones share the same state.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<Inner>);

#[derive(Default)]
struct Inner {
    why: Mutex<Option<Error>>,
    signal: Notify,
}

impl Stop {
    pub(crate) fn now(&self, why: &Error) {
        self.why().get_or_insert_with(|| why.clone());
        self.0.signal.notify_waiters();
    }

    /// Waits for something, unless the run is stopped first; then the reason is the error.
    pub(crate) async fn or<T>(&self, something: impl Future<Output = T>) -> Result<T, Error> {
        let mut stopped = pin!(self.0.signal.notified());
        stopped.as_mut().enable();
        self.check()?;
        match select(pin!(something), stopped).await {
            Either::Left((done, _)) => self.check().map(|()| done),
            Either::Right(_) => Err(self.reason().unwrap_or_else(|| {
                // The signal is sent only after the reason is set.
                Error::new(ErrorKind::Interrupted, "not sent: the run was stopped")
            })),
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.reason().map_or(Ok(()), Err)
    }

    /// Why no further requests are sent, if the run was stopped.
    pub(crate) fn reason(&self) -> Option<Error> {
        let why = self.why().clone()?;
        let message = match why.kind() {
            ErrorKind::Interrupted => shown!("not sent: {why}", why),
            _ => shown!("not sent, since the run was stopped: {why}", why),
        };
        Some(Error::new(why.kind(), message))
    }

    fn why(&self) -> MutexGuard<'_, Option<Error>> {
        lock(&self.0.why)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_long_pause_that_is_waited_for_is_reported() {
        let throttle = Throttle::default();
        let (gate, start) = (Gate::new(throttle.clone()), Instant::now());
        let mut told = Vec::new();
        let pauses = async {
            // Too short, the first long one, one that ends with it, the second, and one that nobody waits for.
            for (at, pause) in [(1, 3), (5, 12), (9, 8), (20, 60), (100, 61)] {
                tokio::time::sleep_until(start + Duration::from_secs(at)).await;
                throttle.pause_for(Duration::from_secs(pause));
            }
            sleep(Duration::from_secs(1)).await;
        };
        let report = |error: &Error| {
            assert_eq!(error.to_string(), "the service asked for a pause");
            told.push((start.elapsed().as_secs(), error.retry_after().map(|left| left.as_secs())));
        };
        gate.reporting(pauses, report).await;
        assert_eq!(told, [(5, Some(12)), (20, Some(60))]);
    }
}
