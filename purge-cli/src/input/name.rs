//! Lines that are not names of files: taken for one, each would be the name of a file that does not exist, and
//! its purge would look like success.
//!
//! A name that looks like that, but is one, comes through in a list whose names end with a NUL byte.

use memchr::memmem;

/// Endings of files of which lists are made most often.
const ENDINGS: [&str; 20] = [
    "html", "htm", "css", "js", "mjs", "json", "map", "xml", "txt", "pdf", "svg", "png", "jpg",
    "jpeg", "gif", "webp", "avif", "ico", "woff", "woff2",
];

/// Git puts a name in quotes if a character of it would break a line or needs more than ASCII.
pub(super) fn is_quoted_by_git(line: &[u8]) -> bool {
    line.len() > 1 && line.starts_with(b"\"") && line.ends_with(b"\"") && line.contains(&b'\\')
}

/// Why a line cannot be the name of a file, and what to do about it.
pub(super) fn refusal(line: &[u8]) -> Option<&'static str> {
    let has = |text: &str| memmem::find(line, text.as_bytes()).is_some();
    Some(if is_quoted_by_git(line) {
        "a name in quotes, as git writes it in lines: use `-z` there and `-0` here"
    } else if has_column(line) {
        "a line of a status or a log: list the names alone, as `git diff --name-only` and `rsync \
         --out-format=%n` do"
    } else if line.contains(&b'\n') {
        "several names: pass them with `--from -`, which reads one a line"
    } else if line.iter().any(u8::is_ascii_control) {
        "a control character: a line holds one name; for a name that has one, use `-z` there and `-0` \
         here"
    } else if ["%0A", "%0a", "%0D", "%0d", "%00"].iter().any(|escape| has(escape)) {
        "an escaped control character: write one name a line; a name that looks like that needs `-0`"
    } else if has("://") {
        "a URL, or a line of a log: list names of files, or leave --raw out and write the paths of the \
         URLs"
    } else if is_json(line) {
        "JSON: write one name a line, as `jq -r '.[]'` does"
    } else if is_quoted(line) {
        "a name in quotes: leave them out; a name that has them needs `-0`"
    } else if line.contains(&b'\\') {
        "a backslash: write `/` between folders, and one name a line; a name that has one needs `-0`"
    } else if has(" -> ") || has(" => ") {
        "two names: write one a line, as `git diff --no-renames --name-only` does"
    } else if memmem::find(line.trim_ascii_start(), b" /").is_some() || is_list(line) {
        "several names: write one a line; a name that looks like that needs `-0`"
    } else if line.starts_with(b" ") && line.trim_ascii_start().starts_with(b"/") {
        "a space before the `/`: remove it"
    } else if has_host(line) {
        "a host before the name: leave it out; a folder of this name needs `-0`"
    } else if line.starts_with(b"<") && line.ends_with(b">") {
        "markup: write one name a line; a name that looks like that needs `-0`"
    } else {
        return None;
    })
}

/// Whether something stands before the name that is not a part of it.
fn has_column(line: &[u8]) -> bool {
    const PREFIXES: [&str; 19] = [
        "- ",
        "* ",
        "+ ",
        "? ",
        "! ",
        "diff --git ",
        "--- a/",
        "+++ b/",
        "@@ -",
        "*deleting ",
        "upload: ",
        "download: ",
        "copy: ",
        "move: ",
        "delete: ",
        "(dryrun) ",
        "sending incremental file list",
        "building file list",
        "total size is ",
    ];
    PREFIXES.iter().any(|prefix| line.starts_with(prefix.as_bytes()))
        || has_status(line)
        || has_mode(line)
        || has_changes(line)
        || has_checksum(line)
        || has_date(line)
        || has_table(line)
        || line.strip_prefix(b"total ").is_some_and(|n| n.iter().all(u8::is_ascii_digit))
}

/// `index.html   100%   12 KB`, `modified:   a`, ` a | 2 +-`, `├── a`
fn has_table(line: &[u8]) -> bool {
    let has = |text: &str| memmem::find(line, text.as_bytes()).is_some();
    let is_diffstat = line.starts_with(b" ") && (has(" | ") || has(" mode 1") || has(" changed, "));
    is_diffstat
        || ["   ", ":  ", " bytes  received ", "\u{2500}\u{2500} "].iter().any(|text| has(text))
}

/// `M<TAB>a`, `R100<TAB>a<TAB>b`; ` M a`, `R  a -> b`, `?? a`; `M       a`.
fn has_status(line: &[u8]) -> bool {
    const STATES: &[u8] = b" MTADRCUXI?!~";
    if let Some(tab) = memchr::memchr(b'\t', line) {
        let (state, score) = line[..tab].split_first().unwrap_or((&0, &[]));
        return STATES.contains(state) && score.iter().all(u8::is_ascii_digit);
    }
    let [index, tree, b' ', name, ..] = *line else { return false };
    let is_blank = index == b' ' && tree == b' ';
    let is_pair = [*b"??", *b"!!", *b"MM", *b"UU"].contains(&[index, tree]);
    let is_half = index == b' ' || tree == b' ';
    STATES.contains(&index)
        && STATES.contains(&tree)
        && (is_pair || (is_half && !is_blank))
        && (name != b' ' || tree == b' ')
}

