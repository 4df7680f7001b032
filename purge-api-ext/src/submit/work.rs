//! The work of a run: a whole plan, or what an earlier run left of it.

use std::sync::Arc;

use super::request::Request;
use crate::error::Error;
use crate::journal::{Contents, Journal, Writer};
use crate::ledger::Ledger;
use crate::plan::{Batch, Plan};
use crate::report::Summary;
use crate::resource::Resource;

/// Where the requests of a run come from.
#[derive(Debug)]
pub(super) enum Source {
    Plan {
        plan: Plan,
        journal: Option<Journal>,
    },
    /// The rest of an earlier run.
    Journal {
        journal: Journal,
        /// What the run began with, if another journal has replaced it.
        replaced: Option<Contents>,
    },
}

pub(super) struct Work {
    pub(super) counts: Summary,
    pub(super) paths: usize,
    pub(super) requests: Box<dyn Iterator<Item = Request> + Send>,
    /// What is known of the requests.
    pub(super) ledger: Ledger,
    pub(super) journal: Option<Writer>,
    /// Why nothing may be sent.
    pub(super) refused: Option<Error>,
}

impl Work {
    /// Starts the journal, if there is one.
    pub(super) async fn prepare(resource: &Resource, source: Source) -> Self {
        let (plan, journal) = match source {
            Source::Plan { plan, journal: None } => return Self::whole(plan),
            Source::Plan { plan, journal: Some(journal) } => (Some(Arc::new(plan)), journal),
            Source::Journal { journal, replaced: None } => (None, journal),
            Source::Journal { journal, replaced: Some(contents) } => {
                return Self::moved(resource, journal, contents).await;
            }
        };
        let (begun, contents) = journal.begin(resource, plan.clone()).await;
        let work = match (contents, plan) {
            (Some(contents), _) => Self::left(contents),
            (None, Some(plan)) => Self::whole(Arc::unwrap_or_clone(plan)),
            // The journal could not be read, so the report has nothing but the error.
            (None, None) => Self::from_batches(std::iter::empty()),
        };
        work.with(begun)
    }

    /// The rest of an earlier run, from a journal that has replaced the one with these contents.
    async fn moved(resource: &Resource, journal: Journal, replaced: Contents) -> Self {
        let (begun, contents) = match journal.check_replaces(&replaced, resource) {
            Ok(()) => journal.begin(resource, None).await,
            Err(error) => (Err(error), None),
        };
        Self::left(contents.unwrap_or(replaced)).with(begun)
    }

    fn with(self, begun: Result<Writer, Error>) -> Self {
        match begun {
            Ok(journal) => Self { journal: Some(journal), ..self },
            Err(error) => Self { refused: Some(error), ..self },
        }
    }

    fn whole(plan: Plan) -> Self {
        Self {
            counts: Summary::of_plan(&plan),
            paths: plan.path_count(),
            ledger: Ledger::new(plan.batches().iter().map(|batch| batch.paths().len()).collect()),
            ..Self::from_batches(plan.into_batches())
        }
    }

    fn left(contents: Contents) -> Self {
        Self {
            counts: contents.header.counts(),
            paths: contents.requests.iter().map(|batch| batch.paths().len()).sum(),
            ledger: contents.ledger,
            ..Self::from_batches(contents.requests.into_iter())
        }
    }

    fn from_batches(batches: impl Iterator<Item = Batch> + Send + 'static) -> Self {
        let request = |(number, batch)| Request { number, batch };
        Self {
            counts: Summary::default(),
            paths: 0,
            requests: Box::new(batches.enumerate().map(request)),
            ledger: Ledger::default(),
            journal: None,
            refused: None,
        }
    }
}
