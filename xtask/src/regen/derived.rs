//! The list of derived files: those derived from the descriptions, and those derived from the command line, which
//! `purge_cli::derived_files` lists.

use std::collections::BTreeMap;
use std::iter;

use purge_openapi::codegen;
use serde_json::Value;

use super::{operations, picture};
use crate::Error;
use crate::workspace::Tree;

pub(super) struct Derived {
    /// Relative to the root of the workspace, with `/`.
    pub(super) path: String,
    pub(super) committed: Option<String>,
    /// `None` for a file that is left over.
    pub(super) text: Option<String>,
}

/// A description as it is on disk, not the one compiled into this program.
struct Description {
    /// Relative to the root of the workspace.
    path: String,
    text: Value,
}

/// The folder of the snapshots of the bindings, one for each description.
const SNAPSHOTS: &str = "purge-api/tests/snapshots";
/// Contains a table that is derived from all descriptions.
const README: &str = "openapi/README.md";

/// The folders in which every file is derived from the command line.
const FOLDERS: [&str; 3] = ["purge-cli/completions", "purge-cli/man", "purge-cli/schema"];

/// The picture of the command line in the README.
const PICTURE: &str = "docs/cdn-purge.svg";

/// Derives one file after another. Files derived from the descriptions come first: they are written even if the code
/// does not compile with them.
pub(super) fn files(tree: &Tree) -> impl Iterator<Item = Result<Derived, Error>> {
    let of_commands = || match command_line(tree) {
        Ok(files) => files.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    };
    let rules = iter::once_with(|| rules(tree)).filter_map(Result::transpose);
    described(tree).into_iter().chain(rules).chain(iter::once_with(of_commands).flatten())
}

fn described(tree: &Tree) -> Vec<Result<Derived, Error>> {
    let descriptions = match descriptions(tree) {
        Ok(descriptions) => descriptions,
        Err(error) => return vec![Err(error)],
    };
    let named = |path: &str, file: Result<Derived, Error>| {
        file.map_err(|e| Error::new(format!("{path}: {e}")))
    };
    let snapshots = descriptions.iter().map(|description| {
        let path = snapshot(&description.path);
        let file = bindings(tree, &path, description);
        named(&path, file)
    });
    let mut files: Vec<_> = snapshots.collect();
    files.push(named(README, operations_table(tree, &descriptions)));
    match left_over(tree, &descriptions) {
        Ok(others) => files.extend(others.into_iter().map(Ok)),
        Err(error) => files.push(Err(error)),
    }
    files
}

fn descriptions(tree: &Tree) -> Result<Vec<Description>, Error> {
    let read = |path: String| {
        let text = purge_openapi::parse(&tree.read(&path)?)
            .map_err(|e| Error::new(format!("{path}: {e}")))?;
        Ok(Description { path, text })
    };
    tree.descriptions()?.into_iter().map(read).collect()
}

fn snapshot(description: &str) -> String {
    let name = description.rsplit('/').next().unwrap_or_default().trim_end_matches(".yaml");
    format!("{SNAPSHOTS}/{name}.snap")
}

/// The snapshots of descriptions that are gone.
fn left_over(tree: &Tree, descriptions: &[Description]) -> Result<Vec<Derived>, Error> {
    let known: Vec<_> = descriptions.iter().map(|known| snapshot(&known.path)).collect();
    let mut others = Vec::new();
    for path in tree.files(SNAPSHOTS)? {
        if path.ends_with(".snap") && !known.contains(&path) {
            others.push(Derived { committed: tree.read_if_there(&path)?, path, text: None });
        }
    }
    Ok(others)
}

/// The rules of the review, derived from its code.
fn rules(tree: &Tree) -> Result<Option<Derived>, Error> {
    const HOME: &str = "spec-diff";
    if tree.read_if_there(&format!("{HOME}/Cargo.toml"))?.is_none() {
        return Ok(None);
    }
    let path = format!("{HOME}/RULES.md");
    let committed = tree.read_if_there(&path)?;
    Ok(Some(Derived { path, committed, text: Some(openapi_review::Rule::table()) }))
}

/// Byte for byte what insta accepts in `purge-api/tests/bindings.rs`, which compares it with the code
/// that is compiled.
fn bindings(tree: &Tree, path: &str, description: &Description) -> Result<Derived, Error> {
    let text = codegen::generate(&description.text).map_err(|e| Error::new(e.to_string()))?;
    let text = format!("---\nsource: purge-api/tests/bindings.rs\n---\n{}\n", text.trim_end());
    let committed = tree.read_if_there(path)?;
    Ok(Derived { path: path.to_owned(), committed, text: Some(text) })
}

fn operations_table(tree: &Tree, descriptions: &[Description]) -> Result<Derived, Error> {
    let committed = tree.read_if_there(README)?.ok_or_else(|| {
        Error::new("missing; only a table in it is derived, so restore the rest first")
    })?;
    let documents = descriptions.iter().map(|description| {
        let file = description.path.rsplit('/').next().unwrap_or_default();
        (file, &description.text)
    });
    let text = operations::replace_table(&committed, documents)?;
    Ok(Derived { path: README.to_owned(), committed: Some(committed), text: Some(text) })
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
