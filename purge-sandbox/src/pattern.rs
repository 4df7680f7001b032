//! Which cached paths a purged path matches. A `*` matches a run of bytes, including `/`.

/// The minimum that a `*` in a purged path matches.
///
/// The published reference says that `*` matches, but not whether it may match nothing, that is, whether `/blog/*`
/// also purges `/blog/`. Test a client under both readings: no page may be stale under either.
///
/// Under both readings, a `*` matches bytes: it may match `/`, and the match may begin or end inside a percent
/// escape. What the service does there is also unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Star {
    /// Each `*` matches at least one byte: `/blog/*` leaves `/blog/` cached, and `/*` leaves `/`. This is the default,
    /// since under this reading, a path that a client forgot to purge stays stale.
    #[default]
    OneOrMore,
    /// A `*` may match nothing: `/blog/*` purges `/blog/`.
    ZeroOrMore,
}

impl Star {
    fn least(self) -> usize {
        match self {
            Self::OneOrMore => 1,
            Self::ZeroOrMore => 0,
        }
    }
}

/// A path as it was sent for purging.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern<'a> {
    text: &'a str,
    star: Star,
}

impl<'a> Pattern<'a> {
    pub(crate) fn new(text: &'a str, star: Star) -> Self {
        Self { text, star }
    }

    /// The whole path, if it contains no `*`.
    pub(crate) fn exact(self) -> Option<&'a str> {
        (!self.text.contains('*')).then_some(self.text)
    }

    /// The prefix of every match.
    pub(crate) fn prefix(self) -> &'a str {
        self.text.split('*').next().unwrap_or_default()
    }

    pub(crate) fn matches(self, path: &str) -> bool {
        let (pattern, path) = (self.text.as_bytes(), path.as_bytes());
        let least = self.star.least();
        let (mut p, mut t) = (0, 0);
        // Where to resume if the text after the last `*` does not match here: one byte further.
        let mut retry: Option<(usize, usize)> = None;
        while t < path.len() {
            if pattern.get(p) == Some(&b'*') {
                p += 1;
                t += least;
                retry = Some((p, t));
            } else if pattern.get(p) == Some(&path[t]) {
                p += 1;
                t += 1;
            } else if let Some((after_star, from)) = retry {
                p = after_star;
                t = from + 1;
                retry = Some((after_star, t));
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|&byte| byte == b'*' && least == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Star};

    const BOTH: [Star; 2] = [Star::OneOrMore, Star::ZeroOrMore];

    /// The definition: tries every number of bytes that a `*` may match.
    fn slow(pattern: &[u8], path: &[u8], star: Star) -> bool {
        match pattern.split_first() {
            None => path.is_empty(),
            Some((b'*', rest)) => {
                (star.least()..=path.len()).any(|taken| slow(rest, &path[taken..], star))
            }
            Some((byte, rest)) => path.first() == Some(byte) && slow(rest, &path[1..], star),
        }
    }

    fn words(alphabet: &[u8], longest: usize) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut from = 0;
        for _ in 0..longest {
            let to = words.len();
            for i in from..to {
                for &byte in alphabet {
                    words.push(format!("{}{}", words[i], char::from(byte)));
                }
            }
            from = to;
        }
        words
    }

    #[test]
    fn every_short_pattern_and_path_match_by_the_definition() {
        for pattern in words(b"a/*", 5) {
            for (path, star) in
                words(b"a/", 5).into_iter().flat_map(|path| BOTH.map(|star| (path.clone(), star)))
            {
                assert_eq!(
                    Pattern::new(&pattern, star).matches(&path),
                    slow(pattern.as_bytes(), path.as_bytes(), star),
                    "{pattern} on {path}, {star:?}"
                );
            }
        }
    }

    #[test]
    fn a_star_matches_nothing_under_one_reading_only() {
        for (pattern, path) in [
            ("/*", "/"),
            ("/blog/*", "/blog/"),
            ("/a*b", "/ab"),
            ("/a/*/b", "/a//b"),
            ("/**", "/a"),
            ("/a*", "/a"),
        ] {
            assert!(Pattern::new(pattern, Star::ZeroOrMore).matches(path), "{pattern} on {path}");
            assert!(!Pattern::new(pattern, Star::OneOrMore).matches(path), "{pattern} on {path}");
        }
    }

    #[test]
    fn a_star_matches_bytes_and_not_characters_or_percent_escapes() {
        for star in BOTH {
            assert!(Pattern::new("/p/*9", star).matches("/p/caf%C3%A9"));
            assert!(Pattern::new("/p/caf*", star).matches("/p/café"));
        }
    }

    #[test]
    fn wildcards_are_recursive_prefixes_and_may_have_a_suffix() {
        for (pattern, path, expected) in [
            ("/images/*", "/images/a/b.png", true),
            ("/images/*", "/images", false),
            ("/images/im*", "/images/im.png", true),
            ("/images/im*", "/images/other.png", false),
            ("/images/*.jpg", "/images/a/b.jpg", true),
            ("/images/*.jpg", "/images/a.jpg?w=1", false),
            ("/a", "/A", false),
        ] {
            for star in BOTH {
                let matches = Pattern::new(pattern, star).matches(path);
                assert_eq!(matches, expected, "{pattern} on {path}, {star:?}");
            }
        }
    }
}
