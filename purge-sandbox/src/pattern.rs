//! Which cached paths a purged path means: `*` matches any run of bytes, `/` included.

/// A path as it was sent for purging.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern<'a>(&'a str);

impl<'a> Pattern<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The whole path when there is no `*` in it.
    pub(crate) fn exact(self) -> Option<&'a str> {
        (!self.0.contains('*')).then_some(self.0)
    }

    /// What every match begins with.
    pub(crate) fn prefix(self) -> &'a str {
        self.0.split('*').next().unwrap_or_default()
    }

    pub(crate) fn matches(self, path: &str) -> bool {
        let (pattern, path) = (self.0.as_bytes(), path.as_bytes());
        let (mut p, mut t) = (0, 0);
        // Where to go on when the text after the last `*` does not fit here: one byte further.
        let mut retry: Option<(usize, usize)> = None;
        while t < path.len() {
            if pattern.get(p) == Some(&b'*') {
                p += 1;
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
        pattern[p..].iter().all(|&byte| byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    /// The definition, written down: a `*` eats nothing, or one byte and then perhaps more.
    fn slow(pattern: &[u8], path: &[u8]) -> bool {
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), None) => slow(rest, path),
            (Some((b'*', rest)), Some((_, tail))) => slow(rest, path) || slow(pattern, tail),
            (Some((p, rest)), Some((t, tail))) => p == t && slow(rest, tail),
            _ => false,
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
    fn matches_as_the_definition_says_for_every_short_pattern_and_path() {
        for pattern in words(b"a/*", 5) {
            for path in words(b"a/", 5) {
                assert_eq!(
                    Pattern::new(&pattern).matches(&path),
                    slow(pattern.as_bytes(), path.as_bytes()),
                    "{pattern} on {path}"
                );
            }
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
            assert_eq!(Pattern::new(pattern).matches(path), expected, "{pattern} on {path}");
        }
    }
}
