//! The text of a manifest, in the format of `sha256sum`.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::{Digest, Entry, Manifest, ManifestError, Stamp};

/// How the first line that this crate writes begins. To `sha256sum` it is a comment.
pub(super) const HEADER: &str = "# cdn-purge manifest: ";
/// How the line before a file's line begins; it has the size and time, and is a comment, too.
const STAMP: &str = "#stat ";

pub(super) fn write(manifest: &Manifest) -> Vec<u8> {
    let mut text = format!("{HEADER}files={}", manifest.len());
    if let Some(resource) = &manifest.resource {
        text.push_str(&format!(" resource={resource}"));
    }
    text.push('\n');
    let mut text = text.into_bytes();
    for (name, entry) in manifest.iter() {
        if let Some(Stamp { size, modified }) = entry.stamp {
            text.extend_from_slice(format!("{STAMP}{size} {modified}\n").as_bytes());
        }
        // Without the prefix, `-` would mean standard input.
        let dot: &[u8] = if name == b"-" { b"./" } else { b"" };
        let escaped = escaped(name);
        if let Cow::Owned(_) = escaped {
            text.push(b'\\');
        }
        text.extend_from_slice(entry.digest.to_string().as_bytes());
        text.extend_from_slice(b"  ");
        text.extend_from_slice(dot);
        text.extend_from_slice(&escaped);
        text.push(b'\n');
    }
    text
}

fn escaped(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.iter().any(|byte| b"\\\n\r".contains(byte)) {
        return name.into();
    }
    let mut escaped = Vec::with_capacity(name.len() + 1);
    for &byte in name {
        match byte {
            b'\\' => escaped.extend_from_slice(b"\\\\"),
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'\r' => escaped.extend_from_slice(b"\\r"),
            other => escaped.push(other),
        }
    }
    escaped.into()
}

pub(super) fn parse(text: &[u8]) -> Result<Manifest, ManifestError> {
    let end = if memchr(0, text).is_some() { 0 } else { b'\n' };
    // It may come from a program for Windows. A line break in a name is escaped in this form.
    let has_returns = end == b'\n' && every_line_ends_with_return(text);
    let mut reader = Reader { null: end == 0, ..Reader::default() };
    let mut start = 0;
    for at in memchr_iter(end, text).chain([text.len()]) {
        let line = text.get(start..at).unwrap_or_default();
        let line = line.strip_suffix(b"\r").filter(|_| has_returns).unwrap_or(line);
        start = at + 1;
        reader.add(line)?;
    }
    reader.is_torn = text.last().is_some_and(|&last| last != end);
    reader.finish()
}

fn every_line_ends_with_return(text: &[u8]) -> bool {
    let mut ends = memchr_iter(b'\n', text).peekable();
    ends.peek().is_some() && ends.all(|at| at > 0 && text[at - 1] == b'\r')
}

#[derive(Default)]
struct Reader {
    null: bool,
    manifest: Manifest,
    line: usize,
    /// The number of files that the first line promises.
    promised: Option<usize>,
    stamp: Option<Stamp>,
    /// Whether the last line has no end.
    is_torn: bool,
}

impl Reader {
    fn add(&mut self, line: &[u8]) -> Result<(), ManifestError> {
        self.line += 1;
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        if line.starts_with(b"#") {
            return self.comment(line);
        }
        let stamp = self.stamp.take();
        let (name, digest) = match entry(line, !self.null) {
            Some(entry) => entry,
            None if line.starts_with(b"\\") && !self.null => {
                return Err(
                    self.wrong("not in the form `HASH  NAME`, or with a broken escape in its name")
                );
            }
            None => {
                return Err(self.wrong("not in the form `HASH  NAME` that `sha256sum` writes"));
            }
        };
        if *name == b"-"[..] {
            return Err(self.wrong("`-` is standard input: hash the files by name"));
        }
        let entry = Entry { digest, stamp };
        let name = super::checked(&name).map_err(|error| self.wrong(error))?;
        if let Some(other) = self.manifest.get(name)
            && other.digest != digest
        {
            return Err(self.wrong("the name appears twice, with different hashes"));
        }
        self.manifest.files.insert(name.into(), entry);
        Ok(())
    }

