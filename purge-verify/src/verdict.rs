//! The four verdicts, and the reasons for them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a copy at an edge is older than a purge. Ordered from good to bad: of several copies, the worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is the new file, or was fetched after the purge.
    Fresh,
    /// Nothing shows what it is.
    Unverifiable,
    /// It is neither the old file nor the new one.
    Differs,
    /// It is certainly older than the purge, or it is the old file.
    Stale,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Fresh, Self::Unverifiable, Self::Differs, Self::Stale];

    /// Its name, also in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Unverifiable => "unverifiable",
            Self::Differs => "differs",
            Self::Stale => "stale",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The reason for a verdict. Its `Display` is a text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Fresh: its bytes are those of the new build.
    SameAsSite,
    /// Fresh: its bytes are those of the origin.
    SameAsOrigin,
    /// Fresh: it has the strong validator of the origin's response.
    SameTagAsOrigin,
    /// Fresh: its `Age` says that it was fetched after the purge.
    FetchedAfter,
    /// Fresh: the file is gone from the site, and the edge has none.
    Gone,
    /// Fresh: neither the origin nor the edge has it.
    GoneAtOrigin,
    /// Fresh: a redirect to the same path with a slash at the end, where the file itself is.
    ToFolder,

    /// Stale: its `Age` is larger than the time since the purge.
    OlderThanPurge,
    /// Stale: its bytes are those of the old build, and not of the new one.
    OldBytes,

    /// Differs: its bytes are not those of the new build.
    NotAsSite,
    /// Differs: it is what the origin serves, and that is not the new build.
    OriginNotAsSite,
    /// Differs: it is the old file, which the origin still had after the purge.
    OldAtOrigin,
    /// Differs: the file is gone from the site, and the edge has one.
    NotGone,
    /// Differs: its bytes are not those of the origin.
    NotAsOrigin,

    /// Unverifiable: there was no response. The text is safe to show.
    Unreachable(String),
    /// Unverifiable: a redirect, which is not followed.
    Redirect(u16),
    /// Unverifiable: a status that says nothing about the file.
    Status(u16),
    /// Unverifiable: the edge has no such file, although the site may have one.
    NotFound(u16),
    /// Unverifiable: a challenge for browsers.
    Challenge,
    /// Unverifiable: the page is for one visitor.
    Personal,
    /// Unverifiable: no cache may store the page.
    NotStored,
    /// Unverifiable: the page depends on more than the headers of the request (`Vary: *`).
    VariesByAll,
    /// Unverifiable: there is no `Age`, and nothing to compare with.
    NothingToCompare,
    /// Unverifiable: there is an `Age`, but it is unknown when the purge was sent.
    PurgeUnknown,
    /// Unverifiable: its `Age` is about the time since the purge.
    TooSoon,
    /// Unverifiable: the origin sends `Age`, too, so that it does not count from the edge's own fetch.
    OriginSendsAge,
    /// Unverifiable: `Age` and `Date` contradict each other.
    AgeAgainstDate,
    /// Unverifiable until the edge is asked again in some seconds: `Age` is larger than the time since the purge,
    /// and `Date` is the time of the response.
    SecondLook,
    /// Unverifiable: its bytes are the right ones, but `Age` is larger than the time since the purge.
    AgeAgainstBytes,
    /// Unverifiable: the body is too large to compare.
    TooLarge,
    /// Unverifiable: the body has a content coding that was not asked for, or cannot be decoded.
    Coded(String),
    /// Unverifiable: the body ended early, or cannot be decoded.
    Damaged,
    /// Unverifiable: no path is known that the wildcard matches.
    NoPath,
    /// Unverifiable: browsers request this path for a file with a `*` in its name, and no path purges it alone.
    NotPurgeable,
    /// Unverifiable: no edge was asked.
    NoEdge,
}

