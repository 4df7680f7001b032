//! Servers on loopback. They are separate processes, so their cost is not counted for the measured program.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Bench;
use crate::Error;
use crate::workspace::Tree;

/// A server that runs until it is dropped.
pub(super) struct Server {
    process: Child,
    pub(super) base: String,
    pub(super) token: String,
    pub(super) organization: String,
    pub(super) resource: String,
    /// Where a sandbox logs a line for each request.
    log: PathBuf,
}

/// What a server has received.
#[derive(Debug, PartialEq)]
pub(super) struct Received {
    pub(super) requests: u64,
    /// The total size of the bodies.
    pub(super) bytes: u64,
}

impl Server {
    /// The minimal server, which accepts any purge and stores nothing. With a certificate file, it uses
    /// TLS.
    pub(super) fn minimal(bench: &Bench<'_>, certificate: Option<&Path>) -> Result<Self, Error> {
        let mut command = bench.baseline(&["serve"]);
        command.args(certificate);
        let (mut server, mut lines) = Self::start(bench.tree, command)?;
        server.base = next(&mut lines)?;
        Ok(server)
    }

    /// A sandbox whose purges take `purge_delay`.
    pub(super) fn sandbox(bench: &Bench<'_>, purge_delay: &str) -> Result<Self, Error> {
        Self::sandbox_of(bench.tree, bench.purge(["sandbox", "--purge-delay", purge_delay]))
    }

    /// The sandbox that a command starts.
    pub(super) fn sandbox_of(tree: &Tree, mut command: Command) -> Result<Self, Error> {
        command.args(["--listen", "127.0.0.1:0"]);
        let (mut server, mut lines) = Self::start(tree, command)?;
        // It prints the lines that set up a shell; the last one names the resource.
        loop {
            let line = next(&mut lines)?;
            let words = line.strip_prefix("export ").unwrap_or_default().split(' ');
            for (name, value) in words.filter_map(|word| word.split_once('=')) {
                let variable = match name {
                    "PURGE_BASE_URL" => &mut server.base,
                    "PURGE_TOKEN" => &mut server.token,
                    "PURGE_ORGANIZATION" => &mut server.organization,
                    _ => &mut server.resource,
                };
                value.clone_into(variable);
            }
            if line.starts_with("export PURGE_RESOURCE=") {
                return Ok(server);
            }
        }
    }

    fn start(
        tree: &Tree,
        mut command: Command,
    ) -> Result<(Self, Lines<BufReader<ChildStdout>>), Error> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = tree.path(format!("target/bench/server-{number}.log"));
        let name = format!("{command:?}");
        let failed = |e: std::io::Error| Error::new(format!("`{name}` could not be started: {e}"));
        fs::create_dir_all(tree.path("target/bench")).map_err(failed)?;
        let file = File::create(&log).map_err(failed)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file);
        let mut process = command.spawn().map_err(failed)?;
        let Some(out) = process.stdout.take() else {
            return Err(Error::new(format!("`{name}` has no output")));
        };
        let uuid = "00000000-0000-4000-8000-000000000000";
        let [base, token, organization, resource] = ["", "token", uuid, uuid].map(str::to_owned);
        let server = Self { process, base, token, organization, resource, log };
        Ok((server, BufReader::new(out).lines()))
    }

    /// Sets an environment with only the server's address.
    pub(super) fn known_to(&self, mut command: Command) -> Command {
        command.env_clear().envs([
            ("PURGE_BASE_URL", &self.base),
            ("PURGE_TOKEN", &self.token),
            ("PURGE_ORGANIZATION", &self.organization),
            ("PURGE_RESOURCE", &self.resource),
        ]);
        command
    }

    /// The URL for purges.
    pub(super) fn url(&self) -> String {
        let Self { base, organization, resource, .. } = self;
        format!("{base}/api/v1/cdn/{organization}/job/{resource}/purge")
    }

    /// What the minimal server has received since the last call.
    pub(super) fn received(&self) -> Result<Received, Error> {
        let address = self.base.trim_start_matches("http://");
        let failed = |e: std::io::Error| Error::new(format!("the server at {address}: {e}"));
        let mut socket = TcpStream::connect(address).map_err(failed)?;
        let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).map_err(failed)?;
        let numbers = answer.lines().next_back().and_then(|line| {
            let (requests, bytes) = line.split_once(' ')?;
            Some(Received { requests: requests.parse().ok()?, bytes: bytes.parse().ok()? })
        });
        numbers.ok_or_else(|| Error::new(format!("the server returned no counts: {answer}")))
    }

    /// How many list requests a sandbox has received.
    pub(super) fn lists(&self) -> Result<u64, Error> {
        let log = crate::workspace::read(&self.log)?;
        Ok(log.lines().filter(|line| line.starts_with("200 GET ")).count() as u64)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String, Error> {
    let line = lines.next().transpose().ok().flatten();
    line.ok_or_else(|| Error::new("a server ended before it printed its address"))
}
