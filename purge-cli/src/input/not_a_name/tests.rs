use super::*;

#[test]
fn lines_of_other_programs_are_refused() {
    let check = |says: &str, lines: &[&str]| {
        for line in lines {
            let refusal = refusal(line.as_bytes());
            assert!(
                refusal.as_ref().is_some_and(|why| why.what.starts_with(says)),
                "{line:?}: {refusal:?}"
            );
        }
    };
    check("a name in quotes", &["\"a\"", "'a b'", "`a`", "'a',", "\"a.html\",200"]);
    check("git quotes", &[r#""caf\303\251""#, r#""say \"hi\"""#]);
    check(
        "status or log output",
        &[
            // git diff --name-status, --raw; git status --short; hg and svn status
            "M\tindex.html",
            "A\tdocs/new.html",
            "R100\told.html\tnew.html",
            "C75\ta\tb",
            "D\ta b",
            " M index.html",
            "M  index.html",
            "MM a",
            "?? docs/x.html",
            "!! a",
            "R  old -> new",
            " D a",
            "UU a",
            "M       a",
            "?       a",
            // git diff
            "diff --git a/x b/x",
            "--- a/x",
            "+++ b/x",
            "@@ -1 +1 @@",
            // ls -l, tar -tv, rsync -i and -v
            "-rw-r--r-- 1 root root 12 Jan  1 00:00 a",
            "drwxr-xr-x. 2 root root 4096 a",
            "lrwxrwxrwx 1 me me 1 a -> b",
            "-rw-r--r-- me/me 1 2026-01-01 00:00 a",
            ">f+++++++++ a",
            "<f.st...... a",
            "cd+++++++++ img/",
            ".d..t...... ./",
            "*deleting   old.html",
            "sending incremental file list",
            "sent 1,234 bytes  received 56 bytes  2,580.00 bytes/sec",
            "total size is 5  speedup is 0.1",
            // aws s3, rclone, sha256sum
            "2026-01-31 12:00:00       1234 a",
            "2026/01/31 12:00:00 INFO  : a: Copied (new)",
            "2026-01-31T12:00:00Z a",
            "d41d8cd98f00b204e9800998ecf8427e  a",
            "d41d8cd98f00b204e9800998ecf8427e *a",
            // scp, git diff --stat, tree
            "index.html      100%   12     1.2KB/s   00:00",
            " a | 2 +-",
            " create mode 100644 a",
            " 3 files changed, 10 insertions(+)",
            "\u{251c}\u{2500}\u{2500} a",
            "   12 a",
            // lists
            "\tmodified:   a",
            "new file:   a",
            "1 .M N... 100644 100644 100644 abc abc index.html",
            "2 R. N... 100644 100644 100644 abc abc R100 a",
            "u UU N... 1 1 1 1 a b c a",
            "## main...origin/main",
            "Only in public: a.html",
            "Files a/x and b/x differ",
            "commit d41d8cd98f00b204e9800998ecf8427e01234567",
            "  adding: a.html (deflated 10%)",
            "removed 'a.html'",
            "SHA256 (a.html) = e3b0",
            "  12 a.html",
            "  50.0% docs/",
            "[12:00:01] index.html",
        ],
    );
    check("a control", &["a\tb", "a\0", "a\u{1b}[0m", "\ta", "a.html\tb.html", "a\rb", "a\u{7f}"]);
    check(
        "an error message",
        &[
            "fatal: not a git repository",
            "error: pathspec 'a' did not match",
            "warning: LF will be replaced",
            "bash: jq: command not found",
            "/bin/sh: 1: jq: not found",
            "-bash: a: b",
            "find: 'a': Permission denied",
            "ls: cannot access 'a'",
            "git: 'a' is not a git command",
            "rsync: connection unexpectedly closed",
            "foo.sh: line 3: jq: command not found",
        ],
    );
    check("a byte order mark", &["\u{feff}a.html", "a\u{feff}"]);
    check("a Unicode line separator", &["a\u{85}b", "a\u{2028}b.html", "a.html\u{2029}b"]);
    check(
        "an invisible character at the end",
        &["a.html ", "a.html\u{a0}", "a.html\u{200b}", "a\u{2003}", "a\u{2060}"],
    );
    check("an invisible character at the beginning", &["\u{a0}a.html", "\u{200b}a"]);
    check(
        "a line of YAML, TOML or a table",
        &[
            "paths:",
            "---",
            "  - index.html",
            "paths = [\"index.html\"",
            "file='a'",
            "----",
            "---- ------",
            "| a.html | 1 |",
            "+----+---+",
            "=====",
        ],
    );
    check(
        "a variable",
        &[
            "$FILE",
            "$SITE/a.html",
            "${file}",
            "a/${FILE}.html",
            "{{ item }}",
            "%FILE%",
            "$(git diff)",
        ],
    );
    check(
        "a name followed by",
        &[
            "index.html:12:foo",
            "index.html:12",
            "index.html: OK",
            "a: FAILED",
            "a.html: HTML document, ASCII text",
            "/index.html:/b.html",
        ],
    );
    check(
        "a URL",
        &[
            "https://e.com/a",
            "Copying file://a",
            "s3://b/a",
            "x://",
            "./a to gs://b",
            "https:/example.com/a",
            "http:example.com/a",
            "file:/srv/a",
        ],
    );
    check(
        "JSON",
        &[
            "[\"a\",\"b\"]",
            "  [\"a\"",
            "{\"a\":1}",
            "[{\"a\":1}]",
            "[",
            "]",
            "{",
            "},",
            "[]",
            "  \"a\",",
            "\"files\": [",
            "['a', 'b']",
        ],
    );
    check("a backslash", &["a.html\\nb.html", "img\\logo.png", "a\\#012b", "a\\ b"]);
    check("an escaped control", &["a.html%0Ab.html", "a%0d%0ab", "a%00b"]);
    check("two names (a rename?)", &["old.html -> new.html", "a => b", "RM old -> new"]);
    check(
        "several names",
        &[
            "a /b",
            "/a /b",
            "docs /a.html",
            "a.html b.css c.js",
            "a.html,b.css,c.PNG",
            "a.js; b.js",
            "a.html|b.html",
        ],
    );
    check("several names: pass them", &["a\nb", "a.html\n"]);
    check("several names", &["/index.html|/b.html", "/index.html;/b.html"]);
    check(
        "part of a list",
        &["a.html,", "a.html;", "index.html,200", "index.html','b.html", "a.css|1"],
    );
    check("a path in brackets", &["[/a]", "(/a)", "[/a, /b]"]);
    check(
        "this looks like a host",
        &[
            "www.example.com/index.html",
            "www.example.com",
            "user:pw@example.com/a.html",
            "user:p@w@example.com",
            "me:secret@intranet/a",
            "127.0.0.1/a.html",
            "127.0.0.1:8080/a.html",
            "localhost:3000/a.html",
            "example.com:8080/a",
            "example.com:443",
            "[::1]/a.html",
            "[2001:db8::1]:443/x",
        ],
    );
    check("a space", &[" /a", "  /a"]);
    check("markup", &["<urlset>", "<?xml version='1.0'?>"]);
}

#[test]
fn names_are_accepted() {
    for name in [
        "index.html",
        "/index.html",
        "./a/b",
        "docs/",
        "a b.txt",
        "M index.html",
        "A note.html",
        "AM radio.html",
        "DD-WRT.html",
        "Report v1.2 final.pdf",
        "Copy of a.txt",
        "a - b.txt",
        "a (1).png",
        "\u{fc}ber uns.html",
        "\u{4e2d}\u{6587}.html",
        "\u{1f600}.png",
        "[slug].js",
        "[[...slug]].js",
        "[...all].tsx",
        "{lang}/a.html",
        "100%.png",
        "a=b",
        "~",
        "~me/a",
        "@scope/pkg",
        "c++",
        "#1.txt",
        "# a",
        "*.png",
        "a,b",
        "a;b",
        "a:b",
        "a: b",
        "a|b",
        "a & b.html",
        "it's.html",
        "say\"hi\".html",
        "a<b>.html",
        "a^b`c.html",
        "what?.txt",
        "$a",
        "-a",
        "--",
        "...",
        "a...b",
        "!important.css",
        "?",
        "+page.svelte",
        "(group)/a",
        "_next/static/a.js",
        "2026-01-31 notes.html",
        "2026/01/31/a.html",
        "deadbeef  x",
        "total eclipse.html",
        "upload:a",
        "\"",
        "'",
        "a->b",
        "a=>b",
        ".well-known/a",
        "jquery.min.js.map",
        "a.html b",
        "a.html b.css",
        "a.html copy.html",
        "c.html (copy).html",
        "index.html index.htm",
        "{\"a\"}.html",
        "[\"x\"].html",
        "! important.html",
        "? help.html",
        "+ plus.html",
        "- dash.html",
        "* star.html",
        "total 8",
        "upload: x.html",
        "1 MA Notes.html",
        "docs.rs/x",
        "example.com/a.html",
        "me@example.com/a",
        "1.2.3/a",
        "300.1.2.3/a",
        "chapter 1:2",
        "a:80",
        "v1.2:3",
        "http: a primer.html",
        "HTTP/1.1.html",
        "error.html",
        "errors: a list.html",
        "git.html",
        " space.html",
        "$slug.tsx",
        "$id/edit.tsx",
        "100%",
        "caf%C3%A9.html",
        "a=b.html",
        "q='a'.html",
        "x=[1].html",
        "cost $(10).html",
        " 12 angry men.html",
        "O'Reilly, Inc.html",
        "report.pdf.html",
        "index.html~",
        "50% off.html",
        "note: a.html",
        "SHA256.html",
        "commit messages.html",
        "Only in New York.html",
        "\u{2764}\u{fe0f}",
        "R100",
        "%41",
        "MM",
        "x  y",
        "AA batteries.html",
    ] {
        let refusal = refusal(name.as_bytes());
        assert!(refusal.is_none(), "{name:?}: {refusal:?}");
    }
    assert!(refusal(b"caf\xe9").is_none());
}

#[test]
fn names_between_nul_bytes_are_not_lists() {
    for list in [&b"a.html\nb.css\n"[..], b"find: 'a': Permission denied\nindex.html"] {
        assert!(lines(list).is_some(), "{list:?}");
    }
    for name in [&b"a\nb.css"[..], b"a.html,b\nc", b"find: a", b"a.html\n"] {
        assert!(lines(name).is_none(), "{name:?}");
    }
}
