//! When to retry: pure decisions, which take time and randomness as input.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// What is known about a request whose response was not 200 with a readable body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Applied {
    /// It was certainly not applied.
    No,
    /// It never left this machine, and a retry would not either: no trusted connection can be made.
    #[serde(rename = "no", skip_deserializing)]
    Unsent,
    /// It was refused and would be refused again.
    Refused,
    /// It may have been applied.
    Maybe,
    /// It was accepted, or another one like it was, but the response does not name the operation.
    Yes,
}

impl Applied {
    /// Whether it may have created an operation whose ID is unknown.
    pub(crate) fn is_ambiguous(self) -> bool {
        matches!(self, Self::Maybe | Self::Yes)
    }
}

/// The longest wait for anything: a year. Longer ones would overflow on some clocks.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The longest `Retry-After` that is honored.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// How often and when a request is retried. The values are those of the AWS SDKs, with one more attempt. The
/// service publishes none.
#[derive(Clone, Debug)]
pub(crate) struct RetryPolicy {
    pub(crate) attempts: u32,
    pub(crate) base: Duration,
    pub(crate) cap: Duration,
    /// If the service asks for a longer pause than this, the request fails instead.
    pub(crate) longest_retry_after: Duration,
    /// How often a request that may have been applied is sent again.
    pub(crate) resends: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_secs(1),
            cap: Duration::from_secs(20),
            longest_retry_after: LONGEST_RETRY_AFTER,
            resends: 2,
        }
    }
}

impl RetryPolicy {
    /// Whether the failure of one request would repeat for all others: the token was refused or is
    /// unavailable, or the service asks for a longer pause than allowed.
    pub(crate) fn ends_run(&self, error: &Error) -> bool {
        let token =
            error.kind() == ErrorKind::InvalidInput || matches!(error.status(), Some(401 | 407));
        token || error.retry_after().is_some_and(|asked| asked > self.longest_retry_after)
    }

    /// How long to wait before the next attempt after `attempts` of them, `ambiguous` of which may have
    /// been applied; or `None` to give up.
    ///
    /// Full jitter: any time up to a bound that doubles. `random` is from 0 to 1. What the service asks
    /// for is a floor, so that chance never makes it shorter.
    pub(crate) fn delay(
        &self,
        applied: Applied,
        attempts: u32,
        ambiguous: u32,
        retry_after: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        let again = match applied {
            Applied::No => true,
            Applied::Maybe => ambiguous <= self.resends,
            Applied::Unsent | Applied::Refused | Applied::Yes => false,
        };
        if !again || attempts >= self.attempts {
            return None;
        }
        if retry_after.is_some_and(|asked| asked > self.longest_retry_after) {
            return None;
        }
        let doubled = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = self.base.saturating_mul(doubled).min(self.cap);
        Some(retry_after.unwrap_or_default() + bound.mul_f64(random.clamp(0.0, 1.0)))
    }
}

/// The retry budget shared by all requests of a run, so that an outage does not multiply the requests of a
/// long run: 100 retries are free, and after that every 5 accepted requests pay for one.
#[derive(Clone, Debug)]
pub(crate) struct RetryQuota(u32);

impl Default for RetryQuota {
    fn default() -> Self {
        Self(Self::CAPACITY)
    }
}

impl RetryQuota {
    const CAPACITY: u32 = 500;
    const RETRY: u32 = 5;

    /// Pays for one retry, if the budget allows.
    pub(crate) fn spend(&mut self) -> bool {
        let left = self.0.checked_sub(Self::RETRY);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }

    /// Whether the budget is too low for a retry.
    pub(crate) fn is_spent(&self) -> bool {
        self.0 < Self::RETRY
    }

    /// Credits an accepted request.
    pub(crate) fn refund(&mut self) {
        self.0 = (self.0 + 1).min(Self::CAPACITY);
    }
}

