//! Reading the list of purge requests, page by page.

mod record;
mod repeats;
mod reader;

use std::num::NonZeroU64;

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::id::OperationId;
use crate::resource::Resource;
use crate::sanitize::{Shown, shown};
pub(crate) use reader::Read;
pub use record::{PurgeRecord, RecordState};

/// The number of records on a page: 1 to 100, as the published reference says.
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

    fn as_number(self) -> NonZeroU64 {
        NonZeroU64::new(self.0.into()).unwrap_or(NonZeroU64::MIN)
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

/// A list of purge requests. Read it with [`page`](Self::page), [`pages`](Self::pages) or
/// [`items`](Self::items).
///
/// ```no_run
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), purge_api_ext::Error> {
/// use futures_util::TryStreamExt;
///
/// let mut records = site.list().items();
/// while let Some(record) = records.try_next().await? {
///     println!("{} {}", record.url.as_deref().unwrap_or("?"), record.state());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct List {
    resource: Resource,
    first: Cursor,
}

/// A position in a list, from which reading can be resumed later. It serializes to JSON.
///
/// The service seems to list the newest records first, although the order is not published. Then records that are
/// added meanwhile push the others to later pages, so that some are seen twice, but none is missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Cursor {
    page: NonZeroU64,
    limit: PageSize,
    op_id: Option<OperationId>,
    /// How many records came before it; unknown if the list was not read from its beginning.
    #[serde(default)]
    before: Option<u64>,
    /// The total number of records, according to an earlier page.
    #[serde(default)]
    total: Option<u64>,
}

/// One page of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Page {
    /// Its number, from 1.
    pub page: u64,
    /// The requested number of records.
    pub limit: PageSize,
    /// The number of records on all pages, if the service reports it.
    pub total: Option<u64>,
    /// The records, in the order in which the service sent them.
    pub requests: Vec<PurgeRecord>,
    /// The position of the next page. `None` after an empty page, and after one that reaches the total if the list
    /// was read from its beginning. A short page need not be the last, since pages may be shorter than requested.
    #[serde(skip)]
    pub next: Option<Cursor>,
}

impl Resource {
    /// Lists purge requests: see [`List`].
    pub fn list(&self) -> List {
        List::new(self.clone())
    }
}

impl Cursor {
    pub(crate) const FIRST: Self = Self {
        page: NonZeroU64::MIN,
        limit: PageSize::MAX,
        op_id: None,
        before: Some(0),
        total: None,
    };
}

impl List {
    /// More pages than any account has: a service that sends more is broken.
    const MAX_PAGES: u64 = 1_000_000;

    pub(crate) fn new(resource: Resource) -> Self {
        Self { resource, first: Cursor::FIRST }
    }

    /// The number of records on a page. Default: 100.
    pub fn page_size(mut self, size: PageSize) -> Self {
        self.first.limit = size;
        self
    }

    /// Lists only the records of one operation.
    pub fn operation(mut self, operation: OperationId) -> Self {
        self.first.op_id = Some(operation);
        self
    }

    /// Resumes after a page of an earlier list, with the same page size and operation.
    ///
    /// ```no_run
    /// # type Failure = Box<dyn std::error::Error>;
    /// # async fn run(site: purge_api_ext::Resource, kept: &str) -> Result<(), Failure> {
    /// use futures_util::TryStreamExt;
    ///
    /// // The `next` of the last page that an earlier run has processed.
    /// let mut pages = site.list().resume(serde_json::from_str(kept)?).pages();
    /// while let Some(page) = pages.try_next().await? {
    ///     println!("{} records; then {}", page.requests.len(), serde_json::to_string(&page.next)?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume(mut self, cursor: Cursor) -> Self {
        self.first = cursor;
        self
    }

    /// Reads one page. Pages are numbered from 1; a page past the last one has no records.
    ///
    /// # Errors
    ///
    /// When the service cannot be reached, refuses, or sends something other than a page.
    pub async fn page(&self, number: NonZeroU64) -> Result<Page, Error> {
        let before = (number.get() == 1).then_some(0);
        let cursor = Cursor { page: number, before, total: None, ..self.first.clone() };
        self.read(&cursor).await.map(|(page, _)| page)
    }

    /// Reads page after page, until a page reaches the total or is empty.
    ///
    /// # Errors
    ///
    /// An item is an error when a page cannot be read, when it is empty although the service announced more records,
    /// when it repeats an earlier page or most of the previous one, and after 1,000,000 pages. An error is the last
    /// item. At most two pages are kept in memory.
    pub fn pages(self) -> impl Stream<Item = Result<Page, Error>> + Send + Unpin {
        stream::try_unfold(self.reader(), async |mut reader| {
            let Some(Read { page, repeats, .. }) = reader.next().await? else { return Ok(None) };
            let untrusted = |message: Shown| Err(Error::new(ErrorKind::Untrusted, message));
            if let Some(what) = repeats {
                return untrusted(shown!(
                    "page {page} of the list repeats {what}",
                    page = page.page,
                    what
                ));
            }
            if page.page > List::MAX_PAGES {
                return untrusted(shown!(
                    "the list does not end after {pages} pages",
                    pages = page.page
                ));
            }
            Ok(Some((page, reader)))
        })
        .boxed()
    }

    /// Reads record after record, fetching pages on demand.
    ///
    /// # Errors
    ///
    /// The same as [`pages`](Self::pages).
    pub fn items(self) -> impl Stream<Item = Result<PurgeRecord, Error>> + Send + Unpin {
        self.pages().map_ok(|page| stream::iter(page.requests).map(Ok)).try_flatten()
    }
}
