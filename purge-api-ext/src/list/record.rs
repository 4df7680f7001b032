//! One record of the list: the state of one path of an operation.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::SystemTime;

use serde::Serialize;

use crate::id::OperationId;
use crate::path::PurgePath;
use crate::sanitize::Redactor;

/// The state of one purged path, as the service reports it. Every field may be missing.
///
/// Its texts are safe to print: they are [escaped](crate::escape), without the token, and truncated if long.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PurgeRecord {
    /// The operation that it belongs to.
    pub op_id: Option<OperationId>,
    /// What was purged: a URL, of which only the path matters.
    pub url: Option<String>,
    /// The state, as a number of the service: see [`state`](Self::state).
    pub status: Option<i64>,
    /// A human-readable message.
    pub message: Option<String>,
    /// When the record was created, as the service wrote it.
    pub created_at: Option<String>,
    /// When work on it began, as the service wrote it.
    pub started_at: Option<String>,
    /// When it finished, as the service wrote it.
    pub completed_at: Option<String>,
    /// The original URL, if `url` had to be escaped or redacted. Paths are compared by the original.
    #[serde(skip)]
    #[cfg_attr(feature = "schemars", schemars(skip))]
    written: Written,
}

/// Text for comparing paths only; it is never printed. It plays no part in the equality of records.
#[derive(Clone, Default)]
struct Written(Option<Box<Original>>);

/// Boxed, since it is rare: then a record is no larger than the binding's, and a page is converted in place.
#[derive(Clone)]
struct Original(Box<str>);

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl PartialEq for Written {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Written {}

impl Hash for Written {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The state of a [`PurgeRecord`].
///
/// A record is finished if it has a completion time. The meaning of the numbers 0 and 1 comes from the previous
/// version of the API: a hint, not a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordState {
    /// Not finished yet.
    Pending,
    /// Finished: the cached copies are gone.
    Purged,
    /// Finished: there was no cached copy.
    NotCached,
    /// Finished, with an undocumented status number or none.
    Unknown(Option<i64>),
}

impl fmt::Display for RecordState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.pad("pending"),
            Self::Purged => f.pad("purged"),
            Self::NotCached => f.pad("not cached"),
            Self::Unknown(Some(status)) => f.pad(&format!("unknown status {status}")),
            Self::Unknown(None) => f.pad("unknown"),
        }
    }
}

impl PurgeRecord {
    /// The state of the record.
    #[must_use]
    pub fn state(&self) -> RecordState {
        match self.status {
            _ if self.completed_at.is_none() => RecordState::Pending,
            Some(0) => RecordState::NotCached,
            Some(1) => RecordState::Purged,
            status => RecordState::Unknown(status),
        }
    }

    /// The path of [`url`](Self::url), with its query string.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.url.as_deref().map(path_of)
    }

    /// Whether it is a record of this path: of the path itself, of one that the path matches if it has a `*`, or of a
    /// wildcard that matches the path. A `*` counts only where it is certain to match.
    ///
    /// ```no_run
    /// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
    /// use futures_util::TryStreamExt;
    ///
    /// let path = "/images/logo.png".parse()?;
    /// let mut records = site.list().items();
    /// while let Some(record) = records.try_next().await? {
    ///     if record.concerns(&path) {
    ///         println!("{}", record.state());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn concerns(&self, path: &PurgePath) -> bool {
        let Some(own) = self.written_path() else { return false };
        own == path.as_str()
            || path.matches(own)
            || PurgePath::with_query(own).is_ok_and(|own| own.covers(path))
    }

    /// When it was created, if [`created_at`](Self::created_at) is a time in UTC that can be read.
    #[must_use]
    pub fn created(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.created_at.as_deref()?).ok()
    }

    /// The path as the service wrote it: for comparing, not for printing.
    pub(crate) fn written_path(&self) -> Option<&str> {
        self.written.0.as_ref().map(|original| &*original.0).or(self.url.as_deref()).map(path_of)
    }

    pub(super) fn from_raw(raw: purge_api::types::PurgeRequest, redactor: &Redactor) -> Self {
        let shown =
            |text: Option<String>| text.map(|text| redactor.show(text, MESSAGE).into_string());
        let time = |text: Option<String>| shown(text.filter(|text| !is_unset(text)));
        let op_id = raw.op_id.filter(|id| !redactor.hides(id));
        let (url, written) = match raw.url {
            Some(url) if redactor.is_shown(&url, MAX_URL) => (Some(url), None),
            Some(url) => {
                let shown = redactor.show(url.clone(), MAX_URL).into_string();
                let written = (shown != url).then_some(url);
                (Some(shown), written)
            }
            None => (None, None),
        };
        Self {
            op_id: op_id.and_then(|id| id.try_into().ok()),
            url,
            status: raw.status,
            message: shown(raw.message),
            created_at: time(raw.created_at),
            started_at: time(raw.started_at),
            completed_at: time(raw.completed_at),
            written: Written(written.map(|url| Box::new(Original(url.into())))),
        }
    }
}

/// Whether a time stands for one that is not set: some software writes its zero value, in its own time zone. No record
/// is from before 1971.
fn is_unset(time: &str) -> bool {
    // Nearly all times are of this century, and a list has three for each record.
    if time.starts_with("20") {
        return false;
    }
    let time = time.trim();
    let year = time.get(..4).filter(|_| time[4..].starts_with('-'));
    let year = year.and_then(|year| year.parse::<u16>().ok());
    let is_zero = time.chars().all(|c| "0-:. TZ+".contains(c));
    // The year before the year 0 is negative.
    is_zero || time.starts_with('-') || year.is_some_and(|year| year <= 1970)
}

