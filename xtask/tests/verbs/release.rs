//! `release-check` on a small workspace that is ready, and then is not.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::workspace::{git, replace, write, xtask};

/// A Rust version that is never installed, so that the result does not depend on the machine.
const OLDEST: &str = "1.85.99";

/// A workspace with two published packages, one unpublished, and a changelog for 0.2.0.
fn workspace() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    write(root, "openapi/purge.yaml", include_str!("description.yaml"));
    write(root, ".gitignore", "/target\n");
    write(root, ".cargo/config.toml", "[net]\noffline = true\n");
    write(root, "README.md", &format!("# It\n\nRequires Rust {OLDEST} or newer.\n"));
    write(root, "LICENSE-MIT", "Do what you like.\n");
    write(
        root,
        "CHANGELOG.md",
        "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-28\n\n- It is here.\n",
    );
    write(
        root,
        "Cargo.toml",
        &format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\"lower\", \"upper\", \"inner\"]\n\n\
             [workspace.package]\nversion = \"0.2.0\"\nedition = \"2024\"\n\
             rust-version = \"{OLDEST}\"\n\n\
             [workspace.dependencies]\nlower = {{ version = \"0.2.0\", path = \"lower\" }}\n"
        ),
    );
    for name in ["lower", "upper"] {
        let manifest = format!(
            "[package]\nname = \"{name}\"\ndescription = \"It\"\nversion.workspace = true\n\
             edition.workspace = true\nrust-version.workspace = true\nlicense = \"MIT\"\n\
             repository = \"https://example.com\"\nreadme = \"README.md\"\nkeywords = [\"it\"]\n\
             categories = [\"caching\"]\ninclude = [\"/src\", \"/README.md\", \"/LICENSE-*\"]\n\n\
             [dependencies]\n"
        );
        write(root, &format!("{name}/Cargo.toml"), &manifest);
        write(root, &format!("{name}/README.md"), &format!("```toml\n{name} = \"0.2\"\n```\n"));
        write(root, &format!("{name}/LICENSE-MIT"), "Do what you like.\n");
    }
    write(root, "lower/src/lib.rs", "/// One.\npub const ONE: u8 = 1;\n");
    write(root, "upper/src/lib.rs", "/// Two.\npub const TWO: u8 = 2;\n");
    write(
        root,
        "inner/Cargo.toml",
        "[package]\nname = \"inner\"\nedition = \"2024\"\npublish = false\n",
    );
    write(root, "inner/src/lib.rs", "");
    lock(root);
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    commit(root);
    folder
}

/// Makes the upper package depend on the lower one.
fn depend(root: &Path) {
    let dependency = "[dependencies]\nlower.workspace = true\n";
    replace(root, "upper/Cargo.toml", "[dependencies]\n", dependency);
    write(root, "upper/src/lib.rs", "/// Two.\npub const TWO: u8 = lower::ONE + 1;\n");
    lock(root);
}

fn lock(root: &Path) {
    let lock = Command::new(env!("CARGO")).current_dir(root).args(["generate-lockfile"]).status();
    assert!(lock.expect("cargo runs").success());
}

fn commit(root: &Path) {
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message=another"]);
}

#[test]
fn a_ready_workspace_takes_one_line_per_claim() {
    let workspace = workspace();
    let (code, out) = xtask(workspace.path(), &["release-check"]);
    assert_eq!(code, 0, "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn missing_parts_are_reported_with_their_place() {
    let workspace = workspace();
    let root = workspace.path();
    depend(root);
    replace(root, "Cargo.toml", "lower = { version = \"0.2.0\"", "lower = { version = \"0.2\"");
    replace(root, "README.md", OLDEST, "1.70");
    replace(root, "lower/README.md", "\"0.2\"", "\"0.1\"");
    replace(root, "lower/Cargo.toml", "categories = [\"caching\"]", "categories = [\"cdn\"]");
    replace(root, "lower/Cargo.toml", "include = [", "include = [\"/tests\", ");
    write(root, "lower/LICENSE-MIT", "../LICENSE-MIT");
    write(root, "lower/tests/snapshots/one.snap", "1\n");
    replace(root, "upper/Cargo.toml", "/README.md\", ", "\", ");
    replace(root, "CHANGELOG.md", "## [0.2.0] - 2026-02-28\n\n", "");
    let (code, out) = xtask(root, &["release-check"]);
    assert_eq!(code, 1, "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn a_package_that_lacks_a_file_does_not_build() {
    let workspace = workspace();
    let root = workspace.path();
    write(root, "shared.rs", "pub(crate) const THREE: u8 = 3;\n");
    write(root, "upper/src/lib.rs", "#[path = \"../../shared.rs\"]\nmod shared;\n");
    commit(root);
    let (code, out) = xtask(root, &["release-check"]);
    assert_eq!(code, 1, "{out}");
    let broken: Vec<_> = out.lines().filter(|line| line.starts_with("broken")).collect();
    assert_eq!(broken, ["broken  every package builds from its own files"], "{out}");
    assert!(out.contains("shared.rs"), "{out}");
}

#[test]
fn a_change_under_the_same_version_is_built_again() {
    let workspace = workspace();
    let root = workspace.path();
    depend(root);
    commit(root);
    let (code, out) = xtask(root, &["release-check"]);
    assert_eq!(code, 0, "{out}");
    write(root, "lower/src/lib.rs", "/// One.\npub const UNITY: u8 = 1;\n");
    write(root, "upper/src/lib.rs", "/// Two.\npub const TWO: u8 = lower::UNITY + 1;\n");
    commit(root);
    let (code, out) = xtask(root, &["release-check"]);
    assert_eq!(code, 0, "{out}");
}

#[test]
fn versions_rise_with_the_description_since_the_last_tag() {
    let workspace = workspace();
    let root = workspace.path();
    let said = || {
        let (_, out) = xtask(root, &["release-check"]);
        let lines =
            out.lines().skip_while(|line| !line.contains("with the changes to the description"));
        let own =
            lines.enumerate().take_while(|(index, line)| *index == 0 || line.starts_with("  "));
        own.map(|(_, line)| line).collect::<Vec<_>>().join("\n")
    };
    git(root, &["tag", "v0.2.0"]);
    // The tag marks the release being made.
    insta::assert_snapshot!(said(), @"skipped the versions rise with the changes to the description: no earlier release has a tag `vX.Y.Z`");
    replace(root, "openapi/purge.yaml", "maximum: 100", "maximum: 50");
    commit(root);
    insta::assert_snapshot!(said());
    replace(root, "openapi/purge.yaml", "version: 1.0.0", "version: 2.0.0");
    replace(root, "Cargo.toml", "version = \"0.2.0\"\nedition", "version = \"0.3.0\"\nedition");
    replace(root, "Cargo.toml", "lower = { version = \"0.2.0\"", "lower = { version = \"0.3.0\"");
    lock(root);
    commit(root);
    assert_eq!(said(), "ok      the versions rise with the changes to the description");
}
