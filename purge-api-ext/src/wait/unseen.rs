//! Operations without any record so far.

use std::collections::HashMap;

use crate::events::{Event, Reporter};
use crate::report::OperationOutcome;

/// How many responses had no record, for each operation.
#[derive(Default)]
pub(super) struct Unseen(HashMap<usize, u32>);

impl Unseen {
    /// Counts a response without a record, and reports the operation after several of them.
    pub(super) fn answered(
        &mut self,
        index: usize,
        operation: &OperationOutcome,
        reporter: &Reporter,
    ) {
        /// Records may appear some time after their operation.
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
