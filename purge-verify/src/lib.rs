#![doc = include_str!("../README.md")]

// Decisions, without I/O and without a clock.
mod digest;
mod answer;
mod verdict;
mod judge;

// What is asked, where, and how fast.
mod sample;
mod edge;
mod pace;

// What asks.
mod body;
mod client;
mod checked;
mod verifier;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;

pub use answer::{Answer, Body, Coding};
pub use checked::{Checked, Look};
pub use digest::Digest;
pub use edge::{Edge, EdgeError, Resolve};
pub use judge::{Elapsed, Expected, New, Offset, Origin, OriginAnswer, Question, Sight, judge};
pub use sample::sample;
pub use verdict::{Reason, Verdict};
pub use verifier::{Purge, Target, Verifier, VerifierBuilder};
