//! What a run has to do: a whole plan, or what an earlier run left of it.

use std::collections::HashSet;
use std::sync::Arc;

use super::request::Request;
use crate::endpoint::Endpoint;
use crate::journal::{Contents, End, Kept, Writer};
use crate::plan::{Plan, batches};
use crate::report::Summary;
use crate::{Error, ErrorKind, OperationId, Paths};

pub(super) struct Work {
    pub(super) counts: Summary,
    pub(super) paths: usize,
    pub(super) requests: Box<dyn Iterator<Item = Request> + Send>,
    /// How many requests are known, those that others were split into included.
    pub(super) numbers: usize,
    /// The operations that belong to some of them.
    pub(super) operations: HashSet<OperationId>,
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
        let batches = plan.batches().len();
        Self {
            counts: Summary::of_plan(&plan),
            paths: plan.sent(),
            requests: Box::new(
                plan.into_batches().enumerate().map(|(number, batch)| Request::new(number, batch)),
            ),
            numbers: batches,
            ..Self::unknown()
        }
    }

    fn left(contents: Contents) -> Self {
        let operations = contents.known.iter().filter_map(|known| match &known.end {
            End::Accepted { op_id, .. } => Some(op_id.clone()),
            _ => None,
        });
        let operations = operations.collect();
        let known = Arc::new(contents.known);
        let numbers = known.len();
        Self {
            counts: contents.header.counts(),
            paths: contents.requests.iter().map(|batch| batch.paths().len()).sum(),
            requests: Box::new(contents.requests.into_iter().enumerate().map(
                move |(number, batch)| Request::new(number, batch).recalled(Arc::clone(&known)),
            )),
            numbers,
            operations,
            ..Self::unknown()
        }
    }

    /// That of a run whose journal another one has: a request without paths carries the reason.
    fn unknown() -> Self {
        Self {
            counts: Summary::default(),
            paths: 0,
            requests: Box::new(
                batches(Paths::new(), &[0]).into_iter().map(|batch| Request::new(0, batch)),
            ),
            numbers: 0,
            operations: HashSet::new(),
            journal: None,
            refused: None,
        }
    }
}
