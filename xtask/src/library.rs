//! The library axis of a review: the public API of the crates that are published, compared with that of another
//! commit by cargo-semver-checks.
//!
//! The tool compares rustdoc's JSON for two crates. It could generate that itself, but would then resolve the
//! dependencies again; here, each tree is built with its own lock file, offline and by the stable toolchain.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use openapi_review::Library;
use semver::Version;
use serde_json::Value;

use crate::Error;
use crate::workspace::Tree;

mod named;

/// A library that is published.
struct Published {
    package: String,
    /// The name of the crate, which rustdoc uses for its files.
    library: String,
    /// From the root of the workspace.
    folder: String,
}

/// Compares the published libraries of the working tree with those of a commit. A break must raise the version above
/// `release`, the last one that was released. Before the first release, no program depends on a version, and breaks are
/// named in the changelog instead.
pub(crate) fn compare(
    tree: &Tree,
    commit: &str,
    release: Option<&Version>,
) -> Result<Library, Error> {
    let metadata = tree.metadata()?;
    let libraries = published(&metadata);
    if libraries.is_empty() {
        return Ok(skipped("no library is published"));
    }
    if !changed(tree, commit, &libraries)? {
        return Ok(Library::default());
    }
    let Ok(_) = tree.cargo(&["semver-checks", "--version"]) else {
        return Ok(skipped(
            "cargo-semver-checks is not installed; run `cargo install --locked cargo-semver-checks`",
        ));
    };
    let folder = tempfile::tempdir()
        .map_err(|e| Error::new(format!("no temporary folder could be created: {e}")))?;
    let base = check_out(tree, commit, folder.path())?;
    let base_metadata = base.metadata()?;
    let old = version(&base_metadata, &libraries);
    let new = version(&metadata, &libraries);
    let earlier = published(&base_metadata);
    let mut breaking = gone(&earlier, &libraries);
    for library in &libraries {
        // A new library breaks no program.
        if earlier.iter().any(|other| other.package == library.package) {
            breaking.extend(differences(tree, &base, library, folder.path())?);
        }
    }
    let before = release.cloned().or(old);
    let raised = matches!((&before, &new), (Some(old), Some(new)) if rises(old, new));
    let unnamed = match release {
        Some(_) => breaking.clone(),
        None => named::unnamed(&tree.read(named::FILE).unwrap_or_default(), &breaking),
    };
    let remedy = release.is_none().then(|| remedy(&unnamed));
    let text = |version: Option<Version>| version.map_or_else(String::new, |v| v.to_string());
    let announced = raised || unnamed.is_empty();
    Ok(Library { breaking, skipped: None, versions: (text(before), text(new)), announced, remedy })
}

fn remedy(unnamed: &[String]) -> String {
    let which = match unnamed.len() {
        1 => "it".to_owned(),
        count => format!("all {count}"),
    };
    naming(&format!("{which} in code"))
}

/// How to announce a break that no version can announce.
pub(crate) fn naming(which: &str) -> String {
    format!("name {which} under `### Breaking` of Unreleased in {}", named::FILE)
}

/// Whether the changelog names a file under `### Breaking` of Unreleased.
pub(crate) fn names(tree: &Tree, file: &str) -> Result<bool, Error> {
    let changelog = tree.read_if_there(named::FILE)?.unwrap_or_default();
    Ok(named::has(&changelog, file))
}

fn skipped(why: &str) -> Library {
    Library { skipped: Some(why.to_owned()), ..Library::default() }
}

/// The libraries that are no longer published, one line each.
fn gone(earlier: &[Published], now: &[Published]) -> Vec<String> {
    let is_gone = |old: &&Published| now.iter().all(|library| library.package != old.package);
    let line = |old: &Published| format!("{}: no longer published", old.package);
    earlier.iter().filter(is_gone).map(line).collect()
}

