//! What the tests share: the contract, a server that says exactly what it is told, the command line,
//! what a journal says.

pub mod cli;
pub mod contract;
pub mod journal;
pub mod raw;
pub mod tls;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
