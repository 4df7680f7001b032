//! What a package contains: its sources, the files they include, and what its readers need.

use std::fs;

use super::package::Package;
use crate::Error;
use crate::workspace::Tree;

/// Files that cargo itself writes into every package.
const BY_CARGO: [&str; 4] = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig"];

/// What sources include and READMEs link to: the name of the package, and a file or a folder that ends with `/`.
const INCLUDED: [(&str, &str); 5] = [
    ("openapi-review", "RULES.md"),
    ("openapi-review", "src/validate/openapi-3.0.schema.json"),
    ("purge-openapi", "login.yaml"),
    ("purge-openapi", "purge.yaml"),
    ("purge-sandbox", "assets/"),
];

/// The licence texts at the root: their names and contents.
pub(super) fn licences(tree: &Tree) -> Result<Vec<(String, String)>, Error> {
    let names = tree.committed("LICENSE*")?;
    let at_the_root = names.into_iter().filter(|name| !name.contains('/'));
    at_the_root.map(|name| Ok((name.clone(), tree.read(&name)?))).collect()
}

/// What is wrong with the list of files that `cargo package --list` prints.
pub(super) fn problems(
    tree: &Tree,
    package: &Package,
    list: &str,
    licences: &[(String, String)],
) -> Result<Vec<String>, Error> {
    let mut found = strangers(package, list, licences);
    if licences.is_empty() {
        found.push("no LICENSE text at the root of the workspace".to_owned());
    }
    let readme = "README.md".to_owned();
    let missing = std::iter::once(&readme)
        .chain(licences.iter().map(|(name, _)| name))
        .filter(|name| !list.lines().any(|file| file == **name))
        .map(|name| {
            format!(
                "{}/{name} is not in the package; add it there and to `include`",
                package.folder
            )
        });
    found.extend(missing);
    for (name, text) in licences.iter().filter(|(name, _)| list.lines().any(|file| file == name)) {
        // If links were not followed, the link itself would be packed.
        let packed = format!("{}/{name}", package.folder);
        if fs::read(tree.path(&packed)).is_ok_and(|bytes| bytes != text.as_bytes()) {
            found.push(format!("{packed} differs from {name} at the root; make it a link"));
        }
    }
    Ok(found)
}

/// The files that do not belong in the package.
fn strangers(package: &Package, list: &str, licences: &[(String, String)]) -> Vec<String> {
    let belongs = |file: &str| {
        let source = file.ends_with(".rs")
            && (file.starts_with("src/") || file.starts_with("examples/") || file == "build.rs");
        let included = INCLUDED.iter().any(|(name, include)| {
            *name == package.name
                && (file == *include || include.ends_with('/') && file.starts_with(include))
        });
        source
            || included
            || BY_CARGO.contains(&file)
            || file == "README.md"
            || licences.iter().any(|(name, _)| name == file)
    };
    list.lines()
        .filter(|file| !belongs(&file.replace('\\', "/")))
        .map(|file| {
            format!("{}/{file} does not belong in the package; narrow `include`", package.folder)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn foreign_files_are_named() {
        let check = |name: &str, list: &str, expected: &[&str]| {
            let package = Package::sample(&json!({ "name": name }));
            let licences = [("LICENSE-MIT".to_owned(), String::new())];
            assert_eq!(strangers(&package, list, &licences), expected);
        };
        let plain = ".cargo_vcs_info.json\nCargo.lock\nCargo.toml\nCargo.toml.orig\nLICENSE-MIT\n\
                     README.md\nbuild.rs\nexamples/a.rs\nsrc/a/b.rs\nsrc/lib.rs\n";
        check("good", plain, &[]);
        check("purge-sandbox", "assets/ui/style.css\n", &[]);
        check("purge-openapi", "purge.yaml\n", &[]);
        let strange = "does not belong in the package; narrow `include`";
        check(
            "good",
            "assets/a.css\ntests/a.rs\nsrc/snapshots/a.snap\nsrc/a.rs.orig\nLICENSE\n",
            &[
                &format!("good/assets/a.css {strange}"),
                &format!("good/tests/a.rs {strange}"),
                &format!("good/src/snapshots/a.snap {strange}"),
                &format!("good/src/a.rs.orig {strange}"),
                &format!("good/LICENSE {strange}"),
            ],
        );
    }
}
