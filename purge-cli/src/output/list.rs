//! The list of purge requests, written page by page as it arrives.

use std::io;

use purge_api_ext::Page;

use super::table::Table;
use super::{Format, Out, Screen, json};

/// Writes pages as they arrive, and never holds more than one.
pub(crate) enum ListWriter {
    Text(Table),
    Json(Object),
    /// The lines of a page, in memory that the next page uses again.
    Ndjson(Vec<u8>),
}

/// A JSON object that is written incrementally.
#[derive(Default)]
pub(crate) struct Object {
    records: usize,
    pages: usize,
    total: Option<u64>,
}

impl ListWriter {
    /// `is_filtered` says whether only some records of each page are written.
    pub(crate) fn new(format: Format, screen: Screen, is_filtered: bool) -> Self {
        match format {
            Format::Text => Self::Text(Table::new(screen, is_filtered)),
            Format::Json => Self::Json(Object::default()),
            Format::Ndjson => Self::Ndjson(Vec::new()),
        }
    }

    pub(crate) fn page(&mut self, out: Out<'_>, page: &Page) -> io::Result<()> {
        match self {
            Self::Text(table) => table.page(out, page)?,
            Self::Json(object) => object.page(out, page)?,
            Self::Ndjson(lines) => {
                lines.clear();
                for record in &page.requests {
                    json::record(lines, record)?;
                    lines.push(b'\n');
                }
                out.write_all(lines)?;
            }
        }
        // The reader gets this page before the next one is requested.
        out.flush()
    }

    pub(crate) fn end(self, out: Out<'_>) -> io::Result<()> {
        match self {
            Self::Text(table) => table.end(out),
            // The total comes after the records because it is that of the last page.
            Self::Json(object) => {
                write!(out, "],\"total\":")?;
                json::write(out, &object.total)?;
                writeln!(out, "}}")
            }
            Self::Ndjson(_) => Ok(()),
        }
    }
}

impl Object {
    fn page(&mut self, out: Out<'_>, page: &Page) -> io::Result<()> {
        if self.pages == 0 {
            let (number, limit) = (page.page, page.limit.get());
            write!(out, "{{\"schema\":1,\"page\":{number},\"limit\":{limit},\"requests\":[")?;
        }
        self.pages += 1;
        self.total = page.total.or(self.total);
        for record in &page.requests {
            if self.records > 0 {
                write!(out, ",")?;
            }
            self.records += 1;
            json::write(out, record)?;
        }
        Ok(())
    }
}
