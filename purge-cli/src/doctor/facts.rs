//! The facts that are checked: all that have a grade in the descriptions, and what the program relies on beyond them.

macro_rules! login {
    ($pointer:literal) => {
        concat!("login.yaml#", $pointer)
    };
}

macro_rules! purge {
    ($pointer:literal) => {
        concat!("purge.yaml#", $pointer)
    };
}

mod login;
mod create;
mod list;
mod record;

use super::evidence::Evidence;
use super::seen::Seen;

const LOGIN: &str = "an API key, which is exchanged for a token";
const RESPONSE: &str = "a response";
const LIST: &str = "a list";
const PAGE: &str = "a page of the list";
const RECORD: &str = "a record in the list";
const OPERATION: &str = "an operation with several paths, or --path";
const OPERATION_ID: &str = "an operation";
const PURGE: &str = "--path, which purges a path";
const REFUSED: &str = "--path, and a purge that is refused";

/// A fact about the service.
pub(crate) struct Fact {
    /// Its name in the output.
    pub(crate) name: &'static str,
    pub(crate) grade: Grade,
    /// Where it has its grade: the file, a pointer into it and, if `x-provenance` is a map, the part. None if it is not
    /// graded there.
    pub(crate) place: Option<&'static str>,
    /// What it says.
    pub(crate) text: &'static str,
    /// What has to be seen for it to be checked.
    pub(super) needs: &'static str,
    pub(super) check: fn(&Seen) -> Evidence,
}

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// The published reference of the Purge API.
    Reference,
    /// Another page of the service's own documentation.
    Published,
    /// An independent client.
    Observed,
    /// The documentation of the previous version.
    Legacy,
    /// Nothing says so.
    Unknown,
}

impl Grade {
    /// Its word in the descriptions and in the output.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Published => "published",
            Self::Observed => "observed",
            Self::Legacy => "legacy",
            Self::Unknown => "unknown",
        }
    }
}

const fn fact(
    name: &'static str,
    grade: Grade,
    place: Option<&'static str>,
    text: &'static str,
    needs: &'static str,
    check: fn(&Seen) -> Evidence,
) -> Fact {
    Fact { name, grade, place, text, needs, check }
}

/// All facts, in the order in which they are shown.
pub(crate) fn facts() -> impl Iterator<Item = &'static Fact> {
    login::FACTS.iter().chain(&list::FACTS).chain(&create::FACTS).chain(&record::FACTS)
}
