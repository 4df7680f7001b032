//! Reading the pages of a list one after another, and counting their records.

use purge_api::types::ListPurgeRequestsResponse;

use super::repeats::Repeats;
use super::{Cursor, List, Page, PurgeRecord};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::sanitize::{Shown, shown};
use crate::transport;

/// Reads a list to its end.
pub(crate) struct Reader {
    list: List,
    next: Option<Cursor>,
    repeats: Repeats,
    /// Whether a page has repeated an earlier one.
    loops: bool,
}

/// A page, and what is known about reading it.
pub(crate) struct Read {
    pub(crate) page: Page,
    pub(crate) clock: Option<Clock>,
    /// What the page repeats, if it does: the list loops.
    pub(crate) repeats: Option<&'static str>,
}

impl Reader {
    pub(super) fn new(list: List) -> Self {
        Self { next: Some(list.first.clone()), list, repeats: Repeats::default(), loops: false }
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Read>, Error> {
        let Some(cursor) = &self.next else { return Ok(None) };
        let (page, clock) = self.list.read(cursor).await?;
        self.next.clone_from(&page.next);
        let repeats = self.repeats.check(&page);
        self.loops |= repeats.is_some();
        Ok(Some(Read { page, clock, repeats }))
    }

    /// Whether the list was read to its end, and did not loop.
    pub(crate) fn has_ended(&self) -> bool {
        self.next.is_none() && !self.loops
    }

    /// The next page, or `None` if it repeats an earlier one: for callers that need only part of the list.
    pub(crate) async fn next_new(&mut self) -> Result<Option<Read>, Error> {
        Ok(self.next().await?.filter(|read| read.repeats.is_none()))
    }
}

impl List {
    /// Reads the list from its first page, or from where it is resumed.
    pub(crate) fn reader(self) -> Reader {
        Reader::new(self)
    }

    /// A page, and what the service's clock showed.
    pub(super) async fn read(&self, cursor: &Cursor) -> Result<(Page, Option<Clock>), Error> {
        let request = self.resource.list_purge_requests().page(cursor.page);
        let mut request = request.limit(cursor.limit.as_number());
        if let Some(operation) = &cursor.op_id {
            request = request.op_id(operation.as_str());
        }
        let exchange = self.resource.get(|| request.clone().send()).await?;
        let answer = exchange.outcome.map_err(|failure| failure.error)?;
        let clock = Clock::from_headers(answer.headers(), exchange.asked);
        Ok((self.page_of(cursor, answer.into_inner())?, clock))
    }

    /// The page in a response.
    pub(crate) fn page_of(
        &self,
        cursor: &Cursor,
        answer: ListPurgeRequestsResponse,
    ) -> Result<Page, Error> {
        let redactor = self.resource.session().redactor();
        transport::granted(answer.status, answer.message.as_deref(), &redactor)?;
        let data = answer.data.ok_or_else(|| untrusted("the response has no page"))?;
        let total: Option<u64> = data.total.and_then(|total| total.try_into().ok());
        let is_there = data.requests.is_some();
        let records = data.requests.unwrap_or_default();
        let received = records.len() as u64;
        cursor.check(received, is_there, total)?;
        // Pages may be shorter than requested, so count the records received. If there are more than the
        // service announced, keep reading until a page is empty.
        let before = cursor.before.map(|before| before.saturating_add(received));
        let is_last = received == 0 || (before.is_some() && before == total);
        let next = cursor.page.checked_add(1).filter(|_| !is_last);
        Ok(Page {
            page: cursor.page.get(),
            limit: cursor.limit,
            total,
            requests: records
                .into_iter()
                .map(|raw| PurgeRecord::from_raw(raw, &redactor))
                .collect(),
            next: next.map(|page| Cursor {
                page,
                before,
                total: total.or(cursor.total),
                ..cursor.clone()
            }),
        })
    }
}

impl Cursor {
    /// Refuses a page that cannot be right: it has more records than requested, or none although more are announced.
    fn check(&self, received: u64, is_there: bool, total: Option<u64>) -> Result<(), Error> {
        let (page, limit) = (self.page, self.limit.get());
        if received > u64::from(limit) {
            return Err(untrusted(shown!(
                "page {page} has {received} records, more than the requested {limit}",
                page,
                received,
                limit,
            )));
        }
        let (Some(before), Some(total)) = (self.before, total.or(self.total)) else {
            return Ok(());
        };
        // With a filter by operation it is unknown what the total counts, so an empty page may be right. A first
        // page without the member for records is not.
        let may_be_empty = self.op_id.is_some() && (is_there || page.get() > 1);
        if received == 0 && before < total && !may_be_empty {
            return Err(untrusted(shown!(
                "page {page} has no records, but the service announced {total} and sent only {before} before",
                page,
                total,
                before,
            )));
        }
        Ok(())
    }
}

fn untrusted(message: impl Into<Shown>) -> Error {
    Error::new(ErrorKind::Untrusted, message).with_status(200)
}
