//! Patterns in which `*` stands for any run of bytes, as pure functions of text.

use std::borrow::Cow;

/// Whether the pattern matches the text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: the last star takes one more byte. Earlier stars never need
    // to: the leftmost place that fits them leaves the most text to the rest.
    let mut retry = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            retry = Some((p, t));
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((after_star, start)) = retry {
            retry = Some((after_star, start + 1));
            p = after_star;
            t = start + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// Whether everything that `b` matches, `a` matches too.
///
/// A star of `b` may stand for a byte that `a` does not hold anywhere, so only a star of `a` can take
/// it; and what takes one such byte takes any run of bytes. So it is enough to match `b` with each of
/// its stars as a byte of its own kind. No path holds a NUL byte.
pub(crate) fn covers(a: &str, b: &str) -> bool {
    let with_fresh_bytes: Cow<'_, str> =
        if b.contains('*') { b.replace('*', "\0").into() } else { b.into() };
    matches(a, &with_fresh_bytes)
}

/// The pattern with each run of stars as one star. Two patterns match the same texts exactly if their
/// canonical forms are equal.
pub(crate) fn canonical(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains("**") {
        return pattern.into();
    }
    let mut canonical = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        if character != '*' || !canonical.ends_with('*') {
            canonical.push(character);
        }
    }
    canonical.into()
}

/// Whether a path purges the whole resource. An escaped star counts as a star.
pub(crate) fn is_everything(path: &str) -> bool {
    let Some(mut stars) = path.strip_prefix('/').filter(|rest| !rest.is_empty()) else {
        return false;
    };
    while let Some(rest) = ["*", "%2A", "%2a"].iter().find_map(|star| stars.strip_prefix(star)) {
        stars = rest;
    }
    stars.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Matching as it is explained to a child: a star is nothing, or one byte and a star.
    fn slow_matches(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => {
                slow_matches(rest, text) || (!text.is_empty() && slow_matches(pattern, &text[1..]))
            }
            [byte, rest @ ..] => text.first() == Some(byte) && slow_matches(rest, &text[1..]),
        }
    }

    /// All texts over `alphabet` of at most `length` bytes.
    fn texts(alphabet: &[u8], length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..length {
            last = last
                .iter()
                .flat_map(|text| alphabet.iter().map(move |&b| format!("{text}{}", b as char)))
                .collect();
            all.extend_from_slice(&last);
        }
        all
    }

    proptest! {
        #[test]
        fn matches_what_the_slow_matcher_matches(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(
                matches(&pattern, &text),
                slow_matches(pattern.as_bytes(), text.as_bytes())
            );
        }

        // Two letters in the patterns and a third in the texts, which are long enough to tell two
        // patterns of this length apart.
        #[test]
        fn covers_when_every_text_does(a in "[ab*]{0,4}", b in "[ab*]{0,4}") {
            let every = texts(b"abc", 7)
                .iter()
                .filter(|text| slow_matches(b.as_bytes(), text.as_bytes()))
                .all(|text| slow_matches(a.as_bytes(), text.as_bytes()));
            prop_assert_eq!(covers(&a, &b), every, "{} covers {}", a, b);
        }

        #[test]
        fn canonical_forms_are_equal_exactly_for_mutual_covers(a in "[ab*]{0,6}", b in "[ab*]{0,6}") {
            prop_assert_eq!(canonical(&a) == canonical(&b), covers(&a, &b) && covers(&b, &a));
        }
    }

    #[test]
    fn many_stars_stay_fast() {
        let pattern = "*a".repeat(2000);
        let text = "a".repeat(4000) + "b";
        assert!(!matches(&pattern, &text));
    }
}
