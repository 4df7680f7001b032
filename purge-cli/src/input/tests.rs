use super::*;

fn lines(text: &[u8]) -> Result<Vec<String>, String> {
    read(Format::default(), text)
}

fn read(format: Format<'_>, text: &[u8]) -> Result<Vec<String>, String> {
    let mut input = Input { format, ..Input::default() };
    match input.add_text(text, "paths.txt").and_then(|()| input.finish()) {
        Ok(good) => Ok(good.iter().map(str::to_owned).collect()),
        Err(failure) => Err(failure.to_string()),
    }
}

#[test]
fn blank_lines_comments_line_ends_and_byte_order_marks_are_skipped() {
    let text = b"\xef\xbb\xbf/a\r\n\r\n# comment\n  \n/b\n/c";
    assert_eq!(lines(text).expect("paths"), ["/a", "/b", "/c"]);
    assert_eq!(lines(b"").expect("no paths"), [""; 0]);
}

#[test]
fn errors_name_file_and_line() {
    let error = lines(b"/a\nb\n/\xff\n/c\x01\n").expect_err("three bad lines");
    insta::assert_snapshot!(error, @r"
    3 of 4 paths are not valid; nothing was sent
      paths.txt:2: `b`: it does not begin with `/`: write `/b`
      paths.txt:3: `/�`: not UTF-8, at byte 1: percent-encode it
      paths.txt:4: `/c\u{1}`: a control character, at byte 2: remove it
    ");
}

#[test]
fn file_names_suggest_raw() {
    let error = lines(b"public/index.html\n\"public/caf\\303\\251.html\"\npublic/a b.html\n/ok\n");
    insta::assert_snapshot!(error.expect_err("three names"), @r#"
    3 of 4 paths are not valid; nothing was sent
      paths.txt:1: `public/index.html`: it does not begin with `/`: write `/public/index.html`
      paths.txt:2: `"public/caf\303\251.html"`: git quotes such names: run git with `-z`, and pass `-0 --raw` here
      paths.txt:3: `public/a b.html`: it does not begin with `/`: write the path as it appears after the host
    if these are file names, pass --raw
    "#);
    let error = lines(b"/ok\n/ok\nindex.html\nimg/logo.png\n").expect_err("two names");
    assert!(!error.contains("--raw"), "{error}");
    let raw = Format { raw: true, ..Format::default() };
    let error = read(raw, b"../a\n").expect_err("not a name");
    assert!(!error.contains("--raw"), "{error}");
}

#[test]
fn wide_texts_are_refused_as_a_whole() {
    let text = "index.html\r\nimg\\logo.png\r\ncaf\u{e9}.html\r\n";
    for mark in ["", "\u{feff}"] {
        let text = format!("{mark}{text}");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for text in [little, big] {
            for (null, raw) in [(false, false), (false, true), (true, false), (true, true)] {
                let error = read(Format { null, raw, ..Format::default() }, &text);
                assert_eq!(
                    error.expect_err("UTF-16"),
                    "paths.txt is UTF-16; write it as UTF-8 (PowerShell: `Out-File -Encoding utf8`); \
                     nothing was sent"
                );
            }
        }
    }
}

#[test]
fn lists_of_other_programs_are_refused_as_a_whole() {
    let raw = Format { raw: true, ..Format::default() };
    let says =
        |format: Format<'_>, text: &[u8]| read(format, text).expect_err("not a list of names");
    assert_eq!(
        says(Format { null: true, ..raw }, b"M\0index.html\0A\0b.html\0"),
        "paths.txt: every name has a status or another column, as in `M`: use `--name-only -z`; to pass a \
         name that looks like this, put `./` before it; nothing was sent"
    );
    assert_eq!(
        says(raw, b"caf%C3%A9.html\n"),
        "paths.txt: the names are already percent-encoded, such as `caf%C3%A9.html`: omit --raw, and begin \
         each with `/`; a file with such a name needs `-0`; nothing was sent"
    );
    assert_eq!(read(raw, b"AM radio.html\nindex.html").expect("names").len(), 2);
}

#[test]
fn lists_with_another_column_are_refused_unless_nul_bytes_end_the_paths() {
    let raw = Format { raw: true, ..Format::default() };
    let null = Format { null: true, ..Format::default() };
    for text in [
        "/index.html,200\n",
        "/index.html,200\r\n/a,404\r\n",
        "/a|200\n",
        "# path,status\n/a,200\n/b,200",
    ] {
        let error = read(Format::default(), text.as_bytes()).expect_err(text);
        assert!(error.starts_with("paths.txt: every line has another column, as in `/"), "{error}");
        assert!(error.ends_with("need `-0`; nothing was sent"), "{error}");
    }
    read(raw, b"a|200\n").expect_err("a name and a status");
    assert_eq!(read(null, b"/index.html,200\0/a|2\0").expect("paths"), ["/index.html,200", "/a|2"]);
    assert_eq!(lines(b"/index.html,200\n/b\n").expect("paths"), ["/index.html,200", "/b"]);
    // Each list is judged on its own, and its invalid lines are reported first.
    assert!(lines(b"/a|200\nb|200\n").expect_err("a bad line").contains("does not begin with `/`"));
    let mut input = Input::default();
    input.add_text(&b"/a\n"[..], "one").expect("paths");
    input.add_text(&b"/a|200\n"[..], "two").expect_err("a table");
}

#[test]
fn credentials_are_not_shown() {
    let raw = Format { raw: true, ..Format::default() };
    for format in [Format::default(), raw] {
        for text in ["https://user:secret@example.com/a", "user:secret@example.com/a.html"] {
            let error = read(format, text.as_bytes()).expect_err("a host");
            assert!(error.contains("…@example.com/a") && !error.contains("secret"), "{error}");
            assert!(!error.contains("user"), "{error}");
        }
    }
}

#[test]
fn nul_bytes_and_line_breaks_are_not_mixed_up() {
    let raw = Format { raw: true, ..Format::default() };
    let null = Format { null: true, ..raw };
    let says = |format: Format<'_>, text: &[u8]| read(format, text).expect_err("a mixed list");
    let nul = "the list has NUL bytes: pass `-0` if each path ends with one; nothing was sent";
    assert_eq!(says(raw, b"index.html\0docs/a b.html\0"), format!("paths.txt:1: {nul}"));
    assert_eq!(says(Format::default(), b"/a\n/b\0/c\n"), format!("paths.txt:2: {nul}"));
    // Not only in the first block.
    let late = [b"a.html\n".repeat(BLOCK as usize), b"b\0".to_vec()].concat();
    assert_eq!(says(raw, &late), format!("paths.txt:{}: {nul}", BLOCK + 1));
    let breaks =
        "paths.txt: the list has line breaks and no NUL byte; leave -0 out; nothing was sent";
    assert_eq!(says(null, b"a.html\nb.html\n"), breaks);
    assert_eq!(says(null, b"a.html\r\n"), breaks);
    assert_eq!(says(Format { raw: false, ..null }, b"/a\n/b\n"), breaks);
    assert!(says(null, b"a\0b\nc\n").contains("line breaks follow the last NUL byte"));
    assert_eq!(read(null, b"a\nb\0c").expect("names"), ["/a%0Ab", "/c"]);
}

#[test]
fn lines_may_cross_block_boundaries() {
    let lengths = [0, 1, 30, 1000, BLOCK as usize - 1, BLOCK as usize, 3 * BLOCK as usize, 7];
    let lines = lengths.iter().cycle().take(100).map(|&length| "x".repeat(length));
    for end in ["", "\n", "\r\n"] {
        let text = lines.clone().collect::<Vec<_>>().join("\n") + end;
        let mut read = Vec::new();
        let done = each_entry(text.as_bytes(), b'\n', |line, text| {
            assert!(text.is_none_or(|text| text.as_bytes() == line));
            read.push(line.to_owned());
        });
        done.expect("memory can be read");
        assert!(read.iter().map(Vec::as_slice).eq(text.as_bytes().split(|&b| b == b'\n')));
    }
}

#[test]
fn no_more_than_20_bad_lines_are_shown() {
    let error = lines("x\n".repeat(23).as_bytes()).expect_err("23 bad lines");
    assert!(error.starts_with("23 of 23 paths are not valid"), "{error}");
    assert_eq!(error.lines().count(), 23);
    assert!(error.contains("\n  and 3 more\nif these"), "{error}");
}

#[test]
fn tokens_in_place_of_paths_and_names_are_not_shown() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
    for raw in [false, true] {
        for text in [token.to_owned(), format!("Bearer {token}"), format!("{{\"t\":\"{token}\"}}")]
        {
            let format = Format { raw, ..Format::default() };
            let Err(error) = read(format, text.as_bytes()) else { continue };
            assert!(error.contains("(looks like a token, not shown)"), "{error}");
            assert!(!error.contains(&token[4..20]), "{error}");
        }
    }
    let file = format!("no/{token}");
    let error = super::read(Format::default(), &[], &[file.into()], &Lists::default())
        .expect_err("no file");
    assert!(!error.to_string().contains(&token[4..20]), "{error}");
}

/// A pipe is empty the second time, as a file is that another program empties.
#[test]
fn kept_list_is_read_once_for_all_its_readers() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("list");
    std::fs::write(&file, "/a\n/b\n").expect("a file");
    let files = [file.clone(), file.clone()];
    let lists = Lists::keep(files.iter()).expect("a list");
    std::fs::write(&file, "").expect("a file");
    for _ in 0..2 {
        let read = super::read(Format::default(), &[], &files[..1], &lists);
        assert_eq!(read.expect("paths").0.iter().collect::<Vec<_>>(), ["/a", "/b"]);
        let inventory = read_inventory(Format::default(), &files[..1], &lists);
        assert_eq!(inventory.expect("paths").len(), 2);
    }
    let missing = folder.path().join("missing");
    let failure = Lists::keep([&missing].into_iter()).err().expect("no file");
    assert!(failure.to_string().contains("missing cannot be read: "), "{failure}");
}
