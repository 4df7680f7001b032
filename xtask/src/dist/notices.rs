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
const MUSL: &str = include_str!("terms/musl.txt");

/// Licences that name no holder, for packages that do not contain the text.
const LICENCES: [(&str, &str); 2] = [
    ("Apache-2.0", include_str!("../../../LICENSE-APACHE")),
    ("MPL-2.0", include_str!("terms/mpl-2.0.txt")),
];

/// The terms of packages that do not contain them, from their repositories.
const OF_PACKAGES: [(&str, &str); 1] = [("alloc-stdlib", include_str!("terms/alloc-stdlib.txt"))];

/// How files with the terms of a package are named.
const NAMES: [&str; 6] = ["COPYING", "COPYRIGHT", "LICENCE", "LICENSE", "NOTICE", "UNLICENSE"];

/// Writes the file, and returns the packages whose terms are missing.
pub(super) fn write(dist: &Dist<'_>, file: &Path) -> Result<Vec<String>, Error> {
    let triple = dist.platform.triple;
    let metadata = dist.tree.cargo_metadata(&["--locked", "--filter-platform", triple])?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut list = String::new();
    let mut missing = Vec::new();
    let linked = linked(dist)?;
    for package in foreign(&metadata, &linked) {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let name = format!("{} {}", text("name"), text("version"));
        let source = format!("https://crates.io/crates/{}/{}", text("name"), text("version"));
        let _ = writeln!(list, "{name}: {}, {source}", text("license"));
        let folder = Path::new(text("manifest_path")).parent().unwrap_or(Path::new(""));
        let mut terms = terms(folder)?;
        if terms.is_empty() {
            terms.extend(known(text("name"), text("license")).map(str::to_owned));
        }
        if terms.is_empty() {
            let licence = text("license");
            missing.push(format!(
                "{name} ({licence}) does not contain its terms; add them to xtask/src/dist/terms"
            ));
        }
        for terms in terms {
            texts.entry(terms).or_default().insert(name.clone());
        }
    }
    if triple.ends_with("-musl") {
        list.push_str("musl: MIT, https://musl.libc.org\n");
        texts.entry(MUSL.to_owned()).or_default().insert("musl".to_owned());
    }
    fs::write(file, render(&list, &texts)).map_err(|e| failed("written", file, &e))?;
    Ok(missing)
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

/// The packages that are linked into the binary, each as `NAME VERSION`. Macros and the generator of the bindings only run
/// while it is built; only cargo's own resolver knows which features the others have.
fn linked(dist: &Dist<'_>) -> Result<BTreeSet<String>, Error> {
    let platform = format!("--target={}", dist.platform.triple);
    let tree = dist.tree.cargo(&[
        "tree",
        "--locked",
        "--package=purge-cli",
        &platform,
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={p}",
    ])?;
    Ok(tree.lines().filter_map(package).collect())
}

/// The package of a line of `cargo tree`, such as `clap v4.6.9 (*)`.
fn package(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
}

/// The third-party packages among these.
fn foreign<'a>(
    metadata: &'a Value,
    names: &'a BTreeSet<String>,
) -> impl Iterator<Item = &'a Value> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.filter(|package| {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        package["source"].is_string()
            && names.contains(&format!("{} {}", text("name"), text("version")))
    })
}

/// The terms of a package that does not contain them: its own, or those of a licence that it may be used under.
fn known(package: &str, licence: &str) -> Option<&'static str> {
    let of = |table: &[(&str, &'static str)], wanted: &str| {
        table.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text)
    };
    let mut choices = licence.split(" OR ").flat_map(|part| part.split('/')).map(str::trim);
    of(&OF_PACKAGES, package).or_else(|| choices.find_map(|choice| of(&LICENCES, choice)))
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
    fn only_linked_packages_of_others_are_listed() {
        let names: BTreeSet<String> =
            ["ours v0.1.0 (/purge/ours)", "linked v1.0.0+a", "linked v1.0.0+a (*)", ""]
                .into_iter()
                .filter_map(package)
                .collect();
        let package = |name: &str, version: &str, source: Value| json!({ "name": name, "version": version, "source": source });
        let registry = json!("registry+https://example.com/index");
        let metadata = json!({ "packages": [
            package("ours", "0.1.0", Value::Null),
            package("linked", "1.0.0+a", registry.clone()),
            package("linked", "2.0.0", registry.clone()),
            package("generator", "1.0.0+a", registry),
        ] });
        let found: Vec<_> = foreign(&metadata, &names).map(|package| &package["version"]).collect();
        assert_eq!(found, ["1.0.0+a"]);
    }

    #[test]
    fn a_package_without_terms_needs_known_ones() {
        for (package, licence, start) in [
            ("a", "Apache-2.0", Some("Apache License")),
            ("a", "BSD-3-Clause/MPL-2.0", Some("Mozilla Public License")),
            ("a", "MIT OR Apache-2.0", Some("Apache License")),
            ("alloc-stdlib", "BSD-3-Clause", Some("Copyright (c) 2016 Dropbox, Inc.")),
            ("a", "BSD-3-Clause", None),
            ("a", "MIT AND Apache-2.0", None),
            ("a", "", None),
        ] {
            let found = known(package, licence);
            let begins =
                found.zip(start).is_some_and(|(text, start)| text.trim().starts_with(start));
            assert!(begins || (found, start) == (None, None), "{package} {licence}: {found:?}");
        }
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
