use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

use http::request::Parts;

use crate::lock::lock;

/// A sandbox that runs for weeks must not grow for weeks.
const MAX_REQUESTS: usize = 100_000;

/// A request that reached the sandbox, and how it was answered.
///
/// Its `Debug` form does not show the value of `Authorization`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// What stood behind the `?`, if there was one.
    pub query: Option<String>,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body, of which at most 1 MiB is kept.
    pub body: Vec<u8>,
    /// The status that was sent; `None` as long as there is no answer, and when there never was one
    /// because a fault broke the connection.
    pub status: Option<u16>,
}

impl RecordedRequest {
    /// The first header of this name, which is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(n, v)| (n, if n == "authorization" { "[hidden]" } else { v.as_str() }))
            .collect();
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &headers)
            .field("body", &String::from_utf8_lossy(&self.body))
            .field("status", &self.status)
            .finish()
    }
}

/// The last requests in the order in which they arrived.
#[derive(Default)]
pub(crate) struct Log(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    dropped: u64,
    kept: VecDeque<RecordedRequest>,
}

/// Names a request in the log.
#[derive(Clone, Copy)]
pub(crate) struct Arrival(u64);

impl Log {
    pub(crate) fn arrived(&self, head: &Parts) -> Arrival {
        let headers = head.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let request = RecordedRequest {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(ToOwned::to_owned),
            headers: headers.collect(),
            body: Vec::new(),
            status: None,
        };
        let mut entries = lock(&self.0);
        if entries.kept.len() == MAX_REQUESTS {
            entries.kept.pop_front();
            entries.dropped += 1;
        }
        entries.kept.push_back(request);
        Arrival(entries.dropped + entries.kept.len() as u64 - 1)
    }

    pub(crate) fn change(&self, arrival: Arrival, change: impl FnOnce(&mut RecordedRequest)) {
        let mut entries = lock(&self.0);
        let index = arrival.0.checked_sub(entries.dropped).and_then(|i| usize::try_from(i).ok());
        if let Some(request) = index.and_then(|i| entries.kept.get_mut(i)) {
            change(request);
        }
    }

    pub(crate) fn get(&self, arrival: Arrival) -> Option<RecordedRequest> {
        let mut copy = None;
        self.change(arrival, |request| copy = Some(request.clone()));
        copy
    }

    /// Method, target and status of the last requests, newest first.
    pub(crate) fn last(&self, limit: usize) -> Vec<(String, String, Option<u16>)> {
        let entries = lock(&self.0);
        let last = entries.kept.iter().rev().take(limit);
        last.map(|request| {
            let query = request.query.as_ref().map(|query| format!("?{query}"));
            let target = format!("{}{}", request.path, query.unwrap_or_default());
            (request.method.clone(), target, request.status)
        })
        .collect()
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        lock(&self.0).kept.iter().cloned().collect()
    }
}