/// `-rw-r--r-- 1 root root 12 Jan  1 00:00 a`, as `ls -l` and `tar -tv` write it.
fn has_mode(line: &[u8]) -> bool {
    let Some((mode, [b' ' | b'.' | b'+' | b'@', ..])) = line.split_at_checked(10) else {
        return false;
    };
    b"-dlbcpsD".contains(&mode[0]) && mode[1..].iter().all(|byte| b"-rwxsStT".contains(byte))
}

/// `>f.st...... a`, as `rsync --itemize-changes` writes it.
fn has_changes(line: &[u8]) -> bool {
    let Some(([kind, file, changes @ ..], [b' ', ..])) = line.split_at_checked(11) else {
        return false;
    };
    b"<>ch.*".contains(kind)
        && b"fdLDS".contains(file)
        && changes.iter().all(|byte| b".+cstTpoguaxbn?".contains(byte))
}

/// `d41d8cd98f00b204e9800998ecf8427e  a`
fn has_checksum(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    digits >= 32 && matches!(line[digits..], [b' ', b' ' | b'*', ..])
}

/// `2026-01-31 12:00:00 a`, as logs and lists of buckets write it.
fn has_date(line: &[u8]) -> bool {
    let Some(start) = line.get(..16) else { return false };
    let form = |byte: &u8| match byte {
        b'0'..=b'9' => b'0',
        b'/' => b'-',
        b'T' => b' ',
        other => *other,
    };
    start.iter().map(form).eq(*b"0000-00-00 00:00")
}

/// `www.example.com/a`
fn has_host(line: &[u8]) -> bool {
    let host = line.split(|&byte| byte == b'/').next().filter(|host| host.starts_with(b"www."));
    host.is_some_and(|host| host[4..].contains(&b'.') && !is_file(host))
}

fn is_json(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let starts = |texts: &[&str]| texts.iter().any(|text| line.starts_with(text.as_bytes()));
    let is = |texts: &[&str]| texts.iter().any(|text| line == text.as_bytes());
    let is_key = line.starts_with(b"\"") && memmem::find(line, b"\":").is_some();
    starts(&["[\"", "['", "{\"", "[{"])
        || is(&["[", "]", "{", "}", "],", "},", "[]", "{}"])
        || is_key
        || (line.starts_with(b"\"") && line.ends_with(b"\","))
}

fn is_quoted(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let line = line.strip_suffix(b",").unwrap_or(line);
    matches!(line, [b'"', .., b'"'] | [b'\'', .., b'\''] | [b'`', .., b'`'])
}

/// Whether there is more than one name, each with the ending of a file: `a.html b.css`.
pub(super) fn is_list(line: &[u8]) -> bool {
    if let Some(name) = line.strip_suffix(b",").or_else(|| line.strip_suffix(b";")) {
        return is_file(name);
    }
    let mut names = line.split(|byte| b" ,;\n".contains(byte)).filter(|name| !name.is_empty());
    names.next().is_some_and(is_file) && names.next().is_some_and(is_file) && names.all(is_file)
}

fn is_file(name: &[u8]) -> bool {
    let ending = name.rsplit(|&byte| byte == b'.').next().filter(|end| end.len() < name.len());
    ending.is_some_and(|end| ENDINGS.iter().any(|e| end.eq_ignore_ascii_case(e.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_programs_are_not_names() {
        let check = |says: &str, lines: &[&str]| {
            for line in lines {
                let refusal = refusal(line.as_bytes());
                assert!(refusal.is_some_and(|why| why.starts_with(says)), "{line:?}: {refusal:?}");
            }
        };
        check(
            "a name in quotes",
            &[r#""caf\303\251""#, r#""say \"hi\"""#, "\"a\"", "'a b'", "`a`", "'a',"],
        );
        check(
            "a line of a status or a log",
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
                "? a",
                "! a",
                // git diff
                "diff --git a/x b/x",
                "--- a/x",
                "+++ b/x",
                "@@ -1 +1 @@",
                // ls -l, tar -tv, rsync -i and -v
                "-rw-r--r-- 1 root root 12 Jan  1 00:00 a",
                "drwxr-xr-x. 2 root root 4096 a",
                "total 12",
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
                "upload: ./a to s3://bucket/a",
                "(dryrun) upload: a to s3://b/a",
                "delete: s3://b/a",
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
                "- a.html",
                "* main",
                "\tmodified:   a",
                "new file:   a",
            ],
        );
        check(
            "a control",
            &["a\tb", "a\0", "a\u{1b}[0m", "\ta", "a.html\tb.html", "a\rb", "a\u{7f}"],
        );
        check(
            "a URL",
            &["https://e.com/a", "Copying file://a", "s3://b/a", "x://", "./a to gs://b"],
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
        check("two names", &["old.html -> new.html", "a => b", "RM old -> new"]);
        check(
            "several names",
            &["a /b", "/a /b", "a.html b.css", "a.html,b.css,c.PNG", "a.js; b.js", "a.html,"],
        );
        check("several names: pass them", &["a\nb", "a.html\n"]);
        check("a host", &["www.example.com/index.html", "www.example.com"]);
        check("a space", &[" /a", "  /a"]);
        check("markup", &["<urlset>", "<?xml version='1.0'?>"]);
    }

    #[test]
    fn names_are_names() {
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
            "R100",
            "%41",
            "MM",
            "x  y",
            "AA batteries.html",
        ] {
            assert_eq!(refusal(name.as_bytes()), None, "{name:?}");
        }
        assert_eq!(refusal(b"caf\xe9"), None);
    }
}
