//! The queue on real servers: NATS on loopback, workers as processes, a sandbox as the service.
//!
//! Without a `nats-server` they say that they did not run; with `PURGE_QUEUE_TESTS` in the environment, as in the gate,
//! they fail then.

#![expect(clippy::print_stdout, reason = "what was measured is a part of what the tests say")]
#![cfg(unix)]

mod servers;
mod bench;
mod load;
mod crash;
mod chaos;
mod partition;
mod rights;
mod check;
mod figures;

use purge_api_ext::{Paths, ResourceId};

/// The command line, as it is installed.
const PURGE: &str = env!("CARGO_BIN_EXE_purge-under-test");
const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";

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
