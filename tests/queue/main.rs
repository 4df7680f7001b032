//! The queue on real servers: NATS on loopback, workers as processes, a sandbox as the service.
//!
//! Without a `nats-server`, the tests report that they did not run; with `PURGE_QUEUE_TESTS` in the environment, as
//! in the gate, they fail instead.

#![expect(clippy::print_stdout, reason = "what was measured is a part of what the tests say")]
#![cfg(unix)]

mod servers;
mod bench;
mod load;
mod crash;
mod chaos;
mod partition;
mod rights;
mod matrix;
mod check;
mod figures;
mod cost;
mod raw;
mod poison;
mod service;
mod settings;

use purge_api_ext::{Paths, ResourceId};

/// The installed command line.
const PURGE: &str = env!("CARGO_BIN_EXE_purge-under-test");
const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";

/// Whether to run at full size, which takes longer than the gate has.
fn is_full() -> bool {
    std::env::var_os("PURGE_QUEUE_FULL").is_some()
}

/// The command line that is measured: a release build, if `PURGE_QUEUE_BINARY` names one.
fn measured() -> String {
    std::env::var("PURGE_QUEUE_BINARY").unwrap_or_else(|_| PURGE.to_owned())
}

fn resource() -> ResourceId {
    RESOURCE.parse().expect("a resource")
}

fn parsed(paths: impl IntoIterator<Item = impl AsRef<str>>) -> Paths {
    let mut parsed = Paths::new();
    paths.into_iter().for_each(|path| parsed.try_push(path.as_ref()).expect("a path"));
    parsed
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("/{n}")).collect()
}
