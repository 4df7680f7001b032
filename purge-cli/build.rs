//! Records in the binary which commit it was built from.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build would be rebuilt after every commit, and its commit is of no interest.
    let commit = if env::var("PROFILE").as_deref() == Ok("release") { commit() } else { None };
    println!("cargo::rustc-env=PURGE_COMMIT={}", commit.unwrap_or_default());
}

/// The commit of the workspace or, in a published package, the one that Cargo recorded.
fn commit() -> Option<String> {
    const NOTE: &str = ".cargo_vcs_info.json";
    if let Ok(note) = fs::read_to_string(NOTE) {
        let (_, rest) = note.split_once("\"sha1\": \"")?;
        return rest.get(..12).map(str::to_owned);
    }
    // A repository that contains a copy of this package has unrelated commits.
    if !Path::new("../.git").exists() {
        return None;
    }
    // Every change of HEAD adds a line to this log.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
