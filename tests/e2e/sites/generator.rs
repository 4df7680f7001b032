//! A real site, built twice by a real generator: exactly the files that the system's `diff` finds are purged.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use purge_sandbox::Sandbox;
use purge_tests::cli::Run;

use super::Folder;
use crate::account::{posts, purge_at};

/// Where the gate installs it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/ci/venv/bin/mkdocs");

const SETTINGS: &str = "site_name: Manual\nuse_directory_urls: true\nplugins: []\n\
                        extra: {}\ntheme:\n  name: mkdocs\n";

async fn generate(folder: &Folder) {
    let build = Run::new(INSTALLED, ["build", "--quiet", "--site-dir", "site"]);
    // Timestamps in the output would change every file.
    let build = build.env("SOURCE_DATE_EPOCH", "1700000000").env("PATH", "/usr/bin:/bin");
    let ended = build.folder(folder.0.path()).end().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// The files that differ between two folders, according to the system's `diff`.
async fn differing(folder: &Folder, old: &str, new: &str) -> BTreeSet<String> {
    let run = Run::new("diff", ["-rq", old, new]).env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
    let ended = run.folder(folder.0.path()).end().await;
    let mut names = BTreeSet::new();
    for line in ended.out.lines() {
        if let Some((one, _)) =
            line.strip_prefix("Files ").and_then(|rest| rest.split_once(" and "))
        {
            names.insert(one[old.len() + 1..].to_owned());
        } else {
            let rest = line.strip_prefix("Only in ").expect(line);
            let (parent, name) = rest.split_once(": ").expect(line);
            let (side, parent) = parent.split_once('/').unwrap_or((parent, ""));
            let name = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            add_files(&folder.path(side), &name, &mut names);
        }
    }
    names
}

/// A name that exists on one side only may be a folder's.
fn add_files(root: &Path, name: &str, names: &mut BTreeSet<String>) {
    if root.join(name).is_dir() {
        for last in super::names_in(&root.join(name)) {
            add_files(root, &format!("{name}/{last}"), names);
        }
    } else {
        names.insert(name.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_files_that_a_new_build_changed_are_purged() {
    if !Path::new(INSTALLED).exists() {
        let why = "mkdocs is not installed: no site is generated; `.ci/run --install` installs it";
        drop(writeln!(std::io::stderr(), "{why}"));
        return;
    }
    let folder = Folder::new();
    folder.write("mkdocs.yml", SETTINGS);
    for chapter in ["index", "start", "old name", "deleted", "same"] {
        folder.write(
            &format!("docs/{chapter}.md"),
            &format!("# {chapter}\n\nThe first text of it.\n"),
        );
    }
    folder.write("docs/img/logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    generate(&folder).await;
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let create = async |more: &[&str]| {
        let base = ["create", "--site", "site", "--baseline", "base", "--wait"];
        let ended = purge_at(&sandbox, &[&base, more].concat()).folder(folder.0.path()).end().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    };
    create(&["--first-run"]).await;

    fs::rename(folder.path("site"), folder.path("before")).expect("a folder");
    folder.write("docs/start.md", "# start\n\nThe second text of it.\n");
    fs::rename(folder.path("docs/old name.md"), folder.path("docs/new name.md")).expect("a file");
    fs::remove_file(folder.path("docs/deleted.md")).expect("a file");
    generate(&folder).await;
    create(&["--index", "index.html"]).await;

    let files = differing(&folder, "before", "site").await;
    for name in
        ["start/index.html", "old name/index.html", "new name/index.html", "deleted/index.html"]
    {
        assert!(files.contains(name), "{name}: {files:?}");
    }
    assert!(!files.contains("img/logo.svg") && !files.contains("css/base.css"), "{files:?}");
    let mut expected = BTreeSet::new();
    for name in &files {
        let path = format!("/{}", name.replace(' ', "%20"));
        if let Some(parent) = path.strip_suffix("index.html") {
            expected.insert(parent.to_owned());
            expected.extend(
                parent.strip_suffix('/').filter(|parent| !parent.is_empty()).map(str::to_owned),
            );
        }
        expected.insert(path);
    }
    let posted: BTreeSet<String> = posts(&sandbox).concat().into_iter().collect();
    assert_eq!(posted, expected);
}
