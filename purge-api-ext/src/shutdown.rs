//! Graceful shutdown of a run.

use std::sync::Arc;

use tokio::sync::watch;

/// A handle that shuts runs down gracefully, for example on a signal.
///
/// Dropping a run loses the responses to requests in flight. A run with a handle ([`Purge::shutdown`],
/// [`Wait::shutdown`]) ends early and still returns a report. Once the shutdown has begun, no new request is sent;
/// pauses before retries, and waiting for completion, end immediately. Responses to requests in flight are still
/// awaited, for at most the [attempt timeout](crate::ClientBuilder::attempt_timeout). The report lists paths that
/// were not sent or are not finished as such, with an error of the kind [`ErrorKind::Interrupted`].
///
/// Clones share the same state, and one handle can end many runs.
///
/// ```no_run
/// # async fn stop_signal() {}
/// # async fn run(site: purge_api_ext::Resource) -> Result<(), Box<dyn std::error::Error>> {
/// use purge_api_ext::{Plan, Shutdown};
///
/// let shutdown = Shutdown::new();
/// let handle = shutdown.clone();
/// tokio::spawn(async move {
///     stop_signal().await; // for example `tokio::signal::ctrl_c()`
///     handle.begin();
/// });
/// let report = site.purge(Plan::parse(["/index.html"])?).shutdown(shutdown).await;
/// println!("{} paths were not sent", report.summary.not_sent);
/// # Ok(())
/// # }
/// ```
///
/// [`Purge::shutdown`]: crate::Purge::shutdown
/// [`Wait::shutdown`]: crate::Wait::shutdown
/// [`ErrorKind::Interrupted`]: crate::ErrorKind::Interrupted
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Shutdown {
    /// Creates a handle whose shutdown has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Begins the shutdown. A second call changes nothing.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it begins.
    pub async fn begun(&self) {
        // This handle keeps the sender alive, so waiting never fails.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}
