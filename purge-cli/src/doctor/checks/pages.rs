//! The pages of a list: their length, their order, and how many records there are.

use serde_json::Value;

use super::member::NULL;
use super::record::{at, same};
use crate::doctor::evidence::{Evidence, kind};
use crate::doctor::seen::{Page, Seen};

/// Why an empty list shows little.
const EMPTY: &str = "the list has no records";

fn counted(records: u64) -> String {
    format!("{records} record{}", if records == 1 { "" } else { "s" })
}

/// The page after this one, of the same list.
fn next<'a>(seen: &'a Seen, page: &Page<'a>) -> Option<Page<'a>> {
    let (number, page) = (page.query.page + 1, *page);
    seen.whole_pages().find(|other| other.query.page == number && other.agrees_with(&page))
}

/// A page has at most as many records as were requested.
pub(crate) fn at_most(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for page in seen.pages() {
        let (count, limit) = (page.count(), page.query.limit);
        if count > limit {
            evidence.contradicts(format!("{} in place of {limit}", counted(count)));
        } else if count == limit {
            evidence.matches("a page with as many records as were requested");
        } else {
            evidence.is_silent("no page was full");
        }
    }
    evidence
}

/// A page has as many records as were requested, unless it is the last.
pub(crate) fn full(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for page in seen.whole_pages() {
        let (count, limit) = (page.count(), page.query.limit);
        let has_more =
            next(seen, &page).is_some_and(|next| next.count() > 0 && !repeats(&page, &next));
        if count < limit && has_more {
            evidence.contradicts(format!(
                "{} in place of {limit}, and more on the next page",
                counted(count)
            ));
        } else if count == limit && has_more {
            evidence.matches("a full page before another");
        } else {
            evidence.is_silent("no page before the last was read");
        }
    }
    evidence
}

/// Whether two pages have the same records.
fn repeats(page: &Page<'_>, next: &Page<'_>) -> bool {
    let pairs = page.records.iter().zip(next.records);
    page.count() > 0 && page.count() == next.count() && pairs.into_iter().all(|(a, b)| same(a, b))
}

/// Each page continues where the one before it ends.
pub(crate) fn continued(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for page in seen.whole_pages().filter(|page| page.count() > 0) {
        let Some(next) = next(seen, &page).filter(|next| next.count() > 0) else {
            evidence.is_silent("the list has one page");
            continue;
        };
        if repeats(&page, &next) {
            evidence.contradicts("a page repeats the one before it");
        } else {
            evidence.matches("other records");
        }
    }
    evidence
}

/// The first page of the same list, if its length shows how long the pages are.
fn first_of_known_length<'a>(seen: &'a Seen, page: &Page<'a>) -> Option<Page<'a>> {
    let first =
        seen.whole_pages().find(|first| first.query.page == 1 && first.agrees_with(page))?;
    let is_all = first.total().is_some_and(|total| total <= first.count());
    Some(first).filter(|first| is_all || first.count() == first.size())
}

/// A page after the last has no records.
pub(crate) fn past_the_end(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for page in seen.whole_pages().filter(|page| page.query.page > 1) {
        let Some(first) = first_of_known_length(seen, &page) else { continue };
        let before = (page.query.page - 1).saturating_mul(first.size());
        if first.count() == 0 {
            evidence.is_silent(EMPTY);
        } else if page.total().is_none_or(|total| before < total) {
            evidence.is_silent("no page after the last was read");
        } else if page.count() == 0 {
            evidence.matches("no records");
        } else {
            evidence.contradicts(counted(page.count()));
        }
    }
    evidence
}

/// The total is the number of records on all pages.
pub(crate) fn total(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    // Of a page that was read twice, the last: the pages after it were read after that.
    let is_last = |page: &Page<'_>| {
        seen.whole_pages()
            .filter(|other| other.query == page.query)
            .last()
            .is_some_and(|last| std::ptr::eq(last.data, page.data))
    };
    for page in seen.whole_pages().filter(is_last) {
        match page.data.get("total") {
            None => evidence.is_silent("the member is absent"),
            Some(Value::Null) => evidence.is_silent(NULL),
            Some(total) => match total.as_u64() {
                Some(total) if page.query.page == 1 => {
                    compare_from_the_start(seen, page, total, &mut evidence);
                }
                Some(total) => compare_far_from_it(seen, &page, total, &mut evidence),
                None => evidence.contradicts(kind(total)),
            },
        }
    }
    evidence
}

/// Counts the records of the first page and of those after it that were read.
fn compare_from_the_start(seen: &Seen, first: Page<'_>, total: u64, evidence: &mut Evidence) {
    let (mut page, mut count, mut ended) = (first, first.count(), first.count() == 0);
    while let Some(next) = next(seen, &page).filter(|next| !ended && !repeats(&page, next)) {
        (count, ended) = (count + next.count(), next.count() == 0);
        page = next;
    }
    if total < count {
        evidence.contradicts(format!("{total}, although there are at least {}", counted(count)));
    } else if ended && total > count {
        evidence.contradicts(format!("{total}, although there are {}", counted(count)));
    } else if total == 0 {
        evidence.is_silent(EMPTY);
    } else if total == count && (ended || page.count() < page.size()) {
        evidence.matches("the number of records");
    } else {
        evidence.is_silent("the last page was not read");
    }
}

/// Compares the total with a page whose predecessors were not all read, but are full as the first is.
fn compare_far_from_it(seen: &Seen, page: &Page<'_>, total: u64, evidence: &mut Evidence) {
    let first = first_of_known_length(seen, page).filter(|first| first.count() == first.size());
    let Some(first) = first.filter(|first| !repeats(first, page)) else { return };
    let before = (page.query.page - 1).saturating_mul(first.size());
    let count = before.saturating_add(page.count());
    let is_last = next(seen, page).is_some_and(|next| next.count() == 0);
    if page.count() == 0 && before < total {
        let most = counted(before);
        evidence.contradicts(format!("{total}, although there are at most {most}"));
    } else if page.count() > 0 && count == total {
        evidence.matches("the number of records");
    } else if page.count() > 0 && count < total && is_last {
        evidence.contradicts(format!("{total}, although there are {}", counted(count)));
    } else if page.count() > 0 && count > total {
        evidence.contradicts(format!("{total}, although there are at least {}", counted(count)));
    }
}

/// The newest records come first.
pub(crate) fn newest_first(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for page in seen.whole_pages() {
        let records = page.records.iter().filter_map(Value::as_object);
        let times: Vec<_> = records.filter_map(|record| at(record, "createdAt")).collect();
        let is_any =
            |wanted: fn(i128, i128) -> bool| times.windows(2).any(|pair| wanted(pair[0], pair[1]));
        match (is_any(|a, b| a > b), is_any(|a, b| a < b)) {
            (true, false) => evidence.matches("newest first"),
            (false, true) => evidence.contradicts("oldest first"),
            (true, true) => evidence.contradicts("in no order of time"),
            (false, false) => evidence.is_silent("no page has records of different times"),
        }
    }
    evidence
}
