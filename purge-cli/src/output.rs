//! Results on standard output, messages on standard error.

mod screen;
mod progress;
mod json;
mod verification;
mod markdown;
mod audit;
mod planned;
mod text;
mod table;
mod list;
mod settings;
mod checkup;
mod profiles;
mod difference;
#[cfg(feature = "schema")]
mod schemas;

use std::io::{self, Write};

use clap::ValueEnum;
use purge_api_ext::{OperationOutcome, Plan, Rate, Report};
use purge_site::{Aliases, Difference};

pub(crate) use audit::Audit;
pub(crate) use checkup::{Checkup, ReportFile, checkup};
pub(crate) use list::ListWriter;
pub(crate) use markdown::Summary;
pub(crate) use profiles::{no_reports, operation_of, reports};
pub(crate) use progress::{Messages, Progress};
#[cfg(feature = "schema")]
pub(crate) use schemas::schemas;
pub(crate) use screen::Screen;
pub(crate) use settings::{Object as Settings, Setting, settings};
use verification::WithVerification;
pub(crate) use verification::{Sample, Verified, checked, verification};

use crate::advice::Next;
use crate::exit::{Exit, Failure};

/// Where output goes: a stream of this process, or a buffer.
pub(crate) type Out<'a> = &'a mut (dyn Write + 'a);

/// The streams of a command.
pub(crate) struct Console<'a> {
    pub(crate) out: Out<'a>,
    pub(crate) err: Out<'a>,
    /// The width and colours of `out`.
    pub(crate) screen: Screen,
    /// Whether `err` is a terminal, so that bars can be drawn there.
    pub(crate) interactive: bool,
    /// Whether errors on `err` have colours.
    pub(crate) err_colour: bool,
    /// Which messages go to `err`.
    pub(crate) messages: Messages,
    /// Why `out` cannot be written, if it cannot. Nothing is written after that, but the run continues.
    pub(crate) unwritten: Option<io::Error>,
}

impl Console<'_> {
    /// Writes a part of the result, unless an earlier part could not be written.
    pub(crate) fn write(&mut self, part: impl FnOnce(Out<'_>, Screen) -> io::Result<()>) {
        if self.unwritten.is_none() {
            self.unwritten = part(&mut *self.out, self.screen).err();
        }
    }

    /// Ends a result: whether all of it was written, or its reader has read enough.
    pub(crate) fn written(&mut self) -> Result<(), Failure> {
        let unwritten = self.unwritten.take().map_or(Ok(()), Err);
        Ok(unwritten.or_else(closed_pipe)?)
    }
}

/// The format of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
    /// One JSON object per line, for each operation or record, as soon as it is known
    Ndjson,
}

/// Writes one value as a line of JSON.
#[cfg(feature = "queue")]
pub(crate) fn json_line(out: Out<'_>, value: &impl serde::Serialize) -> io::Result<()> {
    json::line(out, value)
}

/// Writes a plan.
pub(crate) fn plan(
    console: &mut Console<'_>,
    format: Format,
    plan: &Plan,
    aliases: &Aliases,
    rate: Option<Rate>,
) -> Result<(), Failure> {
    let out = &mut *console.out;
    let written = match format {
        // Without a report, which would allocate a string for each of possibly millions of paths.
        Format::Text => text::plan(out, console.screen, plan, aliases, rate),
        Format::Json => {
            let duration = rate.map(|rate| text::time_needed(plan.batches().len(), rate));
            let planned = json::Planned::new(Report::planned(plan), duration);
            json::line(out, &planned::WithAliases::new(planned, plan.paths(), aliases))
        }
        Format::Ndjson => {
            let operations = Report::planned(plan).operations;
            let batches = operations.into_iter().zip(plan.batches());
            batches.into_iter().try_for_each(|(operation, batch)| {
                json::line(out, &planned::WithAliases::new(operation, batch.paths(), aliases))
            })
        }
    };
    Ok(written.or_else(closed_pipe)?)
}

/// Reports that a site is unchanged, or that it has a baseline now.
pub(crate) fn nothing(
    console: &mut Console<'_>,
    format: Format,
    dry_run: bool,
    text: &str,
) -> Result<(), Failure> {
    let out = &mut *console.out;
    let written = match format {
        Format::Text => writeln!(out, "{text}"),
        Format::Json => json::line(out, &planned::nothing(dry_run)),
        Format::Ndjson => Ok(()),
    };
    Ok(written.and_then(|()| out.flush()).or_else(closed_pipe)?)
}

