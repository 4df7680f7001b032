//! The result as Markdown, for the job summary of a CI system.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use purge_api_ext::{OperationOutcome, PathOutcome, Plan, Report, escape};

use super::verification::{self, Sample, Verified};
use super::{Out, plural};
use crate::exit::{Exit, Failure};
use crate::shown::file_name;

/// How many paths are shown, failed ones first.
const SHOWN: usize = 50;

/// A file that a report is appended to.
pub(crate) struct Summary(Option<(File, String)>);

impl Summary {
    /// Opens the file, if there is one, before anything is sent.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else { return Ok(Self(None)) };
        if path == Path::new("-") {
            let why = "--summary appends to a file, and `-` is not one; for standard output, write `--summary \
                       /dev/stdout`, and for a file named `-`, write `./-`";
            return Err(Failure::usage(why));
        }
        let name = file_name(path);
        match OpenOptions::new().create(true).append(true).open(path) {
            Ok(file) => Ok(Self(Some((file, name)))),
            Err(error) => Err(Failure::usage(unwritable(&name, &error))),
        }
    }

    /// Appends a plan.
    pub(crate) fn write_plan(self, plan: &Plan) -> Result<(), Failure> {
        if self.0.is_none() {
            return Ok(());
        }
        self.write(&Report::planned(plan), None)
    }

    /// Appends what was found at the edges.
    pub(crate) fn write_verification(self, verified: &Verified) -> Result<(), Failure> {
        self.append(|file| found(file, verified))
    }

    /// Appends the report of a run, and what was found at the edges after it.
    pub(crate) fn write(self, report: &Report, verified: Option<&Verified>) -> Result<(), Failure> {
        self.append(|file| {
            self::report(file, "", report)?;
            verified.map_or(Ok(()), |verified| found(file, verified))
        })
    }

    /// Appends a report for each profile.
    pub(crate) fn write_all(self, reports: &[(String, Report)]) -> Result<(), Failure> {
        self.append(|file| {
            let mut reports = reports.iter();
            reports.try_for_each(|(profile, report)| self::report(file, profile, report))
        })
    }

    fn append(self, write: impl FnOnce(Out<'_>) -> io::Result<()>) -> Result<(), Failure> {
        let Some((file, name)) = self.0 else { return Ok(()) };
        let mut file = BufWriter::new(file);
        let written = write(&mut file).and_then(|()| file.flush());
        written.map_err(|error| Failure::new(Exit::Failed, unwritable(&name, &error)))
    }
}

fn unwritable(name: &str, error: &io::Error) -> String {
    format!("the summary `{name}` cannot be written: {error}")
}

/// What was found at the edges; paths that are not fresh come first.
fn found(out: Out<'_>, verified: &Verified) -> io::Result<()> {
    writeln!(out, "### CDN edge: {}\n", verified.title())?;
    let mut paths: Vec<_> = verified.paths.iter().collect();
    paths.sort_by_key(|checked| std::cmp::Reverse(checked.verdict));
    let open = if verified.is_failure() { " open" } else { "" };
    writeln!(
        out,
        "<details{open}><summary>Paths</summary>\n\n| verdict | path | |\n|---|---|---|"
    )?;
    for checked in paths.iter().take(SHOWN) {
        let (path, said) = (text(&checked.path), text(&verification::said(checked)));
        writeln!(out, "| {} | <code>{path}</code> | {said} |", checked.verdict)?;
    }
    let more = paths.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(out, "\nand {more} more")?;
    }
    for Sample { pattern, paths, of, seed } in &verified.samples {
        let pattern = text(pattern);
        writeln!(
            out,
            "\n<code>{pattern}</code>: a sample of {paths} of its {of} paths, seed {seed}"
        )?;
    }
    if let Some(note) = verified.variants() {
        writeln!(out, "\n{}", text(&note))?;
    }
    if let Some(again) = &verified.again {
        let again = format!("purged the stale paths again: {again}");
        writeln!(out, "\n{}", text(&again))?;
    }
    writeln!(out, "\n</details>\n")
}

