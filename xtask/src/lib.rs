//! The maintenance commands: `cargo xtask regen`, `spec-diff`, `bench`, `ci` and `release-check`.
//!
//! ```
//! let mut out = Vec::new();
//! let code = xtask::run(["xtask", "spec-diff", "--help"], &mut out);
//! assert_eq!(code, 0);
//! assert!(String::from_utf8_lossy(&out).contains("two descriptions"));
//! ```

mod bench;
mod checklist;
pub mod ci;
mod cli;
mod error;
pub mod regen;
pub mod release;
pub mod spec_diff;
mod text;
mod workspace;

pub use cli::run;
pub use error::Error;
