//! What the tests share: the contract, servers that say exactly what they are told, a clock that can be
//! held, the command line, what a journal says.

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
