//! Reports for people: failures come first, and a large run still fits on a screen.

use std::io;
use std::time::Duration;

use anstyle::Style;
use purge_api_ext::{Batch, PathOutcome, PathState, Plan, Rate, Report, Summary, escape};
use purge_site::Aliases;
use unicode_width::UnicodeWidthStr as _;

use super::screen::pad;
use super::{Out, Screen, plural};

/// The maximum number of paths of a kind that are listed.
const LISTED: usize = 20;
/// The width of the longest state.
const STATE: usize = 11;

/// A path and its message.
type Row<'a> = (PathOutcome<'a>, Option<&'a str>);

fn rows(report: &Report) -> impl Iterator<Item = Row<'_>> {
    report.operations.iter().flat_map(|operation| {
        operation.paths.iter().map(|path| {
            let message = path.message.or(operation.message.as_deref());
            let worth_saying = path.state.is_failure() || path.state == PathState::Pending;
            (path, message.filter(|_| worth_saying))
        })
    })
}

pub(super) fn report(out: Out<'_>, screen: Screen, report: &Report) -> io::Result<()> {
    let s = &report.summary;
    // If none of a million paths failed, none is examined.
    let failed = (s.failed + s.unconfirmed + s.not_sent > 0).then(|| rows(report));
    let failed = failed.into_iter().flatten().filter(|(path, _)| path.state.is_failure());
    let failed: Vec<_> = failed.collect();
    list_paths(out, screen, &failed)?;
    let count = report.summary.paths - failed.len();
    if count <= LISTED {
        let others: Vec<_> = rows(report).filter(|(path, _)| !path.state.is_failure()).collect();
        list_paths(out, screen, &others)?;
    } else if failed.is_empty() {
        // The counts below are more useful than thousands of identical lines.
        writeln!(out, "  {count} paths, none failed")?;
    }
    counts(out, screen, report)?;
    beside(out, &report.summary, GIVEN)?;
    if let Some(line) = super::duplicates(report) {
        writeln!(out, "  {line}")?;
    }
    let operations: Vec<_> = report.operations.iter().filter_map(|o| o.op_id.as_ref()).collect();
    if operations.len() > LISTED {
        // Those that have not finished can only be followed by their IDs.
        report.pending_operations().try_for_each(|id| writeln!(out, "  operation {id}"))?;
        return writeln!(out, "  {} operations; --output json names them", operations.len());
    }
    operations.iter().try_for_each(|id| writeln!(out, "  operation {id}"))
}

pub(super) fn plan(
    out: Out<'_>,
    screen: Screen,
    plan: &Plan,
    aliases: &Aliases,
    rate: Option<Rate>,
) -> io::Result<()> {
    if plan.path_count() <= LISTED {
        for path in plan.paths() {
            let state = pad(&PathState::Planned.to_string(), STATE);
            let of = aliases.of(path).map(|of| format!("  (an alias of {of})")).unwrap_or_default();
            writeln!(out, "  {state} {}", screen.fit(&format!("{path}{of}"), STATE + 3))?;
        }
    } else {
        list_requests(out, screen, plan.batches())?;
    }
    let (paths, requests) = (plan.path_count(), plan.batches().len());
    let bold = screen.style(Style::new().bold());
    writeln!(
        out,
        "{bold}{paths} path{} in {requests} request{}; nothing was sent{bold:#}",
        plural(paths),
        plural(requests)
    )?;
    if !aliases.is_empty() {
        let count = plan.paths().filter(|path| aliases.of(path).is_some()).count();
        match count {
            // A wildcard covers them all.
            0 => {}
            1 => writeln!(out, "  1 path is an alias")?,
            count => writeln!(out, "  {count} paths are aliases")?,
        }
    }
    // A single request is sent immediately, whatever the rate.
    if let Some(rate) = rate.filter(|_| requests > 1) {
        let time = humantime::format_duration(whole(time_needed(requests, rate)));
        writeln!(out, "  at this rate, the last request is sent after {time}")?;
    }
    let given = if aliases.is_empty() { GIVEN } else { "paths, with their aliases," };
    beside(out, &Summary::of_plan(plan), given)
}

