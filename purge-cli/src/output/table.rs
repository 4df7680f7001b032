//! The list of purge requests for people, with as much of each as fits on a line.

use std::io;

use anstyle::Style;
use purge_api_ext::{Page, PathState, PurgeRecord, RecordState, escape};

use super::screen::pad;
use super::{Out, Screen, plural};

/// An operation ID as the service creates them: a UUID.
const ID: usize = 36;
const STATE: usize = 10;
/// `2025-08-06 11:39:51Z`.
const TIME: usize = 20;
/// `59m 59s`.
const TOOK: usize = 7;
/// All columns, with enough of a path to distinguish it from others.
const WIDE: usize = ID + STATE + TIME + TOOK + 4 * 2 + 24;

/// Records, written as they arrive. Where a line has no room for all columns, the records of an operation are
/// grouped below a line with its ID, because a truncated ID is of no use.
pub(crate) struct Table {
    screen: Screen,
    records: usize,
    total: Option<u64>,
    /// The number and the size of the last page that was requested.
    asked: (u64, u64),
    /// The operation of the current group.
    operation: Option<String>,
    /// Whether only some records of each page are written.
    is_filtered: bool,
}

impl Table {
    pub(super) fn new(screen: Screen, is_filtered: bool) -> Self {
        Self { screen, records: 0, total: None, asked: (1, 1), operation: None, is_filtered }
    }

    pub(super) fn page(&mut self, out: Out<'_>, page: &Page) -> io::Result<()> {
        self.total = page.total.or(self.total);
        self.asked = (page.page, u64::from(page.limit.get()));
        for record in &page.requests {
            if self.screen.width.is_none_or(|width| width >= WIDE) {
                self.line(out, record)?;
            } else {
                self.grouped(out, record)?;
            }
            self.records += 1;
        }
        Ok(())
    }

    pub(super) fn end(self, out: Out<'_>) -> io::Result<()> {
        let (page, limit) = self.asked;
        match self.total {
            _ if self.is_filtered && self.records == 0 => writeln!(out, "no matching records"),
            Some(total) if self.records == 0 && total > 0 => {
                writeln!(out, "page {page} is beyond the last page, {}", total.div_ceil(limit))
            }
            _ if self.records == 0 => writeln!(out, "no purge requests"),
            Some(total) => writeln!(out, "{} of {total} records", self.records),
            None => writeln!(out, "{} record{}", self.records, plural(self.records)),
        }
    }

    fn line(&self, out: Out<'_>, record: &PurgeRecord) -> io::Result<()> {
        if self.records == 0 {
            let bold = self.screen.style(Style::new().bold());
            let head = ["OPERATION", "STATE", "CREATED", "TOOK"];
            let head = columns(head.map(str::to_owned), [ID, STATE, TIME, TOOK]);
            writeln!(out, "{bold}{head}PATH{bold:#}")?;
        }
        let style = style(self.screen, record.state());
        let id = columns([id(record)], [ID]);
        let state = pad(&state(record), STATE);
        let times = columns([created(record), took(record)], [TIME, TOOK]);
        let path = self.screen.fit(&path(record), WIDE - 24);
        writeln!(out, "{id}{style}{state}{style:#}  {times}{path}")
    }

    fn grouped(&mut self, out: Out<'_>, record: &PurgeRecord) -> io::Result<()> {
        let id = id(record);
        if self.operation.as_ref() != Some(&id) {
            let bold = self.screen.style(Style::new().bold());
            let created = created(record);
            let room = self.screen.width.unwrap_or(WIDE);
            let created = if room < ID + 2 + TIME { String::new() } else { format!("  {created}") };
            writeln!(out, "{bold}{id}{bold:#}{created}")?;
            self.operation = Some(id);
        }
        let style = style(self.screen, record.state());
        let state = pad(&state(record), STATE);
        let path = self.screen.fit(&path(record), STATE + 4);
        writeln!(out, "  {style}{state}{style:#}  {path}")
    }
}

fn style(screen: Screen, state: RecordState) -> Style {
    screen.style_of(match state {
        RecordState::Pending => PathState::Pending,
        RecordState::Purged => PathState::Purged,
        _ => PathState::NotCached,
    })
}

/// Texts, each padded to its width plus two spaces.
fn columns<const N: usize>(texts: [String; N], widths: [usize; N]) -> String {
    texts.iter().zip(widths).map(|(text, width)| pad(text, width) + "  ").collect()
}

fn state(record: &PurgeRecord) -> String {
    match record.state() {
        RecordState::Unknown(Some(status)) => format!("status {status}"),
        state => state.to_string(),
    }
}

fn id(record: &PurgeRecord) -> String {
    record.op_id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
}

fn path(record: &PurgeRecord) -> String {
    escape(record.path().unwrap_or("-"))
}

/// The time to the second; a text in another format is shown unchanged.
fn created(record: &PurgeRecord) -> String {
    let Some(text) = record.created_at.as_deref() else { return "-".to_owned() };
    let seconds = humantime::parse_rfc3339_weak(text).ok().and_then(|_| text.get(..19));
    match seconds {
        Some(seconds) => {
            let zone = if text.ends_with('Z') { "Z" } else { "" };
            format!("{}{zone}", seconds.replace('T', " "))
        }
        None => escape(text),
    }
}

/// How long the service took, if both times are known.
fn took(record: &PurgeRecord) -> String {
    let time = |text: &Option<String>| humantime::parse_rfc3339_weak(text.as_deref()?).ok();
    let both = time(&record.created_at).zip(time(&record.completed_at));
    match both.and_then(|(created, completed)| completed.duration_since(created).ok()) {
        Some(took) if took.as_secs() >= 3600 => format!("{}h", took.as_secs() / 3600),
        Some(took) if took.as_secs() >= 60 => format!("{}m", took.as_secs() / 60),
        Some(took) if took.as_secs() >= 10 => format!("{}s", took.as_secs()),
        Some(took) => format!("{:.1}s", took.as_secs_f64()),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests;
