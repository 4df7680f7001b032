//! Counts the instructions of the tools, which, unlike times, hardly vary between runs and machines.
//!
//! Counts use the development profile, optimized only where it matters, so that the artifacts of the test
//! build are reused. The instructions of process startup are counted separately and subtracted.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::server::Server;
use super::{OVER, inputs};
use crate::Error;
use crate::workspace::Tree;

/// The committed counts.
const COMMITTED: &str = "xtask/src/bench/instructions.json";
/// The relative growth over the committed count that is tolerated.
const TOLERANCE: f64 = 0.10;

/// The packages that are optimized for counting: only those that few others depend on, because their dependents are
/// rebuilt.
const OPTIMIZED: [&str; 3] = ["foldhash", "purge-api-ext", "purge-cli"];

type Count = fn(&Tree) -> Result<u64, Error>;

const COUNTS: &[(&str, Count)] =
    &[("plan 20,000 paths", plan), ("submit 100 requests of 100 paths", submit)];

pub(super) fn run(tree: &Tree, update: bool, out: &mut dyn Write) -> Result<u8, Error> {
    build(tree)?;
    let committed = tree.read_if_there(COMMITTED)?.unwrap_or_else(|| "{}".to_owned());
    let committed: BTreeMap<String, u64> = serde_json::from_str(&committed)
        .map_err(|e| Error::new(format!("{COMMITTED} is not a valid list of counts: {e}")))?;
    let mut counted = BTreeMap::new();
    let mut code = 0;
    for (name, count) in COUNTS {
        let now = count(tree)?;
        counted.insert((*name).to_owned(), now);
        match committed.get(*name) {
            None => writeln!(out, "new     {name}: {now} instructions")?,
            Some(&then) => {
                let more = now as f64 / then as f64 - 1.0;
                let is_over = more > TOLERANCE && !update;
                let verdict = if is_over { "over   " } else { "ok     " };
                writeln!(out, "{verdict} {name}: {now} instructions, {:+.1} %", 100.0 * more)?;
                if is_over {
                    code = OVER;
                }
            }
        }
    }
    if update {
        let text = serde_json::to_string_pretty(&counted)
            .map_err(|e| Error::new(format!("the counts cannot be written as JSON: {e}")))?;
        tree.write(COMMITTED, &format!("{text}\n"))?;
    }
    Ok(code)
}

fn build(tree: &Tree) -> Result<(), Error> {
    // With several codegen units, what is inlined depends on how the code happens to be divided among them.
    let settings = OPTIMIZED.iter().flat_map(|package| {
        ["opt-level=3", "codegen-units=1"]
            .map(|setting| format!("profile.dev.package.{package}.{setting}"))
    });
    let settings: Vec<_> = settings.collect();
    let mut args = vec!["build", "--package", "purge-cli", "--locked"];
    for setting in &settings {
        args.extend(["--config", setting]);
    }
    tree.cargo(&args).map(drop)
}

fn plan(tree: &Tree) -> Result<u64, Error> {
    let (paths, one) = (inputs::paths(tree, 20_000)?, inputs::paths(tree, 1)?);
    let of = |file: &Path| instructions(tree, &["plan", "--from"], file, None);
    Ok(of(&paths)?.saturating_sub(of(&one)?))
}

/// Includes planning. Sends one request at a time, because how many are ready at once depends on the
/// machine.
fn submit(tree: &Tree) -> Result<u64, Error> {
    let (paths, one) = (inputs::unique(tree, 10_000)?, inputs::unique(tree, 1)?);
    let mut sandbox = Command::new(binary(tree));
    sandbox.args(["sandbox", "--quiet"]);
    let server = Server::sandbox_of(tree, sandbox)?;
    let args = ["create", "--quiet", "--concurrency", "1", "--from"];
    let of = |file: &Path| instructions(tree, &args, file, Some(&server));
    Ok(of(&paths)?.saturating_sub(of(&one)?))
}

fn binary(tree: &Tree) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| tree.path("target"), Into::into);
    target.join("debug/cdn-purge")
}

/// The user-space instructions of one run of `cdn-purge`.
fn instructions(
    tree: &Tree,
    args: &[&str],
    file: &Path,
    server: Option<&Server>,
) -> Result<u64, Error> {
    let counts = tree.path("target/bench/callgrind.out");
    let mut command = Command::new("valgrind");
    let mut option = OsString::from("--callgrind-out-file=");
    option.push(&counts);
    command.args(["--tool=callgrind", "--quiet"]).arg(option);
    command.arg(binary(tree)).args(args).arg(file);
    if let Some(server) = server {
        command = server.known_to(command);
    }
    let output = command.output().map_err(|e| {
        Error::new(format!("valgrind could not be started: {e}; install the package `valgrind`"))
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::new(format!("valgrind ended with {}: {said}", output.status)));
    }
    let text = fs::read_to_string(&counts)
        .map_err(|e| Error::new(format!("{} could not be read: {e}", counts.display())))?;
    let total = |line: &str| {
        line.strip_prefix("summary: ")
            .or_else(|| line.strip_prefix("totals: "))?
            .trim()
            .parse()
            .ok()
    };
    text.lines().find_map(total).ok_or_else(|| Error::new("valgrind printed no count"))
}
