//! Running the real binary.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// One run of the command line, with an environment that holds nothing but what is given.
#[derive(Debug)]
pub struct Run {
    command: Command,
    input: Vec<u8>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// Prepares a run of `binary` with `arguments`.
    pub fn new(binary: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut command = Command::new(binary);
        command.args(arguments).env_clear().kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, input: Vec::new() }
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Names the account of a server.
    #[must_use]
    pub fn account(self, base: &str, token: &str, organization: &str, resource: &str) -> Self {
        self.env("PURGE_BASE_URL", base)
            .env("PURGE_TOKEN", token)
            .env("PURGE_ORGANIZATION", organization)
            .env("PURGE_RESOURCE", resource)
    }

    /// Gives a text to standard input.
    #[must_use]
    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = text.into();
        self
    }

    /// Runs it to its end.
    pub async fn end(mut self) -> Ended {
        let mut child = self.command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        let input = self.input;
        let writer = tokio::spawn(async move {
            // A command that ends before it has read everything closes the pipe.
            let _ = stdin.write_all(&input).await;
        });
        let output = child.wait_with_output().await.expect("the binary ends");
        writer.await.expect("the writer ends");
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ended {
    /// Standard output as one JSON object.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}