/// Whether any source of the libraries differs, or any manifest: one may have been removed.
fn changed(tree: &Tree, commit: &str, libraries: &[Published]) -> Result<bool, Error> {
    let mut arguments = vec!["diff", "--name-only", commit, "--", "*Cargo.toml", "Cargo.lock"];
    arguments.extend(libraries.iter().map(|library| library.folder.as_str()));
    Ok(!tree.git(&arguments)?.trim().is_empty())
}

fn published(metadata: &Value) -> Vec<Published> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter(|package| package["publish"] != serde_json::json!([]))
        .filter_map(|package| {
            let targets = package["targets"].as_array()?;
            let library = targets.iter().find(|target| {
                target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k == "lib"))
            })?;
            let manifest = Path::new(package["manifest_path"].as_str()?);
            let folder = manifest.parent()?.strip_prefix(root).ok()?;
            Some(Published {
                package: package["name"].as_str()?.to_owned(),
                library: library["name"].as_str()?.replace('-', "_"),
                folder: folder.to_str()?.to_owned(),
            })
        })
        .collect()
}

/// The version that all libraries share.
fn version(metadata: &Value, libraries: &[Published]) -> Option<Version> {
    let package = metadata["packages"].as_array()?.iter().find(|package| {
        libraries.iter().any(|library| package["name"] == library.package.as_str())
    })?;
    Version::parse(package["version"].as_str()?).ok()
}

/// Whether a version rises far enough for a break: in its leftmost number that is not zero.
fn rises(old: &Version, new: &Version) -> bool {
    let leading = |version: &Version| match (version.major, version.minor) {
        (0, 0) => (0, 0, version.patch),
        (0, minor) => (0, minor, 0),
        (major, _) => (major, 0, 0),
    };
    leading(new) > leading(old)
}

/// The tree of a commit, in a folder of its own.
fn check_out(tree: &Tree, commit: &str, folder: &Path) -> Result<Tree, Error> {
    let base = folder.join("base");
    let text = |path: &Path| path.display().to_string();
    tree.git(&[
        "clone",
        "--quiet",
        "--shared",
        "--no-checkout",
        &text(&tree.path("")),
        &text(&base),
    ])?;
    let base = Tree::find(Some(base))?;
    base.git(&["checkout", "--quiet", "--detach", commit])?;
    Ok(base)
}

fn differences(
    tree: &Tree,
    base: &Tree,
    library: &Published,
    folder: &Path,
) -> Result<Vec<String>, Error> {
    let old = described(base, tree, library, &folder.join("old.json"))?;
    let new = described(tree, tree, library, &folder.join("new.json"))?;
    let mut command = tree.cargo_command(&["semver-checks", "--release-type", "minor"]);
    command.args(["--color", "never", "--baseline-rustdoc"]).arg(&old);
    command.arg("--current-rustdoc").arg(&new);
    let out = command
        .output()
        .map_err(|e| Error::new(format!("cargo-semver-checks could not be started: {e}")))?;
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let roots = [base, tree].map(|tree| tree.path("").display().to_string());
    let found = failures(&said, &library.package, &roots.each_ref().map(String::as_str));
    if !out.status.success() && found.is_empty() {
        let complaint = String::from_utf8_lossy(&out.stderr);
        return Err(Error::new(format!("cargo-semver-checks failed: {}", complaint.trim())));
    }
    Ok(found)
}

/// Writes rustdoc's JSON for a library to a file. Both trees share a target folder.
fn described(of: &Tree, tree: &Tree, library: &Published, file: &Path) -> Result<PathBuf, Error> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| tree.path("target"), PathBuf::from);
    let mut command = of.cargo_command(&["rustdoc", "--quiet", "--locked", "--offline", "--lib"]);
    command.args(["--all-features", "--package", &library.package, "--target-dir"]).arg(&target);
    command.args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"]);
    // The format of rustdoc's JSON is not stable; the tool supports that of each toolchain.
    command.env("RUSTC_BOOTSTRAP", "1");
    run(command)?;
    let made = target.join("doc").join(format!("{}.json", library.library));
    fs::copy(&made, file)
        .map_err(|e| Error::new(format!("{} could not be copied: {e}", made.display())))?;
    Ok(file.to_owned())
}

