//! What the tests share: the contract, servers that say exactly what they are told, a clock that can be
//! held, the command line, what a journal says.

pub mod cli;
pub mod clock;
pub mod contract;
pub mod http2;
pub mod journal;
pub mod logs;
pub mod raw;
pub mod script;
pub mod tls;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
