//! The list of derived files. Those derived from the description are added in [`FILES`], those derived from
//! the command line in `purge_cli::derived_files`.

use std::collections::BTreeMap;
use std::iter;

use purge_openapi::codegen;
use serde_json::Value;

use super::{operations, picture};
use crate::Error;
use crate::workspace::{SPEC, Tree};

pub(super) struct Derived {
    /// Relative to the root of the workspace, with `/`.
    pub(super) path: String,
    pub(super) committed: Option<String>,
    /// `None` for a file that is left over.
    pub(super) text: Option<String>,
}

struct Source {
    /// The description as it is on disk, not the one compiled into this program.
    spec: Value,
    /// The current contents of the file: some files are derived only in part.
    committed: Option<String>,
}

type Produce = fn(&Source) -> Result<String, Error>;

/// Files derived from the description come first: they are written even if the code does not compile with
/// it.
const FILES: &[(&str, Produce)] = &[
    ("purge-api/tests/snapshots/bindings.snap", bindings),
    ("openapi/README.md", operations_table),
];

/// The folders in which every file is derived from the command line.
const FOLDERS: [&str; 3] = ["purge-cli/completions", "purge-cli/man", "purge-cli/schema"];

/// The picture of the command line in the README.
const PICTURE: &str = "docs/cdn-purge.svg";

/// Derives one file after another.
pub(super) fn files(tree: &Tree) -> impl Iterator<Item = Result<Derived, Error>> {
    let described = FILES.iter().map(|(path, produce)| {
        derive(tree, path, *produce).map_err(|e| Error::new(format!("{path}: {e}")))
    });
    let of_commands = || match command_line(tree) {
        Ok(files) => files.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    };
    let rules = iter::once_with(|| rules(tree)).filter_map(Result::transpose);
    described.chain(rules).chain(iter::once_with(of_commands).flatten())
}

/// The rules of the review, which follow its code.
fn rules(tree: &Tree) -> Result<Option<Derived>, Error> {
    const HOME: &str = "spec-diff";
    if tree.read_if_there(&format!("{HOME}/Cargo.toml"))?.is_none() {
        return Ok(None);
    }
    let path = format!("{HOME}/RULES.md");
    let committed = tree.read_if_there(&path)?;
    Ok(Some(Derived { path, committed, text: Some(openapi_review::Rule::table()) }))
}

fn derive(tree: &Tree, path: &str, produce: Produce) -> Result<Derived, Error> {
    let spec =
        purge_openapi::parse(&tree.read(SPEC)?).map_err(|e| Error::new(format!("{SPEC}: {e}")))?;
    let source = Source { spec, committed: tree.read_if_there(path)? };
    let text = Some(produce(&source)?);
    Ok(Derived { path: path.to_owned(), committed: source.committed, text })
}

/// Byte for byte what insta accepts in `purge-api/tests/bindings.rs`, which compares it with the code that
/// is compiled.
fn bindings(source: &Source) -> Result<String, Error> {
    let text = codegen::generate(&source.spec).map_err(|e| Error::new(e.to_string()))?;
    Ok(format!("---\nsource: purge-api/tests/bindings.rs\n---\n{}\n", text.trim_end()))
}

fn operations_table(source: &Source) -> Result<String, Error> {
    let committed = source.committed.as_deref().ok_or_else(|| {
        Error::new("missing; only a table in it is derived, so restore the rest first")
    })?;
    operations::replace_table(committed, &source.spec)
}

/// The files derived from the code and not from the description: the command line is defined there.
fn command_line(tree: &Tree) -> Result<Vec<Derived>, Error> {
    const HOME: &str = "purge-cli";
    if tree.read_if_there("purge-cli/Cargo.toml")?.is_none() {
        return Ok(Vec::new());
    }
    let program =
        ["run", "--quiet", "--package=xtask", "--features=command-line", "--bin=reference"];
    let printed = tree.cargo(&program).map_err(|e| {
        let first = e.to_string().lines().find(|line| line.starts_with("error")).map(str::to_owned);
        let why = first.unwrap_or_else(|| e.to_string());
        Error::new(format!("{HOME} does not build ({why}); fix it, then run this again"))
    })?;
    let texts: BTreeMap<String, String> = serde_json::from_str(&printed)
        .map_err(|e| Error::new(format!("`reference` printed invalid JSON: {e}")))?;
    let picture = Derived {
        committed: tree.read_if_there(PICTURE)?,
        path: PICTURE.to_owned(),
        text: Some(picture::svg(tree)?),
    };
    let mut files = vec![picture];
    for (path, text) in texts {
        let path = format!("{HOME}/{path}");
        files.push(Derived { committed: tree.read_if_there(&path)?, path, text: Some(text) });
    }
    for folder in FOLDERS {
        for path in tree.files(folder)? {
            if files.iter().all(|file| file.path != path) {
                files.push(Derived { committed: tree.read_if_there(&path)?, path, text: None });
            }
        }
    }
    Ok(files)
}