fn run(mut command: Command) -> Result<(), Error> {
    let out = command
        .output()
        .map_err(|e| Error::new(format!("cargo rustdoc could not be started: {e}")))?;
    if out.status.success() {
        return Ok(());
    }
    Err(Error::new(format!("cargo rustdoc: {}", String::from_utf8_lossy(&out.stderr).trim())))
}

/// The findings of the tool: a line for each place of each failure.
fn failures(said: &str, package: &str, roots: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut lint = "";
    let mut places = false;
    for line in said.lines() {
        if let Some(rest) = line.strip_prefix("--- failure ") {
            lint = rest.split(':').next().unwrap_or(rest);
            places = false;
        } else if line.trim_end() == "Failed in:" {
            places = true;
        } else if line.trim().is_empty() {
            places = false;
        } else if places {
            let place = roots.iter().fold(line.trim().to_owned(), |place, root| {
                place.replace(&format!("{}/", root.trim_end_matches('/')), "")
            });
            found.push(format!("{package}: {}: {place}", lint.replace('_', " ")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_of_a_failure_is_a_line() {
        let said = "--- failure enum_missing: pub enum removed or renamed ---\n\nDescription:\nA publicly-visible \
                    enum cannot be imported.\n        ref: https://doc.rust-lang.org\n\nFailed in:\n  enum \
                    a::B, previously in file /tmp/x/base/a/src/lib.rs:3\n  enum a::C, previously in file \
                    /tmp/x/base/a/src/lib.rs:7\n\n--- failure function_missing: pub fn removed ---\n\nFailed in:\n  \
                    function a::f, previously in file /tmp/x/base/a/src/lib.rs:1\n";
        assert_eq!(
            failures(said, "a", &["/tmp/x/base"]),
            [
                "a: enum missing: enum a::B, previously in file a/src/lib.rs:3",
                "a: enum missing: enum a::C, previously in file a/src/lib.rs:7",
                "a: function missing: function a::f, previously in file a/src/lib.rs:1",
            ]
        );
        assert_eq!(failures("Summary no semver update required\n", "a", &["/tmp"]), [""; 0]);
    }

    #[test]
    fn a_library_that_is_no_longer_published_breaks_programs() {
        let metadata = |names: &[(&str, Value)]| {
            let package = |(name, publish): &(&str, Value)| {
                serde_json::json!({
                    "name": name, "manifest_path": format!("/w/{name}/Cargo.toml"), "publish": publish,
                    "targets": [{ "name": name, "kind": ["lib"] }],
                })
            };
            let packages: Vec<_> = names.iter().map(package).collect();
            published(&serde_json::json!({ "workspace_root": "/w", "packages": packages }))
        };
        let never = || serde_json::json!([]);
        let old = [("a", Value::Null), ("b", Value::Null), ("c", Value::Null), ("d", never())];
        let new = [("a", Value::Null), ("b", never()), ("e", Value::Null)];
        let lines = ["b: no longer published", "c: no longer published"];
        assert_eq!(gone(&metadata(&old), &metadata(&new)), lines);
        assert_eq!(
            named::unnamed(
                "\n## [Unreleased]\n\n### Breaking\n\n- `b` is gone.\n",
                &lines.map(str::to_owned)
            ),
            lines[1..]
        );
    }

    #[test]
    fn a_break_raises_the_leftmost_number_that_is_not_zero() {
        let check = |old: &str, new: &str, expected: bool| {
            let version = |text| Version::parse(text).expect("a version");
            assert_eq!(rises(&version(old), &version(new)), expected, "{old} {new}");
        };
        check("0.1.0", "0.1.1", false);
        check("0.1.0", "0.2.0", true);
        check("0.0.1", "0.0.2", true);
        check("1.0.0", "1.1.0", false);
        check("1.9.0", "2.0.0", true);
        check("1.0.0", "1.0.0", false);
    }
}
