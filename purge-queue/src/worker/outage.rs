//! Calls of the engine that get no response.

use std::time::Duration;

use tokio::time::Instant;

use super::Options;
use crate::engine::{Engine, EngineError};

/// How long the engine may be unavailable before another node is tried.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Since when the engine has been unavailable to one kind of calls.
#[derive(Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    /// When another node was last tried.
    left: Option<Instant>,
}

impl Outage {
    /// Passes on what a call returned, or `None` if it is to be repeated later.
    pub(super) async fn endure<T, E: Engine>(
        &mut self,
        engine: &E,
        options: &Options,
        done: Result<T, EngineError>,
    ) -> Result<Option<T>, EngineError> {
        match done {
            Ok(done) => {
                self.over();
                Ok(Some(done))
            }
            // A stream that was deleted can be created again, and what is waiting in the others is not lost.
            Err(error @ (EngineError::Unavailable(_) | EngineError::Missing(_))) => {
                self.lasts(engine, options, &error).await;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The engine has responded.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }

    /// A call has failed. Every 5 s, this connects to another node, and tells people why: the engine may be available
    /// there.
    pub(super) async fn lasts<E: Engine>(
        &mut self,
        engine: &E,
        options: &Options,
        error: &EngineError,
    ) {
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.left.unwrap_or(since).elapsed() < PATIENCE {
            return;
        }
        if self.left.is_none() {
            options.say(&format!("trying another node of the engine: {error}"));
        }
        options.metrics.reconnected();
        engine.reconnect().await;
        self.left = Some(Instant::now());
    }
}
