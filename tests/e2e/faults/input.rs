//! Faults in the input.

use std::fs;
use std::path::PathBuf;

use super::row::{ACCEPTED, Row, ok};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = refused();
    rows.extend(taken());
    rows
}

/// A file of paths, in Cargo's folder for test files.
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
        rows.push(Row::new(name).call(call).ends(2, "").says(says).hides("s3cret"));
    };
    refuse("I1 no paths", &["create"], "no paths to purge");
    refuse("I1 empty file", &create(&file("empty", "")), "faults-empty` holds no path");
    refuse("I1 only comments", &create(&file("comments", "# a\n\n")), "no paths to purge");
    refuse("I1 missing file", &create("/not/there"), "cannot be read");
    refuse("I4 NUL in a line", &create(&file("nul", "/a\n/b\0\n")), "faults-nul:2: ");
    let long = file("long", format!("/a\n/{}\n", "b".repeat(1 << 20)));
    refuse("I4 line of 1 MB", &create(&long), "faults-long:2: ");
    refuse("I4 line that is not UTF-8", &create(&file("bytes", b"/a\n/\xff\n")), "not UTF-8");
    for (path, advice) in [
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
        ("www.e.com/a", "write only its path, `/a`"),
        ("example.com/a", "as it appears after the host"),
        ("/{a}", "write `%7B`"),
        ("/a\"b", "write `%22`"),
        ("/a%0ab", "an escaped control character at byte 2"),
        ("/a%00", "an escaped control character at byte 2"),
        ("/a /b", "a second path at byte"),
        ("/a.css;/b.css", "a second path at byte"),
        ("/a.css|/b.css", "a second path at byte"),
        ("/a.css','/b", "a second path at byte"),
        ("/a.css,", "write `%2C` if it belongs to the path"),
        ("/a\u{feff}", "a byte order mark inside the list: remove it"),
        ("https://user:secret@e.com/a", "`https://…@e.com/a`"),
        ("user:secret@e.com/a", "`…@e.com/a`"),
        ("[/a]", "a path in brackets: remove them"),
        ("%2Fa", "as it appears after the host"),
        ("/a.css,/b.css", "a second path at byte"),
        ("/a\n/b", "a line break, at byte 2"),
        ("C:/Program Files/Git/a", "MSYS_NO_PATHCONV=1"),
        ("/C:/Program%20Files/Git/a", "MSYS_NO_PATHCONV=1"),
        ("-", "`--from -` reads paths from standard input"),
    ] {
        let escaped = path.escape_default();
        refuse(&format!("I5 `{escaped}`"), &["create", "/ok", path], advice);
    }
    for (name, text, options, says) in lists() {
        let file = file(&name.replace(' ', "-"), text);
        let call = [&create(&file)[..], options].concat();
        refuse(&format!("I8 {name}"), &call, says);
        let call = [&["create", "/ok", "--inventory", &file], options].concat();
        refuse(&format!("I8 {name}, as inventory"), &call, says);
    }
    for (call, says) in [
        (&["create", "/a", "b c"][..], "argument 2: `b c`: it does not begin with `/`"),
        (&["create", "/a", "/**"], "pass --allow-full-purge"),
        (&["create", "--dry-run"], "no paths to purge"),
        (&["create", "/a", "--wait", "5m"], "`5m` is not a path; write `--wait=5m`"),
        (&["create", "--timeout", "0", "/a"], "write for example `30s`"),
        (&["create", "--base-url", "https://e.net/api/v1", "/a"], "remove `/api/v1`"),
        (&["create", "--resource", "www", "/a"], "the resource `www` is not a UUID"),
        (
            &["create", "--token-command", "login 's3cret", "/a"],
            "--token-command: a quote is not closed",
        ),
        (&["list", "--limit", "101"], "a page has 1 to 100 records"),
        (&["list", "--page", "0"], "pages are numbered from 1"),
    ] {
        refuse(&format!("I9 {call:?}"), call, says);
    }
    let mut lines: Vec<String> = (0..10_000).map(|i| format!("/{i}")).collect();
    lines[7_000] = "bad".to_owned();
    let one = file("one-bad", lines.join("\n"));
    refuse("I6 one invalid path among 10,000", &create(&one), "1 of 10000 paths is not valid");
    refuse(
        "I6 one invalid path is reported with its line",
        &create(&one),
        "faults-one-bad:7001: `bad`",
    );
    let many = file("many-bad", "bad\n".repeat(23));
    refuse("I6 many invalid paths", &create(&many), "and 3 more");
    for path in ["/*", "/**", "/%2A", "/%2a*", "/*.*", "/*/*", "/*/", "/*%2E*"] {
        let name = format!("I7 `{path}` without consent");
        refuse(&name, &["create", "/ok", path], "--allow-full-purge");
    }
    rows
}

