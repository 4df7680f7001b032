//! When the next request of a client may be sent: not while the service asks for a pause, and not faster
//! than the caller allows.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

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

impl From<RateError> for crate::Error {
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
    next: Mutex<Next>,
}

#[derive(Debug, Default)]
struct Next {
    /// No request before this.
    pause: Option<Instant>,
    /// The next free place of the rate.
    place: Option<Instant>,
}

/// The service asked for a pause that is longer than the caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    /// How much of the pause is left.
    pub(crate) left: Duration,
}

impl Pace {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self { rate, next: Mutex::default() }
    }

    /// Holds all requests back for a while.
    pub(crate) fn pause(&self, delay: Duration) {
        let until = Instant::now() + delay.min(crate::retry::LONGEST);
        let mut next = self.next();
        next.pause = Some(next.pause.map_or(until, |earlier| earlier.max(until)));
    }

    /// Waits until a request may be sent, unless the service has asked for a longer pause than `patience`.
    pub(crate) async fn turn(&self, patience: Duration) -> Result<(), TooLong> {
        loop {
            self.check(patience)?;
            if let Some(place) = self.place() {
                sleep_until(place).await;
            }
            self.check(patience)?;
            // A pause that began meanwhile takes the place away: all of them would come at its end.
            let Some(until) = self.paused() else { return Ok(()) };
            sleep_until(until).await;
        }
    }

    fn check(&self, patience: Duration) -> Result<(), TooLong> {
        let left = self.paused().map(|until| until - Instant::now());
        left.filter(|left| *left > patience).map_or(Ok(()), |left| Err(TooLong { left }))
    }

    fn place(&self) -> Option<Instant> {
        let interval = self.rate?.interval();
        let now = Instant::now();
        let mut next = self.next();
        let place = [next.place, next.pause].into_iter().flatten().fold(now, Instant::max);
        next.place = Some(place + interval);
        Some(place)
    }

    fn paused(&self) -> Option<Instant> {
        self.next().pause.filter(|until| *until > Instant::now())
    }

    fn next(&self) -> MutexGuard<'_, Next> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
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
            pace.turn(PATIENCE).await.expect("its turn");
            assert_eq!(start.elapsed(), Duration::from_millis(200 * place));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pause_holds_everybody_back_and_the_longest_counts() {
        let pace = Pace::default();
        let start = Instant::now();
        pace.pause(Duration::from_secs(7));
        pace.pause(Duration::from_secs(3));
        pace.turn(PATIENCE).await.expect("its turn");
        assert_eq!(start.elapsed(), Duration::from_secs(7));
        pace.turn(PATIENCE).await.expect("its turn");
        assert_eq!(start.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn pause_does_not_end_in_a_burst() {
        let pace = Pace::new(Some(Rate::new(1, Duration::from_secs(1))));
        let start = Instant::now();
        pace.pause(Duration::from_secs(10));
        let turn = async || {
            pace.turn(PATIENCE).await.expect("its turn");
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
            pace.turn(PATIENCE).await.expect("its turn");
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
        pace.turn(PATIENCE).await.expect("its turn");
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
        pace.turn(PATIENCE).await.expect("what is left of it");
        assert_eq!(start.elapsed().as_secs(), 100);
        pace.pause(Duration::from_secs(10));
        let longer = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            pace.pause(Duration::MAX);
        };
        let (turn, ()) = tokio::join!(pace.turn(PATIENCE), longer);
        assert!(turn.is_err(), "a pause that grows while it is waited for");
    }
}
