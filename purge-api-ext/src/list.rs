//! Reading the list of purge requests, page by page.

mod repeats;

use std::fmt;
use std::num::NonZeroU64;
use std::time::SystemTime;

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use purge_api::types::ListPurgeRequestsResponse;
use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::{Error, ErrorKind, OperationId, transport};
use repeats::Repeats;

/// The number of records on a page: 1 to 100, from the published reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(try_from = "u8", into = "u8")]
#[cfg_attr(feature = "schemars", schemars(extend("minimum" = 1, "maximum" = 100)))]
pub struct PageSize(u8);

impl PageSize {
    /// The largest page, which needs the fewest requests. It is the default.
    pub const MAX: Self = Self(100);

    /// Takes 1 to 100; `None` for anything else.
    #[must_use]
    pub const fn new(records: u8) -> Option<Self> {
        match records {
            1..=100 => Some(Self(records)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for PageSize {
    type Error = &'static str;

    fn try_from(records: u8) -> Result<Self, Self::Error> {
        Self::new(records).ok_or("a page has 1 to 100 records")
    }
}

impl From<PageSize> for u8 {
    fn from(size: PageSize) -> Self {
        size.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self::MAX
    }
}

/// A list of purge requests, to be read by [`page`](Self::page), [`pages`](Self::pages) or
/// [`items`](Self::items).
///
/// ```no_run
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), purge_api_ext::Error> {
/// use futures_util::TryStreamExt;
///
/// let mut records = std::pin::pin!(site.list().items());
/// while let Some(record) = records.try_next().await? {
///     println!("{} {}", record.url.as_deref().unwrap_or("?"), record.state());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct List {
    endpoint: Endpoint,
    page_size: PageSize,
    operation: Option<OperationId>,
    first: NonZeroU64,
}

/// A place in a list, to go on from later: it can be kept as JSON.
///
/// Pages are counted from the newest record, as far as the service lists them so (the order is not
/// published): records that came meanwhile move the others on to later pages, so that some are seen
/// twice, but none is missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Cursor {
    page: NonZeroU64,
    limit: PageSize,
    op_id: Option<OperationId>,
}

/// One page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Page {
    /// Its number, from 1.
    pub page: u64,
    /// The number of records that were asked for.
    pub limit: PageSize,
    /// The number of records on all pages, if the service says so.
    pub total: Option<u64>,
    /// The records, in the order in which the service sends them.
    pub requests: Vec<PurgeRecord>,
    /// Where the next page begins; none after one that is empty, or that reaches the total, or where no
    /// total is told, that is not full.
    #[serde(skip)]
    pub next: Option<Cursor>,
}

/// The state of one purged path, as the service tells it. Every field may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PurgeRecord {
    /// The purge job that it belongs to.
    pub op_id: Option<OperationId>,
    /// What was purged: a URL, of which the path counts.
    pub url: Option<String>,
    /// The service's number for the state: see [`state`](Self::state).
    pub status: Option<i64>,
    /// A text for people, as the service sent it: [`escape`](crate::escape) it before you show it.
    pub message: Option<String>,
    /// When the record was created, as the service wrote it.
    pub created_at: Option<String>,
    /// When work on it began, as the service wrote it.
    pub started_at: Option<String>,
    /// When it was finished, as the service wrote it.
    pub completed_at: Option<String>,
}

/// What a [`PurgeRecord`] says.
///
/// Finished is what has a time of completion. The meaning of the numbers 0 and 1 is from the previous
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
    /// Finished, with a number that nobody has documented.
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
    /// What the record says.
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
        let url = self.url.as_deref()?;
        match url.split_once("://") {
            Some((scheme, rest)) if !scheme.starts_with('/') => {
                Some(rest.find('/').map_or("/", |slash| &rest[slash..]))
            }
            _ => Some(url),
        }
    }

    fn from_raw(raw: purge_api::types::PurgeRequest) -> Self {
        // Go writes an unset time as its zero value.
        let time = |text: Option<String>| {
            text.filter(|t| !t.trim().is_empty() && !t.starts_with("0001-01-01T00:00:00"))
        };
        Self {
            op_id: raw.op_id.and_then(|id| id.try_into().ok()),
            url: raw.url,
            status: raw.status,
            message: raw.message,
            created_at: time(raw.created_at),
            started_at: time(raw.started_at),
            completed_at: time(raw.completed_at),
        }
    }
}

