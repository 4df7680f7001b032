use super::*;

fn paths(format: Format<'_>, text: &[u8]) -> Vec<String> {
    let mut read = Vec::new();
    let mut number = 0;
    let take = |entry: &[u8], _: Option<&str>| {
        number += 1;
        let Some(entry) = format.entry(entry, number) else { return };
        let mut paths = Paths::new();
        read.push(match format.read(entry, false, &mut paths) {
            Ok(()) => paths.iter().collect(),
            Err(refusal) => format!("{number}: {}", refusal.message),
        });
    };
    crate::input::each_entry(text, format.end(), take).expect("memory can be read");
    read
}

#[test]
fn lines_of_file_names() {
    let raw = Format { raw: true, ..Format::default() };
    assert_eq!(
        paths(raw, b"\xef\xbb\xbfa b.txt\r\n\n#1.txt\n*.png\n./docs/\n/\ncaf\xe9\n"),
        ["/a%20b.txt", "/%231.txt", "/%2A.png", "/docs/", "/", "/caf%E9"]
    );
    assert_eq!(
        paths(raw, b"\"caf\\303\\251\"\n\"\n../a\na//b\nC:\\site\\a b\n"),
        [
            "1: git quotes such names: run git with `-z`, and pass `-0 --raw` here",
            "/%22",
            "3: a dot segment, at byte 0: write the path without `.` and `..`",
            "4: two slashes in a row, at byte 1: write one",
            "5: a Windows path, at byte 0: write the path on the site; if Git Bash changed it, \
             set MSYS_NO_PATHCONV=1",
        ]
    );
}

/// A file may have such a name, so it is not skipped as an empty line is.
#[test]
fn name_of_blanks_is_refused() {
    let raw = Format { raw: true, ..Format::default() };
    let read = paths(raw, b" \n\na\n\t\n");
    assert_eq!((read.len(), &*read[1]), (3, "/a"));
    assert!(read[0].starts_with("1: an invisible character at the end"), "{read:?}");
    assert!(read[2].starts_with("4: a control character (tab)"), "{read:?}");
    assert_eq!(paths(Format::default(), b" \n\n/a\n\t\n"), ["/a"]);
}

/// As a line, each of these is output of another program; between NUL bytes, it is a name.
#[test]
fn between_nul_bytes_any_name_is_accepted() {
    let raw = Format { raw: true, null: true, ..Format::default() };
    assert_eq!(
        paths(raw, b"M\ta\0 M a\0old -> new\0a \0a\\b\0[\"a\"]\0a\x1b\0a /b\0a.css b.css\0\"a\"\0"),
        [
            "/M%09a",
            "/%20M%20a",
            "/old%20-%3E%20new",
            "/a%20",
            "/a%5Cb",
            "/[%22a%22]",
            "/a%1B",
            "/a%20/b",
            "/a.css%20b.css",
            "/%22a%22"
        ]
    );
}

#[test]
fn output_of_other_programs_is_recognized_without_raw_too() {
    assert_eq!(
        paths(Format::default(), b"M\tindex.html\n[\"/a\"]\n'/a'\na.html b.html\n /a\n/a%0Ab\n"),
        [
            "1: status or log output: list only the names, as `git diff --name-only` and `rsync \
             --out-format=%n` do",
            "2: JSON: list one name per line, as `jq -r '.[]'` does",
            "3: a name in quotes: remove them",
            "4: several names: list one per line",
            "5: a space before the `/`: remove it",
            "6: an escaped control character at byte 2: give each path separately, without it; a \
             file name that contains one needs `-0 --raw`",
        ]
    );
    let break_in = Format::default().read(b"/a\n/b", false, &mut Paths::new());
    assert_eq!(
        break_in.expect_err("two paths in an argument").message,
        "a line break, at byte 2: give each path separately; `--from -` reads one per line"
    );
    assert_eq!(
        paths(Format::default(), b"/a -> /b\n"),
        ["1: two paths (a rename?): list both, one per line"]
    );
}

#[test]
fn lines_between_nul_bytes_are_not_a_name() {
    let raw = Format { raw: true, null: true, ..Format::default() };
    assert_eq!(
        paths(raw, b"a.html\nb.css\n\0a\nb.css\0"),
        ["1: line breaks between names: end each with a NUL byte, or leave -0 out", "/a%0Ab.css"]
    );
}

