//! Reading paths, all of them, before anything is sent.

mod encoding;
mod form;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod name;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str;

use memchr::{memchr, memchr_iter, memrchr};
use purge_api_ext::{Paths, escape, without_tokens};

pub(crate) use encoding::wide;
pub(crate) use form::Form;

use crate::exit::Failure;

/// How many bad lines are shown.
const SHOWN: usize = 20;

/// How many bytes are read at once: what stays in the cache of a processor until it is looked at.
const BLOCK: u64 = 64 * 1024;

/// Paths that were read, and what is wrong with the others.
#[derive(Default)]
struct Input<'a> {
    form: Form<'a>,
    /// Whether they are what a site has, and not what shall be purged.
    are_inventory: bool,
    good: Paths,
    bad: Vec<String>,
    bad_count: usize,
    /// How many of them would be good names of files.
    names: usize,
    /// Where a NUL byte is that ends no entry.
    nul: Option<String>,
}

/// Reads the arguments, then the files, in this order. Nothing is returned when one path is bad.
pub(crate) fn read(
    form: Form<'_>,
    arguments: &[OsString],
    files: &[impl AsRef<Path>],
) -> Result<Paths, Failure> {
    let mut input = Input { form, ..Input::default() };
    for (index, argument) in arguments.iter().enumerate() {
        let place = || format!("argument {}", index + 1);
        // Other programs read standard input for it, and no site has this path.
        if argument == "-" {
            input.refuse(b"-", place, "not a path; `--from -` reads paths from standard input");
        } else {
            input.add(argument.as_encoded_bytes(), place);
        }
    }
    input.add_files(files)?;
    input.finish()
}

/// Reads all paths of a site: no wildcards.
pub(crate) fn read_inventory(form: Form<'_>, files: &[impl AsRef<Path>]) -> Result<Paths, Failure> {
    let mut input = Input { form, are_inventory: true, ..Input::default() };
    input.add_files(files)?;
    input.finish()
}

fn name(file: &Path) -> String {
    if file == Path::new("-") {
        "standard input".to_owned()
    } else {
        escape(&without_tokens(&file.to_string_lossy()))
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::usage(format!("{name} cannot be read: {error}"))
}

/// Refuses to read standard input twice: the second time it would be empty.
pub(crate) fn only_one_standard_input<'a>(
    files: impl Iterator<Item = &'a PathBuf>,
) -> Result<(), Failure> {
    match files.filter(|file| *file == Path::new("-")).count() {
        0 | 1 => Ok(()),
        _ => Err(Failure::usage(
            "standard input can be read only once; name a file instead of one `-`",
        )),
    }
}

