//! `cargo xtask spec-diff`: what a change to the description does to callers, on the wire and in Rust.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use openapi_review::text::plain;
use openapi_review::{Format, Review, refusal};
use purge_openapi::codegen;
use serde_json::Value;

use crate::Error;
use crate::workspace::{SPEC, Tree, read};

/// The exit code when callers may break.
const BREAKING: u8 = 1;
/// The exit code when there is nothing to compare, as for bad usage.
const INVALID: u8 = 2;

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
    #[arg(long, default_value = "text", value_parser = formats())]
    format: Format,
}

fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    let names = Format::ALL.map(|(_, name, what)| PossibleValue::new(name).help(what));
    PossibleValuesParser::new(names).map(|name| {
        let named = Format::ALL.into_iter().find(|(_, known, _)| *known == name);
        named.map_or(Format::Text, |(format, ..)| format)
    })
}

impl Options {
    pub(crate) fn base(base: String) -> Self {
        Self { files: Vec::new(), base: Some(base), format: Format::Text }
    }
}

pub(crate) fn run(tree: &Tree, options: &Options, out: &mut dyn Write) -> Result<u8, Error> {
    let review = match compared(tree, options) {
        Ok((old, new)) => judge(&old, &new),
        // The comment on a pull request says it, in a form that nothing in a document can end.
        Err(error) if options.format == Format::Markdown => {
            refusal(&error.to_string(), out)?;
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
    Ok(judge(&old, &new))
}

/// Reviews both axes.
pub(crate) fn judge(old: &Value, new: &Value) -> Review {
    let [old_bindings, new_bindings] =
        [old, new].map(|document| codegen::generate(document).map_err(|e| e.to_string()));
    openapi_review::review(old, new).with_bindings(
        old_bindings.as_deref().map_err(String::as_str),
        new_bindings.as_deref().map_err(String::as_str),
    )
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

fn parse(text: &str, name: &str) -> Result<Value, Error> {
    openapi_review::parse(name, text).map_err(|e| Error::new(e.to_string()))
}
