//! `ci` on a small workspace in which every invariant is broken, and then mended.

mod support;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use support::git;

fn write(root: &Path, file: &str, text: &str) {
    let file = root.join(file);
    fs::create_dir_all(file.parent().expect("every file is in a folder")).expect("a folder");
    fs::write(file, text).expect("the folder is writable");
}

fn ci(root: &Path) -> (u8, String) {
    let mut out = Vec::new();
    let root = root.as_os_str().to_owned();
    let code = xtask::run(["xtask".into(), "--root".into(), root, "ci".into()], &mut out);
    (code, String::from_utf8(out).expect("the output is UTF-8"))
}

/// A workspace with the description, what is derived from it, a sandbox and a client.
fn workspace() -> TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    let (root, here) = (copy.path(), Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    for file in
        ["openapi/purge.yaml", "openapi/README.md", "purge-api/tests/snapshots/bindings.snap"]
    {
        write(
            root,
            file,
            &fs::read_to_string(here.join(file)).expect("the workspace has this file"),
        );
    }
    let package = |name: &str, dependency: &str| {
        format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}\n"
        )
    };
    write(
        root,
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"purge-sandbox\", \"purge-api\", \"xtask\"]\n",
    );
    write(root, "purge-api/Cargo.toml", &package("purge-api", ""));
    write(root, "purge-api/src/lib.rs", "");
    write(root, "purge-sandbox/Cargo.toml", &package("purge-sandbox", ""));
    write(root, "purge-sandbox/src/lib.rs", "");
    write(root, "xtask/Cargo.toml", &package("xtask", ""));
    write(root, "xtask/src/lib.rs", "");
    write(root, "purge-api-ext/src/lib.rs", "pub struct Client(purge_api::Client);\n");
    for module in ["path", "plan", "retry"] {
        write(root, &format!("purge-api-ext/src/{module}.rs"), "pub fn decide() {}\n");
    }
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message=first"]);
    copy
}

#[test]
fn what_holds_takes_a_line_each() {
    let workspace = workspace();
    let (code, out) = ci(workspace.path());
    assert_eq!(code, 0, "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn what_is_broken_is_said_with_its_place() {
    let workspace = workspace();
    let root = workspace.path();
    let spec = fs::read_to_string(root.join("openapi/purge.yaml")).expect("it was copied");
    write(
        root,
        "openapi/purge.yaml",
        &spec.replacen("Number of records per page, 1 to 100.", "Records.", 1).replacen(
            "maximum: 100",
            "maximum: 50",
            1,
        ),
    );
    write(root, "purge-api-ext/src/lib.rs", "pub struct Client(pub purge_api::Client);\n");
    write(root, "purge-api-ext/src/plan/cover.rs", "pub fn decide() { std::fs::read(\"a\"); }\n");
    let sandbox =
        fs::read_to_string(root.join("purge-sandbox/Cargo.toml")).expect("it was written");
    let dependency =
        "[dev-dependencies]\nsecret = { package = \"purge-api\", path = \"../purge-api\" }\n";
    write(root, "purge-sandbox/Cargo.toml", &format!("{sandbox}{dependency}"));
    let xtask = fs::read_to_string(root.join("xtask/Cargo.toml")).expect("it was written");
    write(root, "xtask/Cargo.toml", &format!("{xtask}purge-api = {{ path = \"../purge-api\" }}\n"));
    let (code, out) = ci(root);
    assert_eq!(code, 1, "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn what_cannot_be_checked_is_skipped_and_said() {
    let workspace = workspace();
    let root = workspace.path();
    fs::remove_dir_all(root.join("purge-api-ext")).expect("it was written");
    write(root, "Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"purge-api\"]\n");
    git(root, &["branch", "--move", "main", "other"]);
    let (code, out) = ci(root);
    assert_eq!(code, 0, "{out}");
    insta::assert_snapshot!(out);
}
