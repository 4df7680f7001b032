//! The licences of the dependencies, which must be distributed with the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Dist, failed};
use crate::Error;

/// The name of the file.
pub(super) const FILE: &str = "THIRD-PARTY-LICENSES.txt";

/// The C library in static binaries for Linux.
const MUSL: &str = include_str!("musl.txt");

/// How files with the terms of a package are named.
const NAMES: [&str; 6] = ["COPYING", "COPYRIGHT", "LICENCE", "LICENSE", "NOTICE", "UNLICENSE"];

pub(super) fn write(dist: &Dist<'_>, file: &Path) -> Result<(), Error> {
    let triple = dist.platform.triple;
    let metadata = dist.tree.cargo_metadata(&["--locked", "--filter-platform", triple])?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut list = String::new();
    let linked = linked(&metadata);
    for package in foreign(&metadata, &linked) {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let name = format!("{} {}", text("name"), text("version"));
        let source = format!("https://crates.io/crates/{}/{}", text("name"), text("version"));
        let _ = writeln!(list, "{name}: {}, {source}", text("license"));
        let folder = Path::new(text("manifest_path")).parent().unwrap_or(Path::new(""));
        for terms in terms(folder)? {
            texts.entry(terms).or_default().insert(name.clone());
        }
    }
    if triple.ends_with("-musl") {
        list.push_str("musl: MIT, https://musl.libc.org\n");
        texts.entry(MUSL.to_owned()).or_default().insert("musl".to_owned());
    }
    fs::write(file, render(&list, &texts)).map_err(|e| failed("written", file, &e))
}

fn render(list: &str, texts: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut out = format!(
        "cdn-purge contains, besides Rust's standard library (MIT OR Apache-2.0):\n\n{list}"
    );
    let rule = "-".repeat(80);
    for (text, names) in texts {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let _ = write!(out, "\n{rule}\n{}\n\n{}\n", names.join(", "), text.trim_end());
    }
    out
}

/// The IDs of the packages that are linked into the binary: all dependencies of `purge-cli` except those that are only
/// needed to build it.
fn linked(metadata: &Value) -> BTreeSet<&str> {
    let nodes = metadata["resolve"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let by_id: BTreeMap<_, _> =
        nodes.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut open: Vec<&str> = packages
        .filter(|package| package["name"] == "purge-cli")
        .filter_map(|package| package["id"].as_str())
        .collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let dependencies = by_id.get(id).and_then(|node| node["deps"].as_array());
        let dependencies = dependencies.into_iter().flatten().filter(|dependency| {
            let kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
            kinds.into_iter().any(|kind| kind["kind"].is_null())
        });
        open.extend(dependencies.filter_map(|dependency| dependency["pkg"].as_str()));
    }
    found
}

/// The third-party packages among these.
fn foreign<'a>(metadata: &'a Value, ids: &'a BTreeSet<&str>) -> impl Iterator<Item = &'a Value> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.filter(|package| {
        package["source"].is_string() && package["id"].as_str().is_some_and(|id| ids.contains(id))
    })
}

/// The terms in a package's folder.
fn terms(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(folder).map_err(|e| failed("read", folder, &e))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| failed("read", folder, &e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            let bytes = fs::read(&path).map_err(|e| failed("read", &path, &e))?;
            found.push(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_linked_packages_are_listed() {
        let node = |id: &str, on: &[(&str, Value)]| {
            let on: Vec<_> = on
                .iter()
                .map(|(id, kind)| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] }))
                .collect();
            json!({ "id": id, "deps": on })
        };
        let package = |id: &str, source: Value| json!({ "id": id, "name": id, "source": source });
        let registry = json!("registry+https://example.com/index");
        let metadata = json!({
            "packages": [
                package("purge-cli", Value::Null), package("ours", Value::Null),
                package("linked", registry.clone()), package("below", registry.clone()),
                package("generator", registry.clone()), package("test", registry),
            ],
            "resolve": { "nodes": [
                node("purge-cli", &[("ours", Value::Null), ("test", json!("dev"))]),
                node("ours", &[("linked", Value::Null), ("generator", json!("build"))]),
                node("linked", &[("below", Value::Null), ("linked", json!("dev"))]),
                node("below", &[]), node("generator", &[]), node("test", &[]),
            ] },
        });
        let linked = linked(&metadata);
        let names: Vec<_> = foreign(&metadata, &linked).map(|package| &package["name"]).collect();
        assert_eq!(names, ["linked", "below"]);
    }

    #[test]
    fn terms_are_found_by_their_name_and_grouped() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in
            [("LICENSE-MIT", "Be good.\r\n"), ("Copying.txt", "Be kind.\n"), ("README.md", "It.")]
        {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let mut found = terms(folder.path()).expect("terms");
        found.sort();
        assert_eq!(found, ["Be good.\n", "Be kind.\n"]);
        let names = BTreeSet::from(["a 1.0.0".to_owned(), "b 2.0.0".to_owned()]);
        let text = render("a\nb\n", &BTreeMap::from([(found[0].clone(), names)]));
        assert!(text.ends_with("---\na 1.0.0, b 2.0.0\n\nBe good.\n"), "{text}");
    }
}