impl List {
    /// More pages than any account has: 1,000,000. A service that sends so many does not count.
    const MAX_PAGES: u64 = 1_000_000;

    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, page_size: PageSize::MAX, operation: None, first: NonZeroU64::MIN }
    }

    /// The number of records on a page. Default: 100.
    pub fn page_size(mut self, size: PageSize) -> Self {
        self.page_size = size;
        self
    }

    /// Only the records of one purge job.
    pub fn operation(mut self, operation: OperationId) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Goes on where a page of an earlier list ended: with its page size and its operation.
    ///
    /// ```no_run
    /// # type Failure = Box<dyn std::error::Error>;
    /// # async fn run(site: purge_api_ext::Resource, kept: &str) -> Result<(), Failure> {
    /// use futures_util::TryStreamExt;
    ///
    /// // The `next` of the last page that an earlier run has worked through.
    /// let mut pages = std::pin::pin!(site.list().resume(serde_json::from_str(kept)?).pages());
    /// while let Some(page) = pages.try_next().await? {
    ///     println!("{} records; then {}", page.requests.len(), serde_json::to_string(&page.next)?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(mut self, cursor: Cursor) -> Self {
        self.first = cursor.page;
        self.page_size = cursor.limit;
        self.operation = cursor.op_id;
        self
    }

    /// Reads one page. Pages count from 1; one beyond the last has no records.
    ///
    /// # Errors
    ///
    /// When the service cannot be reached, refuses, or sends what is no page.
    pub async fn page(&self, number: NonZeroU64) -> Result<Page, Error> {
        self.page_with_clock(number).await.map(|(page, _)| page)
    }

    /// A page, and what time it was for the service.
    pub(crate) async fn page_with_clock(
        &self,
        number: NonZeroU64,
    ) -> Result<(Page, Option<SystemTime>), Error> {
        let mut request = self.endpoint.list_purge_requests().page(number).limit(NonZeroU64::from(
            std::num::NonZeroU8::new(self.page_size.0).unwrap_or(std::num::NonZeroU8::MIN),
        ));
        if let Some(operation) = &self.operation {
            request = request.op_id(operation.as_str());
        }
        let sent = self.endpoint.session().authorized("GET", || request.clone().send());
        let answer = sent.await.map_err(|failure| failure.error)?;
        let clock = answer.headers().get("date").and_then(|date| date.to_str().ok());
        let clock = clock.and_then(|date| httpdate::parse_http_date(date).ok());
        Ok((self.page_of(number, answer.into_inner())?, clock))
    }

    /// The page that an answer holds.
    pub(crate) fn page_of(
        &self,
        number: NonZeroU64,
        answer: ListPurgeRequestsResponse,
    ) -> Result<Page, Error> {
        let redactor = self.endpoint.session().redactor();
        transport::granted(answer.status, answer.message.as_deref(), &redactor)?;
        let Some(data) = answer.data else {
            return Err(Error::new(ErrorKind::Untrusted, "the answer has no page").with_status(200));
        };
        let requests = data.requests.unwrap_or_default();
        let total = data.total.and_then(|total| total.try_into().ok());
        let limit = u64::from(self.page_size.get());
        let last = total.is_some_and(|total: u64| number.get().saturating_mul(limit) >= total);
        // A page may be shorter than it was asked for, while the total says that there is more.
        let short = (requests.len() as u64) < limit && total.is_none();
        let next = if last || short || requests.is_empty() { None } else { number.checked_add(1) };
        Ok(Page {
            page: number.get(),
            limit: self.page_size,
            total,
            requests: requests.into_iter().map(PurgeRecord::from_raw).collect(),
            next: next.map(|page| Cursor {
                page,
                limit: self.page_size,
                op_id: self.operation.clone(),
            }),
        })
    }

    /// Reads page after page, and ends without asking for a page that need not be there: after a page
    /// that is not full, or that reaches the total.
    ///
    /// # Errors
    ///
    /// An item is an error when a page cannot be read, when it repeats an earlier one or most of the one
    /// before it, and after 1,000,000 pages; it is the last item. Of all pages no more than two are kept.
    pub fn pages(self) -> impl Stream<Item = Result<Page, Error>> + Send {
        struct State {
            list: List,
            next: Option<NonZeroU64>,
            repeats: Repeats,
        }
        let start = State { next: Some(self.first), list: self, repeats: Repeats::default() };
        stream::try_unfold(start, async |mut state| {
            let Some(number) = state.next else { return Ok(None) };
            let page = state.list.page(number).await?;
            let limit = u64::from(page.limit.get());
            let received = page.requests.len() as u64;
            let untrusted = |message: String| Err(Error::new(ErrorKind::Untrusted, message));
            if received > limit {
                return untrusted(format!(
                    "page {number} has {received} records, more than asked for"
                ));
            }
            if let Some(what) = state.repeats.of(&page) {
                return untrusted(format!("page {number} of the list repeats {what}"));
            }
            if number.get() > List::MAX_PAGES {
                return untrusted(format!("the list does not end after {number} pages"));
            }
            state.next = page.next.as_ref().map(|cursor| cursor.page);
            Ok(Some((page, state)))
        })
        .boxed()
    }

    /// Reads record after record, page by page as they are needed.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    pub fn items(self) -> impl Stream<Item = Result<PurgeRecord, Error>> + Send {
        self.pages().map_ok(|page| stream::iter(page.requests).map(Ok)).try_flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purge_api::types::PurgeRequest;

    #[test]
    fn states() {
        let check = |status: Option<i64>, completed: Option<&str>, state: RecordState| {
            let raw =
                PurgeRequest::builder().status(status).completed_at(completed.map(str::to_owned));
            let record = PurgeRecord::from_raw(raw.try_into().expect("a record"));
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
    fn paths_of_urls() {
        let check = |url: &str, path: &str| {
            let raw = PurgeRequest::builder().url(Some(url.to_owned()));
            let record = PurgeRecord::from_raw(raw.try_into().expect("a record"));
            assert_eq!(record.path(), Some(path));
        };
        check("https://www.example.com/a/*?b=/c", "/a/*?b=/c");
        check("https://www.example.com", "/");
        check("/a://b", "/a://b");
    }
}
