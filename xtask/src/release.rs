//! `cargo xtask release-check`: the conditions for publishing the crates, one line each.
//!
//! `ci` also checks those that can hold between two releases, so that a violation shows in the pull request that causes
//! it, and not only on the day of the release.

use std::fs;
use std::io::Write;

use semver::Version;

use crate::checklist::{self, Claim, Outcome};
use crate::workspace::{SPEC, Tree};
use crate::{Error, library, spec_diff};

mod package;
mod versions;
mod rust_version;
mod metadata;
mod contents;
mod pins;
mod assets;
mod changelog;
mod policy;

use package::Package;

/// What must always hold.
pub(crate) const ALWAYS: &[Claim] = &[
    ("the crates have the same version everywhere", one_version),
    (
        "the oldest supported Rust is the same everywhere, and no dependency needs a newer one",
        one_rust,
    ),
    ("every package has the metadata for the registry and docs.rs", described),
    ("every package contains the right files and nothing else", belongs),
    ("every installer downloads files that a release contains", installs),
    ("every action in a workflow is pinned to a commit", pinned),
];

/// What must hold for a release. The last checks take minutes.
const BEFORE_A_RELEASE: &[Claim] = &[
    ("there are no uncommitted changes", committed),
    ("the changelog has a dated section for this version", told),
    ("the versions rise with the changes to the description", risen),
    ("breaking changes to the public API of the crates raise the version", libraries),
    ("every package builds from its own files", builds),
    ("the oldest supported Rust compiles the workspace", old_rust_compiles),
];

pub(crate) fn run(tree: &Tree, out: &mut dyn Write) -> Result<u8, Error> {
    checklist::run(tree, &[ALWAYS, BEFORE_A_RELEASE].concat(), out)
}

/// Runs a check on the published packages; skipped if there are none.
fn judge(
    tree: &Tree,
    check: impl FnOnce(&[Package]) -> Result<Vec<String>, Error>,
) -> Result<Outcome, Error> {
    match package::published(&tree.metadata()?)? {
        packages if packages.is_empty() => Ok(nothing_to_publish()),
        packages => check(&packages).map(Outcome::judge),
    }
}

fn nothing_to_publish() -> Outcome {
    Outcome::Skipped("no package is published".to_owned())
}

fn one_version(tree: &Tree) -> Result<Outcome, Error> {
    judge(tree, |packages| {
        let mut found = versions::of_packages(packages);
        for name in tree.committed("*.md")?.iter().filter(|name| *name != changelog::FILE) {
            found.extend(versions::in_text(name, &text(tree, name)?, packages));
        }
        for pattern in ["*.md", "*.yml", "*.yaml", "*.sh", "*.ps1"] {
            for name in tree.committed(pattern)?.iter().filter(|name| *name != changelog::FILE) {
                found.extend(pins::problems(name, &text(tree, name)?, packages));
            }
        }
        for name in tree.committed("*Cargo.lock")? {
            found.extend(versions::in_lock(&name, &text(tree, &name)?, packages));
        }
        Ok(found)
    })
}

/// The text of a committed file, which may have been deleted from the working tree.
fn text(tree: &Tree, name: &str) -> Result<String, Error> {
    tree.read_if_there(name).map(Option::unwrap_or_default)
}

fn one_rust(tree: &Tree) -> Result<Outcome, Error> {
    judge(tree, |packages| {
        let readme = tree.read_if_there("README.md")?.unwrap_or_default();
        let mut found = rust_version::of_packages(packages, &readme);
        for name in ["clippy.toml", ".clippy.toml"] {
            let text = tree.read_if_there(name)?.unwrap_or_default();
            found.extend(rust_version::in_clippy(name, &text, packages));
        }
        for name in tree.committed("*.yml")? {
            let text = text(tree, &name)?;
            found.extend(rust_version::in_image(&name, &text, packages));
            found.extend(rust_version::in_workflow(&name, &text, packages));
        }
        let all = tree.cargo_metadata(&["--locked"])?;
        found.extend(rust_version::of_dependencies(&all, packages));
        Ok(found)
    })
}

fn described(tree: &Tree) -> Result<Outcome, Error> {
    judge(tree, |packages| Ok(packages.iter().flat_map(metadata::problems).collect()))
}

fn belongs(tree: &Tree) -> Result<Outcome, Error> {
    judge(tree, |packages| {
        let licences = contents::licences(tree)?;
        let mut found = Vec::new();
        for package in packages {
            let list = ["package", "--list", "--allow-dirty", "--package", &package.name];
            let files = tree.cargo(&list)?;
            found.extend(contents::problems(tree, package, &files, &licences)?);
        }
        Ok(found)
    })
}

fn installs(tree: &Tree) -> Result<Outcome, Error> {
    if tree.read_if_there(assets::INSTALLER)?.is_none() {
        return Ok(Outcome::Skipped(format!("there is no {}", assets::INSTALLER)));
    }
    judge(tree, |packages| {
        let Some(package) = packages.iter().find(|package| package.name == "purge-cli") else {
            return Ok(vec!["no package is called purge-cli".to_owned()]);
        };
        let version = package.version.to_string();
        let mut found = assets::of_installer(tree, &version)?;
        found.extend(assets::of_powershell(&text(tree, assets::POWERSHELL)?, &version));
        found.extend(assets::of_action(&text(tree, assets::ACTION)?));
        found.extend(assets::of_workflow(&text(tree, assets::WORKFLOW)?));
        found.extend(assets::of_binstall(package, &version));
        Ok(found)
    })
}

