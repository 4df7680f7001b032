//! Reads all paths before anything is sent.

mod encoding;
mod not_a_name;
mod evidence;
mod rows;
mod format;
mod lists;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str;

use memchr::{memchr, memchr_iter, memrchr};
use purge_api_ext::{Paths, PurgePath, without_credentials};

pub(crate) use encoding::wide;
use evidence::Evidence;
pub(crate) use format::Format;
pub(crate) use lists::Lists;
use rows::Rows;

use crate::exit::Failure;
use crate::shown::{excerpt, file_name, shown};

/// How many bad lines are shown.
const SHOWN: usize = 20;

/// How many bytes are read at a time: few enough to stay in the processor cache until they are examined.
const BLOCK: u64 = 64 * 1024;

/// The paths that were read, and what is wrong with the others.
#[derive(Default)]
struct Input<'a> {
    format: Format<'a>,
    /// Whether these are the paths of the site, not paths to purge.
    are_inventory: bool,
    good: Paths,
    bad: Vec<String>,
    bad_count: usize,
    /// How many of them would be valid file names.
    names: usize,
    /// The place of the first entry that contains a NUL byte.
    nul: Option<String>,
    /// What the names of this list look like.
    evidence: Evidence,
    /// Whether every line of this list has another column.
    rows: Rows,
    /// The place of the first path that purges the whole resource.
    full: Option<String>,
}

/// The paths, and the place of the first one that purges the whole resource.
type Found = (Paths, Option<String>);

/// Reads the arguments, then the files. Fails if any path is invalid.
pub(crate) fn read(
    format: Format<'_>,
    arguments: &[OsString],
    files: &[PathBuf],
    lists: &Lists,
) -> Result<Found, Failure> {
    let mut input = Input { format, ..Input::default() };
    for (index, argument) in arguments.iter().enumerate() {
        let place = || format!("argument {}", index + 1);
        // In other programs, `-` means standard input, and no path is called that.
        if argument == "-" {
            input.refuse(b"-", place, "not a path; `--from -` reads paths from standard input");
        } else {
            input.add(argument.as_encoded_bytes(), place);
        }
    }
    input.end_list("the arguments")?;
    input.add_files(files, lists)?;
    let full = input.full.take();
    Ok((input.finish()?, full))
}

/// Reads all paths of a site; wildcards are refused.
pub(crate) fn read_inventory(
    format: Format<'_>,
    files: &[PathBuf],
    lists: &Lists,
) -> Result<Paths, Failure> {
    let mut input = Input { format, are_inventory: true, ..Input::default() };
    input.add_files(files, lists)?;
    input.finish()
}

/// Names the lists that were read and says that they hold no path.
pub(crate) fn names(files: &[PathBuf]) -> String {
    let names = files.iter().map(|file| match file == Path::new("-") {
        true => name(file),
        false => format!("`{}`", name(file)),
    });
    let hold = if files.len() == 1 { "holds" } else { "hold" };
    format!("{} {hold} no path", names.collect::<Vec<_>>().join(" and "))
}

fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file_name(file) }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::usage(format!("{name} cannot be read: {error}"))
}