/// The time until the last request is sent; the first one is sent immediately.
pub(super) fn time_needed(requests: usize, rate: Rate) -> Duration {
    let pauses = u32::try_from(requests.saturating_sub(1)).unwrap_or(u32::MAX);
    rate.interval().saturating_mul(pauses)
}

/// Rounds a time to whole seconds or, below one second, to milliseconds.
fn whole(time: Duration) -> Duration {
    match time.as_secs() {
        0 => Duration::from_millis(time.subsec_millis().into()),
        seconds => Duration::from_secs(seconds + u64::from(time.subsec_nanos() > 0)),
    }
}

fn list_requests(out: Out<'_>, screen: Screen, requests: &[Batch]) -> io::Result<()> {
    let digits = requests.len().min(LISTED).to_string().len();
    for (index, request) in requests.iter().take(LISTED).enumerate() {
        let count = request.paths().len();
        let head = format!("  request {:>digits$}  {count:>3} path{:<1}", index + 1, plural(count));
        let mut paths = request.paths();
        let first = paths.next().unwrap_or_default();
        let range = paths.next_back().map(|last| format!("{first} … {last}"));
        let range = range.unwrap_or_else(|| first.to_owned());
        writeln!(out, "{head}  {}", screen.fit(&range, head.len() + 2))?;
    }
    match requests.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more request{}", plural(more)),
    }
}

fn list_paths(out: Out<'_>, screen: Screen, paths: &[Row<'_>]) -> io::Result<()> {
    let mut said = None;
    for &(path, message) in paths.iter().take(LISTED) {
        let style = screen.style_of(path.state);
        let state = pad(&path.state.to_string(), STATE);
        // The paths of an operation that another client created come from the service.
        let shown = screen.fit(&escape(path.path), STATE + 3);
        write!(out, "  {style}{state}{style:#} {shown}")?;
        // A message that many paths share is written only for the first.
        if let Some(message) = message.filter(|message| said != Some(*message)) {
            let used = STATE + 3 + shown.width() + message.width() + 4;
            // The message says how to fix it, so it is not truncated.
            match screen.width {
                Some(width) if used > width => write!(out, "\n    {message}")?,
                _ => write!(out, "  ({message})")?,
            }
        }
        said = message;
        writeln!(out)?;
    }
    match paths.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

fn counts(out: Out<'_>, screen: Screen, report: &Report) -> io::Result<()> {
    let s = &report.summary;
    let counts = [
        (s.failed, "failed", PathState::Failed),
        (s.unconfirmed, "unconfirmed", PathState::Unconfirmed),
        (s.not_sent, "not sent", PathState::NotSent),
        (s.accepted, "accepted", PathState::Accepted),
        (s.purged, "purged", PathState::Purged),
        (s.not_cached, "not cached", PathState::NotCached),
        (s.pending, "pending", PathState::Pending),
    ];
    let counts = counts.iter().filter(|(count, ..)| *count > 0).map(|(count, what, state)| {
        let style = screen.style_of(*state);
        format!("{style}{count} {what}{style:#}")
    });
    let counts: Vec<_> = counts.collect();
    if counts.is_empty() {
        return writeln!(out, "no paths are known yet");
    }
    writeln!(out, "{} path{}: {}", s.paths, plural(s.paths), counts.join(", "))
}

/// What the counts of a report are about.
const GIVEN: &str = "given paths";

/// Other paths that are purged as well, and given paths that need no request.
fn beside(out: Out<'_>, s: &Summary, given: &str) -> io::Result<()> {
    match s.extra {
        Some(0) => {}
        Some(1) => writeln!(out, "  1 other path of the inventory is purged as well")?,
        Some(n) => {
            writeln!(out, "  {n} other paths of the inventory are purged as well")?;
        }
        None => {
            writeln!(out, "  without an inventory, it is unknown what else the wildcards purge")?;
        }
    }
    // These are not called "not sent", which means a failure.
    let dropped = [
        (s.duplicates, "is a duplicate", "are duplicates"),
        (s.covered, "is covered by a wildcard", "are covered by a wildcard"),
    ];
    for (count, one, many) in dropped.iter().filter(|(count, ..)| *count > 0) {
        let what = if *count == 1 { one } else { many };
        writeln!(out, "  {count} of {} {given} {what}", s.input)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
