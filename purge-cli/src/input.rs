//! Reading paths, all of them, before anything is sent.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use purge_api_ext::{PurgePath, escape};

use crate::exit::Failure;

/// How many bad lines are shown.
const SHOWN: usize = 20;

/// Paths that were read, and what is wrong with the others.
#[derive(Default)]
struct Paths {
    /// Whether they are what a site has, and not what shall be purged.
    are_inventory: bool,
    good: Vec<PurgePath>,
    bad: Vec<String>,
    bad_count: usize,
}

/// Reads the arguments, then the files, in this order. Nothing is returned when one path is bad.
pub(crate) fn read(
    arguments: &[String],
    files: &[impl AsRef<Path>],
) -> Result<Vec<PurgePath>, Failure> {
    let mut paths = Paths::default();
    for (index, argument) in arguments.iter().enumerate() {
        paths.add(argument.as_bytes(), || format!("argument {}", index + 1));
    }
    paths.add_files(files)?;
    paths.finish()
}

/// Reads all paths of a site: no wildcards.
pub(crate) fn read_inventory(files: &[impl AsRef<Path>]) -> Result<Vec<PurgePath>, Failure> {
    let mut paths = Paths { are_inventory: true, ..Paths::default() };
    paths.add_files(files)?;
    paths.finish()
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

fn contents(file: &Path) -> io::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text)?;
        return Ok(text);
    }
    fs::read(file)
}

impl Paths {
    fn add_files(&mut self, files: &[impl AsRef<Path>]) -> Result<(), Failure> {
        for file in files {
            let file = file.as_ref();
            let name = if file == Path::new("-") {
                "standard input".to_owned()
            } else {
                escape(&file.to_string_lossy())
            };
            let text = contents(file)
                .map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))?;
            self.add_lines(&text, &name);
        }
        Ok(())
    }

    fn add_lines(&mut self, text: &[u8], name: &str) {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.trim_ascii().is_empty() && !line.starts_with(b"#") {
                self.add(line, || format!("{name}:{}", index + 1));
            }
        }
    }

    fn add(&mut self, text: &[u8], place: impl FnOnce() -> String) {
        let parsed = match std::str::from_utf8(text) {
            Ok(text) => match text.find('*').filter(|_| self.are_inventory) {
                Some(star) => Err(format!(
                    "a `*`, at byte {star}: an inventory has no wildcards; write `%2A` for the character"
                )),
                None => PurgePath::new(text).map_err(|error| error.to_string()),
            },
            Err(error) => {
                Err(format!("not UTF-8, at byte {}: percent-encode it", error.valid_up_to()))
            }
        };
        match parsed {
            Ok(path) => self.good.push(path),
            Err(error) => {
                self.bad_count += 1;
                if self.bad.len() < SHOWN {
                    let shown: String = String::from_utf8_lossy(text).chars().take(120).collect();
                    self.bad.push(format!("{}: `{}`: {error}", place(), escape(&shown)));
                }
            }
        }
    }

    fn finish(self) -> Result<Vec<PurgePath>, Failure> {
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
        let mut paths = Paths::default();
        paths.add_lines(text, "paths.txt");
        match paths.finish() {
            Ok(good) => Ok(good.into_iter().map(String::from).collect()),
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
