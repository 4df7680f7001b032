//! Pauses before retries.

use std::time::{Duration, Instant, SystemTime};

/// Shorter pauses are not announced.
const NOTABLE: Duration = Duration::from_secs(3);

/// Whether to announce a pause: it is long, and no announced pause is still running.
pub(super) fn is_news(told: &mut Option<Instant>, now: Instant, delay: Duration) -> bool {
    let is_news = delay >= NOTABLE && told.is_none_or(|end| end <= now);
    if is_news {
        *told = now.checked_add(delay);
    }
    is_news
}

/// The length of a pause and, if it is long, its end.
pub(super) fn text(delay: Duration) -> String {
    let end = SystemTime::now().checked_add(delay).filter(|_| delay >= NOTABLE);
    // `2025-08-06T11:39:51Z`
    let end = end.map(|end| humantime::format_rfc3339_seconds(end).to_string());
    let end = end.as_deref().and_then(|end| end.get(11..19));
    let end = end.map(|end| format!(", at {end} UTC")).unwrap_or_default();
    format!("{:.1} s{end}", delay.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_during_an_announced_one_are_not_announced() {
        let (mut told, now) = (None, Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        assert!(!is_news(&mut told, now, Duration::from_millis(2999)));
        assert!(is_news(&mut told, now, Duration::from_secs(8)));
        assert!(!is_news(&mut told, at(1), Duration::from_secs(20)));
        assert!(!is_news(&mut told, at(7), Duration::from_secs(20)));
        assert!(is_news(&mut told, at(8), Duration::from_secs(20)));
    }

    #[test]
    fn long_pause_shows_when_it_ends() {
        assert_eq!(text(Duration::from_millis(2940)), "2.9 s");
        let long = text(Duration::from_secs(8));
        let time = long.strip_prefix("8.0 s, at ").and_then(|rest| rest.strip_suffix(" UTC"));
        let time = time.expect(&long);
        assert!(time.len() == 8 && time.bytes().filter(|b| *b == b':').count() == 2, "{long}");
    }
}
