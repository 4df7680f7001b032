//! The verifier over real HTTP on loopback.

mod asking;
mod server;
mod verdicts;
