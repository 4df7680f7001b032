//! The binary as it is distributed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::names::Platform;
use super::{failed, target_folder, time};
use crate::Error;
use crate::workspace::Tree;

/// The profile of released binaries.
pub(crate) const PROFILE: &str = "small";

/// The maximum size of a released binary.
pub(crate) const MOST_BYTES: u64 = 8_000_000;

/// The platform of this machine's compiler.
pub(crate) fn host() -> Result<String, Error> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.map_err(|e| Error::new(format!("rustc could not be started: {e}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Error::new("`rustc -vV` names no host"))
}

/// Builds the binary, and returns its path. It contains no path of this machine.
pub(crate) fn build(tree: &Tree, platform: &Platform, profile: &str) -> Result<PathBuf, Error> {
    let target = target_folder(&tree.metadata()?);
    let flags = flags(platform, &tree.path(""), &target)?;
    if !is_there(platform)? {
        let triple = platform.triple;
        return Err(Error::new(format!(
            "the standard library for {triple} is not installed; run `rustup target add {triple}`"
        )));
    }
    let mut cargo = tree.cargo_command(&["build", "--quiet", "--locked", "--package", "purge-cli"]);
    cargo.args(["--profile", profile, "--target", platform.triple]);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    cargo.env("SOURCE_DATE_EPOCH", time(tree)?.to_string());
    // The output of the compiler is shown directly.
    let status = cargo.status();
    let status = status.map_err(|e| Error::new(format!("cargo could not be started: {e}")))?;
    if !status.success() {
        return Err(Error::new("the binary could not be built"));
    }
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target.join(platform.triple).join(folder).join(platform.binary()))
}

/// Whether the compiler has a standard library for the platform.
fn is_there(platform: &Platform) -> Result<bool, Error> {
    let print = ["--print", "target-libdir", "--target", platform.triple];
    let output = Command::new("rustc").args(print).output();
    let output = output.map_err(|e| Error::new(format!("rustc could not be started: {e}")))?;
    Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// The compiler's flags. They keep the folders of this machine out of the binary, and make it small.
fn flags(platform: &Platform, root: &Path, target: &Path) -> Result<Vec<String>, Error> {
    let root = fs::canonicalize(root).map_err(|e| failed("found", root, &e))?;
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).unwrap_or_default();
    let cargo =
        env::var_os("CARGO_HOME").map_or_else(|| Path::new(&home).join(".cargo"), PathBuf::from);
    // If several match, the last one counts.
    let mut flags: Vec<_> = [(&*root, "/purge"), (target, "/purge/target"), (&*cargo, "/cargo")]
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .into();
    if platform.triple.ends_with("-msvc") {
        // Windows comes without this C library.
        flags.push("-Ctarget-feature=+crt-static".to_owned());
    } else if platform.triple.ends_with("-musl") {
        // Otherwise, relative relocations take 150 kB. musl has supported this format since 1.2.4.
        flags.push("-Clink-arg=-Wl,-z,pack-relative-relocs".to_owned());
    }
    Ok(flags)
}

/// The problem with the size of a binary, if there is one.
pub(super) fn too_large(binary: &Path) -> Result<Option<String>, Error> {
    let size = size(binary)?;
    Ok((size > MOST_BYTES)
        .then(|| format!("the binary has {}; keep it below {}", bytes(size), bytes(MOST_BYTES))))
}

pub(crate) fn size(file: &Path) -> Result<u64, Error> {
    fs::metadata(file).map(|metadata| metadata.len()).map_err(|e| failed("read", file, &e))
}

/// A number of bytes, such as `6,000,000 bytes`.
pub(crate) fn bytes(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + " bytes"
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn thousands_are_separated() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (6_000_000, "6,000,000")] {
            assert_eq!(bytes(count), format!("{text} bytes"));
        }
    }
}
