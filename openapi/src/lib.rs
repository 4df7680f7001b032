//! The OpenAPI description of a CDN's Purge API as text, and the settings for generating Rust from it.
//!
//! The build script of `purge-api`, the maintenance commands, the sandbox and the tests all use this crate. So there
//! is one copy of the description and one set of generator settings.
//!
//! ```
//! assert!(purge_openapi::YAML.starts_with("# The only source of truth"));
//! ```
//!
//! | feature | what it adds |
//! |---|---|
//! | `json` | [`parse`]: parses YAML or JSON into a [`serde_json::Value`] |
//! | `codegen` | [`codegen`]: generates the Rust bindings of a document, for build scripts |

// Shows which feature an item requires.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "json")]
mod document;
#[cfg(feature = "codegen")]
pub mod codegen;

#[cfg(feature = "json")]
pub use document::{ParseError, parse};

/// The description: OpenAPI 3.0.3, YAML.
pub const YAML: &str = include_str!("../purge.yaml");
