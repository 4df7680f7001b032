//! Reading the list of purge requests, page by page.

mod repeats;

use std::fmt;
use std::num::NonZeroU64;

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use purge_api::types::ListPurgeRequestsResponse;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::text::Redactor;
use crate::{Error, ErrorKind, OperationId, PurgePath, transport};
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
    /// How many records come before the first page, if that is known.
    before: Option<u64>,
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
    /// How many records came before it; unknown where the list was not read from its beginning.
    #[serde(default)]
    before: Option<u64>,
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
    /// Where the next page begins; none after one that is empty, or that reaches the total. A page may be
    /// shorter than it was asked for, so a short one is not the last.
    #[serde(skip)]
    pub next: Option<Cursor>,
}

/// The state of one purged path, as the service tells it. Every field may be missing.
///
/// Its texts are harmless to show: [escaped](crate::escape), without the token, and cut if they are long.
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
    /// A text for people.
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

    fn from_raw(raw: purge_api::types::PurgeRequest, redactor: &Redactor) -> Self {
        let shown = |text: Option<String>| text.map(|text| redactor.excerpt(&text));
        // Go writes an unset time as its zero value.
        let time = |text: Option<String>| {
            shown(text.filter(|t| !t.trim().is_empty() && !t.starts_with("0001-01-01T00:00:00")))
        };
        let op_id = raw.op_id.filter(|id| !redactor.hides(id));
        Self {
            op_id: op_id.and_then(|id| id.try_into().ok()),
            url: raw.url.map(|url| redactor.show(&url, MAX_URL)),
            status: raw.status,
            message: shown(raw.message),
            created_at: time(raw.created_at),
            started_at: time(raw.started_at),
            completed_at: time(raw.completed_at),
        }
    }
}

/// How many characters of a record's URL are kept: any path that can be purged, and a host.
const MAX_URL: usize = PurgePath::MAX_BYTES + 1024;

impl List {
    /// More pages than any account has: 1,000,000. A service that sends so many does not count.
    const MAX_PAGES: u64 = 1_000_000;

    pub(crate) fn new(endpoint: Endpoint) -> Self {
        let (page_size, first) = (PageSize::MAX, NonZeroU64::MIN);
        Self { endpoint, page_size, operation: None, first, before: Some(0) }
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
        self.before = cursor.before;
        self.page_size = cursor.limit;
        self.operation = cursor.op_id;
        self
    }

    /// Reads one page. Pages count from 1; one beyond the last has no records.
    ///
    /// # Errors
    ///
    /// When the service cannot be reached, refuses, or sends something other than a page.
    pub async fn page(&self, number: NonZeroU64) -> Result<Page, Error> {
        let before = (number.get() == 1).then_some(0);
        self.read(number, before).await.map(|(page, _)| page)
    }

    /// Reads the list from its first page, or where it is resumed, without a look at what repeats.
    pub(crate) fn reader(self) -> Reader {
        Reader { next: Some((self.first, self.before)), list: self }
    }

    /// A page before which so many records came, and what the service's clock showed.
    async fn read(
        &self,
        number: NonZeroU64,
        before: Option<u64>,
    ) -> Result<(Page, Option<Clock>), Error> {
        let mut request = self.endpoint.list_purge_requests().page(number).limit(NonZeroU64::from(
            std::num::NonZeroU8::new(self.page_size.0).unwrap_or(std::num::NonZeroU8::MIN),
        ));
        if let Some(operation) = &self.operation {
            request = request.op_id(operation.as_str());
        }
        let exchange = self.endpoint.get(|| request.clone().send()).await?;
        let answer = exchange.outcome.map_err(|failure| failure.error)?;
        let clock = Clock::of(answer.headers(), exchange.asked);
        Ok((self.page_of(number, before, answer.into_inner())?, clock))
    }