    fn comment(&mut self, line: &[u8]) -> Result<(), ManifestError> {
        let Ok(line) = str::from_utf8(line) else { return Ok(()) };
        if self.line == 1 && line.len() > 2 && line.len() < HEADER.len() && HEADER.starts_with(line)
        {
            return Err(self.wrong("the first line is incomplete"));
        }
        if let Some(fields) = line.strip_prefix(HEADER).filter(|_| self.line == 1) {
            if self.null {
                return Err(self.wrong("there is a NUL byte in a manifest that has none"));
            }
            for field in fields.split(' ') {
                match field.split_once('=') {
                    Some(("files", count)) => self.promised = count.trim().parse().ok(),
                    // An editor may have changed the end of this line only.
                    Some(("resource", id)) => self.manifest.resource = Some(id.trim().to_owned()),
                    _ => {}
                }
            }
            if self.promised.is_none() {
                return Err(self.wrong("the first line does not say how many files there are"));
            }
        } else if let Some(fields) = line.strip_prefix(STAMP) {
            let stamp = fields.split_once(' ').and_then(|(size, modified)| {
                Some(Stamp { size: size.parse().ok()?, modified: modified.parse().ok()? })
            });
            self.stamp = stamp;
        }
        Ok(())
    }

    fn finish(self) -> Result<Manifest, ManifestError> {
        let has = self.manifest.len();
        match self.promised {
            Some(promised) if promised != has => Err(ManifestError::new(
                None,
                format!(
                    "the first line promises {promised} files, but there are {has}: the manifest is incomplete"
                ),
            )),
            // Its last name may be shorter than it was.
            _ if self.is_torn => Err(self.wrong(
                "the line has no end, so the manifest may be incomplete: create it again, or end the line if nothing is \
                 missing",
            )),
            _ => Ok(self.manifest),
        }
    }

    fn wrong(&self, why: impl std::fmt::Display) -> ManifestError {
        ManifestError::new(self.line, why)
    }
}

/// Parses the name and the hash of a line, in the format of `sha256sum` or `sha256sum --tag`.
fn entry(line: &[u8], may_be_escaped: bool) -> Option<(Cow<'_, [u8]>, Digest)> {
    let marked = line.strip_prefix(b"\\").filter(|_| may_be_escaped);
    let line = marked.unwrap_or(line);
    let (name, digest) = match line.strip_prefix(b"SHA256 (") {
        Some(rest) => {
            let (name, hash) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
            (name.strip_suffix(b") = ")?, digest(hash)?)
        }
        None => {
            let (hash, rest) = line.split_at_checked(64)?;
            let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
            (name, digest(hash)?)
        }
    };
    let name = if marked.is_some() { unescaped(name)?.into() } else { name.into() };
    Some((name, digest))
}

fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        whole.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(whole)
}

