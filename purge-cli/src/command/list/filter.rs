//! Decides which records are shown, and when no further page can have any of them.

use std::time::SystemTime;

use purge_api_ext::{PurgePath, PurgeRecord};

use crate::args::{ListArgs, State};

/// Which records to show, and what the pages read so far say about the order of the list.
pub(super) struct Filter {
    path: Option<PurgePath>,
    since: Option<SystemTime>,
    states: Vec<State>,
    /// How many more records to show; no limit if it is `None`.
    left: Option<usize>,
    order: Order,
    has_ended: bool,
}

/// Whether the records were listed from the newest to the oldest. The order of the list is not published.
#[derive(Default)]
struct Order {
    last: Option<SystemTime>,
    /// Whether a record was older than the one before it.
    falls: bool,
    /// Whether a record was newer than the one before it, or its time is unknown.
    breaks: bool,
}

impl Order {
    fn see(&mut self, created: Option<SystemTime>) {
        match (self.last, created) {
            (_, None) => self.breaks = true,
            (Some(last), Some(created)) => {
                self.falls |= created < last;
                self.breaks |= created > last;
            }
            (None, Some(_)) => {}
        }
        self.last = created.or(self.last);
    }

    fn is_newest_first(&self) -> bool {
        self.falls && !self.breaks
    }
}

impl Filter {
    /// None if all records are shown.
    pub(super) fn new(args: &ListArgs) -> Option<Self> {
        if args.path.is_none() && args.since.is_none() && args.state.is_empty() {
            return None;
        }
        Some(Self {
            path: args.path.clone(),
            since: args.since,
            states: args.state.clone(),
            left: args.limit.map(|limit| limit.get().into()),
            order: Order::default(),
            has_ended: false,
        })
    }

    /// Whether a further page can have a record to show.
    pub(super) fn needs_more(&self) -> bool {
        !self.has_ended && self.left != Some(0)
    }

    /// Keeps only the records of a page that are to be shown.
    pub(super) fn apply(&mut self, records: &mut Vec<PurgeRecord>) {
        for record in records.iter() {
            self.order.see(record.created());
        }
        let is_old = |record: &PurgeRecord| self.is_too_old(record);
        self.has_ended =
            self.order.is_newest_first() && !records.is_empty() && records.iter().all(is_old);
        records.retain(|record| self.shows(record));
        if let Some(left) = &mut self.left {
            records.truncate(*left);
            *left -= records.len();
        }
    }

    fn is_too_old(&self, record: &PurgeRecord) -> bool {
        let before = |since| record.created().is_some_and(|created| created < since);
        self.since.is_some_and(before)
    }

    fn shows(&self, record: &PurgeRecord) -> bool {
        !self.is_too_old(record)
            && self.path.as_ref().is_none_or(|path| record.concerns(path))
            && (self.states.is_empty() || self.states.contains(&State::of(record.state())))
    }
}