    /// The page that an answer holds, before which so many records came.
    pub(crate) fn page_of(
        &self,
        number: NonZeroU64,
        before: Option<u64>,
        answer: ListPurgeRequestsResponse,
    ) -> Result<Page, Error> {
        let untrusted =
            |message: String| Error::new(ErrorKind::Untrusted, message).with_status(200);
        let redactor = self.endpoint.session().redactor();
        transport::granted(answer.status, answer.message.as_deref(), &redactor)?;
        let Some(data) = answer.data else {
            return Err(untrusted("the answer has no page".to_owned()));
        };
        let total: Option<u64> = data.total.and_then(|total| total.try_into().ok());
        let received = data.requests.as_ref().map_or(0, Vec::len) as u64;
        if received > u64::from(self.page_size.get()) {
            return Err(untrusted(format!(
                "page {number} has {received} records, more than asked for: {}",
                self.page_size.get()
            )));
        }
        let seen = before.map(|before| before.saturating_add(received));
        if let Some(total) = total.filter(|total| *total > 0)
            && received == 0
            // What the total counts when only one operation is asked for is unknown, so an empty page may be
            // right; a first page without the member is not.
            && (self.operation.is_none() || (data.requests.is_none() && number.get() == 1))
            && seen.is_some_and(|seen| seen < total)
        {
            let seen = seen.unwrap_or_default();
            return Err(untrusted(format!(
                "page {number} has no records, but {total} are announced and {seen} came before it"
            )));
        }
        // Pages may be shorter than they were asked for, so only what came is counted. A service that has
        // sent more than it announced is read until it sends no more.
        let is_last = received == 0 || (seen.is_some() && seen == total);
        let next = if is_last { None } else { number.checked_add(1) };
        let records = data.requests.unwrap_or_default().into_iter();
        Ok(Page {
            page: number.get(),
            limit: self.page_size,
            total,
            requests: records.map(|raw| PurgeRecord::from_raw(raw, &redactor)).collect(),
            next: next.map(|page| Cursor {
                page,
                limit: self.page_size,
                op_id: self.operation.clone(),
                before: seen,
            }),
        })
    }

    /// Reads page after page, and ends after a page that reaches the total, or that is empty.
    ///
    /// # Errors
    ///
    /// An item is an error when a page cannot be read, when it is empty although more records are announced,
    /// when it repeats an earlier one or most of the one before it, and after 1,000,000 pages; it is the last
    /// item. Of all pages no more than two are kept.
    pub fn pages(self) -> impl Stream<Item = Result<Page, Error>> + Send {
        let start = (self.reader(), Repeats::default());
        stream::try_unfold(start, async |(mut reader, mut repeats)| {
            let Some((page, _)) = reader.next().await? else { return Ok(None) };
            let untrusted = |message: String| Err(Error::new(ErrorKind::Untrusted, message));
            if let Some(what) = repeats.of(&page) {
                return untrusted(format!("page {} of the list repeats {what}", page.page));
            }
            if page.page > List::MAX_PAGES {
                return untrusted(format!("the list does not end after {} pages", page.page));
            }
            Ok(Some((page, (reader, repeats))))
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

/// Reads one page after the other, and counts what came.
pub(crate) struct Reader {
    list: List,
    /// The next page, and how many records came before it, if that is known.
    next: Option<(NonZeroU64, Option<u64>)>,
}

impl Reader {
    pub(crate) async fn next(&mut self) -> Result<Option<(Page, Option<Clock>)>, Error> {
        let Some((number, before)) = self.next else { return Ok(None) };
        let (page, clock) = self.list.read(number, before).await?;
        self.next = page.next.as_ref().map(|cursor| (cursor.page, cursor.before));
        Ok(Some((page, clock)))
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
            let record =
                PurgeRecord::from_raw(raw.try_into().expect("a record"), &Redactor::default());
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
            let record =
                PurgeRecord::from_raw(raw.try_into().expect("a record"), &Redactor::default());
            assert_eq!(record.path(), Some(path));
        };
        check("https://www.example.com/a/*?b=/c", "/a/*?b=/c");
        check("https://www.example.com", "/");
        check("/a://b", "/a://b");
    }
}
