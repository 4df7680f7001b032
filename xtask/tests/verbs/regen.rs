//! `regen` on a copy of the tree: it notices stale files, fixes them, and leaves the others alone.

use std::fs;
use std::path::Path;

use crate::workspace::{replace, write, xtask};

const FILES: [&str; 5] = [
    "openapi/purge.yaml",
    "openapi/README.md",
    "purge-api/tests/snapshots/purge.snap",
    "openapi/login.yaml",
    "purge-api/tests/snapshots/login.snap",
];

fn copy_of_the_tree() -> tempfile::TempDir {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = tempfile::tempdir().expect("a temporary folder");
    for file in FILES {
        let to = copy.path().join(file);
        fs::create_dir_all(to.parent().expect("every file is in a folder")).expect("a folder");
        fs::copy(workspace.join(file), to).expect("the workspace has this file");
    }
    copy
}

fn regen(root: &Path, check: bool) -> (u8, String) {
    xtask(root, if check { &["regen", "--check"] } else { &["regen"] })
}

#[test]
fn committed_files_are_up_to_date() {
    let copy = copy_of_the_tree();
    assert_eq!(regen(copy.path(), true), (0, UP_TO_DATE.to_owned()));
    assert_eq!(regen(copy.path(), false), (0, UP_TO_DATE.to_owned()));
}

const UP_TO_DATE: &str = "all 3 derived files are up to date\n";

#[test]
fn one_changed_word_is_noticed_and_fixed() {
    // Uses a description of its own, so that the line numbers do not change with the real one.
    let copy = copy_of_the_tree();
    write(copy.path(), "openapi/purge.yaml", include_str!("description.yaml"));
    regen(copy.path(), false);
    assert_eq!(regen(copy.path(), true), (0, UP_TO_DATE.to_owned()));
    replace(
        copy.path(),
        "openapi/purge.yaml",
        "description: What to purge.",
        "description: What to drop.",
    );
    let (code, out) = regen(copy.path(), true);
    assert_eq!(code, 4);
    insta::assert_snapshot!(out);
    assert_eq!(regen(copy.path(), true), (code, out), "--check writes nothing");

    let rewritten = "purge-api/tests/snapshots/purge.snap: rewritten, +1 -1 lines\n";
    assert_eq!(regen(copy.path(), false), (0, rewritten.to_owned()));
    assert_eq!(regen(copy.path(), true), (0, UP_TO_DATE.to_owned()));
}

#[test]
fn a_manual_edit_of_a_derived_file_is_noticed() {
    let copy = copy_of_the_tree();
    replace(copy.path(), "openapi/README.md", "| POST |", "| PUT |");
    let (code, out) = regen(copy.path(), true);
    assert_eq!(code, 4, "{out}");
    assert_eq!(regen(copy.path(), false).1, "openapi/README.md: rewritten, +1 -1 lines\n");
}

#[test]
fn a_missing_file_is_written_again() {
    let copy = copy_of_the_tree();
    let before = fs::read(copy.path().join(FILES[2])).expect("the copy has this file");
    fs::remove_file(copy.path().join(FILES[2])).expect("the copy has this file");
    assert_eq!(regen(copy.path(), true).0, 4);
    assert_eq!(regen(copy.path(), false).0, 0);
    assert_eq!(fs::read(copy.path().join(FILES[2])).expect("it is back"), before);
}

#[test]
fn derived_files_of_a_removed_description_are_removed() {
    let copy = copy_of_the_tree();
    fs::remove_file(copy.path().join("openapi/login.yaml")).expect("the copy has this file");
    let (code, out) = regen(copy.path(), true);
    assert!(code == 4 && out.contains("purge-api/tests/snapshots/login.snap: left over"), "{out}");
    let gone = "openapi/README.md: rewritten, +0 -1 lines\npurge-api/tests/snapshots/login.snap: removed\n";
    assert_eq!(regen(copy.path(), false), (0, gone.to_owned()));
    assert!(!copy.path().join("purge-api/tests/snapshots/login.snap").exists());
}

#[test]
fn a_failed_derivation_is_reported_and_nothing_is_written() {
    let copy = copy_of_the_tree();
    replace(
        copy.path(),
        "openapi/purge.yaml",
        "'200':",
        "'204': { description: Nothing. }\n        '200':",
    );
    let (code, out) = regen(copy.path(), false);
    assert_eq!(code, 2);
    assert!(out.contains("operation `createPurge`"), "{out}");

    replace(copy.path(), "openapi/purge.yaml", "openapi: 3.0.3", "openapi: [3.0.3");
    let (code, out) = regen(copy.path(), false);
    assert_eq!(code, 2);
    assert!(out.contains("openapi/purge.yaml: ") && out.contains("line"), "{out}");
}
