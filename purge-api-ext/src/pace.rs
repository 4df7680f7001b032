//! When the next request of a client may be sent: not while the service asks for a pause, and not faster
//! than the caller allows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep, sleep_until};

use crate::retry::LONGEST_RETRY_AFTER;

/// A rate of requests, evenly spread: 5 a second means one every 200 ms, and never two at once.
///
/// The service publishes no rate limit. Comparable services allow from one a minute to 50 a second.
///
/// ```
/// use std::time::Duration;
/// use purge_api_ext::Rate;
///
/// assert_eq!(Rate::new(5, Duration::from_secs(1)), "5/s".parse()?);
/// assert_eq!(Rate::new(30, Duration::from_secs(60)), "30/m".parse()?);
/// # Ok::<(), purge_api_ext::RateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: u32,
    per: Duration,
}

impl Rate {
    /// So many requests in so long a time; 0 requests count as 1.
    #[must_use]
    pub fn new(requests: u32, per: Duration) -> Self {
        Self { requests: requests.max(1), per: per.min(crate::retry::LONGEST) }
    }

    /// How many requests, at least 1.
    #[must_use]
    pub fn requests(self) -> u32 {
        self.requests
    }

    /// In how long a time.
    #[must_use]
    pub fn per(self) -> Duration {
        self.per
    }

    /// The time from one request to the next.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.per / self.requests
    }
}

/// A text that is no [`Rate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateError(());

impl std::fmt::Display for RateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "a rate is a number of requests in a second, minute or hour: `5/s`, `30/m`, `100/h`",
        )
    }
}

impl std::error::Error for RateError {}

impl From<RateError> for crate::error::Error {
    fn from(error: RateError) -> Self {
        Self::invalid_input(&error)
    }
}

impl std::str::FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (requests, unit) = text.split_once('/').ok_or(RateError(()))?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return Err(RateError(())),
        };
        let requests = requests.parse().ok().filter(|requests| *requests > 0);
        Ok(Self::new(requests.ok_or(RateError(()))?, Duration::from_secs(seconds)))
    }
}

/// The clock that all requests of a client share.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    rate: Option<Rate>,
    /// No request before this.
    pause: Mutex<Option<Instant>>,
    /// The time of the next place of the rate. The request that holds it is the next to be sent; the others wait
    /// in order.
    next: Arc<tokio::sync::Mutex<Option<Instant>>>,
}

/// The place of one request. Dropped without being taken, it is free for the next one.
#[derive(Debug)]
pub(crate) struct Place(Option<(OwnedMutexGuard<Option<Instant>>, Duration)>);

impl Place {
    /// The request is sent now, and the next one an interval later.
    pub(crate) fn take(self) {
        if let Some((mut next, interval)) = self.0 {
            *next = Some(Instant::now() + interval);
        }
    }
}

/// The service asked for a pause that is longer than the caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    /// How much of the pause is left.
    pub(crate) left: Duration,
}

