//! Reading paths, all of them, before anything is sent.

mod form;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str;

use memchr::{memchr_iter, memrchr};
use purge_api_ext::{Paths, escape};

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
}

/// Reads the arguments, then the files, in this order. Nothing is returned when one path is bad.
pub(crate) fn read(
    form: Form<'_>,
    arguments: &[OsString],
    files: &[impl AsRef<Path>],
) -> Result<Paths, Failure> {
    let mut input = Input { form, ..Input::default() };
    for (index, argument) in arguments.iter().enumerate() {
        input.add(argument.as_encoded_bytes(), || format!("argument {}", index + 1));
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
        escape(&file.to_string_lossy())
    }
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
            self.add_file(file, &name)
                .map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))?;
        }
        Ok(())
    }

    fn add_file(&mut self, file: &Path, name: &str) -> io::Result<()> {
        if file == Path::new("-") {
            return self.add_text(io::stdin().lock(), name);
        }
        let file = File::open(file)?;
        // What says nothing of its size, such as a pipe, says 0.
        self.good.reserve(file.metadata()?.len().try_into().unwrap_or_default());
        self.add_text(file, name)
    }

    fn add_text(&mut self, text: impl Read, name: &str) -> io::Result<()> {
        let form = self.form;
        let mut number = 0;
        each_entry(text, form.end(), |entry, text| {
            number += 1;
            // Of nearly all entries nothing is to be taken off, and nothing else is to be looked at.
            let whole = text.filter(|text| !self.are_inventory && form.is_whole(text));
            if whole.is_some_and(|path| self.good.try_push(path).is_ok()) {
                return;
            }
            if let Some(entry) = form.entry(entry, number) {
                self.add(entry, || format!("{name}:{number}"));
            }
        })
    }

    fn add(&mut self, text: &[u8], place: impl FnOnce() -> String) {
        if let Err(error) = self.form.read(text, self.are_inventory, &mut self.good) {
            self.bad_count += 1;
            if self.bad.len() < SHOWN {
                let shown: String = String::from_utf8_lossy(text).chars().take(120).collect();
                self.bad.push(format!("{}: `{}`: {error}", place(), escape(&shown)));
            }
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
        let is_end = text.by_ref().take(BLOCK).read_to_end(&mut block)? == 0;
        let mut start = 0;
        let last = memrchr(end, &block[unread..]).map_or(0, |at| unread + at);
        let text = str::from_utf8(&block[..last]).ok();
        for at in memchr_iter(end, &block[unread..]) {
            let entry = start..unread + at;
            take(&block[entry.clone()], text.map(|text| &text[entry]));
            start = unread + at + 1;
        }
        if is_end {
            take(&block, None);
            return Ok(());
        }
        block.drain(..start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Result<Vec<String>, String> {
        let mut input = Input::default();
        input.add_text(text, "paths.txt").expect("memory can be read");
        match input.finish() {
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
        let error = lines(b"/a\nb\n/\xff\n/c\0\n").expect_err("three bad lines");
        insta::assert_snapshot!(error, @r"
        3 of 4 paths are not valid; nothing was sent
          paths.txt:2: `b`: no leading slash, at byte 0: write `/b`
          paths.txt:3: `/�`: not UTF-8, at byte 1: percent-encode it
          paths.txt:4: `/c\u{0}`: a control character, at byte 2: remove it
        ");
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
    fn no_more_than_20_bad_lines_are_shown() {
        let error = lines("x\n".repeat(23).as_bytes()).expect_err("23 bad lines");
        assert!(error.starts_with("23 of 23 paths are not valid"), "{error}");
        assert_eq!(error.lines().count(), 22);
        assert!(error.ends_with("\n  and 3 more"), "{error}");
    }
}
