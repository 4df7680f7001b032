//! Pages that come again: a list that is read in a circle has no end.
//!
//! Any circle is found by Brent's method with one page in memory: the page that later ones are compared
//! with is replaced after 1, 2, 4, 8 pages and so on, until it is within the circle and the circle is
//! shorter than the time that it is kept. The page before is kept as well, since most circles are as short.
//! Of both a hash of each record is enough, which takes no copies of its texts.

use std::hash::BuildHasher as _;

use super::Page;

/// The pages that the next one is compared with.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    hasher: foldhash::quality::RandomState,
    last: Seen,
    mark: Seen,
    /// How many pages came after the mark, and how many it is kept for.
    age: u64,
    term: u64,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    /// A hash of each.
    records: Vec<u64>,
    total: Option<u64>,
}

impl Repeats {
    /// What a page repeats, if it does; otherwise later ones are compared with it.
    pub(super) fn check(&mut self, page: &Page) -> Option<&'static str> {
        let hashes = page.requests.iter().map(|record| self.hasher.hash_one(record));
        let now = Seen { records: hashes.collect(), total: page.total };
        if !now.records.is_empty() {
            if now.grew_since(&self.last) {
                // Records that came meanwhile have moved the others on to this page.
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
        self.last = now;
        None
    }
}

impl Seen {
    fn grew_since(&self, earlier: &Self) -> bool {
        self.total > earlier.total
    }

    /// How many records at its beginning are those at the end of an earlier page.
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

    /// Which page of these, each of the records with these numbers, is said to repeat another one.
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
    fn every_circle_is_found_soon() {
        for begin in 0..40 {
            for length in 1..40 {
                let number = |i: u64| if i < begin { i } else { begin + (i - begin) % length };
                let circle = (0..1000).map(|i| vec![number(i)]);
                let found = first_repeat(circle, Some(7)).expect("a circle") as u64;
                // A mark within the circle that is kept long enough comes after at most so many pages.
                let bound = 4 * begin.max(length) + length;
                assert!((begin + length..=bound).contains(&found), "{begin} {length} {found}");
            }
        }
    }

    #[test]
    fn lists_without_repeats_are_none() {
        assert_eq!(first_repeat((0..1000).map(|i| vec![2 * i, 2 * i + 1]), None), None);
        assert_eq!(first_repeat((0..10).map(|_| vec![]), None), None);
        // A record that is there twice, as the last of a page and the first of the next.
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
