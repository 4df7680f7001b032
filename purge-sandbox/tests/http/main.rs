//! The sandbox over real HTTP, checked against the descriptions.

mod bounds;
mod edge;
mod faults;
mod history;
mod hosts;
mod login;
mod operations;
mod pages;
mod pops;
mod refusals;
mod schema;
mod support;