/// The path of a URL, with its query string. A URL without a path but with a query string has no valid path.
fn path_of(url: &str) -> &str {
    let is_scheme = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            rest.find(['/', '?', '#']).map_or("/", |start| &rest[start..])
        }
        _ => url,
    }
}

#[cfg(test)]
impl PurgeRecord {
    /// A record with these fields.
    pub(crate) fn new(
        op_id: Option<&str>,
        url: Option<&str>,
        status: Option<i64>,
        created: Option<&str>,
        completed: Option<&str>,
    ) -> Self {
        let raw = purge_api::types::PurgeRequest::builder()
            .op_id(op_id.map(str::to_owned))
            .url(url.map(str::to_owned))
            .status(status)
            .created_at(created.map(str::to_owned))
            .completed_at(completed.map(str::to_owned));
        Self::from_raw(raw.try_into().expect("a record"), &Redactor::default())
    }
}

/// How many characters of the other texts of a record are kept.
const MESSAGE: usize = 200;

/// How many characters of a record's URL are kept: enough for any path that can be purged, and a host.
const MAX_URL: usize = PurgePath::MAX_BYTES + 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_follows_from_status_and_completion_time() {
        let check = |status: Option<i64>, completed: Option<&str>, state: RecordState| {
            let record = PurgeRecord::new(None, None, status, None, completed);
            assert_eq!(record.state(), state, "{status:?} {completed:?}");
        };
        let time = Some("2025-08-06T11:39:51.000000Z");
        check(Some(1), time, RecordState::Purged);
        check(Some(0), time, RecordState::NotCached);
        check(Some(7), time, RecordState::Unknown(Some(7)));
        check(None, time, RecordState::Unknown(None));
        check(Some(1), Some("soon"), RecordState::Purged);
        check(Some(2), None, RecordState::Pending);
        check(Some(1), None, RecordState::Pending);
        check(Some(1), Some("0001-01-01T00:00:00Z"), RecordState::Pending);
        check(Some(1), Some("0001-01-01T00:00:00.000000Z"), RecordState::Pending);
        check(Some(1), Some(""), RecordState::Pending);
    }

    #[test]
    fn zero_values_are_times_that_are_not_set() {
        for text in [
            "",
            " ",
            "0",
            "-",
            "0000-00-00 00:00:00",
            "0000-00-00T00:00:00.000Z",
            "0000-12-31T23:58:45-00:01",
            "0001-01-01T01:56:56+01:56",
            "0001-01-01 00:00:00",
            "-0001-11-30T00:00:00+00:00",
            "1969-12-31T19:00:00-05:00",
            "1970-01-01T00:00:00Z",
        ] {
            assert!(is_unset(text), "{text:?}");
        }
        for text in ["1971-01-01T00:00:00Z", "2025-08-06 11:39:51", "06-08-2025", "soon", "üüü-"]
        {
            assert!(!is_unset(text), "{text:?}");
        }
    }

    #[test]
    fn path_of_a_url_follows_its_host() {
        let check = |url: &str, path: &str| {
            let record = PurgeRecord::new(None, Some(url), None, None, None);
            assert_eq!((record.path(), record.written_path()), (Some(path), Some(path)));
        };
        check("https://www.example.com/a/*?b=/c", "/a/*?b=/c");
        check("https://www.example.com", "/");
        check("/a://b", "/a://b");
        check("https://e.com?next=/a", "?next=/a");
        check("https://e.com#/a", "#/a");
        check("e.com/a?next=https://e.com/b", "e.com/a?next=https://e.com/b");
    }

    #[test]
    fn paths_are_compared_as_they_were_written() {
        for (path, shown) in [
            ("/a\u{200f}b", r"/a\u{200f}b"),
            ("/a\nb", r"/a\nb"),
            ("/a ", "/a"),
            ("/##", r"/#\u{23}"),
        ] {
            let record =
                PurgeRecord::new(None, Some(&format!("https://e.com{path}")), None, None, None);
            assert_eq!((record.path(), record.written_path()), (Some(shown), Some(path)));
        }
    }

    #[test]
    fn records_of_a_path_are_those_of_its_wildcards_too() {
        let check = |url: &str, path: &str, expected: bool| {
            let record = PurgeRecord::new(None, Some(url), None, None, None);
            let path = PurgePath::new(path).expect("a path");
            assert_eq!(record.concerns(&path), expected, "{url} {path}");
        };
        check("https://e.com/a/b.png", "/a/b.png", true);
        check("/a/b.png", "/a/b.png", true);
        check("https://e.com/a/*", "/a/b.png", true);
        check("https://e.com/a/b.png", "/a/*", true);
        check("https://e.com/a/*", "/a/*", true);
        check("https://e.com/*", "/a/*", true);
        check("https://e.com/a/", "/a/*", false);
        check("https://e.com/b.png", "/a/*", false);
        check("https://e.com/a/b.png", "/a/b", false);
        check("not a path", "/a", false);
        assert!(
            !PurgeRecord::new(None, None, None, None, None)
                .concerns(&"/a".parse().expect("a path"))
        );
    }

    #[test]
    fn creation_is_a_time_only_if_it_can_be_read() {
        let created = |text: Option<&str>| PurgeRecord::new(None, None, None, text, None).created();
        let second = created(Some("2025-08-06T11:39:51Z")).expect("a time");
        let later = created(Some("2025-08-06T11:39:51.250000Z")).expect("a time");
        assert_eq!(later.duration_since(second).expect("later").as_millis(), 250);
        for text in [
            None,
            Some(""),
            Some("yesterday"),
            Some("2025-08-06 11:39:51"),
            Some("0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(created(text), None, "{text:?}");
        }
    }
}
