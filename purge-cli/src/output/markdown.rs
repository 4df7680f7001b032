//! The result as Markdown, for the page that a CI system shows.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use purge_api_ext::{OperationOutcome, PathOutcome, Plan, Report, escape};

use super::{Out, plural};
use crate::exit::Failure;

/// How many paths are shown, those that failed before the others.
const SHOWN: usize = 50;

/// A file that a report is appended to.
pub(crate) struct Summary(Option<File>);

impl Summary {
    /// Opens the file, if there is one, before anything is sent.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else { return Ok(Self(None)) };
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
            let path = escape(&path.to_string_lossy());
            Failure::usage(format!("the summary {path} cannot be written: {error}"))
        })?;
        Ok(Self(Some(file)))
    }

    /// Appends what would be sent.
    pub(crate) fn write_plan(self, plan: &Plan) -> Result<(), Failure> {
        if self.0.is_none() {
            return Ok(());
        }
        self.write(&Report::planned(plan))
    }

    /// Appends what became of a run.
    pub(crate) fn write(self, report: &Report) -> Result<(), Failure> {
        let Some(file) = self.0 else { return Ok(()) };
        let mut file = BufWriter::new(file);
        self::report(&mut file, report)?;
        Ok(file.flush()?)
    }
}

fn report(out: Out<'_>, report: &Report) -> io::Result<()> {
    let s = &report.summary;
    let (paths, requests) = (s.paths, s.requests);
    let title = match (report.dry_run, report.is_success()) {
        (true, _) => format!("{requests} request{} planned, nothing sent", plural(requests)),
        (_, true) => format!("{paths} path{} purged", plural(paths)),
        (_, false) => "not all paths were purged".to_owned(),
    };
    let title = if s.accepted == paths && s.pending == 0 && s.purged + s.not_cached == 0 {
        format!("purge of {paths} path{} accepted", plural(paths))
    } else {
        title
    };
    writeln!(out, "### CDN purge: {title}\n")?;
    if let Some(error) = report.error() {
        writeln!(out, "{}\n", text(&error.to_string()))?;
    }
    let mut counts = vec![("paths given", Some(s.input)), ("paths sent", Some(paths))];
    if s.extra != Some(0) {
        counts.push(("other paths purged", s.extra));
    }
    if !report.dry_run {
        counts.extend([("accepted", Some(s.accepted)), ("failed", Some(s.failed))]);
        let rare = [
            ("purged", s.purged),
            ("not cached", s.not_cached),
            ("pending", s.pending),
            ("unconfirmed", s.unconfirmed),
            ("not sent", s.not_sent),
        ];
        counts.extend(rare.iter().filter(|(_, n)| *n > 0).map(|(what, n)| (*what, Some(*n))));
    }
    writeln!(out, "| | |\n|---|--:|")?;
    for (what, count) in counts {
        let count = count.map_or("unknown".to_owned(), |count| count.to_string());
        writeln!(out, "| {what} | {count} |")?;
    }
    list(out, report)
}

fn list(out: Out<'_>, report: &Report) -> io::Result<()> {
    let paths = report.operations.iter().flat_map(|o| o.paths.iter().map(move |path| (o, path)));
    let (failed, others): (Vec<_>, Vec<_>) = paths.partition(|(_, path)| path.state.is_failure());
    let row = |(operation, path): &(&OperationOutcome, PathOutcome<'_>)| {
        let message = path.message.or(operation.message.as_deref());
        let message = message.map(text).unwrap_or_default();
        format!("| {} | <code>{}</code> | {message} |", path.state, text(path.path))
    };
    let rows: Vec<_> = failed.iter().chain(&others).take(SHOWN).map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let open = if failed.is_empty() { "" } else { " open" };
    writeln!(
        out,
        "\n<details{open}><summary>Paths</summary>\n\n| state | path | |\n|---|---|---|"
    )?;
    rows.iter().try_for_each(|row| writeln!(out, "{row}"))?;
    let more = report.summary.paths - rows.len();
    if more > 0 {
        writeln!(out, "\nand {more} more")?;
    }
    writeln!(out, "\n</details>\n")
}

/// A text of which neither Markdown nor HTML takes anything for its own.
fn text(text: &str) -> String {
    let mut escaped = String::new();
    for character in escape(text).chars() {
        match character {
            '/' | '.' | '-' | ',' | ' ' | '%' => escaped.push(character),
            c if c.is_ascii_punctuation() => escaped.push_str(&format!("&#{};", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_path_is_markup() {
        assert_eq!(
            text("/a|`b`_*<b>[x](y)~@z"),
            "/a&#124;&#96;b&#96;&#95;&#42;&#60;b&#62;&#91;x&#93;&#40;y&#41;&#126;&#64;z"
        );
        assert_eq!(text("/caf%C3%A9-1.html"), "/caf%C3%A9-1.html");
    }

    #[test]
    fn plan_says_that_nothing_was_sent() {
        let plan = Plan::parse(["/a|b", "/images/*", "/images/x"]).expect("a plan");
        let mut out = Vec::new();
        report(&mut out, &Report::planned(&plan)).expect("a buffer takes everything");
        insta::assert_snapshot!(String::from_utf8_lossy(&out));
    }
}
