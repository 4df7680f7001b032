//! The OpenAPI descriptions of a CDN's Purge API and of its login as text, and the settings for generating Rust from
//! them.
//!
//! The build script of `purge-api`, the maintenance commands, the sandbox and the tests all use this crate. So there
//! is one copy of each description and one set of generator settings.
//!
//! ```
//! assert!(purge_openapi::PURGE.yaml.starts_with("# The only source of truth"));
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

/// A description: an OpenAPI 3.0.3 document that is written by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The name of its file without `.yaml`.
    pub name: &'static str,
    /// Its text.
    pub yaml: &'static str,
}

/// The operations that create and list purge requests.
pub const PURGE: Description = Description { name: "purge", yaml: include_str!("../purge.yaml") };

/// The operation that issues tokens.
pub const LOGIN: Description = Description { name: "login", yaml: include_str!("../login.yaml") };

/// All descriptions. Whatever is done with one description is done with all of these.
pub const DESCRIPTIONS: [Description; 2] = [PURGE, LOGIN];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_the_folder_is_listed() {
        let folder = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the folder");
        let files = folder.map(|file| file.expect("a file").path());
        let is_document = |path: &std::path::PathBuf| {
            path.extension().is_some_and(|extension| extension == "yaml")
                && std::fs::read_to_string(path).expect("a text").contains("\nopenapi: 3.")
        };
        let mut there: Vec<_> = files.filter(is_document).collect();
        there.sort();
        let names: Vec<_> = there.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
        let mut listed = DESCRIPTIONS.map(|description| description.name);
        listed.sort_unstable();
        assert_eq!(names, listed);
    }
}
