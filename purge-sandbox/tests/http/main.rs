//! The sandbox over real HTTP, checked against `purge.yaml`.

mod bounds;
mod edge;
mod faults;
mod history;
mod hosts;
mod operations;
mod pages;
mod pops;
mod refusals;
mod schema;
mod support;