impl Pace {
    /// A pause ends after this at the latest, so that one answer does not silence a program for a day: the next
    /// request hears whether the service still asks for it.
    const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self { rate, pause: Mutex::default(), next: Arc::default() }
    }

    /// Holds all requests back for a while.
    pub(crate) fn pause(&self, delay: Duration) {
        let until = Instant::now() + delay.min(Self::LONGEST_PAUSE);
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        *pause = Some(pause.map_or(until, |earlier| earlier.max(until)));
    }

    /// Waits until a request may be sent, unless the service has asked for a longer pause than `patience`.
    pub(crate) async fn turn(&self, patience: Duration) -> Result<Place, TooLong> {
        loop {
            // A long pause is waited for outside of the queue: not all of those in it have the patience.
            self.wait_while(|left| left > LONGEST_RETRY_AFTER, patience).await?;
            let Some(rate) = self.rate else {
                self.wait_while(|_| true, patience).await?;
                return Ok(Place(None));
            };
            let next = Arc::clone(&self.next).lock_owned().await;
            if let Some(at) = *next {
                sleep_until(at).await;
            }
            // In the queue, a pause does not change the order.
            self.wait_while(|left| left <= LONGEST_RETRY_AFTER, patience).await?;
            if self.pause_left().is_none() {
                return Ok(Place(Some((next, rate.interval()))));
            }
        }
    }

    /// Waits as long as there is such a pause.
    async fn wait_while(
        &self,
        is_such: impl Fn(Duration) -> bool,
        patience: Duration,
    ) -> Result<(), TooLong> {
        while let Some(left) = self.pause_left().filter(|left| is_such(*left)) {
            if left > patience {
                return Err(TooLong { left });
            }
            sleep(left.min(LONGEST_RETRY_AFTER)).await;
        }
        Ok(())
    }

    /// How much is left of the pause that the service asked for.
    pub(crate) fn pause_left(&self) -> Option<Duration> {
        let until = *self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn rates() {
        for bad in ["", "5", "0/s", "-1/s", "1.5/s", "5/d", "/s", "5/ s"] {
            assert_eq!(bad.parse::<Rate>(), Err(RateError(())), "{bad}");
        }
        let rate: Rate = "100/h".parse().expect("a rate");
        assert_eq!((rate.requests(), rate.per()), (100, Duration::from_secs(3600)));
        assert_eq!(rate.interval(), Duration::from_secs(36));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_spread_evenly() {
        let pace = Pace::new(Some(Rate::new(5, Duration::from_secs(1))));
        let start = Instant::now();
        for place in 0..10 {
            pace.turn(PATIENCE).await.expect("its turn").take();
            assert_eq!(start.elapsed(), Duration::from_millis(200 * place));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pause_holds_everybody_back_and_the_longest_counts() {
        let pace = Pace::default();
        let start = Instant::now();
        pace.pause(Duration::from_secs(7));
        pace.pause(Duration::from_secs(3));
        pace.turn(PATIENCE).await.expect("its turn").take();
        assert_eq!(start.elapsed(), Duration::from_secs(7));
        pace.turn(PATIENCE).await.expect("its turn").take();
        assert_eq!(start.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn pause_does_not_end_in_a_burst() {
        let pace = Pace::new(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        pace.pause(Duration::from_secs(10));
        let turn = async || {
            pace.turn(PATIENCE).await.expect("its turn").take();
            start.elapsed().as_secs()
        };
        let turns = tokio::join!(turn(), turn(), turn());
        assert_eq!(turns, (10, 11, 12));
    }

    #[tokio::test(start_paused = true)]
    async fn pause_that_begins_later_does_not_end_in_a_burst_either() {
        let pace = Pace::new(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        let turn = async || {
            pace.turn(PATIENCE).await.expect("its turn").take();
            start.elapsed().as_secs()
        };
        let pause = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            pace.pause(Duration::from_millis(9500));
        };
        let (turns, ()) = tokio::join!(async { tokio::join!(turn(), turn(), turn()) }, pause);
        assert_eq!(turns, (0, 10, 11));
    }

    #[tokio::test(start_paused = true)]
    async fn endless_rate_and_pause_are_no_panic() {
        let pace = Pace::new(Some(Rate::new(1, Duration::MAX)));
        pace.turn(PATIENCE).await.expect("its turn").take();
        assert!(tokio::time::timeout(Duration::from_secs(60), pace.turn(PATIENCE)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn pause_that_is_longer_than_the_patience_is_not_waited_for() {
        let pace = Pace::default();
        let start = Instant::now();
        pace.pause(Duration::from_secs(100));
        let too_long = pace.turn(PATIENCE).await.expect_err("a long pause");
        assert_eq!((too_long.left.as_secs(), start.elapsed()), (100, Duration::ZERO));
        tokio::time::sleep(Duration::from_secs(40)).await;
        pace.turn(PATIENCE).await.expect("what is left of it").take();
        assert_eq!(start.elapsed().as_secs(), 100);
        pace.pause(Duration::from_secs(10));
        let longer = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            pace.pause(Duration::MAX);
        };
        let (turn, ()) = tokio::join!(pace.turn(PATIENCE), longer);
        assert!(turn.is_err(), "a pause that grows while it is waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn place_that_is_not_taken_is_free_for_the_next() {
        let pace = Pace::new(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        pace.turn(PATIENCE).await.expect("its turn").take();
        for _ in 0..100 {
            tokio::time::timeout(Duration::from_millis(1), pace.turn(PATIENCE))
                .await
                .expect_err("soon");
        }
        pace.turn(PATIENCE).await.expect("its turn").take();
        assert_eq!(start.elapsed().as_secs(), 1);
        tokio::time::sleep(Duration::from_secs(1)).await;
        for _ in 0..100 {
            drop(pace.turn(PATIENCE).await.expect("its turn"));
        }
        assert_eq!(start.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn interval_begins_when_a_place_is_taken() {
        let pace = Pace::new(Some(Rate::new(4, Duration::from_secs(1))));
        let start = Instant::now();
        let slow = async || {
            let place = pace.turn(PATIENCE).await.expect("its turn");
            // What a request does before it is sent.
            tokio::time::sleep(Duration::from_secs(2)).await;
            place.take();
            start.elapsed().as_millis()
        };
        assert_eq!(tokio::join!(slow(), slow(), slow()), (2000, 4250, 6500));
    }

    #[tokio::test(start_paused = true)]
    async fn short_pause_keeps_the_order() {
        let pace = Pace::new(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        let turn = async || {
            pace.turn(PATIENCE).await.expect("its turn").take();
            start.elapsed().as_secs()
        };
        let pause = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            pace.pause(Duration::from_millis(600));
        };
        let waiting = futures_util::future::join_all((0..30).map(|_| turn()));
        let (turns, ()) = tokio::join!(waiting, pause);
        assert!(turns.iter().max().is_some_and(|last| *last <= 31), "{turns:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn pause_of_a_year_ends_after_an_hour() {
        let pace = Pace::default();
        pace.pause(Duration::MAX);
        assert_eq!(pace.pause_left(), Some(Pace::LONGEST_PAUSE));
    }
}
