use super::*;

#[test]
fn errors_name_the_position_and_the_fix() {
    let check = |path: &str, expected: &str| {
        let error = PurgePath::new(path).expect_err(path);
        assert_eq!(error.to_string(), expected, "{path:?}");
    };
    check("", "no path: write at least `/`");
    check("a/b", "it does not begin with `/`: write `/a/b`");
    let host = "it does not begin with `/`: write the path as it appears after the host";
    check("example.com/a", host);
    for path in ["[/a]", "(/a)", "%2Fa", "%2fa%2fb", "~/a"] {
        check(path, host);
    }
    check("https://e.com/a?b", "a URL, not a path, at byte 0: write only its path");
    check("http://e.com", "a URL, not a path, at byte 0: write only its path, `/`");
    check("http://e.com/*", "a URL, not a path, at byte 0: write only its path");
    check("file:///srv/a", "a URL, not a path, at byte 0: write only its path");
    check("s3://bucket/a", "a URL, not a path, at byte 0: write only its path");
    check("www.e.com/a", "a URL, not a path, at byte 0: write only its path, `/a`");
    check("//e.com/a", "two leading slashes, which name a host, at byte 0: write `/a`");
    check(
        "//e/a",
        "two leading slashes, which name a host, at byte 0: write the path alone, with one slash",
    );
    check("/a b", "a space, at byte 2: write `%20`");
    let rest =
        "a space, at byte 2: remove it and what follows, or write `%20` if it belongs to the path";
    check("/a ", rest);
    check("/a # home", rest);
    check("/a -> b", rest);
    let several =
        "there is a second path at byte 3: give each path separately (in a file, one per line)";
    check("/ab  /c", several);
    check("/ab c /d", several);
    check("/ab https://e.com/c", several);
    for path in ["/a.css,/b.css", "/a.css;/b.css", "/a.css:/b.css", "/a.css|/b.css", "/a.css','/b"]
    {
        check(path, &several.replace('3', "6"));
    }
    for (path, escape) in
        [("/a.css,", "2C"), ("/a.css;", "3B"), ("/a.css'", "27"), ("/a.css\"", "22")]
    {
        let end = "a separator left over from a list, at byte 6: remove it, or write";
        check(path, &format!("{end} `%{escape}` if it belongs to the path"));
    }
    for character in ['\u{a0}', '\u{85}', '\u{200b}', '\u{2028}', '\u{feff}'] {
        let path = format!("/a{character}");
        let invisible = "an invisible character, at byte 2: remove it, or percent-encode it if it \
                         belongs to the path";
        check(&path, invisible);
    }
    check("/a\tb", "a control character, at byte 2: remove it");
    check("/a\\b", "a backslash, at byte 2: write `/`");
    let escape = "a backslash, at byte 2: write `/` between folders, and each path on its own line";
    check("/a\\n/b", escape);
    check("/a\\", escape);
    check("/a#b", "a `#`, at byte 2: write `%23`, or leave the fragment out");
    check("/a/?b", "a `?`, at byte 3: write `%3F`, or leave the query string out");
    check(
        "/a?b",
        "a `?`, at byte 2: write `%3F`, or leave the query string out; `/a*` reaches \
         every query string only if `*` matches them, which is not published",
    );
    check("/\u{fc}", "a character that is not ASCII, at byte 1: write `%C3%BC`");
    check("/a%2", "a broken percent escape, at byte 2: write `%25` for a percent sign");
    check("/a/../b", "a dot segment, at byte 3: write the path without `.` and `..`");
    check("/%2e%2E", "a dot segment, at byte 1: write the path without `.` and `..`");
    check("/a/..%2Fb", "a dot segment, at byte 3: write the path without `.` and `..`");
    check("/a/.", "a dot segment, at byte 3: write the path without `.` and `..`");
    let control = "an escaped control character at byte 2: give each path separately, without it";
    for escape in ["%00", "%0A", "%0a", "%0D", "%0d", "%09", "%1B", "%7f"] {
        check(&format!("/a{escape}b"), control);
    }
    for (at, path) in [
        (0, "C:/Program Files/Git/index.html"),
        (1, "/C:/Program%20Files/Git/index.html"),
        (1, "/c%3a/a"),
        (0, "D:\\site\\a"),
        (0, "C:/*"),
    ] {
        let drive = "write the path on the site; if Git Bash changed it, set MSYS_NO_PATHCONV=1";
        check(path, &format!("a Windows path, at byte {at}: {drive}"));
    }
    check(
        &format!("/{}", "a".repeat(PurgePath::MAX_BYTES)),
        "longer than 8192 bytes: shorten it, or purge it with a wildcard",
    );
}

