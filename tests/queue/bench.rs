//! A lane and its service: a sandbox per lane, and workers as processes.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use purge_queue::{NatsEngine, Producer, Queue, Ticket};
use purge_sandbox::{Fault, Sandbox};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::servers::{Cluster, signal};
use crate::{PURGE, parsed, resource};

/// How long to wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Bench<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) sandbox: Sandbox,
    pub(crate) lane: String,
}

/// A running worker. Dropping it kills it.
pub(crate) struct WorkerProcess {
    child: Child,
    said: watch::Receiver<String>,
}

impl<'a> Bench<'a> {
    pub(crate) async fn new(cluster: &'a Cluster, lane: &str) -> Self {
        Self::taking(cluster, lane, Duration::ZERO).await
    }

    /// A lane whose service takes some time for each request.
    pub(crate) async fn taking(cluster: &'a Cluster, lane: &str, time: Duration) -> Self {
        let mut sandbox = Sandbox::builder().purge_delay(Duration::from_millis(20));
        if !time.is_zero() {
            sandbox = sandbox.fault(Fault::slow(time).on_post().times(u32::MAX));
        }
        let sandbox = sandbox.start().await.expect("a sandbox");
        Self { cluster, sandbox, lane: lane.to_owned() }
    }

    pub(crate) async fn queue(&self, producer: &str) -> Queue<NatsEngine> {
        let producer: Producer = producer.parse().expect("a producer");
        let engine = self.cluster.producer(&producer).await;
        Queue::new(engine, self.lane.parse().expect("a lane"), producer)
    }

    pub(crate) async fn enqueue(&self, producer: &str, paths: &[String]) -> Ticket<NatsEngine> {
        let queue = self.queue(producer).await;
        queue.enqueue(resource(), &parsed(paths)).await.expect("stored")
    }

    /// Starts a worker. With a mark, such as `round:1=kill`, it is killed or stopped at that place.
    pub(crate) fn worker(&self, mark: Option<&str>, more: &[&str]) -> WorkerProcess {
        self.worker_of(PURGE, mark, more, &[])
    }

    /// Starts a worker that is measured.
    pub(crate) fn measured(&self, more: &[&str]) -> WorkerProcess {
        self.worker_of(&crate::measured(), None, more, &[])
    }

    /// Starts a worker whose clock is 5 s ahead, if `PURGE_QUEUE_FAKETIME` names libfaketime.
    pub(crate) fn worker_ahead(&self) -> WorkerProcess {
        let library = std::env::var("PURGE_QUEUE_FAKETIME").unwrap_or_default();
        let ahead =
            [("LD_PRELOAD", &*library), ("FAKETIME", "+5s"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
        let variables = if library.is_empty() { &[][..] } else { &ahead };
        self.worker_of(PURGE, None, &[], variables)
    }

    fn worker_of(
        &self,
        binary: &str,
        mark: Option<&str>,
        more: &[&str],
        variables: &[(&str, &str)],
    ) -> WorkerProcess {
        let mut command = Command::new(binary);
        command
            .args(["worker", "--lane", &self.lane])
            .args(["--window", "0s"].iter().filter(|_| !more.contains(&"--window")))
            .args(more)
            .env_clear()
            .envs(variables.iter().copied())
            .env("PURGE_QUEUE_URL", self.cluster.urls())
            .env("PURGE_BASE_URL", self.sandbox.base_url())
            .env("PURGE_TOKEN", self.sandbox.token())
            .env("PURGE_ORGANIZATION", self.sandbox.organization())
            .env("PURGE_RESOURCE", self.sandbox.resource())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(mark) = mark {
            command.env("PURGE_QUEUE_FAILPOINT", mark);
        }
        let mut child = command.spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let (told, said) = watch::channel(String::new());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                told.send_modify(|text| {
                    text.push_str(&line);
                    text.push('\n');
                });
            }
        });
        WorkerProcess { child, said }
    }

    /// How many requests there were.
    pub(crate) fn posts(&self) -> usize {
        self.sandbox.requests().iter().filter(|request| request.method == "POST").count()
    }

    /// How often each path was posted, and how many requests there were.
    pub(crate) fn posted(&self) -> (BTreeMap<String, usize>, usize) {
        let (mut counts, mut requests) = (BTreeMap::new(), 0);
        for request in self.sandbox.requests().iter().filter(|request| request.method == "POST") {
            requests += 1;
            let body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
            for path in body["file_path"].as_array().expect("paths") {
                *counts.entry(path.as_str().expect("a text").to_owned()).or_default() += 1;
            }
        }
        (counts, requests)
    }
}

impl WorkerProcess {
    pub(crate) fn signal(&self, name: &str) {
        if let Some(id) = self.child.id() {
            signal(id, name);
        }
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("it did not end: {}", *self.said.borrow()))
            .expect("a status");
    }

    /// Waits until it has been stopped at its mark.
    pub(crate) async fn stopped(&self) {
        let id = self.child.id().expect("it runs");
        let stat = format!("/proc/{id}/stat");
        loop {
            let stat = std::fs::read_to_string(&stat).expect("a process");
            if stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until it has written this message.
    pub(crate) async fn says(&mut self, text: &str) {
        let said = self.said.wait_for(|said| said.contains(text));
        let found = tokio::time::timeout(PATIENCE, said).await.map(|found| found.is_ok());
        assert!(found == Ok(true), "it did not write `{text}`: {}", *self.said.borrow());
    }

    /// Everything it has written.
    pub(crate) fn said(&self) -> String {
        self.said.borrow().clone()
    }

    /// The processor time that it has used.
    #[cfg(target_os = "linux")]
    pub(crate) fn processor(&self) -> Duration {
        /// The kernel counts in hundredths of a second.
        const TICK: Duration = Duration::from_millis(10);
        let id = self.child.id().expect("it runs");
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("a process");
        let after_name = stat.rsplit(')').next().expect("its state");
        let ticks = after_name.split_whitespace().skip(11).take(2);
        TICK * ticks.map(|ticks| ticks.parse::<u32>().expect("a number")).sum()
    }

    /// Its peak memory use, in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak(&self) -> u64 {
        let id = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a line");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }

    pub(crate) async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }
}