impl Reason {
    /// The verdict that it is a reason for.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::SameAsSite
            | Self::SameAsOrigin
            | Self::SameTagAsOrigin
            | Self::FetchedAfter
            | Self::Gone
            | Self::GoneAtOrigin
            | Self::ToFolder => Verdict::Fresh,
            Self::OlderThanPurge | Self::OldBytes => Verdict::Stale,
            Self::NotAsSite
            | Self::OriginNotAsSite
            | Self::OldAtOrigin
            | Self::NotGone
            | Self::NotAsOrigin => Verdict::Differs,
            _ => Verdict::Unverifiable,
        }
    }

    /// Whether asking again may give another answer, even if the copy was fetched after the purge. A redirect stays a
    /// redirect.
    #[must_use]
    pub fn may_change(&self) -> bool {
        match self {
            Self::Redirect(_)
            | Self::Personal
            | Self::NotStored
            | Self::VariesByAll
            | Self::NothingToCompare
            | Self::PurgeUnknown
            | Self::TooLarge
            | Self::Coded(_)
            | Self::NoPath
            | Self::NotPurgeable
            | Self::NoEdge => false,
            _ => self.verdict() != Verdict::Fresh,
        }
    }

    /// A word for it in JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SameAsSite => "same_as_site",
            Self::SameAsOrigin => "same_as_origin",
            Self::SameTagAsOrigin => "same_tag_as_origin",
            Self::FetchedAfter => "fetched_after",
            Self::Gone => "gone",
            Self::GoneAtOrigin => "gone_at_origin",
            Self::ToFolder => "to_folder",
            Self::OlderThanPurge => "older_than_purge",
            Self::OldBytes => "old_bytes",
            Self::NotAsSite => "not_as_site",
            Self::OriginNotAsSite => "origin_not_as_site",
            Self::OldAtOrigin => "old_at_origin",
            Self::NotGone => "not_gone",
            Self::NotAsOrigin => "not_as_origin",
            Self::Unreachable(_) => "unreachable",
            Self::Redirect(_) => "redirect",
            Self::Status(_) => "status",
            Self::NotFound(_) => "not_found",
            Self::Challenge => "challenge",
            Self::Personal => "personal",
            Self::NotStored => "not_stored",
            Self::VariesByAll => "varies_by_all",
            Self::NothingToCompare => "nothing_to_compare",
            Self::PurgeUnknown => "purge_unknown",
            Self::TooSoon => "too_soon",
            Self::OriginSendsAge => "origin_sends_age",
            Self::AgeAgainstDate => "age_against_date",
            Self::SecondLook => "second_look",
            Self::AgeAgainstBytes => "age_against_bytes",
            Self::TooLarge => "too_large",
            Self::Coded(_) => "coded",
            Self::Damaged => "damaged",
            Self::NoPath => "no_path",
            Self::NotPurgeable => "not_purgeable",
            Self::NoEdge => "no_edge",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::SameAsSite => "the bytes of the new build",
            Self::SameAsOrigin => "the bytes of the origin",
            Self::SameTagAsOrigin => "the ETag of the origin",
            Self::FetchedAfter => "fetched after the purge",
            Self::Gone => "gone from the edge, as from the site",
            Self::GoneAtOrigin => "gone from the edge, as from the origin",
            Self::ToFolder => "a redirect to the same path with a `/`, where the file itself is",
            Self::OlderThanPurge => "older than the purge",
            Self::OldBytes => "the bytes of the old build",
            Self::NotAsSite => "not the bytes of the new build",
            Self::OriginNotAsSite => {
                "what the origin serves, which is not the new build: upload it, and purge again"
            }
            Self::OldAtOrigin => {
                "the bytes of the old build, which the origin still served after the purge: upload the new build, \
                 and purge again"
            }
            Self::NotGone => "still there, but the file is gone from the site",
            Self::NotAsOrigin => "not what the origin serves",
            Self::Unreachable(why) => return write!(f, "no response: {why}"),
            Self::Redirect(status) => {
                return write!(f, "a redirect (status {status}), which is not followed");
            }
            Self::Status(status) => return write!(f, "status {status}"),
            Self::NotFound(status) => {
                return write!(f, "status {status}: the edge has no such file");
            }
            Self::Challenge => "a challenge for browsers in place of the page",
            Self::Personal => "a page for one visitor (Set-Cookie or private)",
            Self::NotStored => "a page that no cache may store (no-store)",
            Self::VariesByAll => {
                "a page that may differ for each visitor (Vary: *): one response shows nothing about others"
            }
            Self::NothingToCompare => {
                "no Age, and nothing to compare with: pass --site or --origin"
            }
            Self::PurgeUnknown => {
                "it is unknown when the purge was sent, and there is nothing to compare with: pass --since, \
                 --site or --origin"
            }
            Self::TooSoon => {
                "fetched at about the time of the purge, and Age does not show whether before or after it: pass --site \
                 or --origin"
            }
            Self::OriginSendsAge => {
                "Age is larger than the time since the purge, but the origin sends Age, too: a cache in front of it \
                 may explain that"
            }
            Self::AgeAgainstDate => {
                "Age and Date contradict each other: a clock is wrong, or a cache changes one of them"
            }
            Self::SecondLook => {
                "Age is larger than the time since the purge, but Date is the time of the response: ask again later"
            }
            Self::AgeAgainstBytes => {
                "the right bytes, but Age is larger than the time since the purge"
            }
            Self::TooLarge => "the body is larger than the limit (--verify-bytes)",
            Self::Coded(coding) => {
                return write!(
                    f,
                    "the content coding `{coding}`, which was not asked for or cannot be decoded"
                );
            }
            Self::Damaged => "the body ended early, or cannot be decoded",
            Self::NotPurgeable => {
                "no path purges it alone, since browsers do not encode the `*` in the name of a file: to purge and verify \
                 it, pass it as a path, which also purges what it matches"
            }
            Self::NoEdge => "no edge was asked",
            Self::NoPath => {
                "no path is known that it matches: pass --site, --inventory or --baseline"
            }
        };
        f.write_str(text)
    }
}
