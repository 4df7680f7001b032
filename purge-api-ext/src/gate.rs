//! The gate that every request passes: posts, pages of the list, polls, and what is sent again with a new token.
//!
//! A limit or a stop that only some callers look at is broken by the others. So sending takes a [`Leave`], and
//! only the gate gives one: [`Gate::enter`] waits for a turn, after which the request may be written down, and
//! [`Gate::depart`] for the moment at which it may be sent. Both look at the stop of the run, the pause that the
//! service asked for, and the rate. The clock is the client's; the stop is the run's.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::select;
use tokio::sync::Notify;

use crate::error::{Error, ErrorKind};
use crate::lock::lock;
use crate::sanitize::shown;
use crate::throttle::{Place, Throttle, TooLong};

/// What each request of a run, or of a client, passes.
#[derive(Clone)]
pub(crate) struct Gate {
    throttle: Throttle,
    stop: Stop,
    patience: Duration,
}

/// The turn of one request, and its place in the rate.
#[must_use]
pub(crate) struct Pass(Place);

/// Leave to send one request now.
#[must_use]
pub(crate) struct Leave(());

impl Gate {
    /// The longest pause that is waited for; a caller with a deadline of its own has another one.
    pub(crate) const PATIENCE: Duration = crate::retry::LONGEST_RETRY_AFTER;

    pub(crate) fn new(throttle: Throttle) -> Self {
        Self { throttle, stop: Stop::default(), patience: Self::PATIENCE }
    }

    /// The same clock, with the stop of a run.
    pub(crate) fn of_run(&self, stop: &Stop) -> Self {
        Self { stop: stop.clone(), ..self.clone() }
    }

    /// The same clock, for a caller that ends by itself when it has waited for long enough.
    pub(crate) fn of_waiting(&self) -> Self {
        Self { stop: Stop::default(), patience: Duration::MAX, ..self.clone() }
    }

    /// Waits until a request may be sent; `prepare` is what else it needs first.
    pub(crate) async fn enter(
        &self,
        prepare: impl Future<Output = Result<(), Error>>,
    ) -> Result<Pass, Error> {
        self.stop.or(prepare).await??;
        let place = self.stop.or(self.throttle.turn(self.patience)).await?;
        place.map(Pass).map_err(|pause| too_long(&pause))
    }

    /// Waits until a request that has its turn may be sent.
    pub(crate) async fn depart(&self, Pass(place): Pass) -> Result<Leave, Error> {
        let departed = self.stop.or(place.depart(self.patience)).await?;
        departed.map(Leave).map_err(|pause| too_long(&pause))
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

    /// Takes note of the pause that an answer asks for.
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

/// The end of a run before all is sent. Clones are the same.
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

    /// Waits for something, unless the run ends first; then it says so.
    pub(crate) async fn or<T>(&self, something: impl Future<Output = T>) -> Result<T, Error> {
        use futures_util::future::Either::{Left, Right};

        let mut stopped = std::pin::pin!(self.0.signal.notified());
        stopped.as_mut().enable();
        self.check()?;
        match select(std::pin::pin!(something), stopped).await {
            Left((done, _)) => self.check().map(|()| done),
            Right(_) => Err(self.reason().unwrap_or_else(|| {
                // It is told only after there is a reason.
                Error::new(ErrorKind::Interrupted, "not sent: the run was stopped")
            })),
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.reason().map_or(Ok(()), Err)
    }

    /// Why nothing is sent any more, if that is so.
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
