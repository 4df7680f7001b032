//! Naive waiting: polls every unfinished operation again and again.

use std::fs;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

use crate::Failure;
use crate::target::Target;

/// The pauses of the library: they grow by half, and start over when something has finished.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// Polls the operations in a file, one ID per line.
pub(crate) async fn run(ids: &Path) -> Result<(), Failure> {
    let target = Target::from_env()?;
    let client = target.bindings()?;
    let text = fs::read_to_string(ids)?;
    let mut open: Vec<&str> = text.lines().collect();
    let mut pause = FIRST;
    while !open.is_empty() {
        let before = open.len();
        let mut unfinished = Vec::new();
        for id in open {
            let request = target.page(&client, NonZeroU64::MIN).op_id(id);
            let data =
                request.send().await?.into_inner().data.ok_or("a response without a page")?;
            let records = data.requests.unwrap_or_default();
            if records.is_empty() || records.iter().any(|record| record.completed_at.is_none()) {
                unfinished.push(id);
            }
        }
        open = unfinished;
        if open.len() < before {
            pause = FIRST;
        }
        if !open.is_empty() {
            tokio::time::sleep(pause).await;
        }
        pause = pause.mul_f64(1.5).min(LONGEST);
    }
    Ok(())
}