/// The first argument that is a duration. The option before it does not take it as its value.
pub(crate) fn duration(arguments: &[OsString]) -> Option<&str> {
    let mut texts = arguments.iter().filter_map(|argument| argument.to_str());
    texts.find(|text| humantime::parse_duration(text).is_ok())
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
    fn add_files(&mut self, files: &[PathBuf], lists: &Lists) -> Result<(), Failure> {
        for file in files {
            let name = name(file);
            let (text, size) = lists.open(file).map_err(|error| unreadable(&name, &error))?;
            self.good.reserve(size);
            self.add_text(text, &name)?;
        }
        Ok(())
    }

    /// Adds all entries of a text, or says why it cannot be a list of paths.
    fn add_text(&mut self, mut text: impl Read, name: &str) -> Result<(), Failure> {
        let format = self.format;
        let mut start = Vec::new();
        let read = text.by_ref().take(BLOCK).read_to_end(&mut start);
        let read = read.map_err(|error| unreadable(name, &error))? as u64;
        if let Some(encoding) = wide(&start, format.null) {
            let how = "write it as UTF-8 (PowerShell: `Out-File -Encoding utf8`)";
            return Err(Failure::usage(format!("{name} is {encoding}; {how}; nothing was sent")));
        }
        // After a terminal has signalled end of file, it is not read again.
        let rest = text.take(if read < BLOCK { 0 } else { u64::MAX });
        let mut number = 0;
        let mut has_break = false;
        let done = each_entry(start.chain(rest), format.end(), |entry, text| {
            number += 1;
            // The fast path: nearly all entries can be used unchanged.
            let whole = text.filter(|text| !self.are_inventory && format.is_whole(text));
            if let Some(path) = whole.filter(|path| self.good.try_push(path).is_ok()) {
                self.rows.add(path.as_bytes());
                if may_be_full(path) {
                    self.note_full(|| format!("{name}:{number}"));
                }
                return;
            }
            has_break = format.null && memchr(b'\n', entry).is_some();
            if let Some(entry) = format.entry(entry, number) {
                self.add(entry, || format!("{name}:{number}"));
            }
        });
        done.map_err(|error| unreadable(name, &error))?;
        let why = match &self.nul {
            Some(place) => {
                format!("{place}: the list has NUL bytes: pass `-0` if each path ends with one")
            }
            None if has_break && number == 1 => {
                format!("{name}: the list has line breaks and no NUL byte; leave -0 out")
            }
            None if has_break => format!(
                "{name}: line breaks follow the last NUL byte; end each path with a NUL byte, or leave -0 \
                 out and end each with a line break"
            ),
            None => return self.end_list(name),
        };
        Err(Failure::usage(format!("{why}; nothing was sent")))
    }

    /// Checks the names of a list together, unless one of them is already refused.
    fn end_list(&mut self, name: &str) -> Result<(), Failure> {
        let evidence = std::mem::take(&mut self.evidence);
        let rows = std::mem::take(&mut self.rows);
        let refusal = evidence.refusal(self.format.null).or_else(|| rows.refusal());
        let refusal = refusal.filter(|_| self.bad_count == 0);
        refusal
            .map_or(Ok(()), |why| Err(Failure::usage(format!("{name}: {why}; nothing was sent"))))
    }

    /// Remembers the place of the last path if it purges everything.
    fn note_full(&mut self, place: impl Fn() -> String) {
        let path = self.good.iter().next_back().unwrap_or_default();
        if self.full.is_some() || !may_be_full(path) {
            return;
        }
        if PurgePath::with_query(path).is_ok_and(|path| path.is_full_purge()) {
            self.full = Some(place());
        }
    }

    fn add(&mut self, text: &[u8], place: impl Fn() -> String) {
        if self.format.raw {
            self.evidence.add(text);
        }
        // Between NUL bytes, every byte is part of the path.
        if !self.format.null {
            self.rows.add(text);
        }
        let Err(refusal) = self.format.read(text, self.are_inventory, &mut self.good) else {
            return self.note_full(place);
        };
        // No file system has names with a NUL byte.
        if self.nul.is_none() && memchr(b'\0', text).is_some() {
            self.nul = Some(place());
        }
        self.names += usize::from(refusal.is_name);
        self.refuse(text, place, &refusal.message);
    }

    fn refuse(&mut self, text: &[u8], place: impl Fn() -> String, why: &str) {
        self.bad_count += 1;
        if self.bad.len() < SHOWN {
            let text = String::from_utf8_lossy(text);
            let text = excerpt(&without_credentials(&text));
            // A suggested replacement may repeat the token, too.
            self.bad.push(format!("{}: `{text}`: {}", place(), shown(why)));
        }
    }

    fn finish(self) -> Result<Paths, Failure> {
        if self.bad_count == 0 {
            return Ok(self.good);
        }
        let all = self.good.len() + self.bad_count;
        let are = if self.bad_count == 1 { "is" } else { "are" };
        let s = if all == 1 { "" } else { "s" };
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

/// Whether a path may purge everything. For nearly all paths, the second byte rules it out.
fn may_be_full(path: &str) -> bool {
    matches!(path.as_bytes().get(1), Some(b'*' | b'.' | b'/' | b'%'))
}

/// Calls `take` with each entry, without its terminator, and with what follows the last terminator. Holds at most a
/// block and an entry in memory. Entries are also passed as text if the whole block is UTF-8, which is faster to check
/// than each entry.
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
