//! Paths from files, in the formats that tools write.

use std::fs;

use purge_tests::cli::{Ended, Run};

use crate::PURGE;

async fn plan(arguments: &[&str], input: &[u8]) -> Ended {
    let arguments = [&["plan", "--output", "json"], arguments].concat();
    Run::new(PURGE, arguments).input(input).end().await
}

fn paths(ended: &Ended) -> Vec<String> {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = ended.json();
    let operations = report["operations"].as_array().expect("operations");
    let paths = operations.iter().flat_map(|o| o["paths"].as_array().expect("paths"));
    paths.map(|path| path["path"].as_str().expect("a path").to_owned()).collect()
}

#[tokio::test]
async fn arguments_come_before_files_and_files_keep_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("a file");
        file.into_os_string().into_string().expect("a name")
    };
    let (one, two) = (file("one", b"\xef\xbb\xbf/b\r\n# no path\r\n\r\n"), file("two", b"/d"));
    let ended = plan(&["--from", &one, "--from", "-", "/a", "--from", &two], b"/c\n").await;
    assert_eq!(paths(&ended), ["/a", "/b", "/c", "/d"]);
    let ended = plan(&["--from", "-", "--inventory", "-"], b"/c\n").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

#[tokio::test]
async fn file_names_become_paths_below_a_prefix() {
    let names = b"app.js\0img/\xc3\xbcber uns.png\0#1*.txt\0docs/\0/\0";
    let ended = plan(&["--from", "-", "-0", "--raw", "--prefix", "/assets"], names).await;
    assert_eq!(
        paths(&ended),
        [
            "/assets/app.js",
            "/assets/img/%C3%BCber%20uns.png",
            "/assets/%231%2A.txt",
            "/assets/docs/",
            "/assets/"
        ]
    );
    let ended =
        plan(&["--raw", "a b", "--inventory", "-", "--max-requests", "1"], b"a b\nc\n").await;
    assert_eq!(paths(&ended), ["/a%20b"]);
    for (prefix, expected) in [
        ("assets", "it does not begin with `/`: write `/assets`"),
        ("/a*", "a prefix is one folder and cannot have a wildcard"),
        ("https://e.com/a", "a URL, not a path, at byte 0: write only its path, `/a`"),
        ("C:/Program Files/Git/shop", "if Git Bash changed it, set MSYS_NO_PATHCONV=1"),
    ] {
        let ended = Run::new(PURGE, ["plan", "/a", "--prefix", prefix]).end().await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.contains("--prefix") && ended.err.contains(expected), "{}", ended.err);
    }
}

#[tokio::test]
async fn all_errors_are_reported_before_anything_is_sent() {
    let text = "../secret\n".repeat(30) + "ok\n\"caf\\303\\251.html\"\n";
    let run = Run::new(PURGE, ["create", "--sandbox", "--from", "-", "--raw"]).input(text);
    let ended = run.end().await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let lines: Vec<_> = ended.err.lines().collect();
    assert_eq!(lines[0], "error: 31 of 32 paths are not valid; nothing was sent");
    assert_eq!(
        lines[20],
        "  standard input:20: `../secret`: a dot segment, at byte 0: write the path without `.` and `..`"
    );
    assert_eq!((lines[21], lines.len()), ("  and 11 more", 22));
}

/// Ignoring standard input silently would be a trap.
#[tokio::test]
async fn unread_or_empty_standard_input_is_reported() {
    for arguments in [&["create", "--sandbox"][..], &["plan"]] {
        let ended = Run::new(PURGE, arguments).input("/a\n").end().await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert_eq!(
            ended.err,
            "error: no paths to purge; give at least one, or read standard input with `--from -`\n"
        );
    }
    for arguments in [&["create", "--sandbox", "-"][..], &["plan", "--raw", "-"]] {
        let ended = Run::new(PURGE, arguments).input("/a\n").end().await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let says = "argument 1: `-`: not a path; `--from -` reads paths from standard input";
        assert!(ended.err.contains(says), "{}", ended.err);
    }
    let ended = plan(&["--from", "-"], b"").await;
    assert!(ended.err.contains("no paths to purge: standard input holds no path"), "{ended:?}");
    let ended = plan(&["/a", "--inventory", "-"], b"\n").await;
    assert!(
        ended.err.contains("standard input holds no path: the inventory is empty"),
        "{ended:?}"
    );
    let ended = plan(&["/a", "--max-requests", "0"], b"").await;
    assert!(ended.err.contains(": at least 1"), "{ended:?}");
}

#[tokio::test]
async fn file_named_star_needs_consent() {
    let ended = plan(&["--raw", "*"], b"").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("`/%2A` may purge the whole resource"), "{}", ended.err);
    let ended = plan(&["/*"], b"").await;
    assert!(ended.err.contains("argument 1: `/*` purges the whole resource"), "{}", ended.err);
    let ended = Run::new(PURGE, ["plan", "/c", "--from", "-"]);
    let ended = ended.input("/a\n# b\n/*\n/**\n").end().await;
    assert_eq!(
        ended.err,
        "error: standard input:3: `/*` purges the whole resource, which needs explicit consent; pass \
         --allow-full-purge if that is what you want; nothing was sent\n"
    );
}
