//! Runs the commands of the pages in `docs/`, and what CI systems run, exactly as written.

mod actions;
mod gitlab;
mod guide;
mod page;
mod recipes;
mod queue;
mod sandbox;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use purge_sandbox::Sandbox;
use purge_tests::cli::{Ended, Run};
use serde_json::Value;

use crate::account::posts;
use crate::{ORGANIZATION, PURGE, RESOURCE};

/// A folder with a site in `public`, a sandbox that serves it, and `cdn-purge` on the search path.
struct Bench {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("public")).expect("a folder");
        fs::create_dir_all(folder.path().join("bin")).expect("a folder");
        fs::hard_link(PURGE, folder.path().join("bin/cdn-purge"))
            .or_else(|_| fs::copy(PURGE, folder.path().join("bin/cdn-purge")).map(drop))
            .expect("the binary");
        let builder = Sandbox::builder().origin(folder.path().join("public"));
        Self { sandbox: builder.start().await.expect("a sandbox"), folder }
    }

    /// A bench with two other programs first on the search path: a foreign `purge` that exits with 0, as on
    /// macOS, and a `cargo` that installs ours where it is told to.
    async fn in_ci() -> Self {
        let bench = Self::new().await;
        let program = |name: &str, script: &str| {
            let file = bench.path("bin").join(name);
            // Ours may be hard-linked there.
            let _ = fs::remove_file(&file);
            fs::write(&file, format!("#!/bin/sh\n{script}")).expect("a file");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a program");
        };
        program("purge", "echo \"purge $*\" >> \"$HOME/other-calls\"\n");
        let cargo = "echo \"$PWD: cargo $*\" >> \"$HOME/cargo-calls\"\n\
                     env >> \"$HOME/cargo-env\"\n\
                     while [ \"$1\" != --root ]; do shift; done\n\
                     mkdir -p \"$2/bin\"\n";
        program("cargo", &format!("{cargo}ln -s '{PURGE}' \"$2/bin/cdn-purge\"\n"));
        bench
    }

    /// The calls of `cargo`, one per line. Fails if the foreign `purge` was run, or if the build could see
    /// the account.
    fn cargo_calls(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.path(name)).unwrap_or_default();
        assert_eq!(read("other-calls"), "", "the other `purge` was run");
        let environment = read("cargo-env");
        assert!(!environment.contains("PURGE_"), "{environment}");
        read("cargo-calls")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.path("public").join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    /// Runs a script as CI systems do, with these variables and the account of the sandbox.
    async fn bash(&self, script: &str, variables: &[(&str, &str)]) -> Ended {
        let path = std::env::var("PATH").expect("a search path");
        let path = format!("{}:{path}", self.path("bin").display());
        let mut run =
            Run::new("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
                .folder(self.folder.path())
                .env("PATH", &path)
                .env("HOME", self.folder.path().to_str().expect("a name"))
                .account(self.sandbox.base_url(), self.sandbox.token(), ORGANIZATION, RESOURCE);
        for (name, value) in variables {
            run = run.env(name, value);
        }
        run.end().await
    }

    /// Runs git in the folder.
    async fn git(&self, script: &str) -> String {
        let setup = "git() { command git -c user.name=t -c user.email=t@example.com \
                     -c init.defaultBranch=main -c commit.gpgsign=false \"$@\"; }\n";
        let ended = self.bash(&format!("{setup}{script}"), &[]).await;
        assert_eq!(ended.code, Some(0), "{script}: {ended:?}");
        ended.out.trim().to_owned()
    }

    /// The paths that have been posted so far.
    fn posted(&self) -> Vec<String> {
        posts(&self.sandbox).concat()
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the workspace.
fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A file of the workspace, as YAML.
fn yaml(name: &str) -> Value {
    purge_openapi::parse(&text(name)).expect("YAML")
}
