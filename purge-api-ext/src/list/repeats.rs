//! Detects a list that loops: its pages repeat, so reading it would never end.
//!
//! Brent's algorithm finds any loop with one page in memory. Later pages are compared with a mark, which is replaced
//! after 1, 2, 4, 8 pages and so on, until it lies within the loop and is kept for at least one round of it. The
//! previous page is kept as well, since most loops are one page long. A hash of each record is enough, so no
//! text is copied.

use std::hash::BuildHasher as _;
use std::mem;

use super::Page;

/// The pages that the next one is compared with.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    hasher: foldhash::quality::RandomState,
    last: Seen,
    mark: Seen,
    /// Memory for the next page.
    unused: Seen,
    /// How many pages came after the mark, and after how many it is replaced.
    age: u64,
    term: u64,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    /// A hash of each record.
    records: Vec<u64>,
    total: Option<u64>,
}

impl Repeats {
    /// What a page repeats, if anything; otherwise it is kept to compare later pages with.
    pub(super) fn check(&mut self, page: &Page) -> Option<&'static str> {
        let mut now = mem::take(&mut self.unused);
        now.total = page.total;
        now.records.clear();
        now.records.extend(page.requests.iter().map(|record| self.hasher.hash_one(record)));
        if !now.records.is_empty() {
            if now.grew_since(&self.last) {
                // New records have pushed older ones on to this page.
            } else if now.records == self.last.records {
                return Some("the one before it");
            } else if 2 * now.overlap(&self.last) > now.records.len() {
                return Some("most of the one before it");
            }
            if now.records == self.mark.records && !now.grew_since(&self.mark) {
                return Some("an earlier one");
            }
        }
        self.age += 1;
        if self.age >= self.term {
            (self.age, self.term) = (0, (2 * self.term).max(1));
            self.mark.clone_from(&now);
        }
        self.unused = mem::replace(&mut self.last, now);
        None
    }
}

impl Seen {
    fn grew_since(&self, earlier: &Self) -> bool {
        self.total > earlier.total
    }

    /// How many of its first records are the last ones of an earlier page.
    fn overlap(&self, earlier: &Self) -> usize {
        let longest = self.records.len().min(earlier.records.len());
        let is_overlap = |&length: &usize| {
            self.records[..length] == earlier.records[earlier.records.len() - length..]
        };
        (1..=longest).rev().find(is_overlap).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::{PageSize, PurgeRecord};

    /// The index of the first page that is found to repeat another. A page is given by the numbers of its records.
    fn first_repeat(
        pages: impl IntoIterator<Item = Vec<u64>>,
        total: Option<u64>,
    ) -> Option<usize> {
        let mut repeats = Repeats::default();
        pages.into_iter().position(|numbers| repeats.check(&page(&numbers, total)).is_some())
    }

    fn page(numbers: &[u64], total: Option<u64>) -> Page {
        let record =
            |number: &u64| PurgeRecord::new(None, Some(&format!("/{number}")), None, None, None);
        let requests = numbers.iter().map(record).collect();
        Page { page: 1, limit: PageSize::MAX, total, requests, next: None }
    }

    #[test]
    fn every_loop_is_found_soon() {
        for begin in 0..40 {
            for length in 1..40 {
                let number = |i: u64| if i < begin { i } else { begin + (i - begin) % length };
                let pages = (0..1000).map(|i| vec![number(i)]);
                let found = first_repeat(pages, Some(7)).expect("a loop") as u64;
                // A mark within the loop that is kept long enough is set after at most this many pages.
                let bound = 4 * begin.max(length) + length;
                assert!((begin + length..=bound).contains(&found), "{begin} {length} {found}");
            }
        }
    }

    #[test]
    fn lists_without_loops_are_read_to_their_end() {
        assert_eq!(first_repeat((0..1000).map(|i| vec![2 * i, 2 * i + 1]), None), None);
        assert_eq!(first_repeat((0..10).map(|_| vec![]), None), None);
        // A record that appears twice, as the last of a page and the first of the next.
        assert_eq!(first_repeat([vec![1, 2], vec![2, 3], vec![3, 4]], None), None);
    }

    #[test]
    fn pages_that_shift_are_repeats() {
        assert_eq!(first_repeat((0..9).map(|i| vec![i, i + 1, i + 2]), Some(27)), Some(1));
        assert_eq!(first_repeat((0..9).map(|i| (i * 49..i * 49 + 100).collect()), None), Some(1));
        assert_eq!(first_repeat((0..9).map(|i| (i * 50..i * 50 + 100).collect()), None), None);
    }

    #[test]
    fn list_that_grows_may_repeat_itself() {
        let mut repeats = Repeats::default();
        assert_eq!(repeats.check(&page(&[1, 2], Some(4))), None);
        assert_eq!(repeats.check(&page(&[1, 2], Some(6))), None);
        assert_eq!(repeats.check(&page(&[1, 2], Some(6))), Some("the one before it"));
    }
}
