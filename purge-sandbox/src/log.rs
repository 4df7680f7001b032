use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use http::request::Parts;

use crate::fault::LOGIN;
use crate::lock::lock;

/// The maximum number of recorded requests, so that a sandbox that runs for weeks does not keep growing. If requests
/// are large, fewer are kept.
const MAX_REQUESTS: usize = 100_000;

/// A request that reached the sandbox, and the status of its response.
///
/// Its `Debug` form does not show the value of `Authorization`, nor the body of a login.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The part after the `?`, if there was one.
    pub query: Option<String>,
    /// Names in lower case, in the order in which they were sent.
    pub headers: Vec<(String, String)>,
    /// The body. It is empty if it was larger than 1 MiB, or than 4 KiB in a request without the sandbox's
    /// token; [`body_length`](Self::body_length) is its length.
    pub body: Vec<u8>,
    /// How many bytes of body were received, whether or not they are in [`body`](Self::body).
    pub body_length: u64,
    /// The status that was sent; `None` before the response, or if a fault broke the connection instead of
    /// responding.
    pub status: Option<u16>,
    /// The operation ID of the job that the request created, whether or not the client received it.
    pub op_id: Option<String>,
}

/// The operation ID of the job that a request created, as an extension of the response.
#[derive(Clone)]
pub(crate) struct Created(pub(crate) String);

impl RecordedRequest {
    /// Whether the request was applied: it created a job, although a fault may have hidden the response.
    #[must_use]
    pub fn was_applied(&self) -> bool {
        self.op_id.is_some()
    }

    pub(crate) fn new(head: &Parts) -> Self {
        let headers = head.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(ToOwned::to_owned),
            headers: headers.collect(),
            body: Vec::new(),
            body_length: 0,
            status: None,
            op_id: None,
        }
    }

    /// The memory that it takes.
    fn bytes(&self) -> usize {
        let pair = |(name, value): &(String, String)| {
            size_of::<(String, String)>() + name.len() + value.len()
        };
        size_of::<Self>()
            + self.method.len()
            + self.path.len()
            + self.query.as_ref().map_or(0, String::len)
            + self.headers.iter().map(pair).sum::<usize>()
            + self.body.len()
            + self.op_id.as_ref().map_or(0, String::len)
    }

    /// The value of the first header with this name, given in lower case.
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
            .field(
                "body",
                &if self.path == LOGIN {
                    "[hidden]".into()
                } else {
                    String::from_utf8_lossy(&self.body)
                },
            )
            .field("body_length", &self.body_length)
            .field("status", &self.status)
            .field("op_id", &self.op_id)
            .finish()
    }
}

/// The last requests in the order of arrival, as many as fit.
pub(crate) struct Log {
    max_bytes: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    dropped: u64,
    bytes: usize,
    kept: VecDeque<Entry>,
}

struct Entry {
    /// Since the start of the sandbox.
    at: Duration,
    request: RecordedRequest,
}

/// A request as lists show it.
pub(crate) struct LoggedRequest {
    /// When it arrived, since the start of the sandbox.
    pub(crate) at: Duration,
    pub(crate) method: String,
    /// The path and the query.
    pub(crate) target: String,
    pub(crate) status: Option<u16>,
}

/// Identifies a request in the log.
#[derive(Clone, Copy)]
pub(crate) struct Arrival(u64);

