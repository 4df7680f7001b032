//! `cargo xtask spec-diff`: what a change to the description does to callers, on the wire and in Rust.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use openapi_review::text::plain;
use openapi_review::{Document, Format, Review, refusal};
use purge_openapi::codegen;
use semver::Version;

use crate::workspace::{SPEC, Tree, read};
use crate::{Error, library};

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
    /// Writes the review in a further format, too
    #[arg(long, value_name = "FORMAT=FILE", value_parser = further)]
    also: Vec<(Format, PathBuf)>,
    /// Compares the public API of the published crates, too, which takes minutes
    #[arg(long, conflicts_with = "files")]
    library: bool,
    /// The address of the new description for readers: places become links to its lines
    #[arg(long, value_name = "URL")]
    link: Option<String>,
}

fn further(text: &str) -> Result<(Format, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("write FORMAT=FILE")?;
    let format = Format::ALL.into_iter().find(|(_, known, _)| *known == name);
    let (format, ..) = format.ok_or_else(|| format!("there is no format `{name}`"))?;
    Ok((format, PathBuf::from(file)))
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
        Self {
            files: Vec::new(),
            base: Some(base),
            format: Format::Text,
            also: Vec::new(),
            library: false,
            link: None,
        }
    }
}

pub(crate) fn run(tree: &Tree, options: &Options, out: &mut dyn Write) -> Result<u8, Error> {
    let review = compared(tree, options).and_then(|(old, new)| {
        let mut review = judge(&old, &new);
        review.link.clone_from(&options.link);
        if options.library {
            let commit = merge_base(tree, &base(tree, options)?)?;
            review.library = Some(library::compare(tree, &commit, released(tree)?.as_ref())?);
        }
        Ok(review)
    });
    written(&review, options.format, out)?;
    for (format, file) in &options.also {
        let mut text = Vec::new();
        written(&review, *format, &mut text)?;
        std::fs::write(file, text).map_err(|e| {
            Error::new(plain(&format!("{} could not be written: {e}", file.display())))
        })?;
    }
    Ok(match review {
        Ok(review) if review.fails() => BREAKING,
        Ok(_) => 0,
        Err(_) => INVALID,
    })
}

/// Renders the review, or the reason why there is none, in the requested format.
fn written(
    review: &Result<Review, Error>,
    format: Format,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match review {
        Ok(review) => review.render(format, out)?,
        Err(error) => refusal(&error.to_string(), format, out)?,
    }
    Ok(())
}

/// The last version that was released, by its tag.
fn released(tree: &Tree) -> Result<Option<Version>, Error> {
    let tags = tree.git(&["tag", "--merged", "HEAD", "--list", "v*"])?;
    Ok(tags.lines().filter_map(|tag| Version::parse(tag.strip_prefix('v')?).ok()).max())
}

/// The two documents that are to be compared.
fn compared(tree: &Tree, options: &Options) -> Result<(Document, Document), Error> {
    if let [old, new] = options.files.as_slice() {
        return Ok((from_file(old)?, from_file(new)?));
    }
    both(tree, &base(tree, options)?)
}

fn base(tree: &Tree, options: &Options) -> Result<String, Error> {
    options.base.clone().or_else(|| default_base(tree)).ok_or_else(|| {
        Error::new(
            "neither origin/main nor main is here; name the base with --base, or give two files",
        )
    })
}

/// Reviews what changed in the working tree since it left `base`.
pub(crate) fn since(tree: &Tree, base: &str) -> Result<Review, Error> {
    let (old, new) = both(tree, base)?;
    Ok(judge(&old, &new))
}

/// Reviews both axes.
pub(crate) fn judge(old: &Document, new: &Document) -> Review {
    let generate = |value: &serde_json::Value| codegen::generate(value).map_err(|e| e.to_string());
    let (old_bindings, new_bindings) = std::thread::scope(|scope| {
        let old = scope.spawn(|| generate(old.value()));
        let new = generate(new.value());
        (old.join().unwrap_or_else(|_| Err("the generator gave up".to_owned())), new)
    });
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

fn both(tree: &Tree, base: &str) -> Result<(Document, Document), Error> {
    Ok((at_merge_base(tree, base)?, parse(&tree.read(SPEC)?, SPEC)?))
}

fn at_merge_base(tree: &Tree, base: &str) -> Result<Document, Error> {
    let name = name_at_merge_base(tree, base)?;
    let text =
        tree.git(&["show", &name]).map_err(|e| Error::new(plain(&format!("{name}: {e}"))))?;
    let commit = name.split(':').next().unwrap_or_default();
    // A short name leaves room for the place in the file.
    parse(&text, &format!("{}:{SPEC}", commit.get(..9).unwrap_or(commit)))
}

fn name_at_merge_base(tree: &Tree, base: &str) -> Result<String, Error> {
    Ok(format!("{}:{SPEC}", merge_base(tree, base)?))
}

/// The commit at which the branch left its base.
pub(crate) fn merge_base(tree: &Tree, base: &str) -> Result<String, Error> {
    // A reference must not be read as an option.
    let commit = tree.git(&["merge-base", "--", base, "HEAD"]).map_err(|e| {
        Error::new(plain(&format!(
            "no merge base of `{base}` and HEAD: {e}; fetch it with its history, or name another with --base"
        )))
    })?;
    Ok(commit.trim().to_owned())
}

fn from_file(file: &Path) -> Result<Document, Error> {
    parse(&read(file)?, &file.display().to_string())
}

fn parse(text: &str, name: &str) -> Result<Document, Error> {
    Document::parse(name, text).map_err(|e| Error::new(e.to_string()))
}
