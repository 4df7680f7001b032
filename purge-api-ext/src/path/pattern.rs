//! Patterns with `*`, as pure functions of text.
//!
//! The service's documentation says that `*` matches any sequence of bytes, including `/`. It does not say whether
//! the sequence may be empty, whether it may begin or end inside a percent escape, and whether it extends into a query
//! string. So a pattern matches here only what it matches under every possible reading.

use crate::percent::escaped;

/// Whether the pattern matches the text under every reading of `*`. The text may itself be a pattern: then the pattern
/// must match everything that the text matches, under each reading separately.
///
/// A star matches at least one unit: an escape such as `%C3`, or a byte outside of an escape. Whatever a star matches
/// under this reading, it also matches under the others. This also decides for a text that is a pattern: its stars can
/// only be matched by stars, and a star that matches one unit also matches any longer sequence in its place.
pub(crate) fn covers(pattern: &str, text: &str) -> bool {
    if text.contains('?') {
        return pattern == text;
    }
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, tail) = rest.rsplit_once('*').map_or((None, rest), |(m, tail)| (Some(m), tail));
    let mut text = text.as_bytes().strip_prefix(head.as_bytes());
    // The leftmost match of each piece leaves the most text for the rest.
    for piece in middle.iter().flat_map(|middle| middle.split('*')) {
        text = text.and_then(|text| after(piece.as_bytes(), text));
    }
    text.is_some_and(|text| ends_with(text, tail.as_bytes()))
}

/// What is left of a text after a star and its leftmost match of a piece.
fn after<'t>(piece: &[u8], text: &'t [u8]) -> Option<&'t [u8]> {
    /// Up to this length, comparing at each place is faster.
    const SHORT: usize = 32;
    let start = if piece.len() <= SHORT { find_short(piece, text) } else { find_long(piece, text) };
    Some(&text[start? + piece.len()..])
}

/// Where a piece first occurs after a star.
fn find_short(piece: &[u8], text: &[u8]) -> Option<usize> {
    let last = text.len().checked_sub(piece.len())?;
    (1..=last).find(|&start| text[start..].starts_with(piece) && can_end_star(text, start))
}

/// The same in linear time, also for texts that repeat themselves, by the algorithm of Knuth, Morris and Pratt.
fn find_long(piece: &[u8], text: &[u8]) -> Option<usize> {
    // For each start of the piece, the length of the longest shorter start that it ends with.
    let mut borders = vec![0; piece.len()];
    for end in 1..piece.len() {
        let mut border = borders[end - 1];
        while border > 0 && piece[border] != piece[end] {
            border = borders[border - 1];
        }
        borders[end] = border + usize::from(piece[border] == piece[end]);
    }
    let mut same = 0;
    for (end, byte) in text.iter().enumerate() {
        while same > 0 && piece.get(same) != Some(byte) {
            same = borders[same - 1];
        }
        same += usize::from(piece.get(same) == Some(byte));
        let start = end + 1 - same;
        if same == piece.len() && start > 0 && can_end_star(text, start) {
            return Some(start);
        }
    }
    None
}

/// Whether a text is a star's match and then this end.
fn ends_with(text: &[u8], end: &[u8]) -> bool {
    let start = text.strip_suffix(end).map_or(0, <[u8]>::len);
    start > 0 && can_end_star(text, start)
}

/// Whether a star that begins with the text can end here: not within an escape.
fn can_end_star(text: &[u8], at: usize) -> bool {
    (1..=2).all(|back| back > at || escaped(&text[at - back..]).is_none())
}

/// Whether a path may purge the whole resource or nearly all of it: it has a star, and nothing that restricts the
/// match. Escapes are decoded first. A query string may be ignored, so it restricts nothing.
pub(crate) fn is_everything(path: &str) -> bool {
    // An escaped `?` belongs to the name of a file.
    let path = path.split('?').next().unwrap_or_default();
    is_bare(path) && ["*", "%2A", "%2a"].iter().any(|star| path.contains(star))
}

/// Whether a text contains only stars, dots, slashes and their escapes.
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

    /// Letters, an escape that contains both of them, and stars.
    fn pattern(units: usize) -> impl Strategy<Value = String> {
        let unit = prop_oneof![Just("a"), Just("b"), Just("%ab"), Just("*")];
        prop::collection::vec(unit, 0..=units).prop_map(|units| units.concat())
    }

    proptest! {
        // The texts have a letter that no pattern has and are longer than the patterns, which is enough to
        // distinguish two patterns of this length.
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
    fn star_matches_at_least_one_byte() {
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
    fn star_never_matches_part_of_an_escape() {
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
    fn escapes_and_letters_are_compared_byte_by_byte() {
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
    fn star_never_matches_a_query_string() {
        for (pattern, text) in
            [("/a*", "/a?b"), ("/*?b", "/a?b"), ("/a?*", "/a?b"), ("/*", "/a?*"), ("/*", "/?")]
        {
            assert!(!covers(pattern, text), "{pattern} {text}");
            assert!(covers(text, text));
        }
    }

    proptest! {
        #[test]
        fn both_searches_find_the_same(
            piece in "([ab]|%ab|%a|b%){1,8}",
            text in "([ab]|%ab|%a|b%){0,60}",
        ) {
            let (piece, text) = (piece.as_bytes(), text.as_bytes());
            prop_assert_eq!(find_long(piece, text), find_short(piece, text));
        }
    }

    #[test]
    fn long_pieces_are_fast() {
        let piece = "a".repeat(100_000) + "b";
        let text = "a".repeat(200_000);
        for pattern in [format!("*{piece}*"), format!("*{piece}"), format!("*{piece}*c")] {
            assert!(!covers(&pattern, &text));
        }
    }

    #[test]
    fn many_stars_are_fast() {
        let pattern = "*a".repeat(2000);
        let text = "a".repeat(4000) + "b";
        assert!(!covers(&pattern, &text));
    }
}
