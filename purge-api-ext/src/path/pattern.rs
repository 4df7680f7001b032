//! Patterns with `*`, as pure functions of text.
//!
//! The service publishes that `*` matches any run of bytes, `/` included. It does not publish whether the run
//! may be empty, whether it may begin or end inside a percent escape, and whether it reaches into a query
//! string. So a pattern matches here only what it matches under every reading.

use crate::percent::escaped;

/// Whether the pattern matches the text under every reading of `*`. The text may be a pattern, too: then
/// everything that it matches must be matched, under each reading by itself.
///
/// A star takes at least one unit: an escape such as `%C3`, or a byte outside of one. What a star takes under
/// this reading, it takes under the others. That is enough for a text that is a pattern as well: its stars can
/// only be taken by stars, and a star that takes one unit takes any longer run in its place.
pub(crate) fn covers(pattern: &str, text: &str) -> bool {
    if text.contains('?') {
        return pattern == text;
    }
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to resume after a mismatch: the last star takes one more unit. Earlier stars never need
    // to: the leftmost place that fits them leaves the most text to the rest.
    let mut retry = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            t += unit(&text[t..]);
            retry = Some((p, t));
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((after_star, start)) = retry {
            p = after_star;
            t = start + unit(&text[start..]);
            retry = Some((p, t));
        } else {
            return false;
        }
    }
    p == pattern.len()
}

/// The length of what a text begins with: an escape, or a byte.
fn unit(text: &[u8]) -> usize {
    if escaped(text).is_some() { 3 } else { 1 }
}

/// Whether a path may purge the whole resource, or nearly: it has a star, and nothing that narrows it down. An
/// escape counts as what it stands for.
pub(crate) fn is_everything(path: &str) -> bool {
    is_bare(path) && ["*", "%2A", "%2a"].iter().any(|star| path.contains(star))
}

/// Whether a text holds nothing but stars, dots, slashes and escapes of these.
pub(crate) fn is_bare(mut text: &str) -> bool {
    const BARE: [&str; 9] = ["*", ".", "/", "%2A", "%2a", "%2E", "%2e", "%2F", "%2f"];
    while let Some(rest) = BARE.iter().find_map(|unit| text.strip_prefix(unit)) {
        text = rest;
    }
    text.is_empty()
}

#[cfg(test)]
pub(crate) mod readings;

#[cfg(test)]
mod tests {
    use super::readings::{Reading, texts};
    use super::*;
    use proptest::prelude::*;

    /// Letters, and an escape that holds both of them.
    fn pattern(units: usize) -> impl Strategy<Value = String> {
        let unit = prop_oneof![Just("a"), Just("b"), Just("%ab"), Just("*")];
        prop::collection::vec(unit, 0..=units).prop_map(|units| units.concat())
    }

    proptest! {
        // The texts have a letter that no pattern has, and are longer than the patterns, which is enough to
        // tell two patterns of this length apart.
        #[test]
        fn covers_what_every_reading_covers(a in pattern(4), b in pattern(4)) {
            let texts = texts(&["a", "b", "c", "%ab"], 5);
            let every = Reading::ALL.iter().all(|reading| {
                let mut of_b = texts.iter().filter(|text| reading.matches(&b, text));
                of_b.all(|text| reading.matches(&a, text))
            });
            prop_assert_eq!(covers(&a, &b), every, "{} covers {}", a, b);
        }

        #[test]
        fn covers_a_text_that_every_reading_matches(a in pattern(8), b in pattern(10)) {
            let text = b.replace('*', "c");
            let every = Reading::ALL.iter().all(|reading| reading.matches(&a, &text));
            prop_assert_eq!(covers(&a, &text), every, "{} covers {}", a, text);
        }

        #[test]
        fn only_equal_patterns_cover_each_other(a in pattern(6), b in pattern(6)) {
            prop_assert_eq!(a == b, covers(&a, &b) && covers(&b, &a));
        }
    }

    #[test]
    fn a_star_takes_at_least_one_byte() {
        for (pattern, text) in [
            ("/blog/*", "/blog/"),
            ("/*", "/"),
            ("/a*", "/a"),
            ("/img/*.jpg", "/img/.jpg"),
            ("/a**", "/a*"),
            ("/**", "/a"),
            ("/a*b*", "/a*"),
        ] {
            assert!(!covers(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("/blog/*", "/blog//"),
            ("/blog/*", "/blog/*"),
            ("/a*", "/a**"),
            ("/*", "/blog/"),
            ("/*", "/%41"),
            ("/**", "/%41a"),
            ("/a*", "/a*b*"),
        ] {
            assert!(covers(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_star_takes_no_part_of_an_escape() {
        for (pattern, text) in [
            ("/p/*9", "/p/caf%C3%A9"),
            ("/p/*A9", "/p/caf%C3%A9"),
            ("/p/*3%A9", "/p/caf%C3%A9"),
            ("/*C3*", "/p/caf%C3%A9"),
            ("/**", "/%41"),
            ("/*1*", "/%41"),
            ("/*9", "/%%A9"),
        ] {
            assert!(!covers(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("/p/*%A9", "/p/caf%C3%A9"),
            ("/p/caf%C3*", "/p/caf%C3%A9"),
            ("/p/*9", "/p/caf%C3%A99"),
        ] {
            assert!(covers(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn escapes_and_letters_are_compared_as_they_are_written() {
        for (pattern, text) in [
            ("/%c3*", "/%C3%A9"),
            ("/~u/*", "/%7Eu/a"),
            ("/a/*", "/A/b"),
            ("/a*", "/%61b"),
            ("/*/b", "/a%2Fb"),
            ("/%2A", "/a"),
        ] {
            assert!(!covers(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn no_star_reaches_a_query_string() {
        for (pattern, text) in
            [("/a*", "/a?b"), ("/*?b", "/a?b"), ("/a?*", "/a?b"), ("/*", "/a?*"), ("/*", "/?")]
        {
            assert!(!covers(pattern, text), "{pattern} {text}");
            assert!(covers(text, text));
        }
    }

    #[test]
    fn many_stars_stay_fast() {
        let pattern = "*a".repeat(2000);
        let text = "a".repeat(4000) + "b";
        assert!(!covers(&pattern, &text));
    }
}
