//! For which paths an edge has variants by content coding.
//!
//! A response shows it by `Vary`, or by a content coding. Some edges send neither with a response that they did not
//! encode, such as that for a small, large or missing file. So all content codings are asked for, until a file of medium
//! size has shown that files of its kind are not encoded.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

/// The sizes in bytes of the files that all edges encode, if they encode files of the kind at all. Some leave large files
/// as they are.
pub(super) const ENCODED: RangeInclusive<u64> = 2048..=1024 * 1024;

/// The files that an edge treats alike: the ending of their names, such as `html`, and their media type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) ending: String,
    pub(super) media_type: String,
}

/// What is known about an edge.
#[derive(Debug, Default)]
pub(super) struct Variants(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    encoded: HashSet<Kind>,
    plain: HashSet<Kind>,
}

impl Variants {
    /// Notes that the edge has variants of such files.
    pub(super) fn are_encoded(&self, kind: Kind) {
        self.known().encoded.insert(kind);
    }

    /// Notes that the edge has one response for all content codings.
    pub(super) fn are_plain(&self, kind: Kind) {
        self.known().plain.insert(kind);
    }

    /// Whether the edge has variants of such files; none if it is unknown.
    pub(super) fn of(&self, kind: &Kind) -> Option<bool> {
        let known = self.known();
        match known.encoded.contains(kind) {
            true => Some(true),
            false => known.plain.contains(kind).then_some(false),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
