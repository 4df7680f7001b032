//! What libraries tell to `tracing`, for the tests that listen.

use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use tracing::Subscriber;
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing_subscriber::Registry;

/// Lets a subscriber hear what happens on this thread, until the guard is dropped.
pub fn listen(subscriber: impl Subscriber + Send + Sync) -> DefaultGuard {
    static AWAKE: Once = Once::new();
    AWAKE.call_once(|| {
        // Whether anybody wants to know of a place in the code is remembered for the whole process, and
        // found out anew whenever a subscriber comes or goes. A test could miss what it waits for while
        // another one ends; with somebody who is always interested, nothing is ever forgotten.
        set_global_default(Registry::default()).expect("nobody else sets it");
    });
    set_default(subscriber)
}

/// A place for log lines.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What was written to it.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("the log")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
