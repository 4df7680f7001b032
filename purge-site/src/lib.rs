#![doc = include_str!("../README.md")]

// Decisions, without I/O.
mod manifest;
mod difference;
mod spelling;
mod rules;

// I/O.
pub mod read;
mod baseline;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;

pub use baseline::{Baseline, BaselineError, Finished};
pub use difference::{Change, Difference};
pub use manifest::{Digest, Entry, Manifest, ManifestError, NameError, Stamp};
pub use rules::{Aliases, IndexError, RuleError, Rules, TemplateError};
