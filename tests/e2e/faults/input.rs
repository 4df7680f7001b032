//! What is asked for.

use std::fs;
use std::path::PathBuf;

use super::row::{ACCEPTED, Row, ok};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = refused();
    rows.extend(taken());
    rows
}

/// A file with paths, in the folder that Cargo has for the files of tests.
fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("faults-{name}"));
    fs::write(&path, content).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

fn create(file: &str) -> [&str; 3] {
    ["create", "--from", file]
}

fn refused() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut refuse = |name: &str, call: &[&str], says: &str| {
        rows.push(Row::new(name).call(call).ends(2, "").says(says));
    };
    refuse("I1 no path at all", &["create"], "no paths to purge");
    refuse("I1 empty file", &create(&file("empty", "")), "no paths to purge");
    refuse("I1 file of comments", &create(&file("comments", "# a\n\n")), "no paths to purge");
    refuse("I1 file that is not there", &create("/not/there"), "cannot be read");
    refuse("I4 NUL in a line", &create(&file("nul", "/a\n/b\0\n")), "faults-nul:2: ");
    let long = file("long", format!("/a\n/{}\n", "b".repeat(1 << 20)));
    refuse("I4 line of 1 MB", &create(&long), "faults-long:2: ");
    refuse("I4 line that is not UTF-8", &create(&file("bytes", b"/a\n/\xff\n")), "not UTF-8");
    for (path, mend) in [
        ("/a/../b", "a dot segment"),
        ("/%2e%2E/b", "a dot segment"),
        ("/a\\b", "a backslash"),
        ("/a\tb", "a control character"),
        ("/a b", "write `%20`"),
        ("/\u{fc}", "write `%C3%BC`"),
        ("/a#b", "write `%23`"),
        ("/a?b", "write `%3F`"),
        ("/a%2", "a broken percent escape"),
        ("a", "write `/a`"),
        ("//host/a", "two leading slashes"),
        ("https://e.com/a", "write only its path, `/a`"),
    ] {
        let escaped = path.escape_default();
        refuse(&format!("I5 `{escaped}`"), &["create", "/ok", path], mend);
    }
    let mut lines: Vec<String> = (0..10_000).map(|i| format!("/{i}")).collect();
    lines[7_000] = "bad".to_owned();
    let one = file("one-bad", lines.join("\n"));
    refuse("I6 one bad path among 10,000", &create(&one), "1 of 10000 paths are not valid");
    refuse("I6 one bad path is named by its line", &create(&one), "faults-one-bad:7001: `bad`");
    let many = file("many-bad", "bad\n".repeat(23));
    refuse("I6 many bad paths", &create(&many), "and 3 more");
    for path in ["/*", "/**", "/%2A", "/%2a*", "/*.*", "/*/*", "/*/", "/*%2E*"] {
        let name = format!("I7 `{path}` without consent");
        refuse(&name, &["create", "/ok", path], "--allow-full-purge");
    }
    rows
}

fn taken() -> Vec<Row> {
    let numbered = |count: usize| (0..count).map(|i| format!("/{i}\n")).collect::<String>();
    let mut rows = Vec::new();
    for (count, posts) in [(1, 1), (100, 1), (101, 2), (10_000, 100)] {
        let file = file(&format!("{count}-paths"), numbered(count));
        let row = Row::new(format!("I2 {count} paths")).call(create(&file));
        rows.push(row.ends(0, &format!("{count} accepted")).seen(posts, 0));
    }
    let text = "\u{feff}/a\r\n\r\n# comment\r\n  \r\n/b\r\n";
    rows.extend([
        Row::new("I3 duplicates, and paths under a wildcard")
            .call(["create", "/a", "/b/*", "/a", "/b/c"])
            .ends(0, "2 accepted")
            .seen(1, 0),
        Row::new("I4 CRLF, byte order mark, blank lines, comments")
            .call(create(&file("lines", text)))
            .ends(0, "2 accepted")
            .seen(1, 0),
        Row::new("I7 `/*` with consent")
            .call(["create", "/*", "--allow-full-purge"])
            .post([ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(1, 0),
        Row::new("I7 `/*` as a plan needs consent, too")
            .call(["plan", "/*"])
            .ends(2, "")
            .says("--allow-full-purge"),
    ]);
    rows
}
