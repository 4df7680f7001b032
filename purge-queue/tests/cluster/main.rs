//! The queue on real servers: NATS on loopback, workers as processes, a sandbox as the service.

#![expect(clippy::print_stdout, reason = "what was measured is a part of what the tests say")]

mod load;
mod servers;

use purge_api_ext::{Paths, ResourceId};

const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";

fn resource() -> ResourceId {
    RESOURCE.parse().expect("a resource")
}

fn parsed(paths: impl IntoIterator<Item = impl AsRef<str>>) -> Paths {
    let mut parsed = Paths::new();
    paths.into_iter().for_each(|path| parsed.try_push(path.as_ref()).expect("a path"));
    parsed
}
