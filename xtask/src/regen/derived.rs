//! The list of derived files. A file is added by adding a line to [`FILES`].

use purge_openapi::codegen;
use serde_json::Value;

use super::{operations, reference};
use crate::Error;
use crate::tree::{SPEC, Tree};

pub(super) struct Derived {
    /// From the root of the workspace, with `/`.
    pub(super) path: &'static str,
    pub(super) committed: Option<String>,
    pub(super) text: String,
}

struct Source {
    /// The description as it is on disk, not the one that was compiled into this program.
    spec: Value,
    /// What the file holds now: some files are derived only in part.
    committed: Option<String>,
}

type Produce = fn(&Source) -> Result<String, Error>;

const FILES: &[(&str, Produce)] = &[
    ("purge-api/tests/snapshots/bindings.snap", bindings),
    ("openapi/README.md", operations_table),
    ("purge-cli/REFERENCE.md", command_line),
];

/// Derives everything before anything is written.
pub(super) fn files(tree: &Tree) -> Result<Vec<Derived>, Error> {
    let spec =
        purge_openapi::parse(&tree.read(SPEC)?).map_err(|e| Error::new(format!("{SPEC}: {e}")))?;
    FILES
        .iter()
        .map(|(path, produce)| {
            let source = Source { spec: spec.clone(), committed: tree.read_if_there(path)? };
            let text = produce(&source).map_err(|e| Error::new(format!("{path}: {e}")))?;
            Ok(Derived { path, committed: source.committed, text })
        })
        .collect()
}

/// Byte for byte what insta accepts in `purge-api/tests/bindings.rs`, which compares it with the text
/// that is compiled.
fn bindings(source: &Source) -> Result<String, Error> {
    let text = codegen::generate(&source.spec).map_err(|e| Error::new(e.to_string()))?;
    Ok(format!("---\nsource: purge-api/tests/bindings.rs\n---\n{}\n", text.trim_end()))
}

fn operations_table(source: &Source) -> Result<String, Error> {
    let committed = source.committed.as_deref().ok_or_else(|| {
        Error::new("missing; its text is written by hand, only a table in it is derived")
    })?;
    operations::replace_table(committed, &source.spec)
}

/// The one file that follows the code and not the description: the command line is defined there.
fn command_line(_: &Source) -> Result<String, Error> {
    Ok(reference::markdown(&purge_cli::command()))
}
