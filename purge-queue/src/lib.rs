#![doc = include_str!("../README.md")]

// Names, and what the engine must be able to do.
mod error;
mod names;
mod subject;
mod engine;
mod marks;

// What is stored.
mod chunk;
mod outcome;
mod note;

// What is decided: pure functions of the input and the journal.
mod backlog;
mod history;

// Engines.
mod memory;
#[cfg(feature = "nats")]
mod nats;

// The side of a producer.
mod queue;

// The side of a worker.
mod metrics;
mod term;
mod sink;
mod worker;
mod operator;

pub use chunk::Urgency;
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
