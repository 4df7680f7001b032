//! `cargo xtask bench`: compares the cost of the tools with what a user would use instead.
//!
//! A comparison runs two commands alternately, A B A B, so that a machine whose speed drifts slows both.
//! The median of the ratios counts. Each comparison checks that both did the work.

use std::io::Write;

use crate::Error;
use crate::workspace::Tree;

// How things are measured.
mod run;
mod server;
mod size;
mod plan;
mod inputs;
mod plot;
mod table;

// What is measured.
mod planning;
mod wildcards;
mod coalescing;
mod comparing;
mod submitting;
mod listing;
mod verifying;
mod waiting;
mod one_call;
mod building;
mod growth;
mod instructions;

/// The exit code when a figure is over its bound.
const OVER: u8 = 1;

/// The comparisons, each with the programs that it needs. Each has its own file: it prepares the inputs, runs the
/// pairs, checks the results, and returns the figures.
const COMPARISONS: &[(&str, &[&str], Comparison)] = &[
    ("planning", &["sort"], planning::compare),
    ("wildcards", &[], wildcards::compare),
    ("growth", &[], growth::compare),
    ("coalescing", &[], coalescing::compare),
    ("comparing", &["rsync", "sha256sum"], comparing::compare),
    ("submitting", &["curl"], submitting::compare),
    ("one-call", &["curl"], one_call::compare),
    ("waiting", &[], waiting::compare),
    ("listing", &[], listing::compare),
    ("verifying", &["curl", "sha256sum"], verifying::compare),
    ("building", &["java", "python3"], building::compare),
    ("size", &[], size::compare),
];

type Comparison = fn(&Bench<'_>) -> Result<Vec<Figure>, Error>;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The comparisons to run [default: all]
    #[arg(value_name = "NAME", value_parser = names())]
    names: Vec<String>,
    /// The number of pairs of runs for each comparison
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Count instructions instead, which do not depend on the load of the machine, and exit with 1 if there are 10 %
    /// more than the committed number
    #[arg(long, conflicts_with_all = ["names", "runs"])]
    instructions: bool,
    /// Write the current counts to the committed file
    #[arg(long, requires = "instructions")]
    update: bool,
}

fn names() -> clap::builder::PossibleValuesParser {
    COMPARISONS.iter().map(|(name, ..)| *name).collect::<Vec<_>>().into()
}

/// What every comparison needs.
struct Bench<'a> {
    tree: &'a Tree,
    runs: u32,
}

/// One measured ratio of ours to theirs: less is better.
struct Figure {
    /// The work that is measured.
    work: &'static str,
    against: &'static str,
    /// What was measured, such as `wall time`.
    figure: &'static str,
    /// `None` for a figure that is only informative.
    at_most: Option<f64>,
    /// One ratio for each pair of runs.
    ratios: Vec<f64>,
}

pub(crate) fn run(tree: &Tree, options: &Options, out: &mut dyn Write) -> Result<u8, Error> {
    if options.instructions {
        return instructions::run(tree, options.update, out);
    }
    tree.cargo(&["build", "--release", "--package", "purge-cli", "--locked"])?;
    let bench = Bench { tree, runs: options.runs };
    let mut code = 0;
    for (name, needs, compare) in COMPARISONS {
        if !options.names.is_empty() && !options.names.iter().any(|chosen| chosen == name) {
            continue;
        }
        writeln!(out, "{name}")?;
        out.flush()?;
        if let Some(missing) = needs.iter().find(|program| !run::is_there(program)) {
            writeln!(out, "  skipped: `{missing}` is not installed")?;
            continue;
        }
        let figures = compare(&bench)?;
        for figure in &figures {
            let holds = figure.at_most.is_none_or(|at_most| figure.median() <= at_most);
            let verdict = if holds { "ok  " } else { "over" };
            writeln!(out, "  {verdict} {}: {}", figure.figure, figure.measured())?;
            if !holds {
                code = OVER;
            }
        }
        table::replace(tree, name, &figures)?;
    }
    Ok(code)
}

impl Figure {
    fn median(&self) -> f64 {
        run::median(&self.ratios)
    }

    /// The median, the minimum and the maximum, and the bound.
    fn measured(&self) -> String {
        let (least, most) = self
            .ratios
            .iter()
            .fold((f64::MAX, 0.0_f64), |(least, most), &ratio| (least.min(ratio), most.max(ratio)));
        let bound = self.at_most.map(|at_most| format!(", at most {at_most}")).unwrap_or_default();
        format!("{:.3} ({least:.3} to {most:.3}){bound}", self.median())
    }
}
