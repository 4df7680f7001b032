//! When the HTTP client made its last connection.
//!
//! A request that waits for a connection is sent later than it was given to the HTTP client: by seconds, where
//! the network is slow. What a look-up takes for the time of sending must not be earlier than that, or the job
//! that somebody else created meanwhile looks newer than the request.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// The moment of the last connection. Clones are the same; unknown for an HTTP client that the program made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connected(Arc<Mutex<Option<Instant>>>);

impl Connected {
    /// The latest moment at which a request can have been sent that was given to the HTTP client at `begun`: the
    /// connection may be that of another request, but a later moment costs no more than a duplicate.
    pub(crate) fn latest_after(&self, begun: Instant) -> Instant {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map_or(begun, |last| last.max(begun))
    }
}

impl Connected {
    /// Whether there was no connection at all so far, so that nothing can have been sent.
    pub(crate) fn is_none_yet(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

impl<S> Layer<S> for Connected {
    type Service = Connecting<S>;

    fn layer(&self, inner: S) -> Connecting<S> {
        Connecting { inner, connected: self.clone() }
    }
}

/// Makes connections, and takes note of each.
#[derive(Clone)]
pub(crate) struct Connecting<S> {
    inner: S,
    connected: Connected,
}

impl<S, R> Service<R> for Connecting<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let (connecting, Connected(last)) = (self.inner.call(target), self.connected.clone());
        Box::pin(async move {
            let connection = connecting.await?;
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            Ok(connection)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::time::Duration;

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
    async fn request_is_sent_no_earlier_than_its_connection_is_there() {
        let connected = Connected::default();
        let begun = Instant::now();
        assert_eq!(connected.latest_after(begun), begun);
        assert!(connected.is_none_yet());
        connected.layer(Slow).call(()).await.expect("a connection");
        assert_eq!(connected.latest_after(begun), begun + Duration::from_secs(2));
        assert!(!connected.is_none_yet());
        let later = begun + Duration::from_secs(5);
        assert_eq!(connected.latest_after(later), later, "on a connection that was there");
    }
}