type List = (&'static str, Vec<u8>, &'static [&'static str], &'static str);

/// Lists in formats that other programs produce.
fn lists() -> Vec<List> {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let raw: &[&str] = &["--raw"];
    let null: &[&str] = &["--raw", "-0"];
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("UTF-16 paths", wide("\u{feff}/a\r\n/b\r\n"), &[], "is UTF-16; write it as UTF-8"),
        ("UTF-16 names", wide("\u{feff}a.html\r\nb\r\n"), raw, "is UTF-16; write it as UTF-8"),
        ("UTF-16 under -0", wide("a.html\r\nb\r\n"), null, "is UTF-16; write it as UTF-8"),
        ("NUL bytes in paths", text("/a\0/b\0"), &[], ":1: the list has NUL bytes: pass `-0`"),
        ("NUL bytes in names", text("a\0b c\0"), raw, ":1: the list has NUL bytes: pass `-0`"),
        ("lines under -0", text("a\nb c\n"), null, "no NUL byte; leave -0 out"),
        ("name-status", text("M\ta\nR100\ta\tb\n"), raw, "status or log output"),
        ("porcelain", text(" M a\n?? b\n"), raw, ":2: `?? b`: status or log output"),
        ("names on a line", text("/a.html /b.html\n"), raw, "several names: list one per line"),
        ("escaped line breaks", text("a\\nb\n"), raw, "a backslash"),
        ("JSON", text("[\"a\",\"b\"]\n"), raw, "`jq -r '.[]'`"),
        ("URLs", text("https://e.com/a\n"), raw, "a URL"),
        ("log", text("upload: ./a to s3://b/a\n"), raw, "a URL or log output"),
        ("drive", text("C:/Program Files/Git/a\n"), raw, "MSYS_NO_PATHCONV=1"),
        ("status under -0", text(" M a.html\0?? b\0R  c\0d\0"), null, "use `--name-only -z`"),
        ("name-status under -0", text("M\0a.html\0A\0b.html\0"), null, "use `--name-only -z`"),
        ("two letters", text("AM a\nRM b\n"), raw, "status or log output"),
        ("hosts", text("127.0.0.1:8080/a\n"), raw, "this looks like a host: remove it"),
        ("hosts on all lines", text("e.com/a\ne.com/b\n"), raw, "`e.com`, which looks like a host"),
        ("error", text("fatal: not a git repository\n"), raw, "the program before the pipe"),
        ("CSV", text("index.html,200\nb.html,404\n"), raw, "part of a list or a table"),
        ("YAML", text("paths:\n  - a.html\n"), raw, "a line of YAML, TOML or a table"),
        ("grep", text("index.html:12:foo\n"), raw, "a name followed by `:`"),
        ("variable", text("${FILE}\n"), raw, "a variable that was not replaced"),
        ("escapes", text("a.html\ncaf%C3%A9.html\n"), raw, "already percent-encoded"),
        ("mark inside", text("a\n\u{feff}b\n"), raw, "a byte order mark inside the list"),
        ("find", text(".\na.html\n"), raw, "`find -type f`"),
        ("names without --raw", text("index.html\nimg/a b.png\n"), &[], "file names, pass --raw"),
    ]
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
        Row::new("I8 file names with all kinds of bytes")
            .call([
                "create",
                "--raw",
                "-0",
                "--from",
                &file("odd", b"a\nb\0M\tc\0\"d\\\"\0 e \0\xff\xff\0"),
            ])
            .ends(0, "5 accepted")
            .seen(1, 0),
        Row::new("I8 suspicious file names among normal ones")
            .call([
                "create",
                "--raw",
                "--from",
                &file(
                    "plain",
                    "? a.html\nAM b.html\na.html b.html\n- c\n space\n100%25\n5%\nd/e\n",
                ),
            ])
            .ends(0, "8 accepted")
            .seen(1, 0),
        Row::new("I7 `/*` with consent")
            .call(["create", "/*", "--allow-full-purge"])
            .post([ok(ACCEPTED)])
            .ends(0, "1 accepted")
            .seen(1, 0),
        Row::new("I7 planning `/*` needs consent too")
            .call(["plan", "/*"])
            .ends(2, "")
            .says("--allow-full-purge"),
    ]);
    rows
}