#[test]
fn accepted_paths_are_kept_byte_for_byte() {
    for path in [
        "/",
        "/a",
        "/*",
        "/a//b",
        "/a%2Fb",
        "/...",
        "/a;b=c@d:e!$&'(),+",
        "/~u/[x]|",
        "/ab:/",
        "/1:/a",
        "/a,/b",
    ] {
        assert_eq!(PurgePath::new(path).expect(path).as_str(), path);
    }
    for path in ["/a?b=../c", "/a?b={c}^`|", "/a?b=%0A", "/a?b=c:/"] {
        assert_eq!(PurgePath::with_query(path).expect("a query").as_str(), path);
    }
    let longest = format!("/{}", "a".repeat(PurgePath::MAX_BYTES - 1));
    assert_eq!(PurgePath::new(longest.as_str()).expect("8 KiB").as_str(), longest);
}

/// The path percent-encode set of the URL standard, which does not include `|` and brackets.
#[test]
fn characters_that_browsers_escape_are_refused() {
    let check = |character: char, escape: &str| {
        let path = format!("/a{character}b");
        let error = PurgePath::new(path.as_str()).expect_err("a character that is escaped");
        assert_eq!(error.kind(), PathErrorKind::Unescaped, "{error}");
        assert!(error.to_string().ends_with(&format!("at byte 2: write `{escape}`")), "{error}");
        let encoded = PurgePath::from_file_name(&path).expect("a name");
        assert_eq!(encoded.as_str(), format!("/a{escape}b"));
        PurgePath::with_query(path).expect_err("in front of a query string");
        let written = serde_json::to_string(&format!("/a{character}")).expect("JSON");
        serde_json::from_str::<PurgePath>(&written).expect_err("no path that was written");
    };
    for (character, escape) in "\"<>^`{}".chars().zip(["22", "3C", "3E", "5E", "60", "7B", "7D"]) {
        check(character, &format!("%{escape}"));
    }
    for path in ["/a|b", "/[slug].js"] {
        assert_eq!(PurgePath::from_file_name(path).expect("a name").as_str(), path);
        PurgePath::new(path).expect("what browsers send");
    }
    PurgePath::with_query("/a?b\"c").expect_err("escaped there, too");
    let error = PurgePath::with_query("/it's?q=it's").expect_err("escaped there only");
    assert_eq!((error.kind(), error.position()), (PathErrorKind::Unescaped, 10));
    assert_eq!(error.instead(), Some("%27"));
}

#[test]
fn urls_drives_and_double_slashes_are_not_file_names() {
    let check = |name: &str, expected: &str| {
        let error = PurgePath::from_file_name(name).expect_err(name);
        assert_eq!(error.to_string(), expected, "{name:?}");
    };
    check("http://a/b", "a URL, not a path, at byte 0: write only its path, `/b`");
    check("s3://a/b c", "a URL, not a path, at byte 0: write only its path");
    check("a//b", "two slashes in a row, at byte 1: write one");
    let host = "two leading slashes, which name a host, at byte 0: write";
    check("//a", &format!("{host} the path alone, with one slash"));
    check("//www.e.com/a", &format!("{host} `/a`"));
    check("a b/../c", "a dot segment, at byte 4: write the path without `.` and `..`");
    check("./\u{fc}/.", "a dot segment, at byte 5: write the path without `.` and `..`");
    check("/..", "a dot segment, at byte 1: write the path without `.` and `..`");
    check("..", "a dot segment, at byte 0: write the path without `.` and `..`");
    check("./a//", "two slashes in a row, at byte 3: write one");
    let drive = "write the path on the site; if Git Bash changed it, set MSYS_NO_PATHCONV=1";
    for (at, name) in [(0, "C:/Program Files/Git/a"), (0, "C:\\a"), (1, "/C:/a")] {
        check(name, &format!("a Windows path, at byte {at}: {drive}"));
    }
}

