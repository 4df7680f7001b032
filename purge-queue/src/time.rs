//! Times as text.

use std::time::{Duration, SystemTime};

/// Reads a time of RFC 3339, in UTC or with an offset.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let text = text.to_ascii_uppercase();
    let (date, offset) = match text.strip_suffix('Z') {
        Some(date) => (date, 0),
        None => {
            let (date, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
            (date, seconds(offset.as_bytes())?)
        }
    };
    let shown = humantime::parse_rfc3339(&format!("{date}Z")).ok()?;
    let shift = Duration::from_secs(offset.unsigned_abs());
    if offset < 0 { shown.checked_add(shift) } else { shown.checked_sub(shift) }
}

/// The seconds of an offset such as `+01:30`.
fn seconds(offset: &[u8]) -> Option<i64> {
    let [sign @ (b'+' | b'-'), h1 @ b'0'..=b'2', h2, b':', m1 @ b'0'..=b'5', m2] = offset else {
        return None;
    };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    let seconds = hours * 3600 + minutes * 60;
    (hours < 24).then_some(if *sign == b'-' { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_offset() {
        let noon = SystemTime::UNIX_EPOCH + Duration::new(1_767_268_800, 123_456_789);
        for text in [
            "2026-01-01T12:00:00.123456789Z",
            "2026-01-01t12:00:00.123456789z",
            "2026-01-01T12:00:00.123456789+00:00",
            "2026-01-01T13:30:00.123456789+01:30",
            "2026-01-01T07:00:00.123456789-05:00",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        for text in [
            "",
            "soon",
            "2026-01-01",
            "2026-01-01T12:00:00",
            "2026-01-01T12:00:00 01:00",
            "2026-01-01T12:00:00+24:00",
            "2026-01-01T12:00:00+01:60",
            "2026-01-01T12:00:00\u{e9}1:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
