//! Reviews a change of an OpenAPI 3.0 description: what it does to callers, on the wire and in the Rust code that
//! is generated from it.
//!
//! Documents go in, changes come out; rendering them is apart.
//!
//! ```
//! let old = "openapi: 3.0.3\ninfo: { title: Things, version: 1.0.0 }\npaths: {}\n";
//! let new = old.replace("1.0.0", "1.1.0");
//! let old = openapi_review::parse("old.yaml", old)?;
//! let new = openapi_review::parse("new.yaml", &new)?;
//! let review = openapi_review::review(&old, &new);
//! assert!(!review.is_breaking());
//! # Ok::<(), openapi_review::Invalid>(())
//! ```

mod body;
mod bounds;
mod change;
mod docs;
mod input;
mod markdown;
mod message;
mod operation;
mod parameter;
mod paths;
mod render;
mod review;
mod root;
mod rules;
mod rust;
mod schema;
mod security;
mod shape;
pub mod text;
mod validate;
mod walk;

pub use change::{Change, Level};
pub use input::{Invalid, parse};
pub use message::{Message, Piece};
pub use render::{Format, refusal};
pub use review::{Review, review};
pub use rules::Rule;
pub use rust::RustDiff;

use serde_json::Value;

/// The methods that a path can have, as the specification lists them.
pub const METHODS: [&str; 8] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Compares two OpenAPI 3.0 documents on the wire.
#[must_use]
pub fn wire(old: &Value, new: &Value) -> Vec<Change> {
    let mut walk = walk::Walk::new(walk::Pair { old: Some(old), new: Some(new) });
    walk.document();
    walk.changes
}
