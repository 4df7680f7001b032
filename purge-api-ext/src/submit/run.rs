//! A run: the state that its requests share.

use std::sync::{Mutex, MutexGuard};

use super::work::Work;
use crate::error::{Error, ErrorKind};
use crate::events::Reporter;
use crate::gate::Stop;
use crate::journal::Writer;
use crate::ledger::{Entry, Ledger, Story};
use crate::lock::lock;
use crate::resource::Resource;
use crate::retry::{Applied, RetryPolicy, RetryQuota};
use crate::sanitize::shown;
use crate::transport::Failure;

/// The state that the requests of one run share.
pub(super) struct Run<'a> {
    /// Sends nothing once this run is stopped.
    pub(super) resource: Resource,
    pub(super) retry: RetryPolicy,
    pub(super) stop: Stop,
    pub(super) reporter: &'a Reporter,
    pub(super) concurrency: usize,
    pub(super) journal: Option<Writer>,
    shared: Mutex<Shared>,
}

pub(super) struct Shared {
    pub(super) quota: RetryQuota,
    pub(super) ledger: Ledger,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        resource: &Resource,
        retry: RetryPolicy,
        reporter: &'a Reporter,
        work: &mut Work,
        concurrency: usize,
    ) -> Self {
        let ledger = std::mem::take(&mut work.ledger);
        // Those of an earlier run, from its journal.
        ledger.operations().for_each(|operation| resource.session().known().remember(operation));
        let shared = Mutex::new(Shared { quota: RetryQuota::default(), ledger });
        let (journal, stop) = (work.journal.take(), Stop::default());
        if let Some(error) = &work.refused {
            stop.now(error);
        }
        let resource = resource.of_run(&stop);
        Self { resource, retry, stop, reporter, concurrency, journal, shared }
    }

    /// Records an entry in the ledger, and then in the journal.
    pub(super) fn record(&self, shared: &mut Shared, entry: Entry) -> Result<(), Failure> {
        shared.ledger.apply(&entry).map_err(out_of_order)?;
        if let Some(journal) = &self.journal {
            journal.note(entry);
        }
        Ok(())
    }

    pub(super) fn story(&self, request: usize) -> Story {
        self.shared().ledger.stories()[request].clone()
    }

    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

/// The ledger refuses only what cannot happen. If it does happen, it is unknown whether the request was applied.
pub(super) fn out_of_order(why: &'static str) -> Failure {
    let error = Error::new(ErrorKind::Untrusted, shown!("the run is inconsistent: {why}", why));
    Failure::new(Applied::Yes, error)
}
