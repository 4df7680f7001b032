//! What a run has to do: a whole plan, or what an earlier run left of it.

use std::sync::Arc;

use super::request::Request;
use crate::endpoint::Endpoint;
use crate::journal::{Contents, Kept, Writer};
use crate::ledger::Ledger;
use crate::plan::{Batch, Plan, batches};
use crate::report::Summary;
use crate::{Error, ErrorKind, Paths};

pub(super) struct Work {
    pub(super) counts: Summary,
    pub(super) paths: usize,
    pub(super) requests: Box<dyn Iterator<Item = Request> + Send>,
    /// What is known of them.
    pub(super) ledger: Ledger,
    pub(super) journal: Option<Writer>,
    /// Why nothing may be sent.
    pub(super) refused: Option<Error>,
}

impl Work {
    /// Begins the journal, if there is one.
    pub(super) async fn prepare(
        endpoint: &Endpoint,
        plan: Option<Plan>,
        journal: Option<Kept>,
    ) -> Self {
        let plan = plan.map(Arc::new);
        let (begun, contents) = match journal.map(|journal| journal.take()) {
            None => (Ok(None), None),
            Some(None) => {
                let used = "another run has the journal already";
                (Err(Error::new(ErrorKind::InvalidInput, used)), None)
            }
            Some(Some(journal)) => {
                let (begun, contents) = journal.begin(endpoint, plan.clone()).await;
                (begun.map(Some), contents)
            }
        };
        let work = match (plan, contents) {
            (_, Some(contents)) => Self::left(contents),
            (Some(plan), None) => Self::whole(Arc::unwrap_or_clone(plan)),
            (None, None) => Self::unknown(),
        };
        match begun {
            Ok(journal) => Self { journal, ..work },
            Err(error) => Self { refused: Some(error), ..work },
        }
    }

    fn whole(plan: Plan) -> Self {
        Self {
            counts: Summary::of_plan(&plan),
            paths: plan.sent(),
            ledger: Ledger::new(plan.batches().iter().map(|batch| batch.paths().len()).collect()),
            ..Self::of(plan.into_batches())
        }
    }

    fn left(contents: Contents) -> Self {
        Self {
            counts: contents.header.counts(),
            paths: contents.requests.iter().map(|batch| batch.paths().len()).sum(),
            ledger: contents.ledger,
            ..Self::of(contents.requests.into_iter())
        }
    }

    /// That of a run whose journal another one has: a request without paths carries the reason.
    fn unknown() -> Self {
        Self { ledger: Ledger::new(vec![0]), ..Self::of(batches(Paths::new(), &[0]).into_iter()) }
    }

    fn of(batches: impl Iterator<Item = Batch> + Send + 'static) -> Self {
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
