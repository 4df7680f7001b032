//! Operations of which the service has no record yet.

use std::collections::HashMap;

use crate::events::{Event, Reporter};
use crate::report::OperationOutcome;

/// The answers without a record of each operation.
#[derive(Default)]
pub(super) struct Unseen(HashMap<usize, u32>);

impl Unseen {
    /// Counts an answer without a record, and tells of the operation when there were several.
    pub(super) fn answered(
        &mut self,
        index: usize,
        operation: &OperationOutcome,
        reporter: &Reporter,
    ) {
        /// A record may come some time after its job.
        const ANSWERS: u32 = 4;
        let answers = self.0.entry(index).or_default();
        *answers += 1;
        if *answers == ANSWERS
            && let Some(op_id) = operation.op_id.clone()
        {
            reporter.tell(|| Event::Unseen { op_id });
        }
    }
}
