//! Percent escapes: a `%` and two hexadecimal digits.

/// The byte encoded by the escape at the beginning of the text.
///
/// Public only for `purge-site`.
#[doc(hidden)]
#[must_use]
pub fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = *text else { return None };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// For each `%` in the text, the byte that its escape encodes, or `None` if it does not begin an escape.
///
/// Public only for `purge-cli`.
#[doc(hidden)]
pub fn escapes(text: &str) -> impl Iterator<Item = Option<u8>> {
    text.match_indices('%').map(|(at, _)| escaped(&text.as_bytes()[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_sign_begins_an_escape_if_two_digits_follow() {
        for (text, byte) in [("%41", Some(b'A')), ("%fF", Some(0xff)), ("%00/a", Some(0))] {
            assert_eq!(escaped(text.as_bytes()), byte, "{text}");
        }
        for text in ["", "%", "%4", "%4g", "%+1", "%\u{e9}", "41"] {
            assert_eq!(escaped(text.as_bytes()), None, "{text}");
        }
        let found: Vec<_> = escapes("/a%20b%%41%").collect();
        assert_eq!(found, [Some(b' '), None, Some(b'A'), None]);
    }
}
