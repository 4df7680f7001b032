//! When the HTTP client made its last connection.
//!
//! A request that waits for a connection is sent later than it was handed to the HTTP client: on a slow network,
//! seconds later. A look-up must not assume an earlier sending time: an operation that another client created in the
//! meantime would look newer than the request.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::lock::lock;

/// When the latest connections were made. Clones share the same state. Nothing is recorded for an HTTP client that
/// the program supplies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connected(Arc<Mutex<VecDeque<Instant>>>);

impl Connected {
    /// How many connections are remembered.
    const LATEST: usize = 64;

    /// The latest moment at which a request can have been sent, if it was handed to the HTTP client at `begun` and
    /// waits for a connection no longer than `timeout`. The connection may belong to another request, but the worst
    /// that a moment too late can cause is a duplicate.
    pub(crate) fn latest_after(&self, begun: Instant, timeout: Duration) -> Instant {
        let end = begun.checked_add(timeout);
        let is_in_time = |at: &Instant| end.is_none_or(|end| *at <= end);
        let last = self.moments().iter().copied().filter(is_in_time).max();
        last.map_or(begun, |last| last.max(begun))
    }

    /// Whether no connection was ever made, so that nothing can have been sent.
    pub(crate) fn is_none_yet(&self) -> bool {
        self.moments().is_empty()
    }

    fn made(&self) {
        let mut moments = self.moments();
        if moments.len() == Self::LATEST {
            moments.pop_front();
        }
        moments.push_back(Instant::now());
    }

    fn moments(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        lock(&self.0)
    }
}

impl<S> Layer<S> for Connected {
    type Service = Connecting<S>;

    fn layer(&self, inner: S) -> Connecting<S> {
        Connecting { inner: Arc::new(inner), connected: self.clone() }
    }
}

/// Makes connections, and records when each was made.
///
/// The HTTP client clones it for every request, even if there is a connection already. Cloning what is inside takes
/// many allocations, so only a call clones that.
pub(crate) struct Connecting<S> {
    inner: Arc<S>,
    connected: Connected,
}

impl<S> Clone for Connecting<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), connected: self.connected.clone() }
    }
}

impl<S, R> Service<R> for Connecting<S>
where
    S: Service<R> + Clone + Send + 'static,
    S::Future: Send,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        // A call waits until its own clone is ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: R) -> Self::Future {
        let (mut inner, connected) = (S::clone(&self.inner), self.connected.clone());
        Box::pin(async move {
            poll_fn(|cx| inner.poll_ready(cx)).await?;
            let connection = inner.call(target).await?;
            connected.made();
            Ok(connection)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const TIMEOUT: Duration = Duration::from_secs(3);

    /// Connects in 2 s.
    #[derive(Clone)]
    struct Slow;

    impl Service<()> for Slow {
        type Response = ();
        type Error = Infallible;
        type Future = Pin<Box<dyn Future<Output = Result<(), Infallible>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> Self::Future {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Ok(())
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn request_is_sent_no_earlier_than_its_connection_is_made() {
        let connected = Connected::default();
        let begun = Instant::now();
        assert_eq!(connected.latest_after(begun, TIMEOUT), begun);
        assert!(connected.is_none_yet());
        connected.layer(Slow).call(()).await.expect("a connection");
        assert_eq!(connected.latest_after(begun, TIMEOUT), begun + Duration::from_secs(2));
        assert!(!connected.is_none_yet());
        let later = begun + Duration::from_secs(5);
        assert_eq!(connected.latest_after(later, TIMEOUT), later, "on an existing connection");
        tokio::time::advance(Duration::from_secs(2)).await;
        connected.layer(Slow).call(()).await.expect("a connection");
        let latest = connected.latest_after(begun, TIMEOUT);
        assert_eq!(latest, begun + Duration::from_secs(2), "the later one is for another request");
        let latest = connected.latest_after(begun, Duration::MAX);
        assert_eq!(latest, begun + Duration::from_secs(6), "there is no limit");
    }
}
