//! What was found at the edges.

use std::collections::BTreeSet;
use std::io;

use anstyle::{AnsiColor, Style};
use purge_api_ext::{Report, escape};
use purge_verify::{Checked, Verdict};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::screen::pad;
use super::{Format, Out, Screen, json, plural};
use crate::advice::Next;
use crate::exit::{Exit, Failure};

/// The maximum number of paths of a verdict that are listed.
const LISTED: usize = 20;
/// The width of the longest verdict.
const WIDTH: usize = 12;

/// What was found at the edges after a purge.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Verified {
    /// The counts.
    pub(crate) summary: Counts,
    /// The wildcards for which only a sample of the paths was verified.
    pub(crate) samples: Vec<Sample>,
    /// What was found at each path.
    pub(crate) paths: Vec<Checked>,
    /// The report of purging the stale paths once more; left out if that was not requested, or not necessary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<Report>,
    /// The paths that are still stale, to be purged again.
    pub(crate) stale: Vec<String>,
}

/// The number of paths for each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Counts {
    /// All of them.
    paths: usize,
    /// Paths that have the new file, or were fetched from the origin after the purge.
    fresh: usize,
    /// Paths that certainly have the old file, or a copy from before the purge.
    stale: usize,
    /// Paths that have neither the old file nor the new one.
    differs: usize,
    /// Paths whose state nothing shows.
    unverifiable: usize,
}

/// A wildcard for which only a sample of the paths was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Sample {
    /// The wildcard.
    pub(crate) pattern: String,
    /// How many paths were verified.
    pub(crate) paths: usize,
    /// How many paths it matches.
    pub(crate) of: usize,
    /// The seed of the sample, for `--seed`.
    pub(crate) seed: u32,
}

/// The result of `verify`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Verification"))]
pub(super) struct Object<'a> {
    /// The version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    schema: u32,
    /// What was found at the edges.
    verification: &'a Verified,
}

/// The report of a run, and what was found at the edges after it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Report"))]
pub(super) struct WithVerification<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// What was found at the edges; left out without `--verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<&'a Verified>,
}

impl<'a> WithVerification<'a> {
    pub(super) fn new(report: &'a Report, verification: Option<&'a Verified>) -> Self {
        Self { report, verification }
    }
}

impl Verified {
    pub(crate) fn new(paths: Vec<Checked>, samples: Vec<Sample>) -> Self {
        let count = |verdict| paths.iter().filter(|checked| checked.verdict == verdict).count();
        let summary = Counts {
            paths: paths.len(),
            fresh: count(Verdict::Fresh),
            stale: count(Verdict::Stale),
            differs: count(Verdict::Differs),
            unverifiable: count(Verdict::Unverifiable),
        };
        let stale = paths.iter().filter(|checked| checked.verdict == Verdict::Stale);
        let stale = stale.map(|checked| checked.path.clone()).collect();
        Self { summary, samples, paths, again: None, stale }
    }

    /// The counts, as a headline.
    pub(super) fn title(&self) -> String {
        let paths = self.summary.paths;
        format!("{paths} path{}: {}", plural(paths), self.summary.words(Screen::NONE))
    }

    /// A note about variants that were not verified; none if there are none.
    pub(super) fn variants(&self) -> Option<String> {
        let varies =
            |checked: &&Checked| checked.looks.iter().any(|look| !look.varies_by.is_empty());
        let paths = self.paths.iter().filter(varies).count();
        let looks = self.paths.iter().flat_map(|checked| &checked.looks);
        let headers: BTreeSet<_> = looks.flat_map(|look| &look.varies_by).collect();
        let headers: Vec<_> = headers.into_iter().map(|name| escape(name)).collect();
        (paths > 0).then(|| {
            let vary = if paths == 1 { "path varies" } else { "paths vary" };
            format!("{paths} {vary} by {}: only one variant was verified", headers.join(", "))
        })
    }

    /// Whether something is stale or differs.
    pub(crate) fn is_failure(&self) -> bool {
        self.summary.stale + self.summary.differs > 0
    }

    pub(crate) fn exit(&self) -> Exit {
        match self.summary {
            _ if self.is_failure() => Exit::Failed,
            Counts { unverifiable: 0, .. } => Exit::Success,
            _ => Exit::Untrusted,
        }
    }

    /// Why the exit code is not 0, and what to do next; none if all paths are fresh.
    pub(crate) fn failure(&self, next: &Next) -> Option<Failure> {
        let exit = self.exit();
        let Counts { paths, stale, differs, unverifiable, .. } = self.summary;
        let of = |count: usize, word| (count > 0).then(|| format!("{count} {word}"));
        let counts =
            [of(stale, "stale"), of(differs, "different"), of(unverifiable, "unverifiable")];
        let counts: Vec<_> = counts.into_iter().flatten().collect();
        let s = plural(paths);
        let said = format!("{paths} path{s} at the edge: {}", counts.join(", "));
        let advice = match next.create(&self.stale) {
            _ if self.stale.is_empty() => String::new(),
            Some(command) => format!("; to purge again: {command}"),
            None => "; the stale paths are listed above, to be purged again".to_owned(),
        };
        (exit != Exit::Success).then(|| Failure::new(exit, format!("{said}{advice}")))
    }
}

