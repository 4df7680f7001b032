//! The software bill of materials, in CycloneDX.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Dist, failed};
use crate::Error;

/// cargo-cyclonedx writes one file next to each manifest of the workspace. No file of the project has this name.
const NAME: &str = "cdn-purge-sbom";

pub(super) fn write(dist: &Dist<'_>, folder: &Path) -> Result<(), Error> {
    let mut command = Command::new("cargo-cyclonedx");
    command.args([
        "cyclonedx",
        "--quiet",
        "--format",
        "json",
        "--spec-version",
        "1.5",
        "--no-build-deps",
    ]);
    command.args(["--override-filename", NAME, "--target", dist.platform.triple]);
    let made = dist.tool(&mut command, "cargo install cargo-cyclonedx --locked");
    let metadata = dist.tree.metadata()?;
    let manifests = metadata["packages"].as_array().into_iter().flatten();
    let files: Vec<PathBuf> = manifests
        .filter_map(|package| package["manifest_path"].as_str())
        .map(|manifest| Path::new(manifest).with_file_name(format!("{NAME}.json")))
        .collect();
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let text = fs::read_to_string(dist.tree.path(format!("purge-cli/{NAME}.json")));
    for file in files.iter().filter(|file| file.exists()) {
        fs::remove_file(file).map_err(|e| failed("removed", file, &e))?;
    }
    made?;
    let file = folder.join(dist.platform.sbom(&dist.version));
    let text = text.map_err(|e| failed("made", &file, &e))?;
    // The workspace is identified by its folder on this machine.
    fs::write(&file, text.replace(&format!("path+file://{root}/"), "path+file:///purge/"))
        .map_err(|e| failed("written", &file, &e))
}
