//! What was found at a path.

use serde::{Deserialize, Serialize};

use crate::answer::Coding;
use crate::verdict::{Reason, Verdict};

/// What was found at a path: the worst of its copies, and each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Checked {
    /// The path.
    pub path: String,
    /// The worst verdict of its copies.
    pub verdict: Verdict,
    /// A word for the reason of this verdict.
    pub reason: String,
    /// The reason for people. Its wording may change.
    pub message: String,
    /// One for each edge and content coding that was asked for.
    pub looks: Vec<Look>,
    /// Whether asking again may give another verdict.
    #[serde(skip)]
    pub may_change: bool,
}

/// One copy: what an edge has in a content coding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Look {
    /// The edge, with its address if one was given.
    pub edge: String,
    /// The content coding that was asked for.
    pub coding: Coding,
    /// The verdict.
    pub verdict: Verdict,
    /// A word for its reason.
    pub reason: String,
    /// The reason for people. Its wording may change.
    pub message: String,
    /// The status of the response; none if there was none.
    pub status: Option<u16>,
    /// `Age` in seconds.
    pub age: Option<u64>,
    /// The headers of a request, besides `accept-encoding`, by which the edge has several variants (`Vary`), in lowercase.
    /// Only one of these variants was verified.
    pub varies_by: Vec<String>,
}

impl Checked {
    /// A path that was not requested, and why.
    #[must_use]
    pub fn unasked(path: impl Into<String>, why: &Reason) -> Self {
        let (reason, message) = (why.name().to_owned(), why.to_string());
        let (verdict, looks) = (why.verdict(), Vec::new());
        Self { path: path.into(), verdict, reason, message, looks, may_change: false }
    }

    /// The copy that the verdict of the path is from.
    #[must_use]
    pub fn worst(&self) -> Option<&Look> {
        self.looks.iter().find(|look| look.verdict == self.verdict)
    }
}