/// Writes the names of the files that differ and, on standard error, how many there are.
pub(crate) fn difference(
    console: &mut Console<'_>,
    format: Format,
    null: bool,
    difference: &Difference,
) -> Result<(), Failure> {
    difference::write(console.out, format, null, difference)?;
    if format == Format::Text {
        console.out.flush().or_else(closed_pipe)?;
        note(console, format, &difference::counts(difference));
    }
    Ok(())
}

/// Writes a note to standard error, unless only errors are shown there.
pub(crate) fn note(console: &mut Console<'_>, format: Format, text: &str) {
    if console.messages != Messages::Quiet {
        // A closed standard error must not change the result.
        drop(writeln!(console.err, "{}", message(format, format_args!("{text}"))));
    }
}

/// Writes one operation, if the format streams operations.
pub(crate) fn operation(
    out: Out<'_>,
    format: Format,
    operation: &OperationOutcome,
) -> io::Result<()> {
    if format == Format::Ndjson {
        json::line(out, operation)?;
        // The reader gets it now, not at the end of the run.
        out.flush()?;
    }
    Ok(())
}

/// Writes a report. If the format streams operations, they are already written.
pub(crate) fn report(
    out: Out<'_>,
    screen: Screen,
    format: Format,
    report: &Report,
    verified: Option<&Verified>,
) -> io::Result<()> {
    let written = match format {
        Format::Text => text::report(out, screen, report).and_then(|()| match verified {
            Some(verified) => verification::text(out, screen, verified),
            None => Ok(()),
        }),
        Format::Json => json::line(out, &WithVerification::new(report, verified)),
        Format::Ndjson => Ok(()),
    };
    written.and_then(|()| out.flush())
}

/// Writes to standard error why the run did not succeed, and what to do next. The profile is named if there are several.
pub(crate) fn advice(
    console: &mut Console<'_>,
    format: Format,
    report: &Report,
    exit: Exit,
    next: &Next,
    profile: Option<&str>,
) {
    if exit != Exit::Success {
        let failed = next.failure(report, exit);
        let failed = match profile {
            Some(name) => failed.of_profile(name),
            None => failed,
        };
        failure(console, format, &failed);
    } else if is_all_uncached(report) {
        let of = profile.map(|name| format!("{name}: ")).unwrap_or_default();
        note(console, format, &format!("{of}{UNCACHED}"));
    }
}

const UNCACHED: &str = "nothing was cached under these paths; check the prefix and the resource";

/// The line about requests that may have been applied more than once, if there are any.
fn duplicates(report: &Report) -> Option<String> {
    let sent_again = || report.operations.iter().filter(|operation| operation.possible_duplicate);
    let count = sent_again().count();
    let attempts = sent_again().map(|operation| operation.attempts).max()?;
    let (times, applied) = match sent_again().all(|operation| operation.attempts == attempts) {
        true if attempts == 2 => ("twice".to_owned(), "twice"),
        true => (format!("{attempts} times"), "more than once"),
        false => (format!("up to {attempts} times"), "more than once"),
    };
    let was = if count == 1 { "was" } else { "were" };
    let s = plural(count);
    Some(format!("{count} request{s} {was} sent {times} and may have been applied {applied}"))
}

/// A message for standard error, in the format of the result, so that a program can parse both.
pub(crate) fn message(format: Format, line: std::fmt::Arguments<'_>) -> String {
    match format {
        Format::Text => line.to_string(),
        Format::Json | Format::Ndjson => json::message(line.to_string()),
    }
}

/// Whether the run was waited for and purged nothing at all, which may mean that the prefix is wrong.
fn is_all_uncached(report: &Report) -> bool {
    let s = &report.summary;
    s.paths > 0 && s.not_cached == s.paths
}

/// Writes why a command failed, in the colours of clap's errors.
pub(crate) fn failure(console: &mut Console<'_>, format: Format, failure: &Failure) {
    let err = &mut *console.err;
    let style = match console.err_colour {
        true => *clap::builder::Styles::styled().get_error(),
        false => anstyle::Style::new(),
    };
    let written = match format {
        Format::Text => writeln!(err, "{style}error:{style:#} {failure}"),
        Format::Json | Format::Ndjson => json::line(err, &json::Failed::new(failure)),
    };
    // If standard error is closed, only the exit code can report it.
    drop(written);
}

/// Treats a closed pipe as success: its reader has read enough.
pub(crate) fn closed_pipe(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    }
}

pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
