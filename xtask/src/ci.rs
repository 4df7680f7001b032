//! `cargo xtask ci`: the invariants of ARCHITECTURE.md that a program can check, one line each.
//!
//! Formatting, lints, documentation and tests have cargo commands of their own, which are run separately.

use std::io::Write;

use crate::checklist::{self, Claim, Outcome};
use crate::workspace::{SPEC, Tree};
use crate::{Error, regen, release, spec_diff};

mod source;
mod modules;
mod layers;
mod map;
mod homes;
mod purity;
mod api;
mod dependencies;

const CHECKS: &[Claim] = &[
    ("derived files are up to date with the description", derived_files),
    ("the public API of purge-api-ext shows no type of the layers below", public_api),
    ("path, plan, retry and ledger do no I/O and read no clock", pure_modules),
    ("the decisions in purge-site do no I/O and read no clock", pure_site),
    ("the judgements in purge-verify do no I/O and read no clock", pure_verify),
    ("the files of a crate do not depend on each other in cycles", layered_files),
    ("no module uses one that is declared after it", ordered_modules),
    ("ARCHITECTURE.md lists the modules of purge-api-ext in that order", map),
    ("no module of purge-api-ext imports from the crate root", home_imports),
    ("purge-sandbox shares no code with the client", independent_sandbox),
    ("purge-verify does not depend on the client, which has the token", independent_verify),
    ("xtask can review a description that the client does not build with", independent_xtask),
    ("breaking changes to the description raise its major version", description),
    ("breaking changes to the public API of the crates are announced", libraries),
];

pub(crate) fn run(tree: &Tree, out: &mut dyn Write) -> Result<u8, Error> {
    checklist::run(tree, &[CHECKS, release::ALWAYS].concat(), out)
}

fn derived_files(tree: &Tree) -> Result<Outcome, Error> {
    let mut said = Vec::new();
    let code = regen::run(tree, &regen::Options::check(), &mut said)?;
    Ok(Outcome::unless(code == 0, &said))
}

fn public_api(tree: &Tree) -> Result<Outcome, Error> {
    let Some(sources) = source::folder(tree, source::CLIENT, "")? else { return Ok(no_client()) };
    Ok(Outcome::judge(api::leaks(&sources)?))
}

fn pure_modules(tree: &Tree) -> Result<Outcome, Error> {
    pure(tree, source::CLIENT, &["path", "plan", "retry", "ledger"])
}

fn pure_site(tree: &Tree) -> Result<Outcome, Error> {
    pure(tree, "purge-site/src", &["manifest", "difference", "spelling", "rules"])
}

fn pure_verify(tree: &Tree) -> Result<Outcome, Error> {
    pure(tree, "purge-verify/src", &["digest", "answer", "verdict", "judge"])
}

fn pure(tree: &Tree, root: &str, modules: &[&str]) -> Result<Outcome, Error> {
    let mut impure = Vec::new();
    for module in modules {
        let Some(sources) = source::folder(tree, root, module)? else {
            return Ok(Outcome::Skipped(format!("there is no {root}")));
        };
        impure.extend(purity::impurities(&sources)?);
    }
    Ok(Outcome::judge(impure))
}

fn layered_files(tree: &Tree) -> Result<Outcome, Error> {
    each_crate(tree, layers::cycles)
}

fn ordered_modules(tree: &Tree) -> Result<Outcome, Error> {
    each_crate(tree, layers::misplaced)
}

fn each_crate(
    tree: &Tree,
    check: fn(&str, &[source::Source]) -> Result<Vec<String>, Error>,
) -> Result<Outcome, Error> {
    let mut found = Vec::new();
    for root in layers::roots(&tree.metadata()?) {
        let Some(sources) = source::folder(tree, &root, "")? else { continue };
        found.extend(check(&root, &sources)?);
    }
    Ok(Outcome::judge(found))
}

fn map(tree: &Tree) -> Result<Outcome, Error> {
    let Some(sources) = source::folder(tree, source::CLIENT, "")? else { return Ok(no_client()) };
    let document = tree.read("ARCHITECTURE.md")?;
    Ok(Outcome::judge(map::differences(&document, source::CLIENT, &sources)?))
}

fn home_imports(tree: &Tree) -> Result<Outcome, Error> {
    let Some(sources) = source::folder(tree, source::CLIENT, "")? else { return Ok(no_client()) };
    Ok(Outcome::judge(homes::root_imports(source::CLIENT, &sources)?))
}

fn independent_sandbox(tree: &Tree) -> Result<Outcome, Error> {
    match dependencies::of_sandbox(&tree.metadata()?) {
        Some(found) => Ok(Outcome::judge(found)),
        None => Ok(Outcome::Skipped("there is no purge-sandbox".to_owned())),
    }
}

fn independent_verify(tree: &Tree) -> Result<Outcome, Error> {
    match dependencies::of_verify(&tree.metadata()?) {
        Some(found) => Ok(Outcome::judge(found)),
        None => Ok(Outcome::Skipped("there is no purge-verify".to_owned())),
    }
}

fn independent_xtask(tree: &Tree) -> Result<Outcome, Error> {
    match dependencies::of_xtask(&tree.metadata()?) {
        Some(found) => Ok(Outcome::judge(found)),
        None => Ok(Outcome::Skipped("there is no xtask".to_owned())),
    }
}

fn description(tree: &Tree) -> Result<Outcome, Error> {
    let Some(base) = spec_diff::default_base(tree) else {
        return Ok(Outcome::Skipped("there is neither origin/main nor main".to_owned()));
    };
    if !spec_diff::is_at_merge_base(tree, &base)? {
        return Ok(Outcome::Skipped(format!("{base} has no {SPEC} yet")));
    }
    let mut said = Vec::new();
    let code = spec_diff::run(tree, &spec_diff::Options::base(base), &mut said)?;
    Ok(Outcome::unless(code == 0, &said))
}

fn libraries(tree: &Tree) -> Result<Outcome, Error> {
    let Some(base) = spec_diff::default_base(tree) else {
        return Ok(Outcome::Skipped("there is neither origin/main nor main".to_owned()));
    };
    let commit = spec_diff::merge_base(tree, &base)?;
    release::judge_libraries(tree, &commit)
}

fn no_client() -> Outcome {
    Outcome::Skipped(format!("there is no {}", source::CLIENT))
}
