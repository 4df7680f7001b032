//! Results for people: what failed comes first, and a large run still fits on a screen.

use std::io;

use purge_api_ext::{Page, PathOutcome, PathState, Plan, Report, Summary, escape};

use super::Out;

/// How many paths of a kind are listed.
const LISTED: usize = 20;

pub(super) fn report(out: Out<'_>, report: &Report) -> io::Result<()> {
    let failed: Vec<_> = report.paths().filter(|path| path.state.is_failure()).collect();
    list_paths(out, &failed)?;
    let (others, rest): (Vec<_>, Vec<_>) = report
        .paths()
        .filter(|path| !path.state.is_failure())
        .partition(|_| report.summary.paths - failed.len() <= LISTED);
    list_paths(out, &others)?;
    if !rest.is_empty() && failed.is_empty() {
        none_failed(out, rest.len())?;
    }
    summary(out, &report.summary, report.dry_run)?;
    let operations: Vec<_> = report.operations.iter().filter_map(|o| o.op_id.as_ref()).collect();
    if operations.len() > LISTED {
        writeln!(out, "  {} operations; --output json names them", operations.len())?;
    } else {
        for id in operations {
            writeln!(out, "  operation {id}")?;
        }
    }
    Ok(())
}

pub(super) fn plan(out: Out<'_>, plan: &Plan) -> io::Result<()> {
    if plan.sent() > LISTED {
        none_failed(out, plan.sent())?;
    } else {
        for path in plan.paths() {
            writeln!(out, "  {:<11} {path}", PathState::Planned)?;
        }
    }
    summary(out, &Summary::of_plan(plan), true)
}

/// Thousands of lines that say the same help nobody; the counts below them do.
fn none_failed(out: Out<'_>, paths: usize) -> io::Result<()> {
    writeln!(out, "  {paths} paths, none failed")
}

fn list_paths(out: Out<'_>, paths: &[&PathOutcome]) -> io::Result<()> {
    for path in paths.iter().take(LISTED) {
        write!(out, "  {:<11} {}", path.state, path.path)?;
        let worth_saying = path.state.is_failure() || path.state == PathState::Pending;
        if let Some(message) = path.message.as_deref().filter(|_| worth_saying) {
            write!(out, "  ({message})")?;
        }
        writeln!(out)?;
    }
    if paths.len() > LISTED {
        writeln!(out, "  and {} more", paths.len() - LISTED)?;
    }
    Ok(())
}

fn summary(out: Out<'_>, s: &Summary, dry_run: bool) -> io::Result<()> {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let paths = format!("{} path{}", s.paths, plural(s.paths));
    if dry_run {
        let requests = format!("{} request{}", s.requests, plural(s.requests));
        writeln!(out, "{paths} in {requests}; nothing was sent")?;
    } else {
        let counts = [
            (s.failed, "failed"),
            (s.unconfirmed, "unconfirmed"),
            (s.not_sent, "not sent"),
            (s.accepted, "accepted"),
            (s.purged, "purged"),
            (s.not_cached, "not cached"),
            (s.pending, "pending"),
        ];
        let counts: Vec<_> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        writeln!(out, "{paths}: {}", counts.join(", "))?;
    }
    match s.extra {
        Some(0) => {}
        Some(1) => writeln!(out, "  1 path of the inventory is purged that was not asked for")?,
        Some(n) => {
            writeln!(out, "  {n} paths of the inventory are purged that were not asked for")?
        }
        None => {
            writeln!(out, "  without an inventory, nobody knows what else the wildcards purge")?
        }
    }
    let dropped = [(s.duplicates, "given twice"), (s.covered, "covered by a wildcard")];
    for (count, why) in dropped.iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "  {count} of {} not sent: {why}", s.input)?;
    }
    Ok(())
}

pub(super) fn list(out: Out<'_>, page: &Page) -> io::Result<()> {
    if page.requests.is_empty() {
        return writeln!(out, "no purge requests");
    }
    for record in &page.requests {
        let id = record.op_id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let created = escape(record.created_at.as_deref().unwrap_or("-"));
        let path = escape(record.path().unwrap_or("-"));
        writeln!(out, "{id}  {:<10}  {created}  {path}", record.state())?;
    }
    match page.total {
        Some(total) => writeln!(out, "{} of {total} records", page.requests.len()),
        None => writeln!(out, "{} records", page.requests.len()),
    }
}
