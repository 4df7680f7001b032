//! `ci` on a small workspace in which every invariant is broken and then fixed.

use std::fs;

use tempfile::TempDir;

use crate::workspace::{git, replace, write, xtask};

/// A workspace with a description, derived files, a sandbox and a client.
fn workspace() -> TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    let root = copy.path();
    write(root, "openapi/purge.yaml", include_str!("description.yaml"));
    let markers = "<!-- operations: written by `cargo xtask regen` -->\n<!-- operations: end -->\n";
    write(root, "openapi/README.md", markers);
    assert_eq!(xtask(root, &["regen"]).0, 0);
    let package = |name: &str, dependency: &str| {
        format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n{dependency}\n"
        )
    };
    write(
        root,
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"purge-api\", \"purge-api-ext\", \"purge-sandbox\", \"xtask\"]\n",
    );
    write(root, "purge-api/Cargo.toml", &package("purge-api", ""));
    write(root, "purge-api/src/lib.rs", "");
    write(root, "purge-sandbox/Cargo.toml", &package("purge-sandbox", ""));
    write(root, "purge-sandbox/src/lib.rs", "");
    write(root, "xtask/Cargo.toml", &package("xtask", ""));
    write(root, "xtask/src/lib.rs", "");
    write(root, "purge-api-ext/Cargo.toml", &package("purge-api-ext", ""));
    let modules = "mod path;\nmod plan;\nmod retry;\nmod ledger;\n";
    let client = format!("{modules}pub struct Client(purge_api::Client);\n");
    write(root, "purge-api-ext/src/lib.rs", &client);
    let map =
        "In the library, from the bottom to the top:\n\n| `path`, `plan`, `retry`, `ledger` | |\n";
    write(root, "ARCHITECTURE.md", map);
    for module in ["path", "plan", "retry", "ledger"] {
        write(root, &format!("purge-api-ext/src/{module}.rs"), "pub fn decide() {}\n");
    }
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message=first"]);
    copy
}

#[test]
fn claims_that_hold_take_one_line_each() {
    let workspace = workspace();
    let (code, out) = xtask(workspace.path(), &["ci"]);
    assert_eq!(code, 0, "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn broken_claims_are_reported_with_their_place() {
    let workspace = workspace();
    let root = workspace.path();
    let words = "Number of records per page, 1 to 100.";
    replace(root, "openapi/purge.yaml", words, "Records.");
    replace(root, "openapi/purge.yaml", "maximum: 100", "maximum: 50");
    write(
        root,
        "purge-api-ext/src/lib.rs",
        "mod ledger;\nmod path;\nmod plan;\nmod retry;\nmod submit;\n\
         pub struct Client(pub purge_api::Client);\npub use submit::Purge;\n",
    );
    write(root, "purge-api-ext/src/ledger.rs", "use crate::retry::decide;\n");
    write(root, "purge-api-ext/src/plan.rs", "mod cover;\nmod order;\npub struct Plan;\n");
    write(root, "purge-api-ext/src/plan/cover.rs", "pub fn decide() { std::fs::read(\"a\"); }\n");
    write(root, "purge-api-ext/src/plan/order.rs", "use crate::Purge;\n");
    write(root, "purge-api-ext/src/submit.rs", "use crate::plan::Plan;\npub struct Purge(Plan);\n");
    let secret = "secret = { package = \"purge-api\", path = \"../purge-api\" }\n";
    replace(
        root,
        "purge-sandbox/Cargo.toml",
        "[dependencies]\n",
        &format!("[dev-dependencies]\n{secret}"),
    );
    let dependency = "[dependencies]\npurge-api = { path = \"../purge-api\" }\n";
    replace(root, "xtask/Cargo.toml", "[dependencies]\n", dependency);
    let (code, out) = xtask(root, &["ci"]);
    assert_eq!(code, 1, "{out}");
    insta::assert_snapshot!(out);
}

#[test]
fn claims_that_cannot_be_checked_are_skipped() {
    let workspace = workspace();
    let root = workspace.path();
    fs::remove_dir_all(root.join("purge-api-ext")).expect("it was written");
    write(root, "Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"purge-api\"]\n");
    git(root, &["branch", "--move", "main", "other"]);
    let (code, out) = xtask(root, &["ci"]);
    assert_eq!(code, 0, "{out}");
    insta::assert_snapshot!(out);
}
