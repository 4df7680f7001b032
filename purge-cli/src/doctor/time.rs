//! Timestamps, and the form in which they are written.

/// A timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timestamp {
    /// Nanoseconds since 1970.
    pub(super) at: i128,
    /// Its form, such as `YYYY-MM-DDThh:mm:ss.ffffffZ`.
    pub(super) form: String,
}

/// Parses RFC 3339, which `format: date-time` stands for.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = (text.get(..19)?, text.get(19..)?);
    let pattern = "dddd-dd-ddTdd:dd:dd";
    let fits = |(c, p): (char, char)| if p == 'd' { c.is_ascii_digit() } else { c == p };
    if date.chars().count() != 19 || !date.chars().zip(pattern.chars()).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| date[from..to].parse::<i128>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let possible = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !possible || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest.split_at(digits)
        }
        None => ("", rest),
    };
    if rest.starts_with('.') && fraction.is_empty() {
        return None;
    }
    let (offset, zone) = zone_of(zone)?;
    let dot = if fraction.is_empty() { "" } else { "." };
    let form = format!("YYYY-MM-DDThh:mm:ss{dot}{}{zone}", "f".repeat(fraction.len().min(12)));
    let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Timestamp { at: seconds * 1_000_000_000 + nanos.parse::<i128>().ok()?, form })
}

/// The offset from UTC in seconds, and its form.
fn zone_of(text: &str) -> Option<(i128, &'static str)> {
    if text == "Z" {
        return Some((0, "Z"));
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, most: i128| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i128>().ok().filter(|number| digits && *number <= most)
    };
    Some((sign * (number(hours, 23)? * 3600 + number(minutes, 59)? * 60), "+hh:mm"))
}

/// Days since 1970-01-01, in the Gregorian calendar.
fn days(year: i128, month: i128, day: i128) -> i128 {
    // Years that begin in March have the leap day at their end.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// Whether it is the zero value of Go, which stands for a time that is not set.
pub(super) fn is_zero(text: &str) -> bool {
    text.starts_with("0001-01-01T00:00:00")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_are_read_as_they_are_written(seconds in 0..253_402_300_799_u64, nanos in 0..1_000_000_000_u32) {
            let time = UNIX_EPOCH + Duration::new(seconds, nanos);
            let at = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
            let text = humantime::format_rfc3339_nanos(time).to_string();
            prop_assert_eq!(parse(&text).expect("a time").at, at);
            let earlier = format!("{}+01:30", text.trim_end_matches('Z'));
            prop_assert_eq!(parse(&earlier).expect("a time").at, at - 5400 * 1_000_000_000);
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC*") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn forms_are_named() {
        let form = |text: &str| parse(text).map(|time| time.form);
        let check = |text: &str, expected: &str| assert_eq!(form(text).as_deref(), Some(expected));
        check("2025-08-06T11:39:51Z", "YYYY-MM-DDThh:mm:ssZ");
        check("2025-08-06T11:39:51.000000Z", "YYYY-MM-DDThh:mm:ss.ffffffZ");
        check("2025-08-06T11:39:51+03:00", "YYYY-MM-DDThh:mm:ss+hh:mm");
        for text in [
            "",
            "soon",
            "2025-08-06",
            "2025-08-06 11:39:51Z",
            "2025-08-06T11:39:51",
            "2025-08-06T11:39:51.Z",
            "2025-08-06T11:39:51+0300",
            "2025-13-06T11:39:51Z",
            "2025-08-06T24:39:51Z",
            "1754480391",
            "2025-08-06T11:39:51\u{a0}Z",
        ] {
            assert_eq!(form(text), None, "{text}");
        }
    }
}