fn pinned(tree: &Tree) -> Result<Outcome, Error> {
    let mut found = Vec::new();
    for pattern in [".github/workflows/*", assets::ACTION] {
        for name in tree.committed(pattern)? {
            found.extend(pins::of_actions(&name, &text(tree, &name)?));
        }
    }
    Ok(Outcome::judge(found))
}

fn committed(tree: &Tree) -> Result<Outcome, Error> {
    let found = tree.git(&["status", "--porcelain"])?;
    Ok(Outcome::judge(found.lines().map(str::to_owned).collect()))
}

fn told(tree: &Tree) -> Result<Outcome, Error> {
    judge(tree, |packages| {
        let Some(text) = tree.read_if_there(changelog::FILE)? else {
            return Ok(vec![format!("there is no {}", changelog::FILE)]);
        };
        Ok(packages
            .first()
            .map(|first| changelog::problems(&text, &first.version))
            .unwrap_or_default())
    })
}

fn risen(tree: &Tree) -> Result<Outcome, Error> {
    let packages = package::published(&tree.metadata()?)?;
    let Some(Package { version, .. }) = packages.first() else { return Ok(nothing_to_publish()) };
    let Some((tag, released)) = last_release(tree, version)? else {
        return Ok(Outcome::Skipped("no earlier release has a tag `vX.Y.Z`".to_owned()));
    };
    if !spec_diff::is_at_merge_base(tree, &tag)? {
        return Ok(Outcome::Skipped(format!("{tag} has no {SPEC} yet")));
    }
    let reviews = spec_diff::since(tree, &tag)?;
    Ok(Outcome::judge(policy::problems(&tag, (&released, version), &reviews)))
}

/// The newest release before the one being made, with its tag.
fn last_release(tree: &Tree, next: &Version) -> Result<Option<(String, Version)>, Error> {
    let here = tree.git(&["tag", "--points-at", "HEAD"])?;
    let being_made = format!("v{next}");
    let tags = tree.git(&["tag", "--merged", "HEAD", "--list", "v*"])?;
    let released = tags
        .lines()
        .filter(|tag| *tag != being_made || !here.lines().any(|here| here == *tag))
        .filter_map(|tag| Some((tag.to_owned(), Version::parse(tag.strip_prefix('v')?).ok()?)));
    Ok(released.max_by(|(_, a), (_, b)| a.cmp(b)))
}

fn libraries(tree: &Tree) -> Result<Outcome, Error> {
    let packages = package::published(&tree.metadata()?)?;
    let Some(Package { version, .. }) = packages.first() else { return Ok(nothing_to_publish()) };
    match last_release(tree, version)? {
        Some((tag, _)) => judge_libraries(tree, &tag),
        None => Ok(Outcome::Skipped("no earlier release has a tag `vX.Y.Z`".to_owned())),
    }
}

/// Compares the public API of the crates with that of a commit. A break needs a higher version than the last release
/// has or, before the first release, an entry in the changelog.
pub(crate) fn judge_libraries(tree: &Tree, commit: &str) -> Result<Outcome, Error> {
    let packages = package::published(&tree.metadata()?)?;
    let Some(Package { version, .. }) = packages.first() else { return Ok(nothing_to_publish()) };
    let released = last_release(tree, version)?.map(|(_, version)| version);
    let library = library::compare(tree, commit, released.as_ref())?;
    if let Some(why) = library.skipped {
        return Ok(Outcome::Skipped(why));
    }
    if !library.fails() {
        return Ok(Outcome::Holds);
    }
    let (old, new) = &library.versions;
    let raise = || format!("raise the version: {new} after {old}");
    let remedy = library.remedy.clone().unwrap_or_else(raise);
    Ok(Outcome::Broken(format!("{}\nkeep it, or {remedy}", library.breaking.join("\n"))))
}

fn builds(tree: &Tree) -> Result<Outcome, Error> {
    let packages = package::published(&tree.metadata()?)?;
    if packages.is_empty() {
        return Ok(nothing_to_publish());
    }
    // Cargo treats two packages with the same version as the same package, and would reuse what an earlier run unpacked
    // or compiled. So each run uses a new folder name.
    let target = tree.path("target");
    let new = fs::create_dir_all(&target).and_then(|()| tempfile::tempdir_in(&target));
    let new = new
        .map_err(|e| Error::new(format!("cannot create a folder in {}: {e}", target.display())))?;
    let folder = format!("--target-dir={}", new.path().display());
    let mut command = vec!["package", "--quiet", "--locked", "--allow-dirty", &folder];
    // All in one call, which resolves each from the other packages instead of a registry.
    command.extend(packages.iter().flat_map(|package| ["--package", &package.name]));
    Ok(match tree.cargo(&command) {
        Ok(_) => Outcome::Holds,
        Err(e) => Outcome::Broken(e.to_string()),
    })
}

fn old_rust_compiles(tree: &Tree) -> Result<Outcome, Error> {
    let packages = package::published(&tree.metadata()?)?;
    let Some(oldest) = packages.first().and_then(|first| first.text("rust_version")) else {
        return Ok(nothing_to_publish());
    };
    match rust_version::compile(tree, oldest) {
        Some(Ok(())) => Ok(Outcome::Holds),
        Some(Err(how)) => Ok(Outcome::Broken(how)),
        None => Ok(Outcome::Skipped(format!("rustup has no toolchain {oldest}"))),
    }
}
