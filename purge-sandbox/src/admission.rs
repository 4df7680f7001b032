//! How often a client may send requests, and how long its token is valid.

use std::time::Duration;

use http::{HeaderMap, header};

/// A token bucket: a burst of `requests`, then one request per `period / requests`.
///
/// The state is the time at which the bucket would be full again.
#[derive(Debug)]
pub(crate) struct Bucket {
    period: Duration,
    interval: Duration,
    full_at: Duration,
}

/// The part of the interval by which a request may be early.
const LEEWAY: u32 = 10;

impl Bucket {
    pub(crate) fn new(requests: u32, period: Duration) -> Self {
        Self { period, interval: period / requests.max(1), full_at: Duration::ZERO }
    }

    /// Takes one token, or returns the time until there is one.
    pub(crate) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let full_at = self.full_at.max(now).saturating_add(self.interval);
        let wait = full_at.saturating_sub(self.period).saturating_sub(now);
        // A client that sends exactly at the limit is early if the previous request was delayed on its
        // way. The debt remains, so the long-term rate is still the limit.
        if wait > self.interval / LEEWAY {
            return Err(wait);
        }
        self.full_at = full_at;
        Ok(())
    }
}

/// The token of a request, whether it is the right one or not.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, &'static str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err("exactly one header `Authorization: Bearer <token>` is required");
    };
    match value.to_str().ok().and_then(|text| text.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err("the header `Authorization` does not have the form `Bearer <token>`"),
    }
}

/// The token that is accepted.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    lifetime: Option<Duration>,
    uses: Option<u32>,
    issued: Duration,
    used: u32,
}

/// The verdict on a token that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Expired,
    Wrong,
}

impl Token {
    pub(crate) fn new(text: String, lifetime: Option<Duration>, uses: Option<u32>) -> Self {
        Self { text, lifetime, uses, issued: Duration::ZERO, used: 0 }
    }

    pub(crate) fn replace(&mut self, text: String, now: Duration) {
        *self = self.another(text, now);
    }

    /// Another token with the same limits, issued now.
    pub(crate) fn another(&self, text: String, now: Duration) -> Self {
        Self { text, issued: now, used: 0, ..*self }
    }

    pub(crate) fn valid_for(self, lifetime: Duration) -> Self {
        Self { lifetime: Some(lifetime), ..self }
    }

    pub(crate) fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// Whether a client sent this token, expired or not.
    pub(crate) fn is(&self, sent: &str) -> bool {
        sent == self.text
    }

    pub(crate) fn judge(&mut self, sent: &str, now: Duration) -> Verdict {
        let old = self.lifetime.is_some_and(|lifetime| now.saturating_sub(self.issued) >= lifetime);
        let spent = self.uses.is_some_and(|uses| self.used >= uses);
        if !self.is(sent) {
            Verdict::Wrong
        } else if old || spent {
            Verdict::Expired
        } else {
            self.used = self.used.saturating_add(1);
            Verdict::Valid
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_bucket_allows_a_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(3, 6 * SECOND);
        let start = 10 * SECOND;
        for _ in 0..3 {
            assert_eq!(bucket.take(start), Ok(()));
        }
        assert_eq!(bucket.take(start), Err(2 * SECOND));
        assert_eq!(bucket.take(start + SECOND), Err(SECOND));
        assert_eq!(bucket.take(start + 2 * SECOND), Ok(()));
        assert_eq!(bucket.take(start + 2 * SECOND), Err(2 * SECOND));
        // After a long pause, it allows one full burst again, and no more.
        let given = (0..9).filter(|_| bucket.take(start + 100 * SECOND).is_ok()).count();
        assert_eq!(given, 3);
    }

    #[test]
    fn a_steady_client_at_the_limit_may_be_early_by_a_tenth_of_the_interval() {
        for requests in [1, 5, 50] {
            let interval = SECOND / requests;
            let mut bucket = Bucket::new(requests, SECOND);
            let start = 10 * SECOND;
            let burst = (0..requests).filter(|_| bucket.take(start).is_ok()).count();
            assert_eq!(burst, requests as usize);
            for place in 1..=100 {
                // Every other request comes as early as it is allowed to.
                let early = interval / 10 * (place % 2);
                assert_eq!(bucket.take(start + interval * place - early), Ok(()), "{place}");
            }
        }
    }

    #[test]
    fn leeway_does_not_add_up_and_a_refusal_takes_nothing() {
        let mut bucket = Bucket::new(1, SECOND);
        let millis = Duration::from_millis;
        assert_eq!(bucket.take(10 * SECOND), Ok(()));
        for _ in 0..100 {
            assert_eq!(bucket.take(millis(10_899)), Err(millis(101)));
        }
        assert_eq!(bucket.take(millis(10_900)), Ok(()));
        assert_eq!(bucket.take(millis(11_800)), Err(millis(200)));
        assert_eq!(bucket.take(millis(11_900)), Ok(()));
        // The first, and 27 more within 27 s. If each could be early, there would be 30.
        let given = (0..3000).filter(|n| bucket.take(millis(20_000 + 9 * n)).is_ok()).count();
        assert_eq!(given, 28);
    }

    #[test]
    fn a_token_expires_by_time_or_by_uses_until_it_is_replaced() {
        let mut token = Token::new("a".to_owned(), Some(10 * SECOND), Some(2));
        assert_eq!(token.judge("b", SECOND), Verdict::Wrong);
        assert_eq!(token.judge("a", SECOND), Verdict::Valid);
        assert_eq!(token.judge("a", 9 * SECOND), Verdict::Valid);
        assert_eq!(token.judge("a", 9 * SECOND), Verdict::Expired);
        token.replace("b".to_owned(), 9 * SECOND);
        assert_eq!(token.judge("a", 9 * SECOND), Verdict::Wrong);
        assert_eq!(token.judge("b", 18 * SECOND), Verdict::Valid);
        assert_eq!(token.judge("b", 19 * SECOND), Verdict::Expired);
    }
}