/// The report of a profile, or of a run without one.
fn report(out: Out<'_>, profile: &str, report: &Report) -> io::Result<()> {
    let s = &report.summary;
    let colon = if profile.is_empty() { "" } else { ": " };
    writeln!(out, "### CDN purge: {profile}{colon}{}\n", title(report))?;
    if let Some(error) = report.error() {
        writeln!(out, "{}\n", text(&error.to_string()))?;
    }
    // `wait` has operations but no input paths.
    let mut counts = match s.input {
        0 => vec![("paths", Some(s.paths))],
        _ => vec![("paths given", Some(s.input)), ("paths planned", Some(s.paths))],
    };
    let dropped = [("duplicates", s.duplicates), ("covered by a wildcard", s.covered)];
    counts.extend(dropped.iter().filter(|(_, n)| *n > 0).map(|(what, n)| (*what, Some(*n))));
    if s.extra != Some(0) {
        counts.push(("other paths matched", s.extra));
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
    let hint = super::is_all_uncached(report).then(|| super::UNCACHED.to_owned());
    for line in super::duplicates(report).into_iter().chain(hint) {
        writeln!(out, "\n{line}")?;
    }
    list(out, report)
}

/// The outcomes of the paths and nothing else, since most people read only the headline.
fn title(report: &Report) -> String {
    let s = &report.summary;
    if report.dry_run {
        return format!("{} request{} planned, nothing sent", s.requests, plural(s.requests));
    }
    let followed = s.purged + s.not_cached + s.pending;
    // After waiting, the number of purged paths matters even if it is 0.
    let purged = (followed > 0).then(|| format!("{} purged", s.purged));
    let others = [
        (s.not_cached, "not cached"),
        (s.pending, "pending"),
        (s.accepted.saturating_sub(followed), "accepted"),
        (s.failed, "failed"),
        (s.unconfirmed, "unconfirmed"),
        (s.not_sent, "not sent"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    let others = others.map(|(count, state)| format!("{count} {state}"));
    let states: Vec<_> = purged.into_iter().chain(others).collect();
    if states.is_empty() {
        return "no paths are known yet".to_owned();
    }
    format!("{} path{}: {}", s.paths, plural(s.paths), states.join(", "))
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

/// Escapes a text so that neither Markdown nor HTML interprets any of it.
pub(super) fn text(text: &str) -> String {
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
    fn paths_are_escaped_for_markdown_and_html() {
        assert_eq!(
            text("/a|`b`_*<b>[x](y)~@z"),
            "/a&#124;&#96;b&#96;&#95;&#42;&#60;b&#62;&#91;x&#93;&#40;y&#41;&#126;&#64;z"
        );
        assert_eq!(text("/caf%C3%A9-1.html"), "/caf%C3%A9-1.html");
    }

    #[test]
    fn title_counts_every_path_once() {
        let plan = Plan::parse(["/a"]).expect("a plan");
        let title = |purged, not_cached, pending, accepted, failed, unconfirmed, not_sent| {
            let mut report = Report::planned(&plan);
            report.dry_run = false;
            let s = &mut report.summary;
            (s.purged, s.not_cached, s.pending) = (purged, not_cached, pending);
            (s.failed, s.unconfirmed, s.not_sent) = (failed, unconfirmed, not_sent);
            s.accepted = purged + not_cached + pending + accepted;
            s.paths = s.accepted + failed + unconfirmed + not_sent;
            super::title(&report)
        };
        assert_eq!(title(3, 0, 0, 0, 0, 0, 0), "3 paths: 3 purged");
        assert_eq!(title(0, 1, 0, 0, 0, 0, 0), "1 path: 0 purged, 1 not cached");
        assert_eq!(title(1, 1, 2, 0, 0, 0, 0), "4 paths: 1 purged, 1 not cached, 2 pending");
        assert_eq!(title(0, 0, 2, 0, 0, 0, 0), "2 paths: 0 purged, 2 pending");
        assert_eq!(title(0, 0, 0, 2, 0, 0, 0), "2 paths: 2 accepted");
        assert_eq!(title(0, 0, 0, 2, 1, 0, 7), "10 paths: 2 accepted, 1 failed, 7 not sent");
        assert_eq!(title(0, 0, 0, 0, 0, 1, 0), "1 path: 1 unconfirmed");
        assert_eq!(title(0, 0, 0, 0, 0, 0, 0), "no paths are known yet");

        // Each named state has its own count, and the counts add up to all paths.
        let named = |title: &str, state: &str| -> usize {
            let (_, states) = title.split_once(": ").unwrap_or_default();
            let number = states.split(", ").find_map(|part| part.strip_suffix(state));
            number.map_or(0, |number| number.trim().parse().expect(title))
        };
        for code in 0..3_usize.pow(7) {
            let [a, b, c, d, e, f, g] = [0, 1, 2, 3, 4, 5, 6].map(|i| code / 3_usize.pow(i) % 3);
            let title = title(a, b, c, d, e, f, g);
            let states = [
                " purged",
                " not cached",
                " pending",
                " accepted",
                " failed",
                " unconfirmed",
                " not sent",
            ];
            assert_eq!(states.map(|state| named(&title, state)), [a, b, c, d, e, f, g], "{title}");
            let all = a + b + c + d + e + f + g;
            assert!(all == 0 || title.starts_with(&format!("{all} path")), "{title}");
            assert!(a > 0 || !title.contains("purged") || title.contains(": 0 purged"), "{title}");
        }
    }

    #[test]
    fn hints_follow_the_counts() {
        let plan = Plan::parse(["/a", "/b"]).expect("a plan");
        let mut run = Report::planned(&plan);
        let written = |run: &Report| {
            let mut out = Vec::new();
            report(&mut out, "", run).expect("a buffer takes everything");
            String::from_utf8(out).expect("text")
        };
        assert!(!written(&run).contains("nothing was cached"), "{}", written(&run));
        run.dry_run = false;
        run.summary.not_cached = run.summary.paths;
        let hint = "\n\nnothing was cached under these paths; check the prefix and the resource\n";
        assert!(written(&run).contains(hint), "{}", written(&run));
        (run.operations[0].possible_duplicate, run.operations[0].attempts) = (true, 2);
        let twice = "\n\n1 request was sent twice and may have been applied twice\n";
        assert!(written(&run).contains(twice), "{}", written(&run));
        run.operations[0].attempts = 3;
        let more = "1 request was sent 3 times and may have been applied more than once";
        assert!(written(&run).contains(more), "{}", written(&run));
    }

    #[test]
    fn plan_says_that_nothing_was_sent() {
        let plan = Plan::parse(["/a|b", "/images/*", "/images/x"]).expect("a plan");
        let mut out = Vec::new();
        report(&mut out, "", &Report::planned(&plan)).expect("a buffer takes everything");
        insta::assert_snapshot!(String::from_utf8_lossy(&out));
    }
}
