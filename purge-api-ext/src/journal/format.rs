//! The lines of a journal. Each is one JSON object, whose first member is a checksum.
//!
//! The checksum covers the rest of the line, and is seeded with the checksum of the previous line. So it also detects
//! lines that are missing or out of order. Each write is one line, so a crash tears at most the last one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::id::{OrganizationId, ResourceId};
use crate::ledger::Entry;
use crate::plan::Plan;
use crate::report::Summary;

/// The version of this format.
pub(super) const VERSION: u32 = 1;
/// The longest line: enough for a request with 100 paths of 8 KiB of quotation marks each.
pub(super) const MAX_LINE: usize = 2 * 1024 * 1024;
/// How many events one line holds. They fit even if each has the longest possible message.
pub(super) const MAX_EVENTS: usize = 128;

const PREFIX: &[u8] = br#"{"crc":""#;
const DIGITS: usize = 8;

/// A line without its checksum.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line<'a> {
    /// The first line.
    Header(Header),
    /// The next lines: the requests of the plan, in order.
    Request { number: usize, paths: Vec<Cow<'a, str>> },
    /// The remaining lines: what happened to the requests.
    Events(Vec<Entry>),
}

/// What the journal belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) version: u32,
    pub(crate) service: String,
    pub(crate) organization: OrganizationId,
    pub(crate) resource: ResourceId,
    /// The fingerprint of the plan: see [`Fingerprint`].
    pub(crate) plan: u32,
    pub(crate) requests: usize,
    pub(crate) input: usize,
    pub(crate) duplicates: usize,
    pub(crate) covered: usize,
    pub(crate) extra: Option<usize>,
}

/// A checksum of the paths of a plan and of their split into requests.
#[derive(Default)]
pub(super) struct Fingerprint(crc32fast::Hasher);

impl Fingerprint {
    pub(super) fn of_plan(plan: &Plan) -> u32 {
        let mut fingerprint = Self::default();
        for batch in plan.batches() {
            fingerprint.add(batch.paths());
        }
        fingerprint.finish()
    }

    pub(super) fn add<'a>(&mut self, request: impl IntoIterator<Item = &'a str>) {
        for path in request {
            self.0.update(path.as_bytes());
            // No path has a line feed.
            self.0.update(b"\n");
        }
        self.0.update(b"\n");
    }

    pub(super) fn finish(self) -> u32 {
        self.0.finalize()
    }
}

impl Header {
    /// The counts of the plan, as its report has them.
    pub(crate) fn counts(&self) -> Summary {
        let Self { input, duplicates, covered, extra, requests, .. } = *self;
        Summary { input, duplicates, covered, extra, requests, ..Summary::default() }
    }

    /// Whether the counts fit a plan that sends this many paths. They are the given paths that the plan kept, plus
    /// the wildcards that it added.
    pub(super) fn can_count(&self, sent: usize) -> bool {
        let kept = self.input.checked_sub(self.duplicates);
        let kept = kept.and_then(|unique| unique.checked_sub(self.covered));
        self.input > 0 && kept.is_some_and(|kept| kept <= sent)
    }
}

/// A line as it is written, including the line feed, and its checksum.
pub(super) fn encode(before: u32, line: &Line<'_>) -> serde_json::Result<(Vec<u8>, u32)> {
    let json = serde_json::to_vec(line)?;
    let rest = &json[1..];
    let checksum = checksum(before, rest);
    let mut bytes = format!(r#"{{"crc":"{checksum:08x}","#).into_bytes();
    bytes.extend_from_slice(rest);
    bytes.push(b'\n');
    Ok((bytes, checksum))
}

/// The JSON of a line, which is given without its line feed, and its checksum; `None` if the line is damaged.
pub(super) fn checked(before: u32, line: &[u8]) -> Option<(Vec<u8>, u32)> {
    let (digits, rest) = line.strip_prefix(PREFIX)?.split_at_checked(DIGITS)?;
    let rest = rest.strip_prefix(br#"","#)?;
    let checksum = checksum(before, rest);
    // Compared as text, because a number can be written in several ways.
    (digits == format!("{checksum:08x}").as_bytes()).then(|| ([b"{", rest].concat(), checksum))
}

/// Whether another line begins within this one, as when a line feed is lost. A JSON string cannot contain the prefix,
/// because its quotation marks are escaped.
pub(super) fn holds_another(line: &[u8]) -> bool {
    line.windows(PREFIX.len()).skip(1).any(|window| window == PREFIX)
}

pub(super) fn looks_like_one(line: &[u8]) -> bool {
    let common = line.len().min(PREFIX.len());
    line[..common] == PREFIX[..common]
}

/// Gives the lines correct checksums, so that random inputs reach the code behind the check.
#[cfg(any(test, fuzzing))]
pub(crate) fn sealed(lines: &[u8]) -> Vec<u8> {
    let mut checksum = 0;
    let mut sealed = Vec::new();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let (line, end) = line.strip_suffix(b"\n").map_or((line, &b""[..]), |line| (line, b"\n"));
        let start = PREFIX.len() + DIGITS + br#"","#.len();
        let rest = if line.starts_with(PREFIX) { line.get(start..) } else { None }.unwrap_or(line);
        checksum = self::checksum(checksum, rest);
        sealed.extend_from_slice(format!(r#"{{"crc":"{checksum:08x}","#).as_bytes());
        sealed.extend_from_slice(rest);
        sealed.extend_from_slice(end);
    }
    sealed
}

fn checksum(before: u32, rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(before);
    hasher.update(rest);
    hasher.finalize()
}
