//! `cargo xtask dist`: builds the files of a release for one platform, in `target/dist`.
//!
//! Two runs produce the same bytes: times are `SOURCE_DATE_EPOCH` or that of the commit, owners are root, and no file
//! contains the folders of this machine.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

use crate::Error;
use crate::workspace::Tree;

pub(crate) mod names;
mod portable;
pub(crate) mod binary;
mod pack;
mod notices;
mod archive;
mod sbom;
mod deb;
mod image;
mod sums;

use names::Platform;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The platform to build for [default: this one; on Linux with musl, to run on every distribution]
    #[arg(long, value_name = "TRIPLE", value_parser = triples())]
    target: Option<String>,
    /// The profile to build with; files from any other than the default are only for tests
    #[arg(long, value_name = "NAME", default_value = binary::PROFILE)]
    profile: String,
}

fn triples() -> clap::builder::PossibleValuesParser {
    names::PLATFORMS.iter().map(|platform| platform.triple).collect::<Vec<_>>().into()
}

/// What every file is made from.
struct Dist<'a> {
    tree: &'a Tree,
    platform: &'static Platform,
    profile: &'a str,
    version: String,
    /// The time of all files, in seconds since 1970.
    time: u64,
    /// The folder of cargo's builds.
    target: PathBuf,
}

/// What was built: the binary, and the licence texts that must be distributed with it.
struct Built {
    binary: PathBuf,
    notices: PathBuf,
}

pub(crate) fn run(tree: &Tree, options: &Options, out: &mut dyn Write) -> Result<u8, Error> {
    let dist = Dist::new(tree, options)?;
    let folder = dist.folder();
    fs::create_dir_all(&folder).map_err(|e| failed("created", &folder, &e))?;
    let problems = sums::clear(&folder).and_then(|()| dist.make(&folder))?;
    if !problems.is_empty() {
        for problem in problems {
            writeln!(out, "broken  {problem}")?;
        }
        return Ok(1);
    }
    for (name, size) in sums::write(&folder)? {
        writeln!(out, "{name}  {}", binary::bytes(size))?;
    }
    Ok(0)
}

impl<'a> Dist<'a> {
    fn new(tree: &'a Tree, options: &'a Options) -> Result<Self, Error> {
        let platform = match &options.target {
            Some(triple) => Platform::of(triple),
            None => Platform::of_host(&binary::host()?),
        };
        let platform = platform.ok_or_else(|| {
            Error::new("a release has no binary for this platform; choose one with --target")
        })?;
        let metadata = tree.metadata()?;
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let mut versions = packages.filter(|package| package["name"] == "purge-cli");
        let version = versions.find_map(|package| package["version"].as_str());
        let version =
            version.ok_or_else(|| Error::new("the workspace has no package purge-cli"))?;
        Ok(Self {
            tree,
            platform,
            profile: &options.profile,
            version: version.to_owned(),
            time: time(tree)?,
            target: target_folder(&metadata),
        })
    }

    /// Where the files of the release are written.
    fn folder(&self) -> PathBuf {
        self.target.join("dist")
    }

    /// Creates all files, and returns the reasons why they must not be distributed.
    fn make(&self, folder: &Path) -> Result<Vec<String>, Error> {
        let binary = binary::build(self.tree, self.platform, self.profile)?;
        let notices = binary.with_file_name(notices::FILE);
        let built = Built { binary, notices };
        let mut problems = portable::check(&built.binary, self.platform)?;
        if self.profile == binary::PROFILE {
            problems.extend(binary::too_large(&built.binary)?);
        }
        if !problems.is_empty() {
            return Ok(problems);
        }
        problems.extend(notices::write(self, &built.notices)?);
        if !problems.is_empty() {
            return Ok(problems);
        }
        archive::write(self, &built, folder)?;
        sbom::write(self, folder)?;
        if self.platform.linux.is_some() {
            deb::write(self, folder)?;
            image::write(self, &built, folder)?;
        }
        Ok(problems)
    }

    /// Runs a program that belongs to neither Rust nor the system, with the time for all files.
    fn tool(&self, command: &mut Command, install: &str) -> Result<String, Error> {
        let name = command.get_program().to_string_lossy().into_owned();
        let command =
            command.current_dir(self.tree.path("")).env("SOURCE_DATE_EPOCH", self.time.to_string());
        let output = command.output().map_err(|e| {
            Error::new(format!("{name} could not be started: {e}; install it: {install}"))
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Error::new(format!("{name} failed: {}", said.trim())))
    }
}

/// The folder of cargo's builds.
fn target_folder(metadata: &Value) -> PathBuf {
    metadata["target_directory"].as_str().unwrap_or("target").into()
}

/// The time of all files, in seconds since 1970.
fn time(tree: &Tree) -> Result<u64, Error> {
    let (what, text) = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => ("SOURCE_DATE_EPOCH", text),
        Err(_) => ("the time of the commit", tree.git(&["log", "-1", "--format=%ct"])?),
    };
    let text = text.trim();
    text.parse().map_err(|_| {
        Error::new(format!("{what} is `{text}`; it must be a number of seconds since 1970"))
    })
}

fn failed(what: &str, file: &Path, error: &std::io::Error) -> Error {
    Error::new(format!("{} could not be {what}: {error}", file.display()))
}
