use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::run::measured;
use super::{Bench, Figure};
use crate::Error;
use crate::workspace::{SPEC, Tree};

/// Pinned, because each version generates a different client.
const GENERATOR: &str = "openapi-generator-cli==7.26.0";
const CLIENT: &str = "target/bench/generated-client";
const PROGRAM: &str = "target/bench/dependent";
const COLD: &str = "target/bench/cold";
/// Settings of this workspace that make builds faster.
const SETTINGS: [&str; 2] =
    [r#"profile.dev.debug="line-tables-only""#, r#"profile.dev.package."*".debug=false"#];
const WORK: &str = "`CARGO_INCREMENTAL=0 cargo build` of a program that depends on `purge-api-ext`, into an empty folder";
const AGAINST: &str = "the client that `openapi-generator-cli` 7.26.0 generates from the same description, with rustls";
const ALIKE: &str = "the same, both with less debug information";

/// A guard against getting slower, not a promise: see "Where building spends its time" in `docs/benchmarks.md`.
const AT_MOST: f64 = 1.1;

const OURS: Package = Package { folder: PROGRAM, options: &[] };
const THEIRS: Package =
    Package { folder: CLIENT, options: &["--no-default-features", "--features", "rustls"] };

/// What is built, and how.
struct Package {
    folder: &'static str,
    options: &'static [&'static str],
}

pub(super) fn compare(bench: &Bench<'_>) -> Result<Vec<Figure>, Error> {
    generate(bench)?;
    write_program(bench.tree)?;
    let crates = [OURS.crates(bench)?, THEIRS.crates(bench)?];
    let build = |package: &Package, settings: &[&str]| {
        let cold = bench.tree.path(COLD);
        if cold.exists() {
            fs::remove_dir_all(&cold)
                .map_err(|e| Error::new(format!("cannot remove {}: {e}", cold.display())))?;
        }
        let mut command = package.cargo(bench, "build");
        command.args(["--offline", "--quiet", "--target-dir"]).arg(&cold);
        command.args(settings.iter().flat_map(|setting| ["--config", setting]));
        // Neither dependencies nor CI builds are built incrementally.
        command.env("CARGO_INCREMENTAL", "0");
        measured(command)
    };
    // Nothing is warm in an empty folder, so no warm-up pair is needed.
    let pair = |settings: &[&str]| -> Result<f64, Error> {
        let (ours, theirs) = (build(&OURS, settings)?, build(&THEIRS, settings)?);
        Ok(ours.cpu.as_secs_f64() / theirs.cpu.as_secs_f64())
    };
    let turn = |_| Ok([pair(&[])?, pair(&SETTINGS)?]);
    let ratios = (0..bench.runs).map(turn).collect::<Result<Vec<[f64; 2]>, Error>>()?;
    let figure =
        |against, figure, at_most, ratios| Figure { work: WORK, against, figure, at_most, ratios };
    let of = |place: usize| ratios.iter().map(|ratios| ratios[place]).collect();
    Ok(vec![
        figure(AGAINST, "processor time", Some(AT_MOST), of(0)),
        figure(ALIKE, "processor time, same settings", None, of(1)),
        figure(AGAINST, "packages", None, vec![crates[0] as f64 / crates[1] as f64]),
    ])
}

impl Package {
    fn cargo(&self, bench: &Bench<'_>, verb: &str) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(bench.tree.path(self.folder)).arg(verb).args(self.options);
        command
    }

    /// How many packages go into its build.
    fn crates(&self, bench: &Bench<'_>) -> Result<usize, Error> {
        let mut command = self.cargo(bench, "tree");
        command.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
        let output = measured(command)?.output;
        let packages = output.lines().map(|line| line.trim_end_matches(" (*)"));
        let packages = packages.filter(|package| !package.starts_with("dependent v"));
        Ok(packages.collect::<HashSet<_>>().len())
    }
}

/// A program in its own workspace, with the default settings of cargo. Those here optimise the crates that review
/// descriptions; a program does not build these.
fn write_program(tree: &Tree) -> Result<(), Error> {
    let manifest = "[package]\nname = \"dependent\"\nedition = \"2024\"\n\n[dependencies]\n\
                    purge-api-ext = { path = \"../../../purge-api-ext\" }\n\n[workspace]\n";
    tree.write(&format!("{PROGRAM}/Cargo.toml"), manifest)?;
    tree.write(&format!("{PROGRAM}/src/main.rs"), "fn main() {}\n")?;
    tree.write(&format!("{PROGRAM}/Cargo.lock"), &tree.read("Cargo.lock")?)
}

/// Generates the other client as the documentation of its generator says.
fn generate(bench: &Bench<'_>) -> Result<(), Error> {
    let (tree, folder) = (bench.tree, bench.tree.path("target/bench/generator"));
    let run = |program: &Path, args: &[&str]| {
        let mut command = Command::new(program);
        command.current_dir(tree.path(".")).args(args);
        measured(command).map(drop)
    };
    let bin = folder.join("bin");
    if !bin.join("openapi-generator-cli").is_file() {
        run(Path::new("python3"), &["-m", "venv", "target/bench/generator"])?;
        run(&bin.join("pip"), &["install", "--quiet", GENERATOR])?;
    }
    let generate = ["generate", "--generator-name", "rust", "--input-spec", SPEC];
    run(&bin.join("openapi-generator-cli"), &[&generate[..], &["--output", CLIENT]].concat())?;
    // It is not part of this workspace, but uses the same dependency versions.
    let manifest = format!("{CLIENT}/Cargo.toml");
    tree.write(&manifest, &(tree.read(&manifest)? + "\n[workspace]\n"))?;
    tree.write(&format!("{CLIENT}/Cargo.lock"), &tree.read("Cargo.lock")?)?;
    run(Path::new("cargo"), &["fetch", "--manifest-path", &manifest])
}
