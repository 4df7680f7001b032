//! The operation that issues tokens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::member::{self, Form, NULL};
use crate::doctor::evidence::{Evidence, kind};
use crate::doctor::seen::{Exchange, Operation, Seen};

const YEAR: u64 = 365 * 24 * 60 * 60;

/// Why a refusal shows nothing: what it looks like is not published.
const REFUSED: &str = "the login was not granted";

/// The path and the method exist. At another base URL, a gateway may not know them.
pub(crate) fn operation(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in seen.of(Operation::Login) {
        match exchange.status {
            404 | 405 if seen.is_described_server => {
                evidence.contradicts(exchange.status.to_string());
            }
            _ if exchange.is_granted() => evidence.matches("a token is issued"),
            _ => evidence.is_silent(REFUSED),
        }
    }
    evidence
}

/// What was sent is accepted.
pub(crate) fn accepted(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in seen.of(Operation::Login) {
        match exchange.is_granted() {
            true => evidence.matches("accepted"),
            false => evidence.is_silent(REFUSED),
        }
    }
    evidence
}

/// A response that issues a token has no members but these.
pub(crate) fn members(seen: &Seen, described: &[&str]) -> Evidence {
    or_refused(seen, member::no_others(seen.granted(Operation::Login), described))
}

/// A member of a response that issues a token has its type.
pub(crate) fn member(seen: &Seen, name: &str, form: fn(&Value) -> Form) -> Evidence {
    or_refused(seen, member::of(seen.granted(Operation::Login), name, form))
}

fn or_refused(seen: &Seen, mut evidence: Evidence) -> Evidence {
    if !seen.of(Operation::Login).any(Exchange::is_granted) && seen.of(Operation::Login).count() > 0
    {
        evidence.is_silent(REFUSED);
    }
    evidence
}

/// The end of a token is in seconds since 1970, and in the future.
pub(crate) fn expire(seen: &Seen) -> Evidence {
    let mut evidence = Evidence::default();
    for exchange in seen.of(Operation::Login) {
        let Some(body) = exchange.object().filter(|_| exchange.is_granted()) else {
            evidence.is_silent(REFUSED);
            continue;
        };
        let end = match body.get("expire") {
            None => {
                evidence.is_silent("the member is absent");
                continue;
            }
            Some(Value::Null) => {
                evidence.is_silent(NULL);
                continue;
            }
            Some(value) => value,
        };
        let Some(end) = end.as_i64() else {
            evidence.contradicts(kind(end));
            continue;
        };
        match lifetime(end, now(exchange)) {
            Ok(lifetime) => evidence.matches(format!("valid for {lifetime}")),
            Err(why) => evidence.contradicts(why),
        }
    }
    evidence
}

/// The service's own time, since its tokens end by its clock.
fn now(exchange: &Exchange) -> u64 {
    let now: SystemTime = exchange.date.unwrap_or(exchange.received);
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// How long a token is valid that ends at this time, or why that is not its end in seconds.
fn lifetime(end: i64, now: u64) -> Result<humantime::FormattedDuration, String> {
    let seconds = u64::try_from(end).unwrap_or_default();
    let is_soon = |end: u64| (now..now + 10 * YEAR).contains(&end);
    if is_soon(seconds) {
        let left = seconds - now;
        // A few seconds of it have passed since it was issued.
        let left = if left > 3600 { (left + 30) / 60 * 60 } else { left };
        return Ok(humantime::format_duration(Duration::from_secs(left)));
    }
    Err(if is_soon(seconds / 1000) {
        "in milliseconds since 1970".to_owned()
    } else if seconds < now && seconds < 10 * YEAR {
        format!("{end}, which may be a duration")
    } else if seconds < now {
        "in the past".to_owned()
    } else {
        "more than 10 years in the future".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_of_an_end_is_recognized() {
        let now = 1_700_000_000;
        let check = |end: i64, expected: Result<&str, &str>| {
            let found = lifetime(end, now).map(|lifetime| lifetime.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{end}");
        };
        check(1_700_014_400, Ok("4h"));
        check(1_700_014_399, Ok("4h"));
        check(1_702_592_000, Ok("30days"));
        check(1_700_000_002, Ok("2s"));
        check(1_700_014_400_000, Err("in milliseconds since 1970"));
        check(14_400, Err("14400, which may be a duration"));
        check(-1, Err("-1, which may be a duration"));
        check(1_600_000_000, Err("in the past"));
        check(9_000_000_000, Err("more than 10 years in the future"));
    }
}
