//! What `doctor` has found.

mod hide;
mod markdown;
mod file;

use std::io;
use std::time::SystemTime;

use anstyle::{AnsiColor, Style};
use purge_api_ext::{Client, PurgePath};
use serde::Serialize;

pub(crate) use self::file::ReportFile;
use super::screen::pad;
use super::settings::{Setting, line_of};
use super::{Console, Format, Out, Screen, json};
use crate::doctor::{Ended, Finding, Outcome, Step};
use crate::exit::{Exit, Failure};

/// The columns of the word for an outcome.
const WORD: usize = 12;
/// The columns of a line of names.
const NAMES: usize = 84;

/// Everything that was found, and what is hidden from others.
pub(crate) struct Checkup {
    /// When it began.
    time: SystemTime,
    pub(crate) settings: Vec<Setting>,
    pub(crate) steps: Vec<Step>,
    pub(crate) findings: Vec<Finding>,
    /// Whether there was any response that a finding could be based on.
    pub(crate) has_responses: bool,
    pub(crate) exit: Exit,
    /// Empty if the settings cannot be used.
    pub(crate) base_url: String,
    /// Whether it is the server that the descriptions name.
    pub(crate) is_described_server: bool,
    /// The address of the proxy.
    pub(crate) proxy: Option<String>,
    /// The path that was to be purged.
    path: Option<String>,
}

impl Checkup {
    pub(crate) fn new(path: Option<&PurgePath>) -> Self {
        Self {
            time: SystemTime::now(),
            settings: Vec::new(),
            steps: Vec::new(),
            findings: Vec::new(),
            has_responses: false,
            exit: Exit::Success,
            base_url: String::new(),
            is_described_server: false,
            proxy: None,
            path: path.map(|path| path.as_str().to_owned()),
        }
    }

    /// The findings with this outcome.
    fn with(&self, outcome: Outcome) -> impl Iterator<Item = &Finding> + Clone {
        self.findings.iter().filter(move |finding| finding.outcome == outcome)
    }

    /// The columns of the longest name.
    fn width(&self) -> usize {
        self.findings.iter().map(|finding| finding.fact.name.len()).max().unwrap_or(0)
    }

    /// What is wrong, in one line.
    fn summary(&self) -> String {
        let failed = self.steps.iter().filter(|step| matches!(step.ended, Ended::Failed(_)));
        let failed: Vec<_> = failed.map(|step| format!("`{}`", step.name)).collect();
        let steps = match failed.as_slice() {
            [] => None,
            [one] => Some(format!("the step {one} failed")),
            [first @ .., last] => Some(format!("the steps {} and {last} failed", first.join(", "))),
        };
        let facts = match self.with(Outcome::Contradicted).count() {
            0 => None,
            1 => Some("1 fact is contradicted".to_owned()),
            several => Some(format!("{several} facts are contradicted")),
        };
        let interrupted = matches!(self.exit, Exit::Interrupted | Exit::Terminated);
        let interrupted = interrupted.then(|| "the check was interrupted".to_owned());
        let wrong: Vec<_> = interrupted.into_iter().chain(steps).chain(facts).collect();
        if wrong.is_empty() { "all is well".to_owned() } else { wrong.join("; ") }
    }

    /// How many facts have each outcome.
    fn counts(&self) -> String {
        let count = |outcome: Outcome| format!("{} {}", self.with(outcome).count(), outcome.word());
        [Outcome::Matched, Outcome::Contradicted, Outcome::NotSeen].map(count).join(", ")
    }
}

/// What was found about the settings, the connection, the account and the service.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "Doctor"))]
pub(super) struct Object<'a> {
    /// The version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    schema: u32,
    /// The version of the program.
    version: &'static str,
    /// The version of the description of the Purge API.
    api_version: &'static str,
    /// When the check began: RFC 3339, in UTC.
    time: String,
    /// The settings in effect; none if they cannot be used.
    settings: &'a [Setting],
    /// The steps of the check.
    steps: Vec<StepObject<'a>>,
    /// All facts that are checked.
    facts: Vec<FactObject<'a>>,
    /// The exit code of the process.
    exit_code: u8,
}

/// A step.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Step"))]
struct StepObject<'a> {
    /// `settings`, `name`, `proxy`, `connection`, `sign-in`, `resource`, `clock` or `purge`.
    step: &'static str,
    /// `ok`, `failed`, or `not_checked`.
    outcome: String,
    /// What it has shown, or why it failed or was not checked.
    message: &'a str,
}

/// A fact about the service.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Fact"))]
struct FactObject<'a> {
    /// Its name.
    fact: &'static str,
    /// What it says.
    text: &'static str,
    /// Where it comes from: `reference`, `published`, `observed`, `legacy`, or `unknown` if nothing says so and this
    /// program relies on it.
    grade: &'static str,
    /// Where it has its grade in the descriptions: a file, a JSON pointer and, if only a part of the object is graded,
    /// that part; null if it is not graded there.
    place: Option<&'static str>,
    /// `matched`, `contradicted`, or `not_seen`.
    outcome: String,
    /// What was seen; for a fact that was not seen, why not.
    seen: &'a str,
}

