//! The rate of requests to a host, shared by all tasks that send them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// The limits for one host: the number of requests in flight, and the time between two of them.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
    flights: Semaphore,
}

impl Pace {
    pub(crate) fn new(interval: Duration, concurrency: usize) -> Self {
        Self { interval, next: Mutex::default(), flights: Semaphore::new(concurrency.max(1)) }
    }

    /// Waits for a turn. The request is in flight until the result is dropped.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        let permit = self.flights.acquire().await.ok()?;
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let at = next.map_or(now, |next| next.max(now));
            *next = Some(at + self.interval);
            at
        };
        if at > Instant::now() {
            sleep_until(at).await;
        }
        Some(permit)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_keep_the_interval() {
        let pace = Pace::new(Duration::from_millis(100), 3);
        let start = Instant::now();
        let asked = join_all((0..7).map(async |_| {
            let permit = pace.turn().await;
            let at = start.elapsed();
            drop(permit);
            at.as_millis()
        }));
        assert_eq!(asked.await, [0, 100, 200, 300, 400, 500, 600]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_are_in_flight() {
        let pace = Pace::new(Duration::ZERO, 2);
        let (first, second) = (pace.turn().await, pace.turn().await);
        let third = tokio::time::timeout(Duration::from_secs(9), pace.turn()).await;
        assert!(third.is_err() && first.is_some());
        drop(second);
        assert!(pace.turn().await.is_some());
    }
}
