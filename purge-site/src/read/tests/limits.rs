//! What a small archive, or a few links, must not be able to do.

use super::*;

/// A record of an extended header: its length, which counts its own digits, and a key and a value.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..).find(|length| rest + length.to_string().len() == *length);
    format!("{} {key}={value}\n", length.expect("a length"))
}

#[test]
fn headers_up_to_1_mib_are_read_and_larger_ones_are_refused() {
    let read = |entries: &[(&str, u8, &str)]| stream(&*archive(entries)).map(|site| names(&site));
    let name = "n".repeat(4096);
    let long = |length: usize| record("SCHILY.xattr.user.x", &"x".repeat(length));
    for (kind, first) in [
        (b'x', record("path", &name) + &long(1_000_000)),
        (b'L', name.clone()),
        (b'g', long(9_000_000)),
    ] {
        let of = if kind == b'g' { "a" } else { &*name };
        let entries = [("h", kind, &*first), ("a", b'0', "1"), ("z", b'0', "2")];
        assert_eq!(
            read(&entries).expect("an archive"),
            if kind == b'g' { ["a", "z"] } else { [of, "z"] }
        );
    }
    // The target of a link, in both forms.
    let target = record("linkpath", "z");
    for first in [("h", b'K', "z\0"), ("h", b'x', &*target)] {
        let site = stream(&*archive(&[first, ("a", b'2', "other"), ("z", b'0', "1")]));
        let site = site.expect("an archive");
        assert_eq!(names(&site), ["a", "z"]);
    }
    let huge = "n".repeat(2 << 20);
    for (kind, text) in [(b'L', huge.clone()), (b'K', huge.clone()), (b'x', record("path", &huge))]
    {
        let error = read(&[("h", kind, &text), ("a", b'2', "z"), ("z", b'0', "1")]);
        let error = error.expect_err("a large header").to_string();
        assert!(error.contains("the headers of an entry are larger than 1 MiB"), "{kind}: {error}");
    }
    // Several small ones are not added up.
    let record = record("path", "a") + &long(100_000);
    let many: Vec<_> = (0..32).flat_map(|_| [("h", b'x', &*record), ("b", b'0', "1")]).collect();
    assert_eq!(read(&many).expect("an archive"), ["a"]);
}

/// Nothing but its size marks it: only a known format has extended headers.
#[test]
fn extended_header_of_an_unknown_format_is_not_read() {
    let mut bytes = archive(&[("h", b'x', &"x".repeat(2 << 20)), ("a", b'0', "1")]);
    bytes[257..265].fill(0);
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes[..512].iter().map(|&byte| u32::from(byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let error = stream(&*bytes).expect_err("not an entry").to_string();
    assert_eq!(error, "`h`: an unknown kind of entry");
}

#[test]
fn sparse_file_with_a_huge_map_is_refused() {
    let mut first = header("a", b'S', "", 0);
    let gnu = first.as_gnu_mut().expect("a GNU header");
    gnu.isextended[0] = 1;
    gnu.realsize.copy_from_slice(b"00000000000\0");
    first.set_cksum();
    let mut map = tar::GnuExtSparseHeader::new();
    for block in &mut map.sparse {
        block.offset.copy_from_slice(b"00000000000\0");
        block.numbytes.copy_from_slice(b"00000000000\0");
    }
    let mut of = |blocks: usize| {
        let mut bytes = first.as_bytes().to_vec();
        for block in (0..blocks).rev() {
            map.isextended[0] = u8::from(block > 0);
            bytes.extend_from_slice(map.as_bytes());
        }
        [bytes, archive(&[])].concat()
    };
    assert_eq!(names(&stream(&*of(1000)).expect("an archive")), ["a"]);
    let error = stream(&*of(3000)).expect_err("a huge map").to_string();
    assert!(error.contains("larger than 1 MiB"), "{error}");
}

#[test]
fn names_that_need_too_much_memory_are_refused() {
    let of = |count: usize, length: usize| {
        let names: Vec<String> = (0..count).map(|at| format!("{at:0length$}")).collect();
        let entries = names.iter().flat_map(|name| [("h", b'L', &**name), ("a", b'5', "")]);
        stream(&*archive(&entries.collect::<Vec<_>>()))
    };
    of(3000, 4000).expect("an archive");
    let error = of(5000, 4000).expect_err("too many names").to_string();
    assert!(error.starts_with("the names in the archive need more than 4 GiB"), "{error}");
    // A target is kept, too.
    let long = "t".repeat(4097);
    let error = stream(&*archive(&[("h", b'K', &long), ("a", b'2', "b")])).expect_err("a target");
    assert_eq!(error.to_string(), "`a`: its target is longer than 4096 bytes");
}

#[test]
fn names_with_thousands_of_folders_are_read() {
    let names: Vec<String> = (10..20).map(|at| format!("{at}/{}f", "d/".repeat(2000))).collect();
    let entries: Vec<_> =
        names.iter().flat_map(|name| [("h", b'L', &**name), ("a", b'0', "1")]).collect();
    let site = stream(&*archive(&entries)).expect("an archive");
    assert!(site.manifest.names().eq(names.iter().map(|name| name.as_bytes())));
}

/// Two links to the next folder in each: the names double with each folder.
#[cfg(unix)]
#[test]
fn links_that_multiply_names_are_refused() {
    let refused = |site: Result<Site, ReadError>| {
        let error = site.expect_err("too many names").to_string();
        let (link, why) = error.split_once(": ").expect("a name");
        assert!(link.starts_with("`d") && link.len() == "`d00/a`".len(), "one link: {error}");
        assert_eq!(why, linked::TOO_MANY);
    };
    let of = |depth: usize| {
        let links: Vec<_> = (0..depth)
            .flat_map(|at| {
                ["a", "b"].map(|link| (format!("d{at:02}/{link}"), format!("../d{:02}", at + 1)))
            })
            .collect();
        let links: Vec<_> = links.iter().map(|(name, target)| (&**name, &**target)).collect();
        site(&[(&format!("d{depth:02}/f"), "1")], &links)
    };
    let few = of(4);
    let read = path(few.path()).expect("a site");
    assert_eq!(read.manifest.len(), 31);
    assert_eq!(stream(&*tar(few.path(), &[])).expect("an archive").manifest, read.manifest);
    let many = of(35);
    refused(stream(&*tar(many.path(), &[])));
    refused(path(many.path()));
    let empty = tempfile::tempdir().expect("a folder");
    match folders(empty.path(), many.path()) {
        Err(CompareError::New(error)) => refused(Err(error)),
        other => panic!("{other:?}"),
    }
    // Files that are really there are not limited, and neither are links to files.
    let plain: Vec<_> = (0..3000).map(|at| (format!("f{at}"), "1".to_owned())).collect();
    let links: Vec<_> = (0..3000).map(|at| (format!("l{at}"), format!("f{at}"))).collect();
    let plain: Vec<_> = plain.iter().map(|(name, text)| (&**name, &**text)).collect();
    let links: Vec<_> = links.iter().map(|(name, target)| (&**name, &**target)).collect();
    let wide = site(&plain, &links);
    assert_eq!(path(wide.path()).expect("a site").manifest.len(), 6000);
    assert_eq!(stream(&*tar(wide.path(), &[])).expect("an archive").manifest.len(), 6000);
}
