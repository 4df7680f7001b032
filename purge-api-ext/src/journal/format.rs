//! What stands in a line of a journal: one JSON object, whose first member is a checksum.
//!
//! The checksum is that of the rest of the line, begun with the checksum of the line before. So it also
//! shows that a line is missing, or stands elsewhere. What is written at once is one line: a crash tears
//! at most the last one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::id::{OrganizationId, ResourceId};
use crate::ledger::Entry;
use crate::plan::Plan;
use crate::report::Summary;

/// The version of this form.
pub(super) const VERSION: u32 = 1;
/// The longest line: a request of 100 paths of 8 KiB each, all of it quotation marks, and some more.
pub(super) const MAX_LINE: usize = 2 * 1024 * 1024;
/// How many events one line holds: with the longest message each, they fit in it.
pub(super) const MAX_EVENTS: usize = 128;

const PREFIX: &[u8] = br#"{"crc":""#;
const DIGITS: usize = 8;

/// A line without its checksum.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line<'a> {
    /// The first line.
    Header(Header),
    /// Then the requests of the plan, in order.
    Request { number: usize, paths: Vec<Cow<'a, str>> },
    /// Then what became of them.
    Events(Vec<Entry>),
}

/// What the journal is about.
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

/// A checksum of the paths of a plan, and of how they are split into requests.
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
            // No path holds a line feed.
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

    /// Whether the counts can be those of a plan that sends so many paths. Wildcards that the plan has made
    /// come on top of those of the given paths that it kept.
    pub(super) fn can_count(&self, sent: usize) -> bool {
        let kept = self.input.checked_sub(self.duplicates);
        let kept = kept.and_then(|unique| unique.checked_sub(self.covered));
        self.input > 0 && kept.is_some_and(|kept| kept <= sent)
    }
}

/// A line as it is written, line feed included, and its checksum.
pub(super) fn encode(before: u32, line: &Line<'_>) -> serde_json::Result<(Vec<u8>, u32)> {
    let json = serde_json::to_vec(line)?;
    let rest = &json[1..];
    let checksum = checksum(before, rest);
    let mut bytes = format!(r#"{{"crc":"{checksum:08x}","#).into_bytes();
    bytes.extend_from_slice(rest);
    bytes.push(b'\n');
    Ok((bytes, checksum))
}

/// The content of a line without its line feed, as JSON, and its checksum; nothing, if it is damaged.
pub(super) fn checked(before: u32, line: &[u8]) -> Option<(Vec<u8>, u32)> {
    let (digits, rest) = line.strip_prefix(PREFIX)?.split_at_checked(DIGITS)?;
    let rest = rest.strip_prefix(br#"","#)?;
    let checksum = checksum(before, rest);
    // Compared as text: a number could be written in several ways.
    (digits == format!("{checksum:08x}").as_bytes()).then(|| ([b"{", rest].concat(), checksum))
}

/// Whether another line begins within this one, as when a line feed is lost. In JSON, a quotation mark in
/// a text is escaped.
pub(super) fn holds_another(line: &[u8]) -> bool {
    line.windows(PREFIX.len()).skip(1).any(|window| window == PREFIX)
}

pub(super) fn looks_like_one(line: &[u8]) -> bool {
    let common = line.len().min(PREFIX.len());
    line[..common] == PREFIX[..common]
}

/// The lines with the checksums that they should have, so that chance gets beyond these.
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
