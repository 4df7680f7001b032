#![doc = include_str!("../README.md")]

mod backlog;
mod chunk;
mod engine;
mod error;
mod history;
mod marks;
mod memory;
mod metrics;
mod names;
#[cfg(feature = "nats")]
mod nats;
mod note;
mod outcome;
mod queue;
mod sink;
mod subject;
mod term;
mod worker;

pub use chunk::Urgency;
pub use engine::{Engine, EngineError, Message, NewMessage, Stream};
pub use error::{QueueError, QueueErrorKind};
pub use memory::{Fault, MemoryEngine};
pub use metrics::Metrics;
pub use names::{Lane, Producer, RequestId};
#[cfg(feature = "nats")]
pub use nats::{Finding, Layout, NatsEngine, NatsOptions};
pub use outcome::{PathResult, State};
pub use queue::{Enqueue, Queue, RequestOutcome, Ticket};
pub use worker::Worker;