/// Parses `Retry-After` (RFC 9110, section 10.2.3): seconds, or an HTTP date in any of its three formats.
/// Anything else, and a repeated header, is ignored.
pub(crate) fn parse_retry_after<'a>(
    values: impl IntoIterator<Item = &'a HeaderValue>,
    now: SystemTime,
) -> Option<Duration> {
    let mut values = values.into_iter();
    let value = values.next()?.to_str().ok()?.trim();
    if values.next().is_some() {
        return None;
    }
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    // A date in the past means the usual backoff.
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsent_request_is_recorded_as_not_applied() {
        assert_eq!(serde_json::to_string(&Applied::Unsent).expect("text"), "\"no\"");
        assert_eq!(serde_json::from_str::<Applied>("\"no\"").expect("a value"), Applied::No);
        let again = RetryPolicy::default().delay(Applied::Unsent, 1, 0, None, 0.5);
        assert_eq!(again, None);
    }

    #[test]
    fn delay_doubles_and_respects_retry_after() {
        let policy = RetryPolicy::default();
        let seconds = Duration::from_secs;
        let check = |applied, attempts, asked: Option<u64>, random, expected: Option<Duration>| {
            let found = policy.delay(applied, attempts, 0, asked.map(seconds), random);
            assert_eq!(found, expected, "{applied:?} {attempts} {asked:?} {random}");
        };
        check(Applied::No, 1, None, 1.0, Some(seconds(1)));
        check(Applied::No, 2, None, 1.0, Some(seconds(2)));
        check(Applied::No, 3, None, 1.0, Some(seconds(4)));
        check(Applied::No, 3, None, 0.0, Some(seconds(0)));
        check(Applied::No, 4, None, 1.0, None);
        check(Applied::No, 1, Some(7), 0.0, Some(seconds(7)));
        check(Applied::No, 1, Some(7), 1.0, Some(seconds(8)));
        check(Applied::No, 1, Some(60), 0.0, Some(seconds(60)));
        check(Applied::No, 1, Some(61), 0.0, None);
        check(Applied::No, 1, Some(u64::MAX), 1.0, None);
        check(Applied::Maybe, 1, None, 1.0, Some(seconds(1)));
        check(Applied::Maybe, 4, None, 1.0, None);
        check(Applied::Refused, 1, Some(1), 1.0, None);
        check(Applied::Yes, 1, None, 1.0, None);
        let many = RetryPolicy { attempts: u32::MAX, ..RetryPolicy::default() };
        assert_eq!(many.delay(Applied::No, 1000, 0, None, 1.0), Some(seconds(20)));
    }

    #[test]
    fn some_failures_end_the_run() {
        let check = |kind, status: Option<u16>, asked: Option<u64>, ends: bool| {
            let error = Error::new(kind, "").with_retry_after(asked.map(Duration::from_secs));
            let error = status.into_iter().fold(error, Error::with_status);
            let found = RetryPolicy::default().ends_run(&error);
            assert_eq!(found, ends, "{kind} {status:?} {asked:?}");
        };
        check(ErrorKind::InvalidInput, None, None, true);
        check(ErrorKind::Unauthorized, Some(401), None, true);
        check(ErrorKind::Unauthorized, Some(407), None, true);
        check(ErrorKind::Unauthorized, Some(403), None, false);
        check(ErrorKind::Refused, Some(404), None, false);
        check(ErrorKind::Unavailable, None, None, false);
        check(ErrorKind::Unavailable, Some(429), Some(60), false);
        check(ErrorKind::Unavailable, Some(429), Some(61), true);
    }

    #[test]
    fn request_that_may_have_been_applied_is_sent_again_twice() {
        let policy = RetryPolicy { attempts: 10, ..RetryPolicy::default() };
        let again = |applied, ambiguous| policy.delay(applied, 3, ambiguous, None, 0.5).is_some();
        assert!(again(Applied::Maybe, 1) && again(Applied::Maybe, 2));
        assert!(!again(Applied::Maybe, 3));
        assert!(again(Applied::No, 3), "this one was certainly not applied");
    }

    #[test]
    fn outage_costs_at_most_1_2_requests_a_batch() {
        let policy = RetryPolicy::default();
        let mut quota = RetryQuota::default();
        let mut requests = 0;
        for _ in 0..1000 {
            let mut attempts = 1;
            while policy.delay(Applied::No, attempts, 0, None, 0.0).is_some() && quota.spend() {
                attempts += 1;
            }
            requests += attempts;
        }
        assert_eq!(requests, 1100);
        for _ in 0..5 {
            assert!(quota.is_spent() && !quota.spend());
            quota.refund();
        }
        assert!(!quota.is_spent() && quota.spend() && !quota.spend());
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 10);
        let check = |values: &[&'static str], expected: Option<u64>| {
            let values: Vec<_> = values.iter().map(|v| HeaderValue::from_static(v)).collect();
            let found = parse_retry_after(&values, now);
            assert_eq!(found, expected.map(Duration::from_secs), "{values:?}");
        };
        check(&["120"], Some(120));
        check(&["0"], Some(0));
        check(&[" 5 "], Some(5));
        check(&["Sun, 06 Nov 1994 08:49:37 GMT"], Some(10));
        check(&["Sunday, 06-Nov-94 08:49:37 GMT"], Some(10));
        check(&["Sun Nov  6 08:49:37 1994"], Some(10));
        check(&["Sun, 06 Nov 1993 08:49:37 GMT"], None);
        check(&["Sat, 06 Nov 1993 08:49:37 GMT"], Some(0));
        for nonsense in ["-1", "1.5", "+5", "", "99999999999999999999", "soon", "5 s"] {
            check(&[nonsense], None);
        }
        check(&["1", "2"], None);
        check(&[], None);
    }
}
