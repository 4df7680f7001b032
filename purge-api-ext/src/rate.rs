//! A rate of requests, in the notation people use.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sanitize::Harmless;

/// A rate of requests, evenly spaced: 5 per second means one every 200 ms, and never two at the same time.
///
/// As text, in JSON and in a settings file, it is written `5/s`, `30/m` or `100/h`, or with a duration, such as
/// `1/2s500ms`.
///
/// The service publishes no rate limit. Comparable services allow between one per minute and 50 per second.
///
/// ```
/// use std::time::Duration;
/// use purge_api_ext::Rate;
///
/// assert_eq!(Rate::new(5, Duration::from_secs(1)), "5/s".parse()?);
/// assert_eq!(Rate::new(30, Duration::from_secs(60)), "30/m".parse()?);
/// assert_eq!(Rate::new(1, Duration::from_millis(2500)).to_string(), "1/2s500ms");
/// # Ok::<(), purge_api_ext::RateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: u32,
    per: Duration,
}

impl Rate {
    /// A number of requests per period. The period is clamped to between 1 ns and a year; 0 requests count as 1.
    #[must_use]
    pub fn new(requests: u32, per: Duration) -> Self {
        let shortest = Duration::from_nanos(1);
        Self { requests: requests.max(1), per: per.clamp(shortest, crate::retry::LONGEST) }
    }

    /// The number of requests per period, at least 1.
    #[must_use]
    pub fn requests(self) -> u32 {
        self.requests
    }

    /// The period.
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

/// The error for text that is not a [`Rate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateError(());

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a rate is a number of requests per second, minute, hour or other period: `5/s`, `30/m`, \
             `100/h`, `1/10s`",
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

/// Units that may be written without a number.
const UNITS: [(&str, Duration); 3] = [
    ("s", Duration::from_secs(1)),
    ("m", Duration::from_secs(60)),
    ("h", Duration::from_secs(3600)),
];

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.requests)?;
        if let Some((unit, _)) = UNITS.iter().find(|(_, time)| *time == self.per) {
            return f.write_str(unit);
        }
        f.write_str(&humantime::format_duration(self.per).to_string().replace(' ', ""))
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (requests, time) = text.split_once('/').ok_or(RateError(()))?;
        let unit = UNITS.iter().find(|(unit, _)| *unit == time);
        let per = match unit {
            Some((_, per)) => Some(*per),
            None if time.contains(char::is_whitespace) => None,
            None => humantime::parse_duration(time).ok(),
        };
        let per = per.filter(|per| !per.is_zero()).ok_or(RateError(()))?;
        let requests = requests.parse().ok().filter(|requests| *requests > 0);
        Ok(Self::new(requests.ok_or(RateError(()))?, per))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rates_round_trip_through_text_and_json(
            requests in any::<u32>(),
            per in prop_oneof![
                any::<Duration>(),
                (0..2_000_000_000_u64).prop_map(Duration::from_nanos),
                (0..100_000_u64).prop_map(Duration::from_secs),
            ],
        ) {
            let rate = Rate::new(requests, per);
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
            let json = serde_json::to_string(&rate).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<Rate>(&json).expect("a rate"), rate);
        }
    }

    #[test]
    fn rates_are_parsed_and_shown() {
        for bad in
            ["", "5", "0/s", "-1/s", "1.5/s", "5/d", "/s", "5/ s", "5/1m 30s", "5/0s", "5/10"]
        {
            assert_eq!(bad.parse::<Rate>(), Err(RateError(())), "{bad}");
        }
        let rate: Rate = "100/h".parse().expect("a rate");
        assert_eq!((rate.requests(), rate.per()), (100, Duration::from_secs(3600)));
        assert_eq!(rate.interval(), Duration::from_secs(36));
        assert_eq!("1/2m30s".parse(), Ok(Rate::new(1, Duration::from_secs(150))));
        for text in ["5/s", "30/m", "100/h", "1/10s", "1/1ms"] {
            assert_eq!(text.parse::<Rate>().expect(text).to_string(), text);
        }
    }
}
