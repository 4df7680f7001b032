//! The server of the queue.

use std::path::PathBuf;

/// The `nats-server` that tests use: from `PURGE_NATS_SERVER`, or as the gate installs it. Without one a test says that
/// it did not run; with `PURGE_QUEUE_TESTS` in the environment it fails.
#[expect(clippy::print_stdout, reason = "a test that does not run says so")]
pub fn server() -> Option<PathBuf> {
    let given = std::env::var_os("PURGE_NATS_SERVER").map(PathBuf::from);
    let venv = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/ci/venv/bin/nats-server");
    let found = given.into_iter().chain([venv]).find(|file| file.exists());
    if found.is_none() {
        let why = "there is no nats-server: set PURGE_NATS_SERVER, or run .ci/run --install";
        assert!(std::env::var_os("PURGE_QUEUE_TESTS").is_none(), "{why}");
        println!("not run: {why}");
    }
    found
}