#[test]
fn folder_is_prepended_to_a_path() {
    let check = |path: &PurgePath, folder: &str, expected: &str| {
        let folder = PurgePath::with_query(folder).expect("a folder");
        let path = path.in_folder(&folder).map(|path| path.to_string());
        assert_eq!(path.unwrap_or_else(|error| format!("{:?}", error.kind())), expected);
    };
    let name = PurgePath::from_file_name("a\nb").expect("a name");
    check(&name, "/", "/a%0Ab");
    check(&name, "/shop/", "/shop/a%0Ab");
    check(&name, "/shop", "/shop/a%0Ab");
    check(&name, "/shop?a", "Query");
    let longest = PurgePath::new(format!("/{}", "a".repeat(PurgePath::MAX_BYTES - 1)));
    check(&longest.expect("8 KiB"), "/a", "TooLong");
}

#[test]
fn file_names_become_paths() {
    let check = |name: &str, path: &str| {
        assert_eq!(PurgePath::from_file_name(name).expect(name).as_str(), path);
    };
    check("index.html", "/index.html");
    check("./a/b.png", "/a/b.png");
    check("/a", "/a");
    check("100% #1?.txt", "/100%25%20%231%3F.txt");
    check("*.txt", "/%2A.txt");
    check("a\nb", "/a%0Ab");
    check("a\0\t\u{7f}", "/a%00%09%7F");
    check("~x/\u{1f600}", "/~x/%F0%9F%98%80");
    let latin = PurgePath::from_file_name(b"caf\xe9").expect("any bytes are a name");
    assert_eq!(latin.as_str(), "/caf%E9");
    PurgePath::from_file_name("../a").expect_err("outside of the site");
    PurgePath::from_file_name("./").expect_err("no name");
}

#[test]
fn paths_accepted_by_earlier_versions_are_read_back() {
    for path in ["/{a}|\"<>^`", "/a%0Ab", "/C:/a", "/a.css,/b.css", "/a?b={c}"] {
        assert_eq!(PurgePath::accepted(path).expect(path).as_str(), path);
    }
    for path in ["a", "/a b", "/a/../b", "//a", "/a%2", "http://e.com/a"] {
        PurgePath::accepted(path).expect_err(path);
    }
}

#[test]
fn every_spelling_of_a_full_purge_is_detected() {
    for (path, full) in [
        ("/*", true),
        ("/**", true),
        ("/***", true),
        ("/%2A", true),
        ("/%2a*", true),
        ("/*.*", true),
        ("/*/*", true),
        ("/*/", true),
        ("/*%2E*", true),
        ("/%2F*", true),
        ("/*%2f%2e*", true),
        ("/.*", true),
        ("/", false),
        ("/...", false),
        ("/a*", false),
        ("/*e*", false),
        ("/*.html", false),
        ("/*/%2B", false),
    ] {
        assert_eq!(PurgePath::new(path).expect(path).is_full_purge(), full, "{path}");
    }
    // It is unknown whether the service ignores the query string.
    for (path, full) in [
        ("/*?v=1", true),
        ("/*?*", true),
        ("/*.*?", true),
        ("/%2A?v=1", true),
        ("/%2A%3F%23.html", false),
        ("/?*", false),
        ("/?v=/*", false),
        ("/a*?v=1", false),
    ] {
        assert_eq!(PurgePath::with_query(path).expect(path).is_full_purge(), full, "{path}");
    }
}

#[test]
fn deserialized_paths_are_checked() {
    let path: PurgePath = serde_json::from_str(r#""/a/*""#).expect("a path");
    assert_eq!(serde_json::to_string(&path).expect("JSON"), r#""/a/*""#);
    let query = PurgePath::with_query("/a?b").expect("a query");
    let written = serde_json::to_string(&query).expect("JSON");
    assert_eq!(serde_json::from_str::<PurgePath>(&written).expect("a path"), query);
    let name = PurgePath::from_file_name("a\nb").expect("a name");
    let written = serde_json::to_string(&name).expect("JSON");
    assert_eq!(serde_json::from_str::<PurgePath>(&written).expect("a path"), name);
    let error = serde_json::from_str::<PurgePath>(r#""a""#).expect_err("no slash");
    assert!(error.to_string().contains("does not begin with `/`"), "{error}");
}