impl<'a> Object<'a> {
    fn new(checkup: &'a Checkup) -> Self {
        Self {
            schema: 1,
            version: env!("CARGO_PKG_VERSION"),
            api_version: Client::api_version(),
            time: humantime::format_rfc3339_seconds(checkup.time).to_string(),
            settings: &checkup.settings,
            steps: checkup.steps.iter().map(StepObject::new).collect(),
            facts: checkup.findings.iter().map(FactObject::new).collect(),
            exit_code: checkup.exit as u8,
        }
    }
}

impl<'a> StepObject<'a> {
    fn new(step: &'a Step) -> Self {
        Self { step: step.name, outcome: code(step.ended.word()), message: &step.text }
    }
}

impl<'a> FactObject<'a> {
    fn new(Finding { fact, outcome, seen }: &'a Finding) -> Self {
        let (text, place) = (fact.text, fact.place);
        let (grade, outcome) = (fact.grade.word(), code(outcome.word()));
        Self { fact: fact.name, text, grade, place, outcome, seen }
    }
}

/// A word in JSON.
fn code(word: &str) -> String {
    word.replace(' ', "_")
}

/// Writes what was found.
pub(crate) fn checkup(
    console: &mut Console<'_>,
    format: Format,
    checkup: &Checkup,
) -> Result<(), Failure> {
    let out = &mut *console.out;
    let written = match format {
        Format::Text => text(out, console.screen, checkup),
        Format::Json => json::line(out, &Object::new(checkup)),
        Format::Ndjson => {
            let Object { steps, facts, .. } = Object::new(checkup);
            let steps = steps.iter().try_for_each(|step| json::line(out, step));
            steps.and_then(|()| facts.iter().try_for_each(|fact| json::line(out, fact)))
        }
    };
    Ok(written.and_then(|()| out.flush()).or_else(super::closed_pipe)?)
}

fn text(out: Out<'_>, screen: Screen, checkup: &Checkup) -> io::Result<()> {
    let mut set = checkup.settings.iter().filter(|setting| setting.is_set()).peekable();
    if set.peek().is_some() {
        writeln!(out, "Settings")?;
        set.try_for_each(|setting| writeln!(out, "  {}", line_of(setting)))?;
        writeln!(out)?;
    }
    writeln!(out, "Steps")?;
    for Step { name, ended, text, .. } in &checkup.steps {
        let style = screen.style(match ended {
            Ended::Well => AnsiColor::Green.on_default(),
            Ended::Failed(_) => AnsiColor::Red.on_default().bold(),
            Ended::NotChecked => Style::new(),
        });
        let (word, name) = (pad(ended.word(), WORD), pad(name, 10));
        writeln!(out, "  {style}{word}{style:#}  {name}  {text}")?;
    }
    if !checkup.has_responses {
        writeln!(out, "\nFacts: none was seen, since there was no response")?;
        return writeln!(out, "\n{}", checkup.summary());
    }
    writeln!(out, "\nFacts: {}", checkup.counts())?;
    matched(out, screen, checkup)?;
    not_seen(out, checkup)?;
    contradicted(out, screen, checkup)?;
    writeln!(out, "\n{}", checkup.summary())
}

/// Each fact, and what was seen of it.
fn matched(out: Out<'_>, screen: Screen, checkup: &Checkup) -> io::Result<()> {
    let style = screen.style(AnsiColor::Green.on_default());
    let word = pad(Outcome::Matched.word(), WORD);
    for Finding { fact, seen, .. } in checkup.with(Outcome::Matched) {
        let name = pad(fact.name, checkup.width());
        writeln!(out, "  {style}{word}{style:#}  {name}  {seen}")?;
    }
    Ok(())
}

/// What was missing, and below it the facts that it would have shown.
fn not_seen(out: Out<'_>, checkup: &Checkup) -> io::Result<()> {
    let word = pad(Outcome::NotSeen.word(), WORD);
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for Finding { fact, seen, .. } in checkup.with(Outcome::NotSeen) {
        match reasons.iter_mut().find(|(reason, _)| *reason == seen) {
            Some((_, names)) => names.push(fact.name),
            None => reasons.push((seen, vec![fact.name])),
        }
    }
    for (reason, names) in reasons {
        writeln!(out, "  {word}  {reason}:")?;
        let mut line = String::new();
        for (at, name) in names.iter().enumerate() {
            let comma = if at + 1 < names.len() { "," } else { "" };
            if !line.is_empty() && line.len() + name.len() > NAMES {
                writeln!(out, "  {:WORD$}   {line}", "")?;
                line.clear();
            }
            line.push_str(&format!(" {name}{comma}"));
        }
        writeln!(out, "  {:WORD$}   {line}", "")?;
    }
    Ok(())
}

/// Each fact: what was seen in its place, and what it says.
fn contradicted(out: Out<'_>, screen: Screen, checkup: &Checkup) -> io::Result<()> {
    let style = screen.style(AnsiColor::Red.on_default().bold());
    let word = pad(Outcome::Contradicted.word(), WORD);
    for Finding { fact, seen, .. } in checkup.with(Outcome::Contradicted) {
        let (name, width) = (pad(fact.name, checkup.width()), checkup.width());
        writeln!(out, "  {style}{word}{style:#}  {name}  {seen}")?;
        writeln!(out, "  {:WORD$}  {:width$}  ({}: {})", "", "", fact.grade.word(), fact.text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
