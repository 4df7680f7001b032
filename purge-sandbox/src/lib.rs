#![doc = include_str!("../README.md")]

mod answer;
mod cache;
mod sandbox;
mod server;
mod state;

pub use sandbox::{Builder, Error, Sandbox};
pub use state::RecordedRequest;
