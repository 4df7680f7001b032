//! The OpenAPI description of a CDN's Purge API as text, and the settings that turn it into Rust.
//!
//! Everything that needs the description takes it from here: the build script of `purge-api`, the
//! maintenance commands, the sandbox and the tests. So there is one copy of the text and one set of
//! generator settings.
//!
//! ```
//! assert!(purge_openapi::YAML.starts_with("# The only source of truth"));
//! ```
//!
//! | feature | what it adds |
//! |---|---|
//! | `json` | [`parse`]: a YAML or JSON text as a [`serde_json::Value`] |
//! | `codegen` | [`codegen`]: the Rust bindings of a document, for build scripts |

// Shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "json")]
mod document;
#[cfg(feature = "codegen")]
pub mod codegen;

#[cfg(feature = "json")]
pub use document::{ParseError, parse};

/// The description: OpenAPI 3.0.3, YAML.
pub const YAML: &str = include_str!("../purge.yaml");
