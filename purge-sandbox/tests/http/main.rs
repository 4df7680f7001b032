//! The sandbox over real HTTP, held against `purge.yaml`.

mod faults;
mod operations;
mod refusals;
mod schema;
mod support;
