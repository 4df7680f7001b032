//! Calls of the engine that get no response.

use std::time::Duration;

use tokio::time::Instant;

use super::Options;
use crate::engine::{Engine, EngineError};

/// How long the engine may be unavailable before another node is tried.
const PATIENCE: Duration = Duration::from_secs(5);

/// Since when the engine has been unavailable to one kind of calls.
#[derive(Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    /// When another node was last tried.
    left: Option<Instant>,
}

impl Outage {
    /// Passes on what a call returned, or `None` if it is to be repeated later. After 5 s of failures, this connects to
    /// another node, and tells people why.
    pub(super) async fn endure<T, E: Engine>(
        &mut self,
        engine: &E,
        options: &Options,
        done: Result<T, EngineError>,
    ) -> Result<Option<T>, EngineError> {
        let error = match done {
            Ok(done) => {
                *self = Self::default();
                return Ok(Some(done));
            }
            Err(error @ EngineError::Unavailable(_)) => error,
            Err(error) => return Err(error),
        };
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.left.unwrap_or(since).elapsed() >= PATIENCE {
            if self.left.is_none() {
                options.say(&format!("trying another node of the engine: {error}"));
            }
            engine.reconnect().await;
            self.left = Some(Instant::now());
        }
        Ok(None)
    }
}
