//! Running the real binary.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One run of the command line, in an environment that holds only what the test sets.
#[derive(Debug)]
pub struct Run {
    command: Command,
    input: Vec<u8>,
    unread: bool,
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
        Self { command, input: Vec::new(), unread: false }
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

    /// Sets the account and the address of a server.
    #[must_use]
    pub fn account(self, base: &str, token: &str, organization: &str, resource: &str) -> Self {
        self.env("PURGE_BASE_URL", base)
            .env("PURGE_TOKEN", token)
            .env("PURGE_ORGANIZATION", organization)
            .env("PURGE_RESOURCE", resource)
    }

    /// Sets the text for standard input.
    #[must_use]
    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = text.into();
        self
    }

    /// Leaves its standard output unread.
    #[must_use]
    pub fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// Runs it to the end.
    pub async fn end(self) -> Ended {
        self.start().end().await
    }

    /// Starts it, so that it can be interrupted.
    #[must_use]
    pub fn start(mut self) -> Running {
        let mut child = self.command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        let input = self.input;
        let writer = tokio::spawn(async move {
            // A command that ends before it has read everything closes the pipe.
            let _ = stdin.write_all(&input).await;
        });
        let out =
            Reader::start(child.stdout.take().expect("standard output is a pipe"), self.unread);
        let err = Reader::start(child.stderr.take().expect("standard error is a pipe"), false);
        Running { child, writer, out, err }
    }
}

/// A run in progress. Dropping it kills the process.
#[derive(Debug)]
pub struct Running {
    child: Child,
    writer: JoinHandle<()>,
    out: Reader,
    err: Reader,
}

/// Reads a stream while the command runs: a full pipe would block it.
#[derive(Debug)]
struct Reader {
    task: JoinHandle<()>,
    read: watch::Receiver<Vec<u8>>,
}

impl Reader {
    fn start(mut stream: impl AsyncRead + Unpin + Send + 'static, unread: bool) -> Self {
        let (told, read) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            // Keeps an unread pipe open.
            if unread {
                std::future::pending::<()>().await;
            }
            let mut bytes = [0; 16 * 1024];
            loop {
                match stream.read(&mut bytes).await.expect("a stream") {
                    0 => break,
                    count => told.send_modify(|read| read.extend_from_slice(&bytes[..count])),
                }
            }
        });
        Self { task, read }
    }

    async fn text(self) -> String {
        self.task.await.expect("the reader ends");
        String::from_utf8(self.read.borrow().clone()).expect("the output is UTF-8")
    }
}

impl Running {
    /// Waits for the end.
    pub async fn end(mut self) -> Ended {
        let status = self.child.wait().await.expect("the binary ends");
        // A command that has ended reads no more of its input.
        self.writer.abort();
        Ended { code: status.code(), out: self.out.text().await, err: self.err.text().await }
    }

    /// Waits for the end without reading the output, and returns the exit code.
    pub async fn code(mut self) -> Option<i32> {
        self.child.wait().await.expect("the binary ends").code()
    }

    /// Kills the process without warning, as a machine failure would. Has no effect if it has already
    /// ended.
    pub async fn kill(mut self) -> Ended {
        self.child.kill().await.expect("the binary can be killed");
        self.end().await
    }

    /// Waits until it has written a text to standard error. Returns whether it has.
    pub async fn says(&mut self, text: &str) -> bool {
        let has = |read: &Vec<u8>| read.windows(text.len()).any(|part| part == text.as_bytes());
        self.err.read.wait_for(has).await.is_ok()
    }

    /// Sends it a signal: `INT` or `TERM`.
    pub async fn signal(&self, name: &str) {
        self.signals(name, 1).await;
    }

    /// Sends it a signal several times in a row.
    pub async fn signals(&self, name: &str, times: usize) {
        let Some(id) = self.child.id() else { return };
        // The shell's own `kill`, since the program may not be installed.
        let mut kill = Command::new("sh");
        kill.args(["-c", &format!("kill -{name} {id};").repeat(times)]);
        kill.status().await.expect("a shell");
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) {
        self.child.wait().await.expect("the binary ends");
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a state").is_some()
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