impl Input<'_> {
    fn add_files(&mut self, files: &[impl AsRef<Path>]) -> Result<(), Failure> {
        for file in files {
            let file = file.as_ref();
            let name = name(file);
            self.add_file(file, &name)?;
        }
        Ok(())
    }

    fn add_file(&mut self, file: &Path, name: &str) -> Result<(), Failure> {
        if file == Path::new("-") {
            return self.add_text(io::stdin().lock(), name);
        }
        let file = File::open(file).map_err(|error| unreadable(name, &error))?;
        let size = file.metadata().map_err(|error| unreadable(name, &error))?.len();
        // What says nothing of its size, such as a pipe, says 0.
        self.good.reserve(size.try_into().unwrap_or_default());
        self.add_text(file, name)
    }

    /// Adds all entries of a text, or says why it has none as a whole.
    fn add_text(&mut self, mut text: impl Read, name: &str) -> Result<(), Failure> {
        let form = self.form;
        let mut start = Vec::new();
        let read = text.by_ref().take(BLOCK).read_to_end(&mut start);
        let read = read.map_err(|error| unreadable(name, &error))? as u64;
        if let Some(encoding) = wide(&start, form.null) {
            let why = format!("{name} is {encoding}; save it as UTF-8; nothing was sent");
            return Err(Failure::usage(why));
        }
        // A terminal that has ended once is not read again.
        let rest = text.take(if read < BLOCK { 0 } else { u64::MAX });
        let mut number = 0;
        let mut has_break = false;
        let done = each_entry(start.chain(rest), form.end(), |entry, text| {
            number += 1;
            // Of nearly all entries nothing is to be taken off, and nothing else is to be looked at.
            let whole = text.filter(|text| !self.are_inventory && form.is_whole(text));
            if whole.is_some_and(|path| self.good.try_push(path).is_ok()) {
                return;
            }
            has_break = form.null && memchr(b'\n', entry).is_some();
            if let Some(entry) = form.entry(entry, number) {
                self.add(entry, || format!("{name}:{number}"));
            }
        });
        done.map_err(|error| unreadable(name, &error))?;
        let why = match &self.nul {
            Some(place) => {
                format!("{place}: the list has NUL bytes; pass -0 if they end its paths")
            }
            None if has_break && number == 1 => {
                format!("{name}: the list has line breaks and no NUL byte; leave -0 out")
            }
            None if has_break => format!(
                "{name}: line breaks follow the last NUL byte; end each path with a NUL byte, or leave -0 \
                 out and end each with a line break"
            ),
            None => return Ok(()),
        };
        Err(Failure::usage(format!("{why}; nothing was sent")))
    }

    fn add(&mut self, text: &[u8], place: impl Fn() -> String) {
        let Err(refusal) = self.form.read(text, self.are_inventory, &mut self.good) else {
            return;
        };
        // A name with a NUL byte is in no file system.
        if self.nul.is_none() && memchr(b'\0', text).is_some() {
            self.nul = Some(place());
        }
        self.names += usize::from(refusal.is_name);
        self.refuse(text, place, &refusal.message);
    }

    fn refuse(&mut self, text: &[u8], place: impl Fn() -> String, why: &str) {
        self.bad_count += 1;
        if self.bad.len() < SHOWN {
            let shown: String =
                without_tokens(&String::from_utf8_lossy(text)).chars().take(120).collect();
            // What is suggested in its place holds it, too.
            let why = without_tokens(why);
            self.bad.push(format!("{}: `{}`: {why}", place(), escape(&shown)));
        }
    }

    fn finish(self) -> Result<Paths, Failure> {
        if self.bad_count == 0 {
            return Ok(self.good);
        }
        let all = self.good.len() + self.bad_count;
        let (are, s) = if all == 1 { ("is", "") } else { ("are", "s") };
        let mut message =
            format!("{} of {all} path{s} {are} not valid; nothing was sent", self.bad_count);
        for bad in &self.bad {
            message.push_str("\n  ");
            message.push_str(bad);
        }
        if self.bad_count > self.bad.len() {
            message.push_str(&format!("\n  and {} more", self.bad_count - self.bad.len()));
        }
        if self.names * 2 > all {
            let these_are = if all == 1 { "this is a file name" } else { "these are file names" };
            message.push_str(&format!("\nif {these_are}, pass --raw"));
        }
        Err(Failure::usage(message))
    }
}

