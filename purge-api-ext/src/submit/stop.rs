//! The end of a run before all is sent.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::select;
use tokio::sync::Notify;

use crate::Error;

/// The end of a run, and why.
#[derive(Default)]
pub(super) struct Stop {
    why: Mutex<Option<Error>>,
    signal: Notify,
}

impl Stop {
    pub(super) fn now(&self, why: &Error) {
        self.why().get_or_insert_with(|| why.clone());
        self.signal.notify_waiters();
    }

    /// Waits for something, unless the run ends first; then it says so.
    pub(super) async fn or(&self, something: impl Future<Output = ()>) -> Option<Error> {
        let mut stopped = std::pin::pin!(self.signal.notified());
        stopped.as_mut().enable();
        if self.why().is_none() {
            select(std::pin::pin!(something), stopped).await;
        }
        self.reason()
    }

    /// Why nothing is sent any more, if that is so.
    pub(super) fn reason(&self) -> Option<Error> {
        let why = self.why().clone()?;
        let message = format!("not sent, since the run was stopped: {why}");
        Some(Error::new(why.kind(), message))
    }

    fn why(&self) -> MutexGuard<'_, Option<Error>> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
