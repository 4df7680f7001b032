use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::workspace::Tree;
use crate::{Error, bench, ci, dist, regen, release, spec_diff};
use openapi_review::text::{lines, plain};

/// Bad usage, or unusable input.
const USAGE: u8 = 2;

/// Runs one command and returns its exit code. All output goes to `out`, errors included.
pub fn run<I, T>(args: I, out: &mut dyn Write) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let result = match Arguments::try_parse_from(&args) {
        Ok(arguments) => arguments.run(out),
        Err(help) => {
            let code = if help.use_stderr() { USAGE } else { 0 };
            write!(out, "{}", complaint(&args, &help)).map(|()| code).map_err(Error::from)
        }
    };
    result.unwrap_or_else(|error| {
        // If even this cannot be written, only the exit code is left.
        let _ = writeln!(out, "error: {}", lines(&error.to_string()));
        USAGE
    })
}

/// clap's complaint about the arguments. It repeats them, so clap parses them again in escaped form: none
/// can start a new line.
fn complaint(args: &[OsString], help: &clap::Error) -> String {
    let shown = args.iter().map(|arg| plain(&arg.to_string_lossy()));
    let again = Arguments::try_parse_from(shown).map(drop);
    lines(&again.err().unwrap_or_else(|| clap::Error::new(help.kind())).to_string())
}

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Maintenance commands of this workspace"
)]
struct Arguments {
    /// The workspace, if it is not the one that contains the current folder
    #[arg(long, global = true, value_name = "DIR", hide = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Rewrite every committed file that is derived from the description
    Regen(regen::Options),
    /// Compare two descriptions: what changes on the wire, and in the Rust bindings
    SpecDiff(spec_diff::Options),
    /// Compare the cost of the tools with what a user would use instead, and write docs/benchmarks.md
    Bench(bench::Options),
    /// Check the invariants beyond formatting, lints, documentation and tests
    Ci,
    /// Build the files of a release for one platform: archive, packages, checksums
    Dist(dist::Options),
    /// Check that the crates can be published as they are; publishes nothing
    ReleaseCheck,
}

impl Arguments {
    fn run(self, out: &mut dyn Write) -> Result<u8, Error> {
        let tree = Tree::find(self.root)?;
        match self.verb {
            Verb::Regen(options) => regen::run(&tree, &options, out),
            Verb::SpecDiff(options) => spec_diff::run(&tree, &options, out),
            Verb::Bench(options) => bench::run(&tree, &options, out),
            Verb::Ci => ci::run(&tree, out),
            Verb::Dist(options) => dist::run(&tree, &options, out),
            Verb::ReleaseCheck => release::run(&tree, out),
        }
    }
}
