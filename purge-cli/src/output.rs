//! Results on standard output, messages on standard error.

mod json;
mod text;

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use purge_api_ext::{Page, Plan, Report};
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::signals::Signals;

/// Where something is written: a stream of this process, or a buffer of a test.
pub(crate) type Out<'a> = &'a mut (dyn Write + 'a);

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// Writes a report, and on standard error what a pipeline should know of a failure.
pub(crate) fn outcome(
    out: Out<'_>,
    err: Out<'_>,
    format: Format,
    report_: &Report,
    signals: &Signals,
    journal: Option<&Path>,
) -> Result<Exit, Failure> {
    report(out, format, report_)?;
    let exit = Exit::of(report_, signals.received());
    if exit != Exit::Success {
        out.flush().or_else(closed_pipe)?;
        failure(err, format, &Failure::of(report_, exit, journal));
    }
    Ok(exit)
}

pub(crate) fn report(out: Out<'_>, format: Format, report: &Report) -> io::Result<()> {
    match format {
        Format::Text => text::report(out, report),
        Format::Json => json::line(out, report),
    }
    .or_else(closed_pipe)
}

/// Writes what would be done.
pub(crate) fn plan(out: Out<'_>, format: Format, plan: &Plan) -> io::Result<()> {
    match format {
        // Not by way of a report: that has a text of its own for each of millions of paths.
        Format::Text => text::plan(out, plan),
        Format::Json => json::line(out, &Report::planned(plan)),
    }
    .or_else(closed_pipe)
}

pub(crate) fn list(out: Out<'_>, format: Format, page: &Page) -> io::Result<()> {
    #[derive(Serialize)]
    struct List<'a> {
        schema: u32,
        #[serde(flatten)]
        page: &'a Page,
    }
    match format {
        Format::Text => text::list(out, page),
        Format::Json => json::line(out, &List { schema: 1, page }),
    }
    .or_else(closed_pipe)
}

/// Writes why there is no result, or what is wrong with it.
pub(crate) fn failure(err: Out<'_>, format: Format, failure: &Failure) {
    #[derive(Serialize)]
    struct Object<'a> {
        schema: u32,
        error: Detail<'a>,
    }
    #[derive(Serialize)]
    struct Detail<'a> {
        kind: &'a str,
        message: String,
        exit_code: u8,
    }
    let exit = failure.exit();
    let written = match format {
        Format::Text => writeln!(err, "purge: {failure}"),
        Format::Json => {
            let (kind, message) = (exit.kind(), failure.to_string());
            let error = Detail { kind, message, exit_code: exit as u8 };
            json::line(err, &Object { schema: 1, error })
        }
    };
    // Where standard error is closed, only the exit code is left to tell it.
    drop(written);
}

/// Whoever closed the pipe has read enough.
fn closed_pipe(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    }
}
