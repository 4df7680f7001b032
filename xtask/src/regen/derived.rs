//! The list of derived files. A file is added by adding a line to [`FILES`].

use purge_openapi::codegen;
use serde_json::Value;

use super::operations;
use crate::Error;
use crate::tree::{SPEC, Tree};

pub(super) struct Derived {
    /// From the root of the workspace, with `/`.
    pub(super) path: &'static str,
    pub(super) committed: Option<String>,
    pub(super) text: String,
}

struct Source<'a> {
    tree: &'a Tree,
    /// The description as it is on disk, not the one that was compiled into this program.
    spec: Value,
    /// What the file holds now: some files are derived only in part.
    committed: Option<String>,
}

/// The text of a file; nothing in a tree that has no use for it.
type Produce = fn(&Source<'_>) -> Result<Option<String>, Error>;

/// What follows the description stands first: it is written even when the code does not compile with it.
const FILES: &[(&str, Produce)] = &[
    ("purge-api/tests/snapshots/bindings.snap", bindings),
    ("openapi/README.md", operations_table),
    ("purge-cli/REFERENCE.md", command_line),
];

/// Derives one file after the other.
pub(super) fn files(tree: &Tree) -> impl Iterator<Item = Result<Derived, Error>> {
    FILES.iter().filter_map(move |(path, produce)| {
        derive(tree, path, *produce).map_err(|e| Error::new(format!("{path}: {e}"))).transpose()
    })
}

fn derive(tree: &Tree, path: &'static str, produce: Produce) -> Result<Option<Derived>, Error> {
    let spec =
        purge_openapi::parse(&tree.read(SPEC)?).map_err(|e| Error::new(format!("{SPEC}: {e}")))?;
    let source = Source { tree, spec, committed: tree.read_if_there(path)? };
    let text = produce(&source)?;
    Ok(text.map(|text| Derived { path, committed: source.committed, text }))
}

/// Byte for byte what insta accepts in `purge-api/tests/bindings.rs`, which compares it with the text
/// that is compiled.
fn bindings(source: &Source<'_>) -> Result<Option<String>, Error> {
    let text = codegen::generate(&source.spec).map_err(|e| Error::new(e.to_string()))?;
    Ok(Some(format!("---\nsource: purge-api/tests/bindings.rs\n---\n{}\n", text.trim_end())))
}

fn operations_table(source: &Source<'_>) -> Result<Option<String>, Error> {
    let committed = source.committed.as_deref().ok_or_else(|| {
        Error::new("missing; its text is written by hand, only a table in it is derived")
    })?;
    operations::replace_table(committed, &source.spec).map(Some)
}

/// The one file that follows the code and not the description: the command line is defined there.
fn command_line(source: &Source<'_>) -> Result<Option<String>, Error> {
    if source.tree.read_if_there("purge-cli/Cargo.toml")?.is_none() {
        return Ok(None);
    }
    let program =
        ["run", "--quiet", "--package=xtask", "--features=command-line", "--bin=reference"];
    let page = source.tree.cargo(&program).map_err(|e| {
        let first = e.to_string().lines().find(|line| line.starts_with("error")).map(str::to_owned);
        let why = first.unwrap_or_else(|| e.to_string());
        Error::new(format!("purge-cli does not build ({why}); mend it, and run this again"))
    })?;
    Ok(Some(page))
}
