//! The files of the workspace, and their history in git.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use serde_json::Value;

use crate::Error;
use openapi_review::text::plain;

/// The description by which a workspace is recognized, relative to its root.
pub(crate) const SPEC: &str = "openapi/purge.yaml";
/// The folder of all descriptions.
const SPECS: &str = "openapi";

/// The root of a working tree.
pub(crate) struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The tree at `root`, or the one that contains the current folder.
    pub(crate) fn find(root: Option<PathBuf>) -> Result<Self, Error> {
        if let Some(root) = root {
            return Ok(Self { root });
        }
        let here = env::current_dir()
            .map_err(|e| Error::new(format!("cannot determine the current folder: {e}")))?;
        here.ancestors()
            .find(|folder| folder.join(SPEC).is_file())
            .map(|root| Self { root: root.to_owned() })
            .ok_or_else(|| {
                let here = here.display();
                Error::new(format!("no {SPEC} in {here} or above; name the workspace with --root"))
            })
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> Result<String, Error> {
        read(&self.path(path))
    }

    /// The text of a file, or `None` if it does not exist.
    pub(crate) fn read_if_there(&self, path: &str) -> Result<Option<String>, Error> {
        match fs::read_to_string(self.path(path)) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(unreadable(&self.path(path), &e)),
        }
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> Result<(), Error> {
        let file = self.path(path);
        file.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&file, text))
            .map_err(|e| Error::new(format!("{} could not be written: {e}", file.display())))
    }

    pub(crate) fn remove(&self, path: &str) -> Result<(), Error> {
        let file = self.path(path);
        fs::remove_file(&file)
            .map_err(|e| Error::new(format!("{} could not be removed: {e}", file.display())))
    }

    /// The files directly in a folder, relative to the root of the workspace and sorted; none if the folder
    /// does not exist.
    pub(crate) fn files(&self, folder: &str) -> Result<Vec<String>, Error> {
        let path = self.path(folder);
        let entries = match fs::read_dir(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|e| unreadable(&path, &e))?,
        };
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let names: Result<Vec<_>, io::Error> = names.collect();
        let mut names = names.map_err(|e| unreadable(&path, &e))?;
        names.sort();
        Ok(names.into_iter().map(|name| format!("{folder}/{name}")).collect())
    }

    /// The descriptions on disk, from the root of the workspace and in order.
    pub(crate) fn descriptions(&self) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for path in self.files(SPECS)? {
            if path.ends_with(".yaml") && is_description(&self.read(&path)?) {
                found.push(path);
            }
        }
        Ok(found)
    }

    /// The descriptions of a commit, in the same form.
    pub(crate) fn descriptions_at(&self, commit: &str) -> Result<Vec<String>, Error> {
        let names = self.git(&["ls-tree", "-z", "--name-only", commit, &format!("{SPECS}/")])?;
        let mut found = Vec::new();
        for path in names.split('\0').filter(|path| path.ends_with(".yaml")) {
            if is_description(&self.git(&["show", &format!("{commit}:{path}")])?) {
                found.push(path.to_owned());
            }
        }
        Ok(found)
    }

    /// The output of a git command, or its error message.
    pub(crate) fn git<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<String, Error> {
        output(Command::new("git").arg("-C").arg(&self.root).args(args), "git")
    }

    /// The committed files that match a git pathspec, relative to the root of the workspace.
    pub(crate) fn committed(&self, pattern: &str) -> Result<Vec<String>, Error> {
        let names = self.git(&["ls-files", "-z", "--", pattern])?;
        Ok(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// The output of a cargo command, or its error message.
    pub(crate) fn cargo(&self, args: &[&str]) -> Result<String, Error> {
        output(&mut self.cargo_command(args), "cargo")
    }

    /// A cargo command in this tree, ready to be started.
    pub(crate) fn cargo_command(&self, args: &[&str]) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root).args(args);
        cargo
    }

    /// The `cargo metadata` of the workspace's own packages.
    pub(crate) fn metadata(&self) -> Result<Value, Error> {
        self.cargo_metadata(&["--no-deps"])
    }

    /// The `cargo metadata` of the workspace, including dependencies unless `arguments` say otherwise.
    pub(crate) fn cargo_metadata(&self, arguments: &[&str]) -> Result<Value, Error> {
        let text = self.cargo(&[&["metadata", "--format-version=1"], arguments].concat())?;
        serde_json::from_str(&text)
            .map_err(|e| Error::new(format!("`cargo metadata` printed invalid JSON: {e}")))
    }
}

/// Whether a YAML text is an OpenAPI document, even one with mistakes, and not the settings of a tool.
fn is_description(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("openapi:") || line.starts_with("swagger:"))
}

fn output(command: &mut Command, name: &str) -> Result<String, Error> {
    let out =
        command.output().map_err(|e| Error::new(format!("{name} could not be started: {e}")))?;
    if out.status.success() {
        String::from_utf8(out.stdout)
            .map_err(|_| Error::new(format!("the output of {name} is not UTF-8")))
    } else {
        Err(Error::new(String::from_utf8_lossy(&out.stderr).trim()))
    }
}

pub(crate) fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|e| unreadable(file, &e))
}

fn unreadable(file: &Path, e: &io::Error) -> Error {
    Error::new(plain(&format!("{} could not be read: {e}", file.display())))
}