#[test]
fn between_nul_bytes_a_drive_is_a_folder_and_a_leading_mark_is_dropped() {
    let raw = Format { raw: true, null: true, ..Format::default() };
    let names = b"\xef\xbb\xbfa.html\0\xef\xbb\xbfb\0";
    assert_eq!(paths(raw, names), ["/a.html", "/%EF%BB%BFb"]);
    if !cfg!(windows) {
        assert_eq!(paths(raw, b"c:/x.html\0C:\\x\0"), ["/c:/x.html", "/C:%5Cx"]);
        let folder = PurgePath::new("/shop").expect("a path");
        let below = Format { prefix: Some(&folder), ..raw };
        assert_eq!(paths(below, b"c:/x.html\0"), ["/shop/c:/x.html"]);
    }
    assert_eq!(paths(Format { raw: false, ..raw }, b"\xef\xbb\xbf/a\0"), ["/a"]);
}

#[test]
fn folders_that_find_lists_are_not_names() {
    for null in [false, true] {
        for name in [".", "./", "/."] {
            let raw = Format { raw: true, null, ..Format::default() };
            let refusal = raw.read(name.as_bytes(), false, &mut Paths::new());
            let says = refusal.expect_err("a folder").message;
            assert!(says.ends_with("list files only, as `find -type f` does"), "{name}: {says}");
        }
    }
}

#[test]
fn byte_order_marks_inside_lists_are_refused() {
    let says = paths(Format::default(), b"/a\n\xef\xbb\xbf/b\n/c\xef\xbb\xbf\n");
    assert_eq!(says[1], "2: a byte order mark inside the list: remove it");
    assert_eq!(says[2], "3: a byte order mark inside the list: remove it");
}

#[test]
fn windows_separates_by_backslashes() {
    assert_eq!(*with_slashes(b".\\img\\a.png", true), *b"./img/a.png");
    assert_eq!(*with_slashes(b"img\\a.png", false), *b"img\\a.png");
}

#[test]
fn entries_that_may_be_names_are_flagged() {
    let is_name = |text: &[u8]| {
        let refusal = Format::default().read(text, false, &mut Paths::new());
        refusal.expect_err("not a path").is_name
    };
    for name in [
        &b"index.html"[..],
        b"/a b.html",
        b"\xc3\xbcber.html",
        b"/caf\xe9",
        b"100%.png",
        b"{lang}/a",
        b"\"caf\\303\\251\"",
        b"#1.txt",
    ] {
        assert!(is_name(name), "{name:?}");
    }
    for other in [
        &b"https://e.com/a"[..],
        b"www.e.com/a",
        b"//e.com/a",
        b"M\tindex.html",
        b" M index.html",
        b"[\"a\"]",
        b"/a?b",
        b"/a#b",
        b"/a /b",
        b"C:/a",
        b"../a",
        b"a\\b",
        b"/a%0Ab",
        b"/a\tb",
        b"%2Fa",
        b"caf%C3%A9.html",
        b"[/a]",
        b"(/a)",
        b"a.html b.html",
    ] {
        assert!(!is_name(other), "{other:?}");
    }
}

#[test]
fn nothing_but_nul_ends_an_entry() {
    let null = Format { null: true, ..Format::default() };
    assert_eq!(paths(null, b"/a\0\0/b\0"), ["/a", "/b"]);
    assert_eq!(
        paths(null, b"#/a\0"),
        ["1: it does not begin with `/`: write the path as it appears after the host"]
    );
    let raw = Format { raw: true, ..null };
    assert_eq!(
        paths(raw, b"a\nb\r\0\"\\\"\0 \0\xef\xbb\xbf"),
        ["/a%0Ab%0D", "/%22%5C%22", "/%20", "/%EF%BB%BF"]
    );
}

#[test]
fn prefix_comes_before_every_path() {
    let prefix = PurgePath::new("/assets/").expect("a path");
    let format = Format { prefix: Some(&prefix), ..Format::default() };
    assert_eq!(
        paths(format, b"/a\n/\n/*.js\nb"),
        ["/assets/a", "/assets/", "/assets/*.js", "4: it does not begin with `/`: write `/b`"]
    );
    let raw = Format { raw: true, ..format };
    assert_eq!(paths(raw, b"a\n/\nb/c d"), ["/assets/a", "/assets/", "/assets/b/c%20d"]);
    assert_eq!(paths(Format { null: true, ..raw }, b"a\nb\0"), ["/assets/a%0Ab"]);
    let root = PurgePath::new("/").expect("a path");
    assert_eq!(paths(Format { prefix: Some(&root), ..raw }, b"a"), ["/a"]);
    let longest = format!("/{}", "a".repeat(PurgePath::MAX_BYTES - 1));
    assert_eq!(
        paths(format, longest.as_bytes()),
        ["1: longer than 8192 bytes: shorten it, or purge it with a wildcard"]
    );
}
