#![doc = include_str!("../README.md")]

mod backlog;
mod chunk;
mod engine;
mod error;
mod memory;
mod names;
mod outcome;
mod subject;

pub use chunk::Urgency;
pub use engine::{Engine, EngineError, Message, NewMessage, Stream};
pub use error::{QueueError, QueueErrorKind};
pub use memory::{Fault, MemoryEngine};
pub use names::{Lane, Producer, RequestId};
pub use outcome::{PathResult, State};
