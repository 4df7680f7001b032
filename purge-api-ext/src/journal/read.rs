//! Reading a journal: from bytes alone, to what is known of each request.

use std::fmt;
use std::io::{self, BufRead, Read as _};

use super::format::{
    Entry, Fingerprint, Header, Line, MAX_LINE, VERSION, checked, holds_another, looks_like_one,
};
use crate::plan::{Batch, batches};
use crate::retry::Applied;
use crate::{OperationId, Paths, PurgePath};

/// What a journal says.
#[derive(Debug, PartialEq)]
pub(crate) struct Contents {
    pub(crate) header: Header,
    /// The requests of the plan.
    pub(crate) requests: Vec<Batch>,
    /// What is known of them, and after them of those that others were split into.
    pub(crate) known: Vec<Known>,
    /// Where the next line goes: behind the last one that is whole.
    pub(crate) length: u64,
    pub(super) checksum: u32,
}

/// What is known of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Known {
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// How often it may have been carried out without an answer that names the operation.
    pub(crate) ambiguous: u32,
    /// The first of these times.
    pub(crate) lost: Option<Lost>,
    pub(crate) end: End,
    /// When it was sent, as long as the answer to that is missing.
    open: Option<u64>,
}

/// When a request was sent that may have been carried out, in milliseconds since 1970, and what the last
/// answer says of that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lost {
    pub(crate) at: u64,
    pub(crate) applied: Applied,
}

/// What settled a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum End {
    /// Nothing yet.
    #[default]
    Open,
    Accepted {
        op_id: OperationId,
        message: Option<String>,
        possible_duplicate: bool,
    },
    /// Its first `at` paths, and the others, are requests of their own.
    Split {
        at: usize,
        into: [usize; 2],
    },
}

/// Why a journal cannot be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Io(io::Error),
    /// There is no whole line.
    Empty,
    NoJournal,
    Version(u32),
    /// The run ended before the whole plan was written, and so before anything was sent.
    Unfinished,
    Damaged {
        line: usize,
        why: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Empty => f.write_str("is empty: no run was begun with it, and nothing was sent"),
            Self::NoJournal => f.write_str("is no journal of a purge; name the file of `--journal`"),
            Self::Version(version) => write!(
                f,
                "has the form {version}, and this program reads the form {VERSION}; resume it with the \
                 version that wrote it"
            ),
            Self::Unfinished => f.write_str(
                "was not finished before the run ended, so nothing was sent; remove it and begin anew",
            ),
            Self::Damaged { line, why } => write!(
                f,
                "is damaged at line {line}: {why}; what it knows cannot be trusted: restore the file, or \
                 purge all paths again with a new journal"
            ),
        }
    }
}

/// Reads a journal. What a crash may have left of the last line is left out; any other damage is an error.
pub(crate) fn read(input: impl BufRead) -> Result<Contents, Unreadable> {
    let mut lines = Lines { input, number: 0, length: 0, checksum: 0 };
    let header = match lines.next()? {
        None => {
            return Err(if lines.number == 0 { Unreadable::Empty } else { Unreadable::Unfinished });
        }
        Some(json) => lines.header(&json)?,
    };
    let mut contents =
        Contents { header, requests: Vec::new(), known: Vec::new(), length: 0, checksum: 0 };
    let mut fingerprint = Fingerprint::default();
    let (mut paths, mut ends) = (Paths::new(), Vec::new());
    while ends.len() < contents.header.requests {
        let Some(json) = lines.next()? else { return Err(Unreadable::Unfinished) };
        let request = lines.request(&json, ends.len())?;
        fingerprint.add(request.iter().map(PurgePath::as_str));
        request.iter().for_each(|path| paths.push(path));
        ends.push(paths.len());
    }
    contents.requests = batches(paths, &ends);
    if fingerprint.finish() != contents.header.plan {
        return Err(lines.damaged("the requests are not those of the plan"));
    }
    let mut paths: Vec<_> = contents.requests.iter().map(|batch| batch.paths().len()).collect();
    contents.known = vec![Known::default(); paths.len()];
    while let Some(json) = lines.next()? {
        let Ok(Line::Events(events)) = serde_json::from_slice(&json) else {
            return Err(lines.damaged("it holds no events"));
        };
        for event in events {
            apply(&mut contents.known, &mut paths, event).map_err(|why| lines.damaged(why))?;
        }
    }
    for known in &mut contents.known {
        if let Some(at) = known.open {
            known.answered(at, Applied::Maybe);
        }
    }
    (contents.length, contents.checksum) = (lines.length, lines.checksum);
    Ok(contents)
}

/// The lines of a journal.
struct Lines<R> {
    input: R,
    /// The line that was read last, from 1.
    number: usize,
    /// Where it ends, if it is whole.
    length: u64,
    checksum: u32,
}

