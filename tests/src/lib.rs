//! Shared test code: the contract, scripted servers, a clock that can be held, the command line, and a
//! reader of journals.

pub mod clock;
pub mod contract;
pub mod journal;
pub mod logs;
pub mod cli;
pub mod raw;
pub mod tls;
pub mod script;
pub mod http2;
pub mod nats;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
