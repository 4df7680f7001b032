//! What the tests share: the contract, a server that says exactly what it is told, the command line.

pub mod cli;
pub mod contract;
pub mod raw;
pub mod tls;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