fn digest(hash: &[u8]) -> Option<Digest> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, []) = hash.as_chunks::<2>() else { return None };
    let mut digest = [0; 32];
    if pairs.len() != digest.len() {
        return None;
    }
    for (byte, &[high, low]) in digest.iter_mut().zip(pairs) {
        *byte = (digit(high)? << 4 | digit(low)?) as u8;
    }
    Some(Digest(digest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

    fn names(text: &str) -> Vec<String> {
        let manifest = Manifest::parse(text.as_bytes()).expect(text);
        manifest.names().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    fn refused(text: &str) -> String {
        Manifest::parse(text.as_bytes()).expect_err(text).to_string()
    }

    #[test]
    fn every_form_of_sha256sum_is_read() {
        assert_eq!(names(&format!("{A}  ./a b\n{A} *b/c\n\n# a comment\n")), ["a b", "b/c"]);
        assert_eq!(names(&format!("SHA256 (a) = {A}\n\\SHA256 (b\\nc) = {A}\n")), ["a", "b\nc"]);
        assert_eq!(names(&format!("\\{A}  a\\\\b\\nc\\rd\n")), ["a\\b\nc\rd"]);
        assert_eq!(names(&format!("{A}  a\\nb\n")), ["a\\nb"], "only a marked line is escaped");
        assert_eq!(names(&format!("{A}  a\nb\0{A}  \\c\0")), ["\\c", "a\nb"]);
        assert_eq!(names(&format!("{A}  a\r\n{A}  b\r\n")), ["a", "b"]);
        assert_eq!(names(&format!("{}  a\n", A.to_uppercase())), ["a"]);
        assert_eq!(names(&format!("{A}   a\n{A}  SHA256 (x) = y\n")), [" a", "SHA256 (x) = y"]);
        assert_eq!(names(""), [""; 0]);
    }

    #[test]
    fn other_lines_are_refused_with_their_number() {
        let not = "not in the form `HASH  NAME` that `sha256sum` writes";
        for line in ["a.html", "/a", &A[1..], A, &format!("{A} a"), &format!("g{}  a", &A[1..])] {
            assert_eq!(refused(&format!("\n{line}\n")), format!("line 2: {not}"));
        }
        assert!(refused(&format!("\\{A}  a\\tb")).contains("a broken escape"));
        assert!(refused(&format!("{A}  -")).contains("standard input"));
        assert!(refused(&format!("{A}  ../a")).contains("`..` segment"));
        let other = A.replace('5', "6");
        assert!(refused(&format!("{A}  a\n{other}  ./a")).contains("appears twice"));
        assert_eq!(names(&format!("{A}  a\n{A}  a\n")), ["a"]);
    }

    #[test]
    fn truncated_manifest_is_noticed() {
        let mut manifest = Manifest::new().with_resource("r");
        for name in ["a", "b", "-"] {
            let entry = Entry { digest: Digest([7; 32]), stamp: None };
            manifest.insert(name.as_bytes(), entry).expect("a name");
        }
        let text = manifest.to_text();
        assert!(text.starts_with(b"# cdn-purge manifest: files=3 resource=r\n"));
        for end in 3..text.len() {
            if let Ok(read) = Manifest::parse(&text[..end]) {
                panic!("{end} bytes are taken for {} files", read.len());
            }
        }
        let damaged = refused("# cdn-purge manifest: files=0 resource=r\n\0");
        assert_eq!(damaged, "line 1: there is a NUL byte in a manifest that has none");
        // `sha256sum` ends every line: the last name may be shorter than it was.
        for torn in [
            format!("{A}  a\n{A}  b.ht"),
            format!("{A}  a\0{A}  b.ht"),
            format!("{A}  a\r\n{A}  b.ht"),
        ] {
            assert!(refused(&torn).contains("2: the line has no end"), "{torn:?}");
        }
    }

    fn name() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(b'\\'), Just(b'\n'), Just(b'\r'), Just(b'-'), 1..=255_u8];
        let segment = proptest::collection::vec(byte, 1..5).prop_map(|mut segment| {
            segment.retain(|byte| *byte != b'/');
            if segment.iter().all(|byte| *byte == b'.') { b"x".to_vec() } else { segment }
        });
        proptest::collection::vec(segment, 1..3).prop_map(|segments| segments.join(&b'/'))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            files in proptest::collection::btree_map(name(), any::<([u8; 32], Option<(u64, i64)>)>(), 0..5),
        ) {
            let mut manifest = Manifest::new();
            for (name, (digest, stamp)) in &files {
                let stamp = stamp.map(|(size, modified)| Stamp { size, modified });
                manifest.insert(name, Entry { digest: Digest(*digest), stamp }).expect("a name");
            }
            prop_assert_eq!(Manifest::parse(&manifest.to_text()).expect("a manifest"), manifest);
        }
    }
}
