//! The package for Debian and its derivatives. `purge-cli/Cargo.toml` says what is in it.

use std::path::Path;
use std::process::Command;

use super::Dist;
use crate::Error;

pub(super) fn write(dist: &Dist<'_>, folder: &Path) -> Result<(), Error> {
    let Some(name) = dist.platform.deb(&dist.version) else { return Ok(()) };
    let mut command = Command::new("cargo-deb");
    command.args(["--package", "purge-cli", "--no-build", "--no-strip", "--quiet", "--locked"]);
    command.args(["--target", dist.platform.triple, "--profile", dist.profile]);
    // Debian sorts `1.0~rc.1` before `1.0`, but `1.0-rc.1` after it.
    command.args(["--deb-version", &dist.version.replacen('-', "~", 1)]);
    command.arg("--output").arg(folder.join(name));
    dist.tool(&mut command, "cargo install cargo-deb --locked").map(drop)
}