/// Hands over each entry without its end, and what follows the last end, without holding more of the text
/// than a block and an entry. Where all of a block is UTF-8, which is known sooner than of each entry, it comes
/// as a text, too.
pub(crate) fn each_entry(
    mut text: impl Read,
    end: u8,
    mut take: impl FnMut(&[u8], Option<&str>),
) -> io::Result<()> {
    let mut block = Vec::new();
    loop {
        let unread = block.len();
        let is_end = (text.by_ref().take(BLOCK).read_to_end(&mut block)? as u64) < BLOCK;
        let mut start = 0;
        let last = memrchr(end, &block[unread..]).map_or(0, |at| unread + at);
        let text = str::from_utf8(&block[..last]).ok();
        for at in memchr_iter(end, &block[unread..]) {
            let entry = start..unread + at;
            take(&block[entry.clone()], text.map(|text| &text[entry]));
            start = unread + at + 1;
        }
        if is_end {
            take(&block[start..], None);
            return Ok(());
        }
        block.drain(..start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Result<Vec<String>, String> {
        read(Form::default(), text)
    }

    fn read(form: Form<'_>, text: &[u8]) -> Result<Vec<String>, String> {
        let mut input = Input { form, ..Input::default() };
        match input.add_text(text, "paths.txt").and_then(|()| input.finish()) {
            Ok(good) => Ok(good.iter().map(str::to_owned).collect()),
            Err(failure) => Err(failure.to_string()),
        }
    }

    #[test]
    fn blank_lines_comments_line_ends_and_byte_order_marks_are_no_paths() {
        let text = b"\xef\xbb\xbf/a\r\n\r\n# comment\n  \n/b\n/c";
        assert_eq!(lines(text).expect("paths"), ["/a", "/b", "/c"]);
        assert_eq!(lines(b"").expect("no paths"), [""; 0]);
    }

    #[test]
    fn errors_name_file_and_line() {
        let error = lines(b"/a\nb\n/\xff\n/c\x01\n").expect_err("three bad lines");
        insta::assert_snapshot!(error, @r"
        3 of 4 paths are not valid; nothing was sent
          paths.txt:2: `b`: no leading slash, at byte 0: write `/b`
          paths.txt:3: `/�`: not UTF-8, at byte 1: percent-encode it
          paths.txt:4: `/c\u{1}`: a control character, at byte 2: remove it
        ");
    }

    #[test]
    fn names_of_files_lead_to_raw() {
        let error =
            lines(b"public/index.html\n\"public/caf\\303\\251.html\"\npublic/a b.html\n/ok\n");
        insta::assert_snapshot!(error.expect_err("three names"), @r#"
        3 of 4 paths are not valid; nothing was sent
          paths.txt:1: `public/index.html`: no leading slash, at byte 0: write `/public/index.html`
          paths.txt:2: `"public/caf\303\251.html"`: a name in quotes, as git writes it in lines: use `-z` there, and `-0 --raw` here
          paths.txt:3: `public/a b.html`: no leading slash, at byte 0: begin with `/`, without a host
        if these are file names, pass --raw
        "#);
        let error = lines(b"/ok\n/ok\nindex.html\nimg/logo.png\n").expect_err("two names");
        assert!(!error.contains("--raw"), "{error}");
        let raw = Form { raw: true, ..Form::default() };
        let error = read(raw, b"../a\n").expect_err("no name");
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
                    let error = read(Form { null, raw, prefix: None }, &text);
                    assert_eq!(
                        error.expect_err("UTF-16"),
                        "paths.txt is UTF-16; save it as UTF-8; nothing was sent"
                    );
                }
            }
        }
    }

    #[test]
    fn nul_bytes_and_line_breaks_are_not_mixed_up() {
        let raw = Form { raw: true, ..Form::default() };
        let null = Form { null: true, ..raw };
        let says = |form: Form<'_>, text: &[u8]| read(form, text).expect_err("a mixed list");
        let nul = "the list has NUL bytes; pass -0 if they end its paths; nothing was sent";
        assert_eq!(says(raw, b"index.html\0docs/a b.html\0"), format!("paths.txt:1: {nul}"));
        assert_eq!(says(Form::default(), b"/a\n/b\0/c\n"), format!("paths.txt:2: {nul}"));
        // Not only in the first block.
        let late = [b"a.html\n".repeat(BLOCK as usize), b"b\0".to_vec()].concat();
        assert_eq!(says(raw, &late), format!("paths.txt:{}: {nul}", BLOCK + 1));
        let breaks =
            "paths.txt: the list has line breaks and no NUL byte; leave -0 out; nothing was sent";
        assert_eq!(says(null, b"a.html\nb.html\n"), breaks);
        assert_eq!(says(null, b"a.html\r\n"), breaks);
        assert_eq!(says(Form { raw: false, ..null }, b"/a\n/b\n"), breaks);
        assert!(says(null, b"a\0b\nc\n").contains("line breaks follow the last NUL byte"));
        assert_eq!(read(null, b"a\nb\0c").expect("names"), ["/a%0Ab", "/c"]);
    }

    #[test]
    fn lines_go_over_the_ends_of_blocks() {
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
    fn tokens_in_place_of_paths_and_names_are_not_shown() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        for raw in [false, true] {
            for text in
                [token.to_owned(), format!("Bearer {token}"), format!("{{\"t\":\"{token}\"}}")]
            {
                let form = Form { raw, ..Form::default() };
                let Err(error) = read(form, text.as_bytes()) else { continue };
                assert!(error.contains("(looks like a token, not shown)"), "{error}");
                assert!(!error.contains(&token[4..20]), "{error}");
            }
        }
        let error =
            super::read(Form::default(), &[], &[format!("no/{token}")]).expect_err("no file");
        assert!(!error.to_string().contains(&token[4..20]), "{error}");
    }

    #[test]
    fn no_more_than_20_bad_lines_are_shown() {
        let error = lines("x\n".repeat(23).as_bytes()).expect_err("23 bad lines");
        assert!(error.starts_with("23 of 23 paths are not valid"), "{error}");
        assert_eq!(error.lines().count(), 23);
        assert!(error.contains("\n  and 3 more\nif these"), "{error}");
    }
}
