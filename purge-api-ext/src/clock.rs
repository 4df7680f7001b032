//! The clock of the service, as shown by the `Date` header of each response.
//!
//! The times in records are by this clock, and no other clock says when an operation was created.

use std::time::{Duration, SystemTime};

use reqwest::header::{AGE, DATE, HeaderMap, HeaderValue};
use tokio::time::Instant;

/// The time by the service's clock, and when the request for it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The service's time, without fractions of a second.
    pub(crate) date: SystemTime,
    pub(crate) asked: Instant,
    /// When the request was made, by the wall clock of this machine: see [`Clock::now`].
    wall: SystemTime,
}

/// A clock whose time is not parsed yet.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    date: HeaderValue,
    asked: Instant,
    wall: SystemTime,
}

impl Shown {
    /// None if the time may be that of an older response: a cache that stored one adds `Age`.
    pub(crate) fn from_headers(
        headers: &HeaderMap,
        asked: Instant,
        wall: SystemTime,
    ) -> Option<Self> {
        let mut dates = headers.get_all(DATE).into_iter();
        let date = dates.next().filter(|_| dates.next().is_none() && !headers.contains_key(AGE))?;
        Some(Self { date: date.clone(), asked, wall })
    }

    pub(crate) fn read(&self) -> Option<Clock> {
        let date = httpdate::parse_http_date(self.date.to_str().ok()?).ok()?;
        Some(Clock { date, asked: self.asked, wall: self.wall })
    }
}

impl Clock {
    /// The clock in the headers of a response.
    pub(crate) fn from_headers(headers: &HeaderMap, asked: Instant) -> Option<Self> {
        // Within a run, only differences of this time are used.
        Shown::from_headers(headers, asked, SystemTime::now())?.read()
    }

    #[cfg(test)]
    pub(crate) fn shown(date: SystemTime, asked: Instant) -> Self {
        Self { date, asked, wall: SystemTime::now() }
    }

    /// The current time by the service's clock; `None` if it is unknown.
    ///
    /// On some systems [`Instant`] stops while the machine sleeps, but the wall clock does not. If the two disagree,
    /// the machine slept or its wall clock was adjusted, and the time is unknown.
    pub(crate) fn now(self) -> Option<SystemTime> {
        const TOLERANCE: Duration = Duration::from_secs(1);
        let now = Instant::now();
        let by_wall = SystemTime::now().duration_since(self.wall).ok()?;
        let differs = by_wall.abs_diff(now - self.asked) > TOLERANCE;
        if differs { None } else { self.at(now) }
    }

    /// The latest time that the service's clock can have shown at a moment, not counting the fraction of a second
    /// that `Date` drops.
    ///
    /// The response was created some time after the request was made. If time were measured from the arrival of the
    /// response, a slow response would make the result too early.
    pub(crate) fn at(self, moment: Instant) -> Option<SystemTime> {
        match moment.checked_duration_since(self.asked) {
            Some(later) => self.date.checked_add(later),
            None => self.date.checked_sub(self.asked - moment),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE_OF_1994: HeaderValue = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn time_of_an_older_response_is_ignored() {
        let asked = Instant::now();
        let mut headers = HeaderMap::new();
        assert!(Clock::from_headers(&headers, asked).is_none());
        headers.append(DATE, DATE_OF_1994);
        let clock = Clock::from_headers(&headers, asked).expect("a clock");
        let second = Duration::from_secs(1);
        assert_eq!(clock.at(asked), Some(clock.date));
        assert_eq!(clock.at(asked + second), Some(clock.date + second));
        assert_eq!(clock.at(asked - second), Some(clock.date - second));
        assert!(clock.now().is_some());
        for wall in [clock.wall - 2 * second, clock.wall + 2 * second] {
            // The machine slept, or its wall clock was adjusted.
            assert!(Clock { wall, ..clock }.now().is_none());
        }
        let mut aged = headers.clone();
        aged.append(AGE, HeaderValue::from_static("0"));
        assert!(Clock::from_headers(&aged, asked).is_none());
        headers.append(DATE, DATE_OF_1994);
        assert!(Clock::from_headers(&headers, asked).is_none(), "two dates");
    }
}
