use std::io::Write as _;
use std::process::Command;

use super::*;
use crate::manifest::Digest;

mod limits;

/// A folder with these files and links: each has a text, or the target of a link.
fn site(files: &[(&str, &str)], links: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let file = root.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
        std::fs::write(file, text).expect("a file");
    }
    for (name, target) in links {
        let link = root.path().join(name);
        std::fs::create_dir_all(link.parent().expect("a folder")).expect("folders");
        #[cfg(unix)]
        std::os::unix::fs::symlink(target, link).expect("a link");
    }
    root
}

fn names(site: &Site) -> Vec<String> {
    site.manifest.names().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

fn left_out(site: &Site) -> Vec<String> {
    site.left_out.iter().map(ToString::to_string).collect()
}

fn tar(root: &Path, options: &[&str]) -> Vec<u8> {
    let run =
        Command::new("tar").args(options).args(["-cf", "-", "-C"]).arg(root).arg(".").output();
    let run = run.expect("tar runs");
    assert!(run.status.success(), "{run:?}");
    run.stdout
}

/// A header for archives that `tar` would not create.
fn header(name: &str, kind: u8, target: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(size);
    header.set_cksum();
    header
}

fn archive(entries: &[(&str, u8, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, text) in entries {
        let is_content = matches!(kind, b'0' | b'L' | b'K' | b'x' | b'g');
        let (target, content) = if is_content { ("", *text) } else { (*text, "") };
        bytes.extend_from_slice(header(name, *kind, target, content.len() as u64).as_bytes());
        bytes.extend_from_slice(content.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

#[test]
fn contents_have_their_sha_256() {
    let root = site(&[("a", "hello\n"), ("b/c d", "")], &[]);
    let read = path(root.path()).expect("a site");
    assert_eq!(names(&read), ["a", "b/c d"]);
    let digest =
        |name: &str| read.manifest.get(name.as_bytes()).map(|entry| entry.digest.to_string());
    assert_eq!(
        digest("a").expect("a"),
        "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    );
    assert_eq!(
        digest("b/c d").expect("b"),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

#[cfg(unix)]
#[test]
fn folder_archives_and_manifest_are_the_same_site() {
    use std::os::unix::ffi::OsStrExt as _;

    let long = format!("{}/{}.html", "d".repeat(120), "n".repeat(150));
    let files =
        [("a.html", "1"), ("A.html", "2"), ("d/e/x", "3"), ("d/\u{e9}\n\\ ", "4"), (&*long, "5")];
    let links = [
        ("l", "a.html"),
        ("d/up", "../a.html"),
        ("latest", "d/e"),
        ("d/e/none", "gone"),
        ("ll", "l"),
    ];
    let root = site(&files, &links);
    let odd = root.path().join(std::ffi::OsStr::from_bytes(b"\xff.html"));
    std::fs::write(odd, "6").expect("a file");
    std::fs::hard_link(root.path().join("a.html"), root.path().join("z-hard")).expect("a link");
    // Another name of the link itself.
    std::fs::hard_link(root.path().join("l"), root.path().join("z-link")).expect("a link");
    assert!(
        Command::new("mkfifo").arg(root.path().join("pipe")).status().expect("mkfifo").success()
    );

    let folder = path(root.path()).expect("a folder");
    assert_eq!(folder.manifest.len(), 12, "{:?}", names(&folder));
    let get = |name: &str| folder.manifest.get(name.as_bytes()).map(|entry| entry.digest);
    assert_eq!((get("l"), get("d/up"), get("ll")), (get("a.html"), get("a.html"), get("a.html")));
    assert_eq!(get("latest/x"), get("d/e/x"));
    assert_ne!(get("A.html"), get("a.html"));
    let nowhere = "a broken symbolic link";
    let expected = [
        format!("`d/e/none`: {nowhere}"),
        format!("`latest/none`: {nowhere}"),
        "`pipe`: a socket, a pipe or a device".to_owned(),
    ];
    assert_eq!(left_out(&folder), expected);

    let gzip = |bytes: &[u8]| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).and_then(|()| writer.finish()).expect("memory")
    };
    let zstd = |bytes: &[u8]| {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        // Two frames, separated by one without content.
        let (one, two) = bytes.split_at(bytes.len() / 2);
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let of = |part: &[u8]| ruzstd::encoding::compress_to_vec(part, level);
        [of(one), skipped, of(two)].concat()
    };
    for options in [&["--format=gnu"][..], &["--format=pax"]] {
        let name = "d/\u{e9}\n\\ ";
        if options == ["--format=pax"] {
            // The reader would take the text before the line break for the name.
            let error = stream(&*tar(root.path(), options)).expect_err("a line break").to_string();
            assert!(error.contains("make the archive with `--format=gnu`"), "{error}");
            std::fs::remove_file(root.path().join(name)).expect("a file");
        }
        let folder = path(root.path()).expect("a folder");
        let plain = tar(root.path(), options);
        for bytes in [plain.clone(), gzip(&plain), zstd(&plain)] {
            let read = stream(&*bytes).expect("an archive");
            assert_eq!(read.manifest, folder.manifest);
            assert_eq!(left_out(&read), expected);
        }
    }
    let folder = path(root.path()).expect("a folder");
    let text = folder.manifest.to_text();
    assert_eq!(stream(&*text).expect("a manifest").manifest, folder.manifest);
    // `sha256sum` reads it, and the files match.
    std::fs::write(root.path().join("sums"), text).expect("a file");
    let run = Command::new("sha256sum")
        .args(["-c", "--quiet", "--strict", "sums"])
        .current_dir(root.path())
        .output();
    assert!(run.as_ref().is_ok_and(|run| run.status.success()), "{run:?}");
}

#[cfg(unix)]
#[test]
fn loops_of_links_are_an_error_and_end() {
    for links in [
        &[("d/up", "..")][..],
        &[("d/self", ".")],
        &[("a/x", "../b"), ("b/y", "../a")],
        &[("a/x/y", "../../b"), ("b/z", "../a/x")],
    ] {
        let root = site(&[("f", "1"), ("a/f", "1"), ("b/f", "1"), ("d/f", "1")], links);
        let folder = path(root.path()).expect_err("a loop").to_string();
        assert!(folder.ends_with(LOOP), "{folder}");
        let archive = stream(&*tar(root.path(), &[])).expect_err("a loop").to_string();
        assert!(archive.ends_with(LOOP), "{archive}");
    }
    let root = site(&[("f", "1")], &[("a", "b"), ("b", "a")]);
    for read in [path(root.path()), stream(&*tar(root.path(), &[]))] {
        assert_eq!(left_out(&read.expect("a site")).len(), 2, "links to each other lead nowhere");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn name_that_leads_through_too_many_links_is_left_out() {
    let links: Vec<_> = (0..42).map(|at| (format!("d{at}/l"), format!("../d{}", at + 1))).collect();
    let links: Vec<_> = links.iter().map(|(name, target)| (&**name, &**target)).collect();
    let root = site(&[("d42/f", "1")], &links);
    // As for the system, 40 links are the most in one name.
    let folder = path(root.path()).expect("a site");
    let archive = stream(&*tar(root.path(), &[])).expect("a site");
    assert_eq!(left_out(&folder).len(), 2, "{:?}", left_out(&folder));
    assert_eq!((archive.manifest, archive.left_out), (folder.manifest, folder.left_out));
}

#[cfg(unix)]
#[test]
fn unreadable_files_are_an_error() {
    use std::os::unix::fs::PermissionsExt as _;

    let root = site(&[("a/b.html", "1"), ("c", "2")], &[]);
    for name in ["a/b.html", "a"] {
        let set = |mode| {
            let file = root.path().join(name);
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).expect("rights");
        };
        set(0);
        let read = path(root.path());
        set(0o755);
        match read {
            Err(error) => {
                let error = error.to_string();
                assert!(error.starts_with(&format!("`{name}")), "{error}");
                assert!(error.contains("ermission denied"), "{error}");
            }
            // Some users may read everything.
            Ok(read) => assert_eq!(names(&read), ["a/b.html", "c"]),
        }
    }
    let gone = path(&root.path().join("gone")).expect_err("no folder").to_string();
    assert!(gone.starts_with("it cannot be read: No such file"), "{gone}");
}

#[test]
fn truncated_archive_is_not_a_smaller_site() {
    let whole = archive(&[("a", b'0', "1"), ("b", b'0', &"2".repeat(600)), ("c", b'0', "")]);
    assert_eq!(names(&stream(&*whole).expect("an archive")), ["a", "b", "c"]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&whole).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let zstd = ruzstd::encoding::compress_to_vec(&*whole, level);
    // The block of zeros that ends an archive is the second to last; a second one is customary.
    for (bytes, needed) in [(&whole, whole.len() - 512), (&gzip, gzip.len()), (&zstd, zstd.len())] {
        for length in 1..needed {
            if let Ok(read) = stream(&bytes[..length]) {
                panic!("{length} of {} bytes are {:?}", bytes.len(), names(&read));
            }
        }
    }
    let joined = [&*whole, &*archive(&[("d", b'0', "1")])].concat();
    let error = stream(&*joined).expect_err("two archives").to_string();
    assert!(error.ends_with("as if two archives were joined"), "{error}");
}

/// The size in the header of a file may be wrong: in an extended header, it takes precedence.
#[test]
fn archive_that_ends_after_a_file_with_an_extended_size_is_not_a_smaller_site() {
    let mut bytes = Vec::new();
    let mut add = |header: &tar::Header, content: &[u8]| {
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    };
    let size = b"12 size=600\n";
    add(&header("x", b'x', "", size.len() as u64), size);
    add(&header("a", b'0', "", 0), &[b'1'; 600]);
    let cut = bytes.len();
    bytes.extend(archive(&[("b", b'0', "1")]));
    assert_eq!(names(&stream(&*bytes).expect("an archive")), ["a", "b"]);
    let error = stream(&bytes[..cut]).expect_err("the rest is missing").to_string();
    assert!(error.ends_with("it is incomplete"), "{error}");
}

#[test]
fn malformed_archive_is_refused() {
    let refused = |entries: &[(&str, u8, &str)]| {
        stream(&*archive(entries)).expect_err("malformed").to_string()
    };
    assert!(refused(&[("../a", b'0', "1")]).contains("`..` segment"));
    assert!(refused(&[("/etc/a", b'0', "1")]).contains("begins with `/`"));
    assert!(refused(&[("a", b'2', "../b")]).contains("leads out of the archive"));
    assert!(refused(&[("a", b'2', "/b")]).contains("leads out of the archive"));
    assert!(refused(&[("a", b'1', "b"), ("b", b'0', "1")]).contains("does not precede it"));
    assert!(refused(&[("d", b'2', "e"), ("d/a", b'0', "1")]).contains("not a folder"));
    assert!(refused(&[("a", b'0', "1"), ("a/b", b'0', "1")]).contains("not a folder"));
    assert!(refused(&[("a", b'M', "")]).contains("an unknown kind"));
    for text in [&b"a.html\nb.html\n"[..], b"PK\x03\x04", &[7; 600]] {
        let error = stream(text).expect_err("not a site").to_string();
        assert!(error.starts_with("neither a tar archive nor a manifest: "), "{error}");
    }
    let long = "a/".repeat(2048) + "a";
    let long = [("././@LongLink", b'L', &*long), ("a", b'0', "1")];
    assert!(refused(&long).ends_with("the name is longer than 4096 bytes"));
    // The reader of archives quotes what is not a number.
    let mut odd = archive(&[("\u{1b}[31m", b'0', "1")]);
    odd[124..135].fill(b'x');
    odd[148..156].fill(b' ');
    let sum: u32 = odd[..512].iter().map(|&byte| u32::from(byte)).sum();
    odd[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let error = stream(&*odd).expect_err("a size that is not a number").to_string();
    assert!(error.contains("\\u{1b}") && !error.contains(char::is_control), "{error}");
    // A hard link keeps its content, even if it replaces the other file.
    let linked = [("a", b'0', "1"), ("b", b'1', "a"), ("a", b'1', "b"), ("a", b'1', "a")];
    assert_eq!(names(&stream(&*archive(&linked)).expect("an archive")), ["a", "b"]);
    // A later entry replaces an earlier one.
    let twice = stream(&*archive(&[("a", b'0', "1"), ("a", b'0', "hello\n")])).expect("an archive");
    let digest = twice.manifest.get(b"a").map(|entry| entry.digest.to_string());
    assert!(digest.is_some_and(|digest| digest.starts_with("5891b5b5")));
}

#[test]
fn quick_reads_only_files_whose_size_or_time_changed() {
    let root = site(&[("a", "1"), ("b", "2"), ("c", "3")], &[]);
    let empty = Manifest::new();
    let mut known = folder(root.path(), Hashing::Quick(&empty)).expect("a site").manifest;
    assert_eq!(known.names().count(), 3);
    let digest = |manifest: &Manifest, name: &[u8]| manifest.get(name).map(|entry| entry.digest);
    // As if `a` had had different content with the same size and time.
    let mut a = *known.get(b"a").expect("a");
    a.digest = Digest([1; 32]);
    known.insert(b"a", a).expect("a name");
    std::fs::write(root.path().join("b"), "22").expect("a file");
    known.doubt([&b"c"[..]]);
    let all = folder(root.path(), Hashing::All).expect("a site").manifest;
    let quick = folder(root.path(), Hashing::Quick(&known)).expect("a site").manifest;
    assert_eq!(digest(&quick, b"a"), Some(Digest([1; 32])), "it was not read");
    assert_eq!(digest(&quick, b"b"), digest(&all, b"b"));
    assert_eq!(digest(&quick, b"c"), digest(&all, b"c"));
    known.distrust_since(0);
    let quick = folder(root.path(), Hashing::Quick(&known)).expect("a site").manifest;
    assert_eq!(digest(&quick, b"a"), digest(&all, b"a"), "a time that cannot be relied on");
}

#[test]
fn input_without_files_is_not_a_site() {
    for nothing in [&b""[..], b"\n\n", b"# a comment\n"] {
        let error = stream(nothing).expect_err("nothing").to_string();
        assert!(error.starts_with("it is empty"), "{error}");
    }
    assert!(stream(&*Manifest::new().to_text()).expect("a manifest").manifest.is_empty());
    assert!(stream(&*archive(&[])).expect("an archive").manifest.is_empty());
}

#[test]
fn zstd_stream_may_begin_with_a_frame_to_skip() {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let frame = ruzstd::encoding::compress_to_vec(&*archive(&[("a", b'0', "1")]), level);
    // As `pzstd` writes it: the size of the next frame.
    let skipped =
        [&b"\x50\x2a\x4d\x18\x04\0\0\0"[..], &(frame.len() as u32).to_le_bytes()].concat();
    assert_eq!(names(&stream(&*[skipped, frame].concat()).expect("an archive")), ["a"]);
}
