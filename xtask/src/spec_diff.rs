//! `cargo xtask spec-diff`: what a change to the description does to callers, on the wire and in Rust.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Error;
use crate::text::plain;
use crate::workspace::{SPEC, Tree, read};

// What is found, and how it is said.
mod message;
mod report;
mod rules;
mod docs;

// How two documents are compared.
mod walk;
mod document;
mod schema;
mod bounds;
mod shape;
mod parameter;
mod body;
mod security;
mod paths;
mod operation;

// Whether they can be, and what follows.
mod validate;
mod rust;
mod review;
mod markdown;
mod render;
#[cfg(any(test, fuzzing))]
pub mod fuzz;

pub use message::{Message, Piece};
pub use render::Format;
pub use report::{Change, Level};
pub use review::{Review, review};
pub use rules::Rule;
pub use rust::{RustDiff, rust};

/// The exit code when callers may break.
const BREAKING: u8 = 1;
/// The exit code when there is nothing to compare, as for bad usage.
const INVALID: u8 = 2;

pub(crate) const METHODS: [&str; 8] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing breaks, or info.version rises by a major; 1 callers may break; \
                        2 bad usage, or not a valid OpenAPI 3.0 document."
)]
pub(crate) struct Options {
    /// Two descriptions; without them, the merge base's and the working tree's
    #[arg(num_args = 2, value_names = ["OLD", "NEW"], conflicts_with = "base")]
    files: Vec<PathBuf>,
    /// What the working tree is to be merged into [default: origin/main, else main]
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// How the review is written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Options {
    pub(crate) fn base(base: String) -> Self {
        Self { files: Vec::new(), base: Some(base), format: Format::Text }
    }
}

pub(crate) fn run(tree: &Tree, options: &Options, out: &mut dyn Write) -> Result<u8, Error> {
    let review = match compared(tree, options) {
        Ok((old, new)) => review(&old, &new),
        // The comment on a pull request says it, in a form that nothing in a document can end.
        Err(error) if options.format == Format::Markdown => {
            render::refusal(&error.to_string(), out)?;
            return Ok(INVALID);
        }
        Err(error) => return Err(error),
    };
    review.render(options.format, out)?;
    Ok(if review.is_breaking() && !review.is_announced() { BREAKING } else { 0 })
}

/// The two documents that are to be compared.
fn compared(tree: &Tree, options: &Options) -> Result<(Value, Value), Error> {
    if let [old, new] = options.files.as_slice() {
        return Ok((from_file(old)?, from_file(new)?));
    }
    let base = options.base.clone().or_else(|| default_base(tree)).ok_or_else(|| {
        Error::new(
            "neither origin/main nor main is here; name the base with --base, or give two files",
        )
    })?;
    both(tree, &base)
}

/// Reviews what changed in the working tree since it left `base`.
pub(crate) fn since(tree: &Tree, base: &str) -> Result<Review, Error> {
    let (old, new) = both(tree, base)?;
    Ok(review(&old, &new))
}

/// Compares two OpenAPI 3.0 documents on the wire.
#[must_use]
pub fn wire(old: &Value, new: &Value) -> Vec<Change> {
    let mut walk = walk::Walk::new(walk::Pair { old: Some(old), new: Some(new) });
    walk.document();
    walk.changes
}

/// The branch that changes are merged into, where there is one.
pub(crate) fn default_base(tree: &Tree) -> Option<String> {
    let known = |name: &&str| {
        tree.git(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]).is_ok()
    };
    ["origin/main", "main"].into_iter().find(known).map(str::to_owned)
}

/// Whether there is anything to compare with: the first branch that brings the description has no base.
pub(crate) fn is_at_merge_base(tree: &Tree, base: &str) -> Result<bool, Error> {
    let name = name_at_merge_base(tree, base)?;
    Ok(tree.git(&["cat-file", "-e", &name]).is_ok())
}

fn both(tree: &Tree, base: &str) -> Result<(Value, Value), Error> {
    Ok((at_merge_base(tree, base)?, from_file(&tree.path(SPEC))?))
}

fn at_merge_base(tree: &Tree, base: &str) -> Result<Value, Error> {
    let name = name_at_merge_base(tree, base)?;
    let text =
        tree.git(&["show", &name]).map_err(|e| Error::new(plain(&format!("{name}: {e}"))))?;
    parse(&text, &name)
}

fn name_at_merge_base(tree: &Tree, base: &str) -> Result<String, Error> {
    // A reference must not be read as an option.
    let commit = tree.git(&["merge-base", "--", base, "HEAD"]).map_err(|e| {
        Error::new(plain(&format!(
            "no merge base of `{base}` and HEAD: {e}; fetch it with its history, or name another with --base"
        )))
    })?;
    Ok(format!("{}:{SPEC}", commit.trim()))
}

fn from_file(file: &Path) -> Result<Value, Error> {
    parse(&read(file)?, &file.display().to_string())
}

/// Reads a document and refuses it unless it is OpenAPI 3.0.
fn parse(text: &str, name: &str) -> Result<Value, Error> {
    let name = plain(name);
    let document = purge_openapi::parse(text)
        .map_err(|e| Error::new(format!("{name}: {}", plain(&e.to_string()))))?;
    let problems = validate::problems(&document);
    if problems.is_empty() {
        return Ok(document);
    }
    let shown: Vec<_> =
        problems.iter().take(5).map(|problem| format!("  {}", plain(problem))).collect();
    let more = problems.len().saturating_sub(shown.len());
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    Err(Error::new(format!(
        "{name} is not a valid OpenAPI 3.0 document:\n{}{more}",
        shown.join("\n")
    )))
}
