//! The maintenance commands: `cargo xtask regen`, `spec-diff`, `bench`, `ci` and `release-check`.
//!
//! ```
//! let mut out = Vec::new();
//! let code = xtask::run(["xtask", "spec-diff", "--help"], &mut out);
//! assert_eq!(code, 0);
//! assert!(String::from_utf8_lossy(&out).contains("two descriptions"));
//! ```

// Shared by the commands.
mod error;
mod workspace;
mod checklist;

// The commands.
mod library;
mod spec_diff;
pub mod regen;
pub mod release;
pub mod ci;
mod bench;
mod cli;

pub use cli::run;
pub use error::Error;