impl<R: BufRead> Lines<R> {
    /// The next whole line.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Unreadable> {
        let mut line = Vec::new();
        let limit = MAX_LINE as u64 + 1;
        (&mut self.input).take(limit).read_until(b'\n', &mut line).map_err(Unreadable::Io)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if self.number == 1 && !looks_like_one(&line) {
            return Err(Unreadable::NoJournal);
        }
        if line.len() as u64 == limit {
            return Err(self.damaged("it is longer than any that is written"));
        }
        let length = line.len() as u64;
        let whole = line.pop_if(|last| *last == b'\n').is_some();
        match checked(self.checksum, &line) {
            Some((json, checksum)) if whole => {
                self.length += length;
                self.checksum = checksum;
                Ok(Some(json))
            }
            _ if self.is_last()? && !holds_another(&line) => Ok(None),
            _ => Err(self.damaged("its checksum is wrong")),
        }
    }

    fn is_last(&mut self) -> Result<bool, Unreadable> {
        self.input.fill_buf().map(<[u8]>::is_empty).map_err(Unreadable::Io)
    }

    fn header(&self, json: &[u8]) -> Result<Header, Unreadable> {
        #[derive(serde::Deserialize)]
        struct Any {
            header: Version,
        }
        #[derive(serde::Deserialize)]
        struct Version {
            version: u32,
        }
        match serde_json::from_slice::<Any>(json) {
            Ok(Any { header: Version { version } }) if version != VERSION => {
                return Err(Unreadable::Version(version));
            }
            _ => {}
        }
        match serde_json::from_slice(json) {
            Ok(Line::Header(header)) => Ok(header),
            _ => Err(self.damaged("it does not say what the journal is about")),
        }
    }

    fn request(&self, json: &[u8], expected: usize) -> Result<Vec<PurgePath>, Unreadable> {
        let paths = match serde_json::from_slice(json) {
            Ok(Line::Request { number, paths }) if number == expected && !paths.is_empty() => paths,
            _ => return Err(self.damaged("it is not the next request")),
        };
        let paths = paths.into_iter().map(PurgePath::accepted);
        let paths: Result<_, _> = paths.collect();
        paths.map_err(|error| self.damaged(format!("a path is not valid: {error}")))
    }

    fn damaged(&self, why: impl Into<String>) -> Unreadable {
        Unreadable::Damaged { line: self.number, why: why.into() }
    }
}

fn apply(known: &mut Vec<Known>, paths: &mut Vec<usize>, event: Entry) -> Result<(), &'static str> {
    let (request, end) = match event {
        Entry::Ended { .. } => return Ok(()),
        Entry::Sending { request, attempt, at } => {
            let known = open(known, request)?;
            // A run that could not write down the answer has left one open.
            if let Some(earlier) = known.open.replace(at) {
                known.answered(earlier, Applied::Maybe);
                known.open = Some(at);
            }
            known.attempts = attempt;
            return Ok(());
        }
        Entry::Failed { request, applied, .. } => {
            let known = open(known, request)?;
            let at = known.open.ok_or("an answer comes before its request")?;
            known.answered(at, applied);
            return Ok(());
        }
        Entry::Accepted { request, op_id, message, possible_duplicate } => {
            (request, End::Accepted { op_id, message, possible_duplicate })
        }
        Entry::Split { request, at, into } => {
            let count = paths.get(request).copied().unwrap_or_default();
            if at == 0 || at >= count || into != [known.len(), known.len() + 1] {
                return Err("a request cannot be split like that");
            }
            paths.extend([at, count - at]);
            let ambiguous = known[request].ambiguous;
            known.extend([Known::half(ambiguous), Known::half(ambiguous)]);
            (request, End::Split { at, into })
        }
    };
    let known = open(known, request)?;
    known.open = None;
    known.end = end;
    Ok(())
}

/// A request that is not settled yet.
fn open(known: &mut [Known], request: usize) -> Result<&mut Known, &'static str> {
    match known.get_mut(request) {
        None => Err("it names a request that is not there"),
        Some(known) if known.end != End::Open => Err("it names a request that is settled"),
        Some(known) => Ok(known),
    }
}

impl Known {
    /// What is known of half a request that may have been carried out so often.
    pub(crate) fn half(ambiguous: u32) -> Self {
        Self { ambiguous, ..Self::default() }
    }

    /// Takes note of the answer to what was sent at `at`.
    fn answered(&mut self, at: u64, applied: Applied) {
        self.open = None;
        if matches!(applied, Applied::Maybe | Applied::Yes) {
            self.ambiguous = self.ambiguous.saturating_add(1);
            self.lost = Some(Lost { at: self.lost.map_or(at, |first| first.at), applied });
        }
    }
}
