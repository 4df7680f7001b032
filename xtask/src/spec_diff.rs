//! `cargo xtask spec-diff`: what a change to the descriptions does to callers, on the wire and in Rust.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use openapi_review::text::plain;
use openapi_review::{Document, Format, Removal, Review, refusal};
use purge_openapi::codegen;
use semver::Version;
use serde_json::{Value, json};

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
    /// Two descriptions; by default, all those of the merge base and of the working tree
    #[arg(num_args = 2, value_names = ["OLD", "NEW"], conflicts_with = "base")]
    files: Vec<PathBuf>,
    /// The branch that the working tree will be merged into [default: origin/main, else main]
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// The format of the review
    #[arg(long, default_value = "text", value_parser = formats())]
    format: Format,
    /// Also write the review to a file, in any format
    #[arg(long, value_name = "FORMAT=FILE", value_parser = further)]
    also: Vec<(Format, PathBuf)>,
    /// Also compare the public API of the published crates, which takes minutes
    #[arg(long, conflicts_with = "files")]
    library: bool,
    /// The URL of the working tree, or of NEW, for readers: places become links to lines
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
    let reviews = reviewed(tree, options);
    written(&reviews, options.format, out)?;
    for (format, file) in &options.also {
        let mut text = Vec::new();
        written(&reviews, *format, &mut text)?;
        std::fs::write(file, text).map_err(|e| {
            Error::new(plain(&format!("{} could not be written: {e}", file.display())))
        })?;
    }
    Ok(match reviews {
        Ok(reviews) if reviews.iter().any(Review::fails) => BREAKING,
        Ok(_) => 0,
        Err(_) => INVALID,
    })
}

/// A review of each description.
fn reviewed(tree: &Tree, options: &Options) -> Result<Vec<Review>, Error> {
    if let [old, new] = options.files.as_slice() {
        let mut review = judge(&from_file(old)?, &from_file(new)?);
        review.link.clone_from(&options.link);
        return Ok(vec![review]);
    }
    let base = base(tree, options)?;
    let mut reviews = since(tree, &base)?;
    for review in &mut reviews {
        review.link = options.link.as_ref().map(|tree| format!("{tree}/{}", review.names.1));
    }
    if options.library {
        let commit = merge_base(tree, &base)?;
        let library = library::compare(tree, &commit, released(tree)?.as_ref())?;
        // The library is part of the first review that is shown.
        let first = reviews.iter().position(|review| !review.is_empty()).unwrap_or_default();
        reviews
            .iter_mut()
            .skip(first)
            .take(1)
            .for_each(|first| first.library = Some(library.clone()));
    }
    Ok(reviews)
}

/// Renders the reviews, or the reason why there is none, in the requested format.
fn written(
    reviews: &Result<Vec<Review>, Error>,
    format: Format,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match reviews {
        Ok(reviews) => openapi_review::render(reviews, format, out)?,
        Err(error) => refusal(&error.to_string(), format, out)?,
    }
    Ok(())
}

/// The last version that was released, by its tag.
fn released(tree: &Tree) -> Result<Option<Version>, Error> {
    let tags = tree.git(&["tag", "--merged", "HEAD", "--list", "v*"])?;
    Ok(tags.lines().filter_map(|tag| Version::parse(tag.strip_prefix('v')?).ok()).max())
}

fn base(tree: &Tree, options: &Options) -> Result<String, Error> {
    options.base.clone().or_else(|| default_base(tree)).ok_or_else(|| {
        Error::new(
            "there is neither origin/main nor main; name the base with --base, or give two files",
        )
    })
}

/// Reviews what changed in the working tree since it left `base`, in each description of either.
pub(crate) fn since(tree: &Tree, base: &str) -> Result<Vec<Review>, Error> {
    let commit = merge_base(tree, base)?;
    let (old, new) = (tree.descriptions_at(&commit)?, tree.descriptions()?);
    if old.is_empty() && new.is_empty() {
        return Err(Error::new(format!("there is no {SPEC}, either here or in {commit}")));
    }
    let all: BTreeSet<&String> = old.iter().chain(&new).collect();
    all.into_iter()
        .map(|path| {
            let before = match old.contains(path) {
                true => Some(at_commit(tree, &commit, path)?),
                false => None,
            };
            let after = match new.contains(path) {
                true => Some(parse(&tree.read(path)?, path)?),
                false => None,
            };
            Ok(match (before, after) {
                (Some(before), Some(after)) => judge(&before, &after),
                (None, Some(after)) => added(&after)?,
                (Some(before), None) => removed(tree, &before, path)?,
                (None, None) => return Err(Error::new(format!("there is no {path}"))),
            })
        })
        .collect()
}

fn added(after: &Document) -> Result<Review, Error> {
    let mut review = judge(&without_paths(after, "0.0.0", after.name())?, after);
    // There is no text in which the old places could be looked up.
    for change in &mut review.changes {
        change.old.iter_mut().for_each(|place| place.position = None);
    }
    Ok(review)
}

fn removed(tree: &Tree, before: &Document, path: &str) -> Result<Review, Error> {
    let version = before.value().pointer("/info/version").and_then(Value::as_str);
    let after = without_paths(before, version.unwrap_or_default(), path)?;
    let announced = library::names(tree, path)?;
    let remedy = library::naming(&format!("`{}`", plain(path)));
    Ok(judge(before, &after).with_removal(Removal { announced, remedy }))
}

/// What a new or removed description is compared with: the same one without operations.
fn without_paths(document: &Document, version: &str, name: &str) -> Result<Document, Error> {
    let mut value = document.value().clone();
    value["paths"] = json!({});
    value["info"]["version"] = json!(version);
    if let Some(components) = value.get_mut("components").and_then(Value::as_object_mut) {
        components.retain(|kind, _| kind == "securitySchemes");
    }
    parse(&value.to_string(), name)
}

/// Reviews both axes.
pub(crate) fn judge(old: &Document, new: &Document) -> Review {
    let generate = |value: &Value| codegen::generate(value).map_err(|e| e.to_string());
    let (old_bindings, new_bindings) = std::thread::scope(|scope| {
        let old = scope.spawn(|| generate(old.value()));
        let new = generate(new.value());
        (old.join().unwrap_or_else(|_| Err("the generator panicked".to_owned())), new)
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

/// Whether there is anything to compare with: the branch that adds the first description has no base.
pub(crate) fn is_at_merge_base(tree: &Tree, base: &str) -> Result<bool, Error> {
    Ok(!tree.descriptions_at(&merge_base(tree, base)?)?.is_empty())
}

fn at_commit(tree: &Tree, commit: &str, path: &str) -> Result<Document, Error> {
    let text = tree.git(&["show", &format!("{commit}:{path}")])?;
    // A short name leaves room for the place in the file.
    parse(&text, &format!("{}:{path}", commit.get(..9).unwrap_or(commit)))
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
