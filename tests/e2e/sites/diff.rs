//! `cdn-purge diff`.

use std::fs;

use purge_tests::cli::{Ended, Run};
use serde_json::json;

use super::Folder;
use crate::PURGE;

async fn diff(folder: &Folder, arguments: &[&str], input: &[u8]) -> Ended {
    let arguments = [&["diff"], arguments].concat();
    Run::new(PURGE, arguments).folder(folder.0.path()).input(input).end().await
}

/// Two builds: one file is added, one changed, one removed, and the name of one changes case.
fn builds() -> Folder {
    let folder = Folder::new();
    for (name, text) in [
        ("old/same.html", "same"),
        ("old/a.html", "1"),
        ("old/docs/gone.html", "1"),
        ("old/Case.html", "1"),
        ("new/same.html", "same"),
        ("new/a.html", "2"),
        ("new/added.html", "1"),
        ("new/case.html", "1"),
    ] {
        folder.write(name, text);
    }
    folder
}

const NAMES: &str = "Case.html\na.html\nadded.html\ncase.html\ndocs/gone.html\n";

#[tokio::test]
async fn differences_are_found_by_content_in_every_form() {
    let folder = builds();
    let shell = "tar -cf old.tar -C old .; tar -czf new.tgz -C new .;
                 (cd old && find . -type f -exec sha256sum {} +) > old.sha256;
                 (cd new && find . -type f -exec sha256sum -z {} +) > new.sha256";
    let made = Run::new("sh", ["-ec", shell]).env("PATH", "/usr/bin:/bin").folder(folder.0.path());
    let made = made.end().await;
    assert_eq!(made.code, Some(0), "{made:?}");
    for old in ["old", "old.tar", "old.sha256", "-"] {
        for new in ["new", "new.tgz", "new.sha256"] {
            let ended = diff(&folder, &[old, new], folder.read("old.sha256").as_bytes()).await;
            assert_eq!((ended.code, &*ended.out), (Some(0), NAMES), "{old} {new}: {ended:?}");
            assert_eq!(ended.err, "5 files differ: 2 added, 1 changed, 2 removed\n");
        }
    }
    let ended = diff(&folder, &["old", "old.tar", "--quiet"], b"").await;
    assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(0), "", ""));
    let ended = diff(&folder, &["old", "new", "-0"], b"").await;
    assert_eq!(ended.out, NAMES.replace('\n', "\0"));
    let ended = diff(&folder, &["old", "new", "--output", "json"], b"").await;
    let report = ended.json();
    assert_eq!(report["schema"], 1);
    assert_eq!(
        (&report["added"], &report["changed"], &report["removed"]),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(
        report["files"][1],
        json!({ "name": "a.html", "path": "/a.html", "change": "changed" })
    );
    let ended = diff(&folder, &["old", "new", "--output", "ndjson"], b"").await;
    assert_eq!(ended.out.lines().count(), 5, "{ended:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn odd_names_are_kept_and_left_out_entries_are_reported() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = Folder::new();
    fs::create_dir_all(folder.path("old")).expect("a folder");
    folder.write("new/a b.html", "1");
    folder.write("new/x\ny.html", "1");
    folder.write("new/c*d.html", "1");
    fs::write(folder.path("new").join(std::ffi::OsStr::from_bytes(b"\xff")), "1").expect("a file");
    std::os::unix::fs::symlink("a b.html", folder.path("new/link")).expect("a link");
    std::os::unix::fs::symlink("gone", folder.path("new/broken")).expect("a link");
    let ended = diff(&folder, &["old", "new"], b"").await;
    assert_eq!((ended.code, &*ended.out), (Some(2), ""), "half of a list would look complete");
    assert!(
        ended
            .err
            .contains("error: the name `x\\ny.html` has a line break: pass -0, or --output json"),
        "{ended:?}"
    );
    let ended = diff(&folder, &["old", "new", "--output", "json"], b"").await;
    let paths = ended.json();
    let paths: Vec<_> =
        paths["files"].as_array().expect("files").iter().map(|f| &f["path"]).collect();
    assert_eq!(paths, ["/a%20b.html", "/c%2Ad.html", "/link", "/x%0Ay.html", "/%FF"]);
    assert!(ended.err.contains("`/c*d.html` is purged only by a wildcard"), "{ended:?}");
    assert!(ended.err.contains("left out: `broken`: a broken symbolic link"), "{ended:?}");
}

#[tokio::test]
async fn input_that_is_not_a_site_is_refused() {
    let folder = builds();
    folder.write("list", "a.html\n");
    let check = async |arguments: &[&str], says: &str| {
        let ended = diff(&folder, arguments, b"").await;
        assert_eq!((ended.code, &*ended.out), (Some(2), ""), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(says), "{arguments:?}: {ended:?}");
    };
    check(&["old", "gone"], "error: `gone`: it cannot be read: No such file").await;
    check(
        &["old", "list"],
        "`list`: neither a tar archive nor a manifest: line 1: not in the form `HASH  NAME`",
    )
    .await;
    check(&["-", "-"], "standard input can be read only once").await;
    check(&["old"], "<NEW>").await;
}

#[cfg(unix)]
#[tokio::test]
async fn name_that_begins_with_a_byte_order_mark_is_read_back() {
    let folder = Folder::new();
    folder.write("old/a.html", "1");
    folder.write("new/a.html", "1");
    folder.write("new/\u{feff}b.html", "1");
    let ended = diff(&folder, &["-0", "old", "new"], b"").await;
    assert_eq!((ended.code, &*ended.err), (Some(0), "1 file differs: 1 added\n"), "{ended:?}");
    let plan = ["plan", "-0", "--raw", "--from", "-"];
    let ended = Run::new(PURGE, plan).input(ended.out).end().await;
    assert!(ended.out.contains("  planned     /%EF%BB%BFb.html\n"), "{ended:?}");
}
