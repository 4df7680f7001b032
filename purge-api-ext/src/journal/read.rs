//! Reads a journal: from bytes to what is known of each request.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, BufRead, Read as _};

use foldhash::fast::RandomState;

use super::format::{
    Fingerprint, Header, Line, MAX_LINE, VERSION, checked, holds_another, looks_like_one,
};
use crate::connection::BaseUrl;
use crate::ledger::Ledger;
use crate::path::{Paths, PurgePath};
use crate::plan::{Batch, Plan, batches};
use crate::sanitize::{Harmless, Shown, excerpt, shown};

/// The contents of a journal.
#[derive(Debug, PartialEq)]
pub(crate) struct Contents {
    pub(crate) header: Header,
    /// The requests of the plan.
    pub(crate) requests: Vec<Batch>,
    /// What is known of them.
    pub(crate) ledger: Ledger,
    /// Where the next line goes: after the last complete one.
    pub(crate) length: u64,
    pub(super) checksum: u32,
}

/// Why a journal cannot be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Io(io::Error),
    /// There is no complete line.
    Empty,
    NoJournal,
    Version(u32),
    /// The run ended before the plan was written completely, and so before anything was sent.
    Unfinished,
    Damaged {
        line: usize,
        why: Shown,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {}", excerpt(error)),
            Self::Empty => {
                f.write_str("is empty: no run was started with it, and nothing was sent")
            }
            Self::NoJournal => {
                f.write_str("is not a purge journal; pass the file that you gave to `--journal`")
            }
            Self::Version(version) => write!(
                f,
                "has format version {version}, but this program reads version {VERSION}; resume it with the \
                 version that wrote it"
            ),
            Self::Unfinished => f.write_str(
                "is incomplete: the run ended before anything was sent; remove it and start again",
            ),
            Self::Damaged { line, why } => write!(
                f,
                "is damaged at line {line}: {why}; its contents cannot be trusted: restore the file, or \
                 purge all paths again with a new journal"
            ),
        }
    }
}

impl Harmless for Unreadable {}

/// Reads a journal. A last line that a crash has torn is ignored. Any other damage is an error, and so are contents
/// that no run can have written.
pub(crate) fn read(input: impl BufRead) -> Result<Contents, Unreadable> {
    let mut lines = Lines { input, number: 0, length: 0, checksum: 0 };
    let header = match lines.next()? {
        None => {
            return Err(if lines.number == 0 { Unreadable::Empty } else { Unreadable::Unfinished });
        }
        Some(json) => lines.header(&json)?,
    };
    let requests = lines.plan(&header)?;
    let mut ledger = Ledger::new(requests.iter().map(|batch| batch.paths().len()).collect());
    while let Some(json) = lines.next()? {
        let Ok(Line::Events(events)) = serde_json::from_slice(&json) else {
            return Err(lines.damaged("it has no events"));
        };
        for event in events {
            ledger.apply(&event).map_err(|why| lines.damaged(why))?;
        }
    }
    let (length, checksum) = (lines.length, lines.checksum);
    ledger.close();
    Ok(Contents { header, requests, ledger, length, checksum })
}

/// The lines of a journal.
struct Lines<R> {
    input: R,
    /// The line that was read last, from 1.
    number: usize,
    /// Where the last complete line ends.
    length: u64,
    checksum: u32,
}

impl<R: BufRead> Lines<R> {
    /// The next complete line.
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
            return Err(self.damaged("it is longer than any valid line"));
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
        let Ok(Line::Header(header)) = serde_json::from_slice(json) else {
            return Err(self.damaged("it is not a valid header"));
        };
        // A valid URL has no characters that a terminal would obey.
        let service =
            BaseUrl::parse(&header.service).map_err(|error| self.damaged(excerpt(&error)))?;
        Ok(Header { service: service.as_str().to_owned(), ..header })
    }

    /// The requests of the plan.
    fn plan(&mut self, header: &Header) -> Result<Vec<Batch>, Unreadable> {
        let mut fingerprint = Fingerprint::default();
        let (mut paths, mut ends) = (Paths::new(), Vec::new());
        while ends.len() < header.requests {
            let Some(json) = self.next()? else { return Err(Unreadable::Unfinished) };
            let request = self.request(&json, ends.len())?;
            fingerprint.add(request.iter().map(PurgePath::as_str));
            request.iter().for_each(|path| paths.push(path));
            ends.push(paths.len());
        }
        let differs = fingerprint.finish() != header.plan;
        if differs || ends.is_empty() || !header.can_count(paths.len()) {
            return Err(self.damaged("the requests do not match the plan"));
        }
        if let Some(path) = repeated(&paths) {
            let path = excerpt(path);
            return Err(
                self.damaged(shown!("the path `{path}` appears in the requests twice", path))
            );
        }
        Ok(batches(paths, &ends))
    }

    fn request(&self, json: &[u8], expected: usize) -> Result<Vec<PurgePath>, Unreadable> {
        let paths = match serde_json::from_slice(json) {
            Ok(Line::Request { number, paths })
                if number == expected && (1..=Plan::MAX_BATCH_SIZE).contains(&paths.len()) =>
            {
                paths
            }
            _ => return Err(self.damaged("it is not the next request")),
        };
        let paths = paths.into_iter().map(PurgePath::accepted);
        let paths: Result<_, _> = paths.collect();
        paths.map_err(|error| self.damaged(shown!("a path is not valid: {error}", error)))
    }

    fn damaged(&self, why: impl Into<Shown>) -> Unreadable {
        Unreadable::Damaged { line: self.number, why: why.into() }
    }
}

/// A path that appears twice.
fn repeated(paths: &Paths) -> Option<&str> {
    let mut seen = HashSet::with_capacity_and_hasher(paths.len(), RandomState::default());
    paths.iter().find(|path| !seen.insert(*path))
}
