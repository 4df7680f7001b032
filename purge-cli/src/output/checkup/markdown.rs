//! The report as Markdown, for a bug report.

use std::fmt::Write as _;

use purge_api_ext::Client;

use super::Checkup;
use super::hide::Hider;
use crate::doctor::{Finding, Outcome, Step};
use crate::output::markdown::text;

/// How a report begins.
pub(super) const TITLE: &str = "# cdn-purge doctor\n";

/// The whole report. Writing to a string cannot fail.
pub(super) fn report(checkup: &Checkup) -> String {
    let hider = Hider::new(checkup);
    let mut out = TITLE.to_owned();
    let _ = head(&mut out, checkup);
    let _ = settings(&mut out, checkup, &hider);
    let _ = steps(&mut out, checkup, &hider);
    let _ = facts(&mut out, checkup, &hider);
    out.push_str(
        "\nSecrets, names of hosts and files, paths and the rest of identifiers are left out. Read the report before you \
         publish it: messages of the service may contain more.\n",
    );
    out
}

fn head(out: &mut String, checkup: &Checkup) -> std::fmt::Result {
    let rows = [
        ("program", format!("cdn-purge {}", env!("CARGO_PKG_VERSION"))),
        ("description of the Purge API", Client::api_version().to_owned()),
        ("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("time", humantime::format_rfc3339_seconds(checkup.time).to_string()),
        ("exit code", (checkup.exit as u8).to_string()),
        ("facts", checkup.counts()),
    ];
    writeln!(out, "\n| | |\n|---|---|")?;
    rows.iter().try_for_each(|(name, value)| writeln!(out, "| {name} | {value} |"))
}

fn settings(out: &mut String, checkup: &Checkup, hider: &Hider) -> std::fmt::Result {
    if checkup.settings.is_empty() {
        return Ok(());
    }
    let set = checkup.settings.iter().filter(|setting| setting.is_set());
    writeln!(out, "\n## Settings\n\n| setting | value | from |\n|---|---|---|")?;
    for setting in set {
        let (value, source) = hider.setting(setting);
        writeln!(out, "| {} | {} | {} |", setting.name, cell(&value), cell(&source))?;
    }
    Ok(())
}

fn steps(out: &mut String, checkup: &Checkup, hider: &Hider) -> std::fmt::Result {
    writeln!(out, "\n## Steps\n\n| step | outcome | |\n|---|---|---|")?;
    for Step { name, ended, text, public } in &checkup.steps {
        let shown = cell(&hider.hide(public.as_ref().unwrap_or(text)));
        writeln!(out, "| {name} | {} | {shown} |", ended.word())?;
    }
    Ok(())
}

fn facts(out: &mut String, checkup: &Checkup, hider: &Hider) -> std::fmt::Result {
    writeln!(
        out,
        "\n## Facts\n\n| outcome | fact | grade | what it says | what was seen |\n|---|---|---|---|---|"
    )?;
    for outcome in [Outcome::Contradicted, Outcome::NotSeen, Outcome::Matched] {
        for Finding { fact, seen, .. } in checkup.with(outcome) {
            let (word, grade) = (outcome.word(), fact.grade.word());
            let (says, seen) = (cell(fact.text), cell(&hider.hide(seen)));
            writeln!(out, "| {word} | {} | {grade} | {says} | {seen} |", fact.name)?;
        }
    }
    Ok(())
}

/// A cell of a table: code stays code, and nothing else of it is Markdown.
fn cell(shown: &str) -> String {
    let parts = shown.split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => text(part),
        _ => format!("<code>{}</code>", text(part)),
    });
    parts.collect()
}
