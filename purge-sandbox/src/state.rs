//! Organizations, resources, jobs and their progress over time. Nothing runs in the background: what is
//! due happens when somebody looks.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::cache::Cache;

/// A request that the sandbox answered, for the assertions of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Method, `POST` or `GET` for the two operations.
    pub method: String,
    /// Path, as it was sent.
    pub path: String,
    /// Query string without the `?`; empty if there was none.
    pub query: String,
    /// Headers: names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Status code of the answer.
    pub status: u16,
}

/// All that the server knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) token: String,
    pub(crate) organization: String,
    pub(crate) purge_delay: Duration,
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) requests: Vec<RecordedRequest>,
}

/// One CDN resource.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) cache: Cache,
    /// In the order of their creation; the list shows them in reverse.
    records: Vec<Record>,
    /// The records of an operation: first and one past the last.
    operations: HashMap<String, (usize, usize)>,
    /// Records that are not finished, by the time when they will be.
    due: BTreeMap<(SystemTime, usize), ()>,
}

#[derive(Debug)]
struct Record {
    operation: String,
    path: String,
    created: SystemTime,
    started: SystemTime,
    completed: SystemTime,
    /// Whether a copy was purged, once it is finished.
    purged: Option<bool>,
}

impl Resource {
    pub(crate) fn new(site: &[&str]) -> Self {
        let mut cache = Cache::default();
        cache.fill(site.iter().map(|path| (*path).to_owned()));
        Self { cache, records: Vec::new(), operations: HashMap::new(), due: BTreeMap::new() }
    }

    /// Creates a job; each of its paths begins a little after the one before it, and the last one ends
    /// after `delay`.
    pub(crate) fn create(
        &mut self,
        paths: Vec<String>,
        now: SystemTime,
        delay: Duration,
    ) -> String {
        let operation = Uuid::new_v4().to_string();
        let first = self.records.len();
        let step = delay / 2 / u32::try_from(paths.len()).unwrap_or(u32::MAX).max(1);
        for (path, number) in paths.into_iter().zip(1..) {
            let started = now + step * number;
            let completed = started + delay / 2;
            self.due.insert((completed, self.records.len()), ());
            let operation = operation.clone();
            let (created, purged) = (now, None);
            self.records.push(Record { operation, path, created, started, completed, purged });
        }
        self.operations.insert(operation.clone(), (first, self.records.len()));
        operation
    }

    /// Lets happen what is due.
    pub(crate) fn advance(&mut self, now: SystemTime) {
        while let Some(entry) = self.due.first_entry() {
            let (completed, index) = *entry.key();
            if completed > now {
                break;
            }
            entry.remove();
            let record = &mut self.records[index];
            record.purged = Some(self.cache.purge(&record.path) > 0);
        }
    }

    /// One page of records, newest first, and how many there are on all pages.
    pub(crate) fn list(
        &self,
        operation: Option<&str>,
        page: u64,
        limit: u64,
        now: SystemTime,
    ) -> (Vec<Value>, usize) {
        let (first, end) = match operation {
            Some(operation) => self.operations.get(operation).copied().unwrap_or((0, 0)),
            None => (0, self.records.len()),
        };
        let skip = usize::try_from((page - 1).saturating_mul(limit)).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let records = self.records[first..end].iter().rev().skip(skip).take(limit);
        (records.map(|record| record.json(now)).collect(), end - first)
    }
}

impl Record {
    fn json(&self, now: SystemTime) -> Value {
        let (status, message) = match self.purged {
            None => (2, None),
            Some(true) => (1, Some("Purged.")),
            Some(false) => (0, Some("There is no file in cache.")),
        };
        let time = |time: SystemTime| humantime::format_rfc3339_micros(time).to_string();
        json!({
            "opID": self.operation,
            "url": format!("https://cdn.example.com{}", self.path),
            "status": status,
            "message": message,
            "createdAt": time(self.created),
            "startedAt": (self.started <= now).then(|| time(self.started)),
            "completedAt": self.purged.map(|_| time(self.completed)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_from_waiting_to_running_to_finished_one_after_the_other() {
        let start = SystemTime::UNIX_EPOCH;
        let mut resource = Resource::new(&["/a"]);
        let paths = ["/a", "/b"].map(str::to_owned).to_vec();
        let operation = resource.create(paths, start, Duration::from_secs(4));
        let mut at = |seconds: u64| {
            let now = start + Duration::from_secs(seconds);
            resource.advance(now);
            let (records, total) = resource.list(Some(&operation), 1, 10, now);
            assert_eq!(total, 2);
            // Newest first: `/b`, then `/a`.
            let of = |i: usize| {
                let r: &Value = &records[i];
                (r["status"].as_u64(), r["startedAt"].is_string(), r["completedAt"].is_string())
            };
            (of(1), of(0))
        };
        assert_eq!(at(0), ((Some(2), false, false), (Some(2), false, false)));
        assert_eq!(at(1), ((Some(2), true, false), (Some(2), false, false)));
        assert_eq!(at(2), ((Some(2), true, false), (Some(2), true, false)));
        assert_eq!(at(3), ((Some(1), true, true), (Some(2), true, false)));
        assert_eq!(at(4), ((Some(1), true, true), (Some(0), true, true)));
    }

    #[test]
    fn pages_count_from_the_newest_and_end_empty() {
        let mut resource = Resource::new(&[]);
        let now = SystemTime::UNIX_EPOCH;
        for i in 0..5 {
            resource.create(vec![format!("/{i}")], now, Duration::ZERO);
        }
        let page = |page| {
            let (records, total) = resource.list(None, page, 2, now);
            assert_eq!(total, 5);
            let urls = records.iter().filter_map(|r| r["url"].as_str());
            urls.map(|url| url.rsplit('/').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(page(1), ["4", "3"]);
        assert_eq!(page(3), ["0"]);
        assert_eq!(page(4), [""; 0]);
        assert_eq!(page(u64::MAX), [""; 0]);
        assert_eq!(resource.list(Some("unknown"), 1, 2, now), (vec![], 0));
    }
}
