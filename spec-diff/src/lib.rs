//! Reviews a change of an OpenAPI 3.0 description: what it does to callers, on the wire and in the Rust code that
//! is generated from it.
//!
//! Documents go in, changes come out; rendering is separate.
//!
//! ```
//! let old = "openapi: 3.0.3\ninfo: { title: Things, version: 1.0.0 }\npaths: {}\n";
//! let new = old.replace("1.0.0", "1.1.0");
//! let old = openapi_review::Document::parse("old.yaml", old)?;
//! let new = openapi_review::Document::parse("new.yaml", &new)?;
//! let review = openapi_review::review(&old, &new);
//! assert!(!review.is_breaking());
//! # Ok::<(), openapi_review::Invalid>(())
//! ```

pub mod text;
mod level;
mod rules;
mod message;
mod change;
mod wire;
mod validate;
mod input;
mod rust;
mod library;
mod review;
mod render;

pub use change::{Change, Place, Position};
pub use input::{Document, Invalid};
pub use level::Level;
pub use library::Library;
pub use message::{Message, Piece};
pub use render::{Format, refusal, render};
pub use review::{Removal, Review, review};
pub use rules::Rule;
pub use rust::RustDiff;
pub use wire::wire;

/// The methods that a path can have, as the specification lists them.
pub const METHODS: [&str; 8] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