impl Counts {
    fn words(&self, screen: Screen) -> String {
        let counts = [
            (self.fresh, Verdict::Fresh),
            (self.stale, Verdict::Stale),
            (self.differs, Verdict::Differs),
            (self.unverifiable, Verdict::Unverifiable),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, verdict)| {
            let style = style(screen, *verdict);
            format!("{style}{count} {verdict}{style:#}")
        });
        counts.collect::<Vec<_>>().join(", ")
    }
}

/// Writes the result of `verify`. If the format streams paths, they are already written.
pub(crate) fn verification(
    out: Out<'_>,
    screen: Screen,
    format: Format,
    verified: &Verified,
) -> io::Result<()> {
    let written = match format {
        Format::Text => text(out, screen, verified),
        Format::Json => json::line(out, &Object { schema: 1, verification: verified }),
        Format::Ndjson => Ok(()),
    };
    written.and_then(|()| out.flush())
}

/// Writes what was found at one path, if the format streams paths.
pub(crate) fn checked(out: Out<'_>, format: Format, checked: &Checked) -> io::Result<()> {
    if format == Format::Ndjson {
        json::line(out, checked)?;
        out.flush()?;
    }
    Ok(())
}

/// What was found at the edges, for people: the paths that are not fresh first, and those to purge again last.
pub(super) fn text(out: Out<'_>, screen: Screen, verified: &Verified) -> io::Result<()> {
    let of = |verdict| verified.paths.iter().filter(move |checked| checked.verdict == verdict);
    for verdict in Verdict::ALL.into_iter().rev() {
        let count = of(verdict).count();
        if verdict == Verdict::Fresh && count > LISTED {
            writeln!(out, "  {count} paths are fresh")?;
            continue;
        }
        of(verdict).take(LISTED).try_for_each(|checked| line(out, screen, checked))?;
        if count > LISTED {
            writeln!(out, "  and {} more {verdict}", count - LISTED)?;
        }
    }
    let paths = verified.summary.paths;
    writeln!(out, "{paths} path{} at the edge: {}", plural(paths), verified.summary.words(screen))?;
    for Sample { pattern, paths, of, seed } in &verified.samples {
        let pattern = escape(pattern);
        writeln!(out, "  {pattern}: a sample of {paths} of its {of} paths (--seed {seed})")?;
    }
    if let Some(note) = verified.variants() {
        writeln!(out, "  {note}")?;
    }
    if let Some(again) = &verified.again {
        writeln!(out, "  purged the stale paths again: {again}")?;
        let mut ids = again.operations.iter().filter_map(|operation| operation.op_id.as_ref());
        ids.try_for_each(|id| writeln!(out, "  operation {id}"))?;
    }
    if !verified.stale.is_empty() {
        writeln!(out, "still stale, to be purged again:")?;
    }
    verified.stale.iter().try_for_each(|path| writeln!(out, "{}", escape(path)))
}

fn line(out: Out<'_>, screen: Screen, checked: &Checked) -> io::Result<()> {
    let style = style(screen, checked.verdict);
    let verdict = pad(checked.verdict.name(), WIDTH);
    let path = screen.fit(&escape(&checked.path), WIDTH + 3);
    write!(out, "  {style}{verdict}{style:#} {path}")?;
    if checked.verdict != Verdict::Fresh {
        let message = escape(&said(checked));
        let used = WIDTH + 3 + path.width() + message.width() + 4;
        match screen.width {
            Some(width) if used > width => write!(out, "\n    {message}")?,
            _ => write!(out, "  ({message})")?,
        }
    }
    writeln!(out)
}

/// The reason, and the copy that it applies to.
pub(super) fn said(checked: &Checked) -> String {
    let Some(look) = checked.worst() else { return checked.message.clone() };
    let age = look.age.map(|age| format!(", Age {age} s")).unwrap_or_default();
    let (message, edge, coding) = (&checked.message, &look.edge, look.coding);
    match checked.looks.len() {
        1 => format!("{message}{age}"),
        _ => format!("{message}; {edge}, {coding}{age}"),
    }
}

fn style(screen: Screen, verdict: Verdict) -> Style {
    screen.style(match verdict {
        Verdict::Fresh => AnsiColor::Green.on_default(),
        Verdict::Unverifiable => AnsiColor::Yellow.on_default(),
        Verdict::Differs => AnsiColor::Red.on_default(),
        Verdict::Stale => AnsiColor::Red.on_default().bold(),
    })
}
