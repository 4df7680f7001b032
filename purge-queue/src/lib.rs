#![doc = include_str!("../README.md")]

// Names, and what the engine must provide.
mod error;
mod names;
mod subject;
mod time;
mod engine;
mod marks;

// Stored formats.
mod chunk;
mod outcome;
mod note;

// Decisions: pure functions of the input and the journal.
mod backlog;
mod history;

// Engines.
mod memory;
#[cfg(feature = "nats")]
mod nats;

// The producer's side.
mod queue;

// The worker's side.
mod metrics;
mod term;
mod sink;
mod worker;
mod operator;

pub use chunk::{MAX_PATHS, MAX_TEXT, Urgency};
pub use engine::{Engine, EngineError, Message, NewMessage, Stream};
pub use error::{QueueError, QueueErrorKind};
pub use memory::{Fault, MemoryEngine};
pub use metrics::Metrics;
pub use names::{Lane, Producer, RequestId};
#[cfg(feature = "nats")]
pub use nats::{Finding, Layout, NatsEngine, NatsOptions};
pub use operator::{LaneState, LogEntry, Operator, Waiting};
pub use outcome::{PathResult, State};
pub use queue::{Enqueue, Queue, RequestOutcome, Ticket};
pub use worker::Worker;
