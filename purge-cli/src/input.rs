//! Reading paths, all of them, before anything is sent.

mod form;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use purge_api_ext::{Paths, escape};

pub(crate) use form::Form;

use crate::exit::Failure;

/// How many bad lines are shown.
const SHOWN: usize = 20;

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

/// All that a file holds; `-` is standard input.
pub(crate) fn contents(file: &Path) -> Result<Vec<u8>, Failure> {
    let text = if file == Path::new("-") {
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text).map(|_| text)
    } else {
        fs::read(file)
    };
    text.map_err(|error| Failure::usage(format!("{} cannot be read: {error}", name(file))))
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
            self.add_text(&contents(file)?, &name(file));
        }
        Ok(())
    }

    fn add_text(&mut self, text: &[u8], name: &str) {
        for (number, entry) in self.form.entries(text) {
            self.add(entry, || format!("{name}:{number}"));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Result<Vec<String>, String> {
        let mut input = Input::default();
        input.add_text(text, "paths.txt");
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
    fn no_more_than_20_bad_lines_are_shown() {
        let error = lines("x\n".repeat(23).as_bytes()).expect_err("23 bad lines");
        assert!(error.starts_with("23 of 23 paths are not valid"), "{error}");
        assert_eq!(error.lines().count(), 22);
        assert!(error.ends_with("\n  and 3 more"), "{error}");
    }
}
