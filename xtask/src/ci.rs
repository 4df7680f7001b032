//! `cargo xtask ci`: the invariants of ARCHITECTURE.md that a program can check, one line each.
//!
//! Formatting, lints, documentation and tests are Cargo's own commands, and are run beside this one.

use std::io::Write;

use serde_json::Value;

use crate::tree::{SPEC, Tree};
use crate::{Error, regen, spec_diff};

mod api;
mod purity;
mod sandbox;
mod source;

/// The exit code when an invariant does not hold.
const BROKEN: u8 = 1;

enum Outcome {
    Holds,
    /// What is missing to check it.
    Skipped(String),
    Broken(String),
}

type Check = fn(&Tree) -> Result<Outcome, Error>;

const CHECKS: &[(&str, Check)] = &[
    ("derived files are what the description makes them", derived_files),
    ("the public API of purge-api-ext shows no type of the layers below", public_api),
    ("path, plan and retry do no I/O and read no clock", pure_modules),
    ("purge-sandbox shares no code with the client", independent_sandbox),
    ("the description breaks no caller without a new major version", description),
];

pub(crate) fn run(tree: &Tree, out: &mut dyn Write) -> Result<u8, Error> {
    let mut code = 0;
    for (claim, check) in CHECKS {
        match check(tree)? {
            Outcome::Holds => writeln!(out, "ok      {claim}")?,
            Outcome::Skipped(why) => writeln!(out, "skipped {claim}: {why}")?,
            Outcome::Broken(how) => {
                code = BROKEN;
                writeln!(out, "broken  {claim}")?;
                for line in how.trim_end().lines() {
                    writeln!(out, "          {line}")?;
                }
            }
        }
    }
    Ok(code)
}

fn derived_files(tree: &Tree) -> Result<Outcome, Error> {
    let mut said = Vec::new();
    let code = regen::run(tree, &regen::Options::check(), &mut said)?;
    Ok(unless(code == 0, said))
}

fn public_api(tree: &Tree) -> Result<Outcome, Error> {
    let Some(sources) = source::folder(tree, source::CLIENT, "")? else { return Ok(no_client()) };
    judge(api::leaks(&sources)?)
}

fn pure_modules(tree: &Tree) -> Result<Outcome, Error> {
    let mut impure = Vec::new();
    for module in ["path", "plan", "retry"] {
        let Some(sources) = source::folder(tree, source::CLIENT, module)? else {
            return Ok(no_client());
        };
        impure.extend(purity::impurities(&sources)?);
    }
    judge(impure)
}

fn independent_sandbox(tree: &Tree) -> Result<Outcome, Error> {
    let metadata: Value =
        serde_json::from_str(&tree.cargo(&["metadata", "--no-deps", "--format-version=1"])?)
            .map_err(|e| {
                Error::new(format!("`cargo metadata` printed something that is not JSON: {e}"))
            })?;
    match sandbox::client_dependencies(&metadata) {
        Some(found) => judge(found),
        None => Ok(Outcome::Skipped("there is no purge-sandbox".to_owned())),
    }
}

fn description(tree: &Tree) -> Result<Outcome, Error> {
    let Some(base) = spec_diff::default_base(tree) else {
        return Ok(Outcome::Skipped("neither origin/main nor main is here".to_owned()));
    };
    if !spec_diff::is_at_merge_base(tree, &base)? {
        return Ok(Outcome::Skipped(format!("{base} has no {SPEC} yet")));
    }
    let mut said = Vec::new();
    let code = spec_diff::run(tree, &spec_diff::Options::base(base), &mut said)?;
    Ok(unless(code == 0, said))
}

fn no_client() -> Outcome {
    Outcome::Skipped(format!("there is no {}", source::CLIENT))
}

fn judge(found: Vec<String>) -> Result<Outcome, Error> {
    Ok(if found.is_empty() { Outcome::Holds } else { Outcome::Broken(found.join("\n")) })
}

fn unless(holds: bool, said: Vec<u8>) -> Outcome {
    if holds {
        Outcome::Holds
    } else {
        Outcome::Broken(String::from_utf8_lossy(&said).into_owned())
    }
}
