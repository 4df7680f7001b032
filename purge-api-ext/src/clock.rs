//! The clock of the service, which each answer shows.
//!
//! The times of records are by this clock, and no other one says when a job was created.

use std::time::{Duration, SystemTime};

use reqwest::header::{AGE, DATE, HeaderMap, HeaderValue};
use tokio::time::Instant;

/// What time it was for the service, and when it was asked for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The time of day, without the fraction of its second.
    pub(crate) date: SystemTime,
    pub(crate) asked: Instant,
    /// When it was asked, by the clock of this machine: see [`Clock::now`].
    wall: SystemTime,
}

/// A clock whose time was not parsed yet.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    date: HeaderValue,
    asked: Instant,
    wall: SystemTime,
}

impl Shown {
    /// None if the time may be that of an older answer: a cache that has kept one says so by `Age`.
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
    /// The clock that an answer shows.
    pub(crate) fn from_headers(headers: &HeaderMap, asked: Instant) -> Option<Self> {
        // Within a run, only the time between two moments counts.
        Shown::from_headers(headers, asked, SystemTime::now())?.read()
    }

    #[cfg(test)]
    pub(crate) fn shown(date: SystemTime, asked: Instant) -> Self {
        Self { date, asked, wall: SystemTime::now() }
    }

    /// What time it is for the service; nothing if that cannot be told.
    ///
    /// On some systems [`Instant`] stands still while the machine sleeps. The clock of this machine does not,
    /// so that the two tell different times then, as they do after that clock was adjusted.
    pub(crate) fn now(self) -> Option<SystemTime> {
        const TOLERANCE: Duration = Duration::from_secs(1);
        let now = Instant::now();
        let by_wall = SystemTime::now().duration_since(self.wall).ok()?;
        let differs = by_wall.abs_diff(now - self.asked) > TOLERANCE;
        if differs { None } else { self.at(now) }
    }

    /// The latest time that the clock can have shown at a moment, but for the fraction of a second that the
    /// service leaves out.
    ///
    /// The answer was made at some time after it was asked for. Measured from there, a slow answer would make
    /// the time earlier than it was.
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
    fn time_of_an_older_answer_is_not_taken() {
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
            // The machine has slept, or its clock was adjusted.
            assert!(Clock { wall, ..clock }.now().is_none());
        }
        let mut aged = headers.clone();
        aged.append(AGE, HeaderValue::from_static("0"));
        assert!(Clock::from_headers(&aged, asked).is_none());
        headers.append(DATE, DATE_OF_1994);
        assert!(Clock::from_headers(&headers, asked).is_none(), "two dates");
    }
}
