//! Captures what libraries report to `tracing`.

use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use tracing::Subscriber;
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing_subscriber::Registry;

/// Sends the events of this thread to a subscriber until the guard is dropped.
pub fn listen(subscriber: impl Subscriber + Send + Sync) -> DefaultGuard {
    static AWAKE: Once = Once::new();
    AWAKE.call_once(|| {
        // The whole process caches whether any subscriber is interested in a callsite, and updates this whenever a
        // subscriber is added or removed. A test could miss events while another test ends. A global subscriber that is
        // always interested prevents this.
        set_global_default(Registry::default()).expect("no other global subscriber");
    });
    set_default(subscriber)
}

/// A buffer for log lines.
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
