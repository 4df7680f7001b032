//! The reports of several profiles, as one.

use std::io;

use anstyle::Style;
use purge_api_ext::{OperationOutcome, Report};
use serde::Serialize;

use super::{Console, Format, Out, Screen, json, text};
use crate::exit::Failure;

/// The reports of several profiles.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Reports"))]
pub(super) struct Reports<'a> {
    /// The version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    schema: u32,
    /// The profiles, in the order in which they were named; none if there was nothing to purge.
    profiles: Vec<OfProfile<'a>>,
}

/// The report of a profile.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct OfProfile<'a> {
    /// Its name.
    profile: &'a str,
    /// Its report.
    report: &'a Report,
}

/// An operation of a profile, as a line of its own.
#[derive(Serialize)]
struct Operation<'a> {
    #[serde(flatten)]
    operation: &'a OperationOutcome,
    profile: &'a str,
}

/// Writes an operation, if the format streams operations.
pub(crate) fn operation_of(
    out: Out<'_>,
    format: Format,
    profile: &str,
    operation: &OperationOutcome,
) -> io::Result<()> {
    if format == Format::Ndjson {
        json::line(out, &Operation { operation, profile })?;
        out.flush()?;
    }
    Ok(())
}

/// Writes all reports: a section for each, or one object.
pub(crate) fn reports(
    out: Out<'_>,
    screen: Screen,
    format: Format,
    reports: &[(String, Report)],
) -> io::Result<()> {
    let written = match format {
        Format::Text => reports.iter().try_for_each(|(profile, report)| {
            let bold = screen.style(Style::new().bold());
            writeln!(out, "{bold}profile {profile}{bold:#}")?;
            text::report(out, screen, report)
        }),
        Format::Json => {
            let profiles = reports.iter().map(|(profile, report)| OfProfile { profile, report });
            json::line(out, &Reports { schema: 1, profiles: profiles.collect() })
        }
        Format::Ndjson => Ok(()),
    };
    written.and_then(|()| out.flush())
}

/// Writes that there was nothing to purge.
pub(crate) fn no_reports(
    console: &mut Console<'_>,
    format: Format,
    text: &str,
) -> Result<(), Failure> {
    let out = &mut *console.out;
    let written = match format {
        Format::Text => writeln!(out, "{text}"),
        Format::Json => json::line(out, &Reports { schema: 1, profiles: Vec::new() }),
        Format::Ndjson => Ok(()),
    };
    Ok(written.and_then(|()| out.flush()).or_else(super::closed_pipe)?)
}
