//! Reading a journal: from bytes alone, to what is known of each request.

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

/// What a journal says.
#[derive(Debug, PartialEq)]
pub(crate) struct Contents {
    pub(crate) header: Header,
    /// The requests of the plan.
    pub(crate) requests: Vec<Batch>,
    /// What is known of them.
    pub(crate) ledger: Ledger,
    /// Where the next line goes: behind the last one that is whole.
    pub(crate) length: u64,
    pub(super) checksum: u32,
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
        why: Shown,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {}", excerpt(error)),
            Self::Empty => f.write_str("is empty: no run was begun with it, and nothing was sent"),
            Self::NoJournal => f.write_str("is not a purge journal; name the file that you gave to `--journal`"),
            Self::Version(version) => write!(
                f,
                "has the form {version}, and this program reads the form {VERSION}; resume it with the \
                 version that wrote it"
            ),
            Self::Unfinished => f.write_str(
                "was not finished before the run ended, so nothing was sent; remove it and start again",
            ),
            Self::Damaged { line, why } => write!(
                f,
                "is damaged at line {line}: {why}; what it knows cannot be trusted: restore the file, or \
                 purge all paths again with a new journal"
            ),
        }
    }
}

impl Harmless for Unreadable {}

/// Reads a journal. What a crash may have left of the last line is left out; any other damage is an error,
/// and so is what no run can have written.
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
            return Err(lines.damaged("it holds no events"));
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
        let Ok(Line::Header(header)) = serde_json::from_slice(json) else {
            return Err(self.damaged("it does not say what the journal is about"));
        };
        // A text that is an address has no character that a terminal would obey.
        let service =
            BaseUrl::parse(&header.service).map_err(|error| self.damaged(excerpt(&error)))?;
        Ok(Header { service: service.as_str().to_owned(), ..header })
    }

    /// The requests that are sent.
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
            return Err(self.damaged("the requests are not those of the plan"));
        }
        if let Some(path) = repeated(&paths) {
            let path = excerpt(path);
            return Err(self.damaged(shown!("the path `{path}` is in the requests twice", path)));
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

/// A path that is there twice.
fn repeated(paths: &Paths) -> Option<&str> {
    let mut seen = HashSet::with_capacity_and_hasher(paths.len(), RandomState::default());
    paths.iter().find(|path| !seen.insert(*path))
}
