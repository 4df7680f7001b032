//! The commands of the queue.

mod connect;
pub(crate) mod enqueue;
pub(crate) mod operate;
pub(crate) mod worker;
