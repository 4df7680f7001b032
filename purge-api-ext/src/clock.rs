//! The clock of the service, which each answer shows.
//!
//! The times of records are by this clock, and no other one says when a job was created.

use std::time::SystemTime;

use reqwest::header::{AGE, DATE, HeaderMap};
use tokio::time::Instant;

/// What time it was for the service, and when it was asked for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The time of day, without the fraction of its second.
    pub(crate) date: SystemTime,
    pub(crate) asked: Instant,
}

impl Clock {
    /// None if the time may be that of an older answer: a cache that has kept one says so by `Age`.
    pub(crate) fn of(headers: &HeaderMap, asked: Instant) -> Option<Self> {
        let mut dates = headers.get_all(DATE).into_iter();
        let date = dates.next().filter(|_| dates.next().is_none() && !headers.contains_key(AGE))?;
        let date = httpdate::parse_http_date(date.to_str().ok()?).ok()?;
        Some(Self { date, asked })
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
    use reqwest::header::HeaderValue;
    use std::time::Duration;

    const DATE_OF_1994: HeaderValue = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn time_of_an_older_answer_is_not_taken() {
        let asked = Instant::now();
        let mut headers = HeaderMap::new();
        assert!(Clock::of(&headers, asked).is_none());
        headers.append(DATE, DATE_OF_1994);
        let clock = Clock::of(&headers, asked).expect("a clock");
        let second = Duration::from_secs(1);
        assert_eq!(clock.at(asked), Some(clock.date));
        assert_eq!(clock.at(asked + second), Some(clock.date + second));
        assert_eq!(clock.at(asked - second), Some(clock.date - second));
        let mut aged = headers.clone();
        aged.append(AGE, HeaderValue::from_static("0"));
        assert!(Clock::of(&aged, asked).is_none());
        headers.append(DATE, DATE_OF_1994);
        assert!(Clock::of(&headers, asked).is_none(), "two dates");
    }
}
