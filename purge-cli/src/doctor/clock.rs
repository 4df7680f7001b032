//! How far apart the clocks of the service and of this machine are.

use std::time::{Duration, SystemTime};

use super::seen::Exchange;

/// A difference that causes no trouble.
const TOLERANCE: f64 = 5.0;

/// How the service's clock differs from that of this machine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Skew {
    /// No response shows the time.
    Unknown,
    /// They may be equal; they differ by at most this.
    Agree(Duration),
    /// They differ by at least this.
    Differ { ahead: bool, by: Duration },
}

impl Skew {
    /// What is known from the `Date` of every response, which has no fraction of a second.
    pub(crate) fn of(exchanges: &[Exchange]) -> Self {
        let mut bounds: Option<(f64, f64)> = None;
        for exchange in exchanges {
            let Some(date) = exchange.date else { continue };
            // The response was made between these two.
            let (low, high) = (since(date, exchange.received), since(date, exchange.sent) + 1.0);
            let (lowest, highest) = bounds.unwrap_or((low, high));
            bounds = Some((lowest.max(low), highest.min(high)));
        }
        match bounds {
            None => Self::Unknown,
            // The clock was adjusted in between, so that no single difference fits.
            Some((low, high)) if low > high => Self::differ(low.max(high)),
            Some((low, _)) if low > 0.0 => Self::differ(low),
            Some((_, high)) if high < 0.0 => Self::differ(high),
            Some((low, high)) => Self::Agree(Duration::from_secs_f64(high.max(-low).ceil())),
        }
    }

    fn differ(seconds: f64) -> Self {
        let by = Duration::from_secs_f64(seconds.abs().round().min(1e15));
        Self::Differ { ahead: seconds > 0.0, by }
    }

    /// Whether it is so large that times of the two must not be compared.
    pub(crate) fn is_large(&self) -> bool {
        matches!(self, Self::Differ { by, .. } if by.as_secs_f64() > TOLERANCE)
    }
}

/// How long after `earlier` a time is, in seconds; negative if it is before.
fn since(time: SystemTime, earlier: SystemTime) -> f64 {
    match time.duration_since(earlier) {
        Ok(later) => later.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::super::seen::Asked;
    use super::*;

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(millis)
    }

    fn exchange(sent: u64, received: u64, date: Option<u64>) -> Exchange {
        Exchange {
            asked: Asked::Login,
            status: 200,
            content_type: None,
            limits: Vec::new(),
            date: date.map(|seconds| at(seconds * 1000)),
            sent: at(sent),
            received: at(received),
            body: None,
        }
    }

    #[test]
    fn clocks_agree_unless_they_cannot() {
        let skew = |exchanges: &[Exchange]| Skew::of(exchanges);
        let seconds = Duration::from_secs;
        assert_eq!(skew(&[exchange(5000, 5100, None)]), Skew::Unknown);
        assert_eq!(skew(&[exchange(5900, 5950, Some(5))]), Skew::Agree(seconds(1)));
        assert_eq!(skew(&[exchange(5900, 8000, Some(6))]), Skew::Agree(seconds(2)));
        let ahead = skew(&[exchange(5000, 5100, Some(65))]);
        assert_eq!(ahead, Skew::Differ { ahead: true, by: seconds(60) });
        let behind = skew(&[exchange(65_000, 65_000, Some(5))]);
        assert_eq!(behind, Skew::Differ { ahead: false, by: seconds(59) });
        assert!(ahead.is_large() && behind.is_large());
        assert!(!skew(&[exchange(5000, 5100, Some(8))]).is_large());
        // A second response narrows the difference down.
        let both = [exchange(5000, 9000, Some(8)), exchange(10_000, 10_000, Some(13))];
        assert_eq!(skew(&both), Skew::Differ { ahead: true, by: seconds(3) });
    }

    proptest! {
        #[test]
        fn what_is_said_is_true(
            skew in -100_000_i64..100_000,
            times in proptest::collection::vec((0..1_000_000_u64, 0..3000_u64, 0.0..1.0_f64), 1..5),
        ) {
            let exchanges: Vec<_> = times.iter().map(|(sent, takes, when)| {
                let sent = 1_000_000 + sent;
                let made = sent + (*takes as f64 * when) as u64;
                exchange(sent, sent + takes, Some(made.saturating_add_signed(skew) / 1000))
            }).collect();
            match Skew::of(&exchanges) {
                Skew::Unknown => prop_assert!(false),
                Skew::Agree(most) => prop_assert!(skew.unsigned_abs() as u128 <= most.as_millis()),
                Skew::Differ { ahead, by } => {
                    prop_assert_eq!(ahead, skew > 0);
                    // It is rounded to a second.
                    prop_assert!(by.as_millis() <= skew.unsigned_abs() as u128 + 500);
                }
            }
        }
    }
}
