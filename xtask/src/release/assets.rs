//! Checks that the installers, the action, the workflow and cargo-binstall use the files that `cargo xtask dist`
//! creates.

use std::process::Command;

use super::package::Package;
use crate::Error;
use crate::dist::names::{PLATFORMS, Platform};
use crate::workspace::Tree;

pub(super) const INSTALLER: &str = "install.sh";
pub(super) const POWERSHELL: &str = "install.ps1";
pub(super) const ACTION: &str = "action.yml";
pub(super) const WORKFLOW: &str = ".github/workflows/release.yml";

/// Pretends to be another system, then runs the installer in the same shell.
const PRETEND: &str = r#"
    system=$1 processor=$2
    uname() { case $1 in -s) echo "$system" ;; *) echo "$processor" ;; esac; }
    set -- --archive-name
    . ./install.sh
"#;

/// The file that the installer downloads on each platform, without `--version`.
pub(super) fn of_installer(tree: &Tree, version: &str) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for platform in &PLATFORMS {
        let (system, processor) = platform.uname;
        let mut shell = Command::new("sh");
        shell.args(["-c", PRETEND, "sh", system, processor]).current_dir(tree.path(""));
        let output = shell.output().map_err(|e| {
            Error::new(format!("sh could not be started: {e}; {INSTALLER} needs it"))
        })?;
        let asked = String::from_utf8_lossy(&output.stdout);
        found.extend(other(INSTALLER, platform, asked.trim(), &platform.archive(version)));
    }
    Ok(found)
}

/// A complaint if the requested file is not the one in the release.
fn other(file: &str, platform: &Platform, asked: &str, held: &str) -> Option<String> {
    (asked != held).then(|| {
        format!(
            "{file} downloads `{asked}` on {}, but a release contains `{held}`",
            platform.triple
        )
    })
}

pub(super) fn of_powershell(text: &str, version: &str) -> Vec<String> {
    let windows = PLATFORMS.iter().filter(|platform| platform.triple.contains("windows"));
    let parts = windows.flat_map(|platform| {
        [
            format!("[string] $Version = '{version}'"),
            format!("$stem = \"{}\"", platform.stem("$Version")),
            format!(
                "$archive = \"{}\"",
                platform.archive("$Version").replace(&platform.stem("$Version"), "$stem")
            ),
        ]
    });
    parts
        .filter(|part| !text.contains(part))
        .map(|part| format!("{POWERSHELL}: there is no `{part}`"))
        .collect()
}

/// The action must run the installer that came with it, whose version is the action's.
pub(super) fn of_action(text: &str) -> Vec<String> {
    let own = "sh \"$ACTION_PATH/install.sh\" --to";
    let runs = text.contains(own);
    let mut found: Vec<_> =
        (!runs).then(|| format!("{ACTION}: does not run `{own}`")).into_iter().collect();
    if text.contains("install.sh\" --version") {
        found.push(format!("{ACTION}: names a version of its own; leave --version out"));
    }
    found
}

/// The workflow must build for each platform of a release, and for no other.
pub(super) fn of_workflow(text: &str) -> Vec<String> {
    let built: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("- { target: ")?.split(',').next())
        .collect();
    let missing =
        PLATFORMS.iter().map(|platform| platform.triple).filter(|triple| !built.contains(triple));
    let foreign = built.iter().filter(|triple| Platform::of(triple).is_none());
    missing
        .map(|triple| format!("{WORKFLOW}: does not build for {triple}"))
        .chain(foreign.map(|triple| {
            format!("{WORKFLOW}: builds for {triple}, which no file of a release is for")
        }))
        .collect()
}

/// What cargo-binstall downloads, and the place of the binary in it.
pub(super) fn of_binstall(package: &Package, version: &str) -> Vec<String> {
    let file = package.manifest();
    let repository = package.text("repository").unwrap_or_default();
    let template = |key: &str| {
        let pointer = format!("/metadata/binstall/{key}");
        package.describes(&pointer).and_then(|text| text.as_str()).unwrap_or_default().to_owned()
    };
    let mut found = Vec::new();
    for platform in &PLATFORMS {
        let ending = platform.binary().trim_start_matches("cdn-purge");
        let fill = |text: String| {
            text.replace("{ repo }", repository)
                .replace("{ version }", version)
                .replace("{ target }", platform.triple)
                .replace("{ bin }", "cdn-purge")
                .replace("{ binary-ext }", ending)
        };
        let url =
            format!("{repository}/releases/download/v{version}/{}", platform.archive(version));
        found.extend(other(&file, platform, &fill(template("pkg-url")), &url));
        let place = format!("{}/{}", platform.stem(version), platform.binary());
        found.extend(other(&file, platform, &fill(template("bin-dir")), &place));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn workflow_builds_for_the_platforms_of_a_release() {
        let text: String = PLATFORMS
            .iter()
            .map(|platform| format!("          - {{ target: {}, system: any }}\n", platform.triple))
            .collect();
        assert_eq!(of_workflow(&text), [""; 0]);
        assert_eq!(
            of_workflow(&text.replace("x86_64-apple-darwin", "riscv64gc-unknown-linux-gnu")),
            [
                ".github/workflows/release.yml: does not build for x86_64-apple-darwin",
                ".github/workflows/release.yml: builds for riscv64gc-unknown-linux-gnu, which no file of a release is for",
            ]
        );
    }

    #[test]
    fn binstall_finds_the_archive_and_the_binary_in_it() {
        let binstall = |url: &str, place: &str| {
            let package = Package::sample(&json!({
                "metadata": { "binstall": { "pkg-url": url, "bin-dir": place } },
            }));
            of_binstall(&package, "0.1.0")
        };
        let url = "{ repo }/releases/download/v{ version }/cdn-purge-{ version }-{ target }.tar.gz";
        let place = "cdn-purge-{ version }-{ target }/{ bin }{ binary-ext }";
        assert_eq!(binstall(url, place), [""; 0]);
        assert_eq!(binstall(&url.replace(".tar.gz", ".tgz"), place).len(), PLATFORMS.len());
        let found = binstall(url, &place.replace("{ binary-ext }", ""));
        assert_eq!(
            found,
            [
                "good/Cargo.toml downloads `cdn-purge-0.1.0-x86_64-pc-windows-msvc/cdn-purge` on x86_64-pc-windows-msvc, \
              but a release contains `cdn-purge-0.1.0-x86_64-pc-windows-msvc/cdn-purge.exe`"
            ]
        );
    }

    #[test]
    fn installers_ask_for_their_own_version() {
        let text = "param([string] $Version = '0.1.0')\n$stem = \"cdn-purge-$Version-x86_64-pc-windows-msvc\"\n\
                    $archive = \"$stem.tar.gz\"\n";
        assert_eq!(of_powershell(text, "0.1.0"), [""; 0]);
        assert_eq!(
            of_powershell(text, "0.2.0"),
            ["install.ps1: there is no `[string] $Version = '0.2.0'`"]
        );
        assert_eq!(of_action("sh \"$ACTION_PATH/install.sh\" --to here"), [""; 0]);
        assert_eq!(
            of_action("cargo install"),
            ["action.yml: does not run `sh \"$ACTION_PATH/install.sh\" --to`"]
        );
    }
}
