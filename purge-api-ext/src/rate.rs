//! A rate of requests, as people write it.

use std::time::Duration;

use crate::sanitize::Harmless;

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

impl Harmless for RateError {}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        for bad in ["", "5", "0/s", "-1/s", "1.5/s", "5/d", "/s", "5/ s"] {
            assert_eq!(bad.parse::<Rate>(), Err(RateError(())), "{bad}");
        }
        let rate: Rate = "100/h".parse().expect("a rate");
        assert_eq!((rate.requests(), rate.per()), (100, Duration::from_secs(3600)));
        assert_eq!(rate.interval(), Duration::from_secs(36));
    }
}
