//! Ending a run early, in good order.

use std::sync::Arc;

use tokio::sync::watch;

/// A handle that ends runs in good order, for example on a signal.
///
/// Dropping a run loses the answers to the requests that are under way. A run that is given a handle
/// ([`Purge::shutdown`], [`Wait::shutdown`]) ends early and has a report all the same: once the shutdown has
/// begun, no new request is sent, pauses before retries and waiting for completion end at once, and the
/// answers to requests under way are still taken, for at most the
/// [attempt timeout](crate::ClientBuilder::attempt_timeout). What was not sent, or is not finished, is so in
/// the report, with an error of the kind [`ErrorKind::Interrupted`].
///
/// Clones are the same handle, and one handle may end many runs.
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
    /// Makes one that has not begun.
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
        // The sender lives as long as this handle, so waiting never fails.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}