impl Log {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, entries: Mutex::default() }
    }

    pub(crate) fn arrived(&self, request: RecordedRequest, at: Duration) -> Arrival {
        let mut entries = lock(&self.entries);
        entries.bytes += request.bytes();
        entries.kept.push_back(Entry { at, request });
        let arrival = Arrival(entries.dropped + entries.kept.len() as u64 - 1);
        entries.shrink(self.max_bytes);
        arrival
    }

    /// Changes a request, if it is still kept.
    pub(crate) fn change(&self, arrival: Arrival, change: impl FnOnce(&mut RecordedRequest)) {
        let mut entries = lock(&self.entries);
        let entries = &mut *entries;
        let index = arrival.0.checked_sub(entries.dropped).and_then(|i| usize::try_from(i).ok());
        if let Some(Entry { request, .. }) = index.and_then(|i| entries.kept.get_mut(i)) {
            entries.bytes -= request.bytes();
            change(request);
            entries.bytes += request.bytes();
            entries.shrink(self.max_bytes);
        }
    }

    /// The last requests, newest first.
    pub(crate) fn last(&self, limit: usize) -> Vec<LoggedRequest> {
        let entries = lock(&self.entries);
        let last = entries.kept.iter().rev().take(limit);
        last.map(|Entry { at, request }| {
            let query = request.query.as_ref().map(|query| format!("?{query}"));
            let target = format!("{}{}", request.path, query.unwrap_or_default());
            let (method, status) = (request.method.clone(), request.status);
            LoggedRequest { at: *at, method, target, status }
        })
        .collect()
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        lock(&self.entries).kept.iter().map(|entry| entry.request.clone()).collect()
    }

    pub(crate) fn dropped(&self) -> u64 {
        lock(&self.entries).dropped
    }
}

impl Entries {
    /// Drops the oldest requests until the rest fits. The newest one is always kept.
    fn shrink(&mut self, max_bytes: usize) {
        while (self.bytes > max_bytes || self.kept.len() > MAX_REQUESTS) && self.kept.len() > 1 {
            if let Some(oldest) = self.kept.pop_front() {
                self.bytes -= oldest.request.bytes();
                self.dropped += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, body: usize) -> RecordedRequest {
        let request = http::Request::get(path).header("x", "1").body(()).expect("a request");
        let mut request = RecordedRequest::new(&request.into_parts().0);
        request.body = vec![b'x'; body];
        request
    }

    fn paths(log: &Log) -> Vec<String> {
        log.all().into_iter().map(|request| request.path).collect()
    }

    #[test]
    fn oldest_requests_are_dropped_when_the_rest_would_not_fit() {
        let log = Log::new(3 * request("/1", 1000).bytes());
        let first = log.arrived(request("/1", 1000), Duration::ZERO);
        let second = log.arrived(request("/2", 0), Duration::ZERO);
        log.arrived(request("/3", 1000), Duration::ZERO);
        assert_eq!((paths(&log), log.dropped()), (vec!["/1".into(), "/2".into(), "/3".into()], 0));
        log.change(second, |request| request.body = vec![b'x'; 1001]);
        assert_eq!((paths(&log), log.dropped()), (vec!["/2".into(), "/3".into()], 1));
        // A dropped request cannot change, and no number is used twice.
        log.change(first, |request| request.status = Some(200));
        log.change(second, |request| request.status = Some(201));
        assert_eq!(log.all()[0].status, Some(201));
        log.arrived(request("/4", 10_000), Duration::from_secs(4));
        assert_eq!((paths(&log), log.dropped()), (vec!["/4".into()], 3));
        assert_eq!(log.last(9).iter().map(|r| r.at.as_secs()).collect::<Vec<_>>(), [4]);
        assert_eq!(lock(&log.entries).bytes, request("/4", 10_000).bytes());
    }

    #[test]
    fn all_memory_of_a_request_is_counted() {
        let plain = request("/", 0).bytes();
        assert!(plain > size_of::<RecordedRequest>());
        assert!(request(&format!("/{}", "x".repeat(1000)), 0).bytes() >= plain + 1000);
        assert!(request(&format!("/?{}", "x".repeat(1000)), 0).bytes() >= plain + 1000);
        let mut headers = request("/", 0);
        headers.headers.push(("x".repeat(500), "y".repeat(500)));
        assert!(headers.bytes() >= plain + 1000 + size_of::<(String, String)>());
    }
}
