//! The rules for paths, checked byte by byte.

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::{FILE_NAME, PathError, PathErrorKind, PurgePath, hint};
use crate::percent::escaped;

/// Which rules apply, depending on where a text comes from. The structural rules always apply.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Rules {
    /// A query string is allowed.
    query: bool,
    /// Escaped control characters are allowed. They only occur in paths of files whose names contain them.
    controls: bool,
    /// The path was accepted by an earlier version, which had fewer rules.
    accepted: bool,
}

impl Rules {
    /// A path written by a person.
    pub(super) const PATH: Self = Self { query: false, controls: false, accepted: false };
    pub(super) const QUERY: Self = Self { query: true, ..Self::PATH };
    /// An encoded file name.
    pub(super) const NAME: Self = Self { controls: true, ..Self::PATH };
    /// Any path that was serialized, read back.
    pub(super) const ANY: Self = Self { controls: true, ..Self::QUERY };
    /// A path from a journal.
    pub(super) const ACCEPTED: Self = Self { accepted: true, ..Self::ANY };
}

/// Characters at the end of a path that show it was cut out of a list.
const ENDS: &[u8] = b",;'\"";

/// Whether a path breaks no rule and contains only literal characters: no wildcard, no escape, and nothing that JSON
/// escapes.
///
/// This is true of nearly all paths, and the check compares 16 bytes at once.
pub(super) fn is_plain(path: &[u8]) -> bool {
    let [b'/', bytes @ ..] = path else { return false };
    let is_odd = |ends: &[u8], byte: Option<&u8>| byte.is_some_and(|byte| ends.contains(byte));
    if path.len() > PurgePath::MAX_BYTES
        || is_odd(b"/", bytes.first())
        || is_odd(ENDS, bytes.last())
    {
        return false;
    }
    // Each byte is checked together with its predecessor. The last block may overlap the one before it.
    let before = &path[..bytes.len()];
    let (Some(last_before), Some(last)) = (before.last_chunk(), bytes.last_chunk()) else {
        return !before.iter().zip(bytes).any(|(&before, &byte)| is_special(before, byte));
    };
    let blocks = before.as_chunks().0.iter().zip(bytes.as_chunks().0);
    !blocks.fold(is_any_special(last_before, last), |any, (before, bytes)| {
        any | is_any_special(before, bytes)
    })
}

fn is_any_special(before: &[u8; 16], bytes: &[u8; 16]) -> bool {
    before.iter().zip(bytes).fold(false, |any, (&before, &byte)| any | is_special(before, byte))
}

/// Branch-free, so that the compiler can vectorize it. To save comparisons, it also reports a few rare characters
/// that are harmless: `!` and `$` below the range, `~` above it, and `=` between `<`, `>` and `?`.
fn is_special(before: u8, byte: u8) -> bool {
    let is_common = (b'&'..=b'z').contains(&byte);
    let is_hidden_or_dots = (before == b'/') & (byte == b'.');
    // `,/`, `;/`, `:/` and `,'`, `;'`, `:'`
    let is_second_path_or_drive =
        ((before == b',') | ((before | 1) == b';')) & ((byte | 8) == b'/');
    let has_meaning = (byte == b'*')
        | ((byte & !3) == b'<')
        | ((byte | 2) == b'^') // and `\`
        | (byte == b'`');
    !is_common | is_hidden_or_dots | is_second_path_or_drive | has_meaning
}

pub(super) fn check(path: &str, rules: Rules) -> Result<(), PathError> {
    if is_plain(path.as_bytes()) { Ok(()) } else { check_closely(path, rules) }
}

/// The full set of rules, one after the other.
pub(super) fn check_closely(path: &str, rules: Rules) -> Result<(), PathError> {
    use PathErrorKind as Kind;

    if path.is_empty() {
        return Err(PathError::new(Kind::Empty, 0, None));
    }
    if path.len() > PurgePath::MAX_BYTES {
        return Err(PathError::new(Kind::TooLong, PurgePath::MAX_BYTES, None));
    }
    // A file name was checked for a drive before it was encoded.
    if let Some(at) = drive(path.as_bytes()).filter(|_| !rules.controls) {
        return Err(PathError::new(Kind::Drive, at, None));
    }
    if let Some((scheme, rest)) = url(path) {
        return Err(PathError::new(Kind::Url, 0, valid(hint::of_url(scheme, rest), rules)));
    }
    if !path.starts_with('/') {
        let (kind, instead) = hint::of_relative(path);
        return Err(PathError::new(kind, 0, valid(instead, rules)));
    }
    if path.starts_with("//") {
        return Err(PathError::new(Kind::Host, 0, valid(hint::of_host(path), rules)));
    }

    let query = path.find('?').filter(|_| rules.query);
    let end_of_path = query.unwrap_or(path.len());
    for (at, _) in path.bytes().enumerate() {
        if let Some(kind) = broken(path, at, at >= end_of_path, rules) {
            return Err(PathError::new(kind, at, instead(path, at, kind, rules)));
        }
    }

    if let Some(at) = dot_segment(&path[..end_of_path]) {
        return Err(PathError::new(Kind::DotSegment, at, None));
    }
    let last = path.len() - 1;
    if !rules.controls && query.is_none() && ENDS.contains(&path.as_bytes()[last]) {
        return Err(PathError::new(Kind::Trailing, last, encoded(&path[last..])));
    }
    Ok(())
}

/// The position of the first segment that is `.` or `..`, if any.
fn dot_segment(path: &str) -> Option<usize> {
    let mut at = 1;
    for segment in path[1..].split('/') {
        // A server may treat an escaped slash as a separator when it resolves segments. Only paths with escapes
        // are decoded, since decoding would dominate the time for millions of paths.
        let dots = if segment.contains('%') {
            let decoded = percent_decode_str(segment).decode_utf8_lossy();
            decoded.split('/').any(is_dots)
        } else {
            is_dots(segment)
        };
        if dots {
            return Some(at);
        }
        at += segment.len() + 1;
    }
    None
}

/// The rule that the byte at a position breaks.
fn broken(path: &str, at: usize, in_query: bool, rules: Rules) -> Option<PathErrorKind> {
    use PathErrorKind as Kind;

    let (before, after) = (&path[..at], &path.as_bytes()[at + 1..]);
    let is_unescaped = !rules.accepted;
    Some(match path.as_bytes()[at] {
        0..=0x1f | 0x7f => Kind::Control,
        b' ' if path[at..].contains(" /") || path[at..].contains("://") => Kind::Several,
        b' ' => Kind::Space,
        b'\\' => Kind::Backslash,
        b'#' => Kind::Fragment,
        0x80.. => Kind::NonAscii,
        b'?' if !rules.query => Kind::Query,
        b'%' => match escaped(&path.as_bytes()[at..]) {
            None => Kind::Escape,
            Some(0..=0x1f | 0x7f) if !rules.controls && !in_query => Kind::ControlEscape,
            Some(_) => return None,
        },
        b'"' if !rules.controls && after.is_empty() => return None,
        b'"' | b'<' | b'>' if is_unescaped => Kind::Unescaped,
        // Browsers do not escape these characters in a query string.
        b'^' | b'`' | b'{' | b'}' if is_unescaped && !in_query => Kind::Unescaped,
        // In a query string alone, browsers escape this one.
        b'\'' if in_query && !rules.controls => Kind::Unescaped,
        b',' | b';' | b':' | b'|'
            if !rules.controls && after.starts_with(b"/") && hint::ends_like_a_file(before) =>
        {
            Kind::Several
        }
        b'\''
            if !rules.controls
                && [&b",'/"[..], b";'/"].iter().any(|next| after.starts_with(next)) =>
        {
            Kind::Several
        }
        _ => return None,
    })
}

/// Drops a suggestion that itself breaks a rule.
fn valid(instead: Option<String>, rules: Rules) -> Option<String> {
    instead.filter(|path| check(path, rules).is_ok())
}

/// The suggested replacement for what begins at a position.
fn instead(path: &str, at: usize, kind: PathErrorKind, rules: Rules) -> Option<String> {
    use PathErrorKind as Kind;

    match kind {
        Kind::Backslash => hint::of_backslash(&path.as_bytes()[at + 1..]),
        Kind::Query => valid(hint::of_query(&path[..at]), rules),
        // A comment, an arrow, or nothing at all follows.
        Kind::Space if path[at..].trim_ascii_start().starts_with(['#', '-', '=', '|']) => None,
        Kind::Space if path[at..].trim_ascii_start().is_empty() => None,
        Kind::NonAscii if path[at..].starts_with(is_invisible) => None,
        Kind::Space | Kind::Fragment | Kind::NonAscii | Kind::Unescaped => {
            let character = path[at..].chars().next()?;
            encoded(&path[at..at + character.len_utf8()])
        }
        _ => None,
    }
}

fn encoded(text: &str) -> Option<String> {
    let escape = |byte: u8| format!("%{byte:02X}");
    match text {
        "," | ";" | "'" => text.bytes().next().map(escape),
        _ => Some(utf8_percent_encode(text, FILE_NAME).to_string()),
    }
}

/// Whether a character is invisible, such as a byte order mark, and so was hardly intended.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{85}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Splits a URL into its scheme and the rest.
pub(super) fn url(text: &str) -> Option<(&str, &str)> {
    text.split_once("://").filter(|(scheme, _)| {
        scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// The position of a Windows drive letter, if any. Git Bash prepends its own folder to arguments that begin with a
/// slash: `/index.html` becomes `C:/Program Files/Git/index.html`.
pub(super) fn drive(path: &[u8]) -> Option<usize> {
    let at = usize::from(path.starts_with(b"/"));
    let (letter, rest) = path[at..].split_first()?;
    let after = [&b":"[..], b"%3A", b"%3a"].iter().find_map(|colon| rest.strip_prefix(*colon))?;
    (letter.is_ascii_alphabetic() && matches!(after, [b'/' | b'\\', ..])).then_some(at)
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::super::pattern::is_everything;
    use super::*;
    use PathErrorKind as Kind;
    use proptest::prelude::*;

    const HOSTS: &str =
        "(www\\.example\\.com|cdn\\.example\\.net(:8080)?|localhost:81|192\\.0\\.2\\.1)";

    proptest! {
        #[test]
        fn suggested_replacement_is_valid(
            text in "(https?://|s3://|///?|\\./|C:|)[a-z./ ?#%*\\\\\u{fc}{\"',;-]{0,12}",
        ) {
            for rules in [Rules::PATH, Rules::QUERY] {
                let Err(error) = check(&text, rules) else { continue };
                let whole = [Kind::Url, Kind::Host, Kind::NoLeadingSlash, Kind::Query];
                let instead = error.instead().filter(|_| whole.contains(&error.kind()));
                let Some(instead) = instead else { continue };
                prop_assert_eq!(check(instead, rules), Ok(()), "{}", error);
                prop_assert!(!is_everything(instead) && !instead.contains("://"), "{}", error);
            }
        }

        #[test]
        fn suggested_replacement_has_no_host(
            before in "(https?://|//|)",
            host in HOSTS,
            path in "(/[a-z.]{0,9}){0,3}",
        ) {
            let error = check(&format!("{before}{host}{path}"), Rules::PATH).expect_err("a host");
            if let Some(instead) = error.instead() {
                let only_path = if path.is_empty() { "/" } else { &path };
                prop_assert_eq!(instead, only_path, "{}", error);
            }
        }

        #[test]
        fn plain_path_is_valid_and_needs_no_full_check(path in "[/.a\"#%*?\\\\~! <>^`{}|,;\x7f\u{fc}]{0,40}|(/[a-z]{1,9}){0,9}(/?[.%*,;]?[a-z]{0,3})|/[Cc1]:/?[a-z]{0,20}") {
            let is_valid = check_closely(&path, Rules::PATH).is_ok();
            let is_plain = is_plain(path.as_bytes());
            let needs_look = path.contains(['!', '$', '%', '*', '=', '|', '~']);
            let needs_look = needs_look || ["/.", ",/", ":/", ";/"].iter().any(|pair| path.contains(pair));
            prop_assert!(!is_plain || is_valid, "{:?}", path);
            prop_assert!(is_plain || !is_valid || needs_look, "{:?}", path);
        }
    }

    #[test]
    fn every_byte_is_checked() {
        for length in 1..70 {
            let path = format!("/{}", "a".repeat(length));
            assert!(is_plain(path.as_bytes()), "{path}");
            for at in 1..path.len() {
                let specials = "*%\"#?\\ \0<>^`{|}\x7f";
                for special in specials.split("").filter(|special| !special.is_empty()) {
                    let mut path = path.clone();
                    path.replace_range(at..=at, special);
                    assert!(!is_plain(path.as_bytes()), "{path:?}");
                }
                if at > 1 {
                    let mut path = path.clone();
                    for pair in ["/.", ",/", ":/", ";/", ",'"] {
                        path.replace_range(at - 1..=at, pair);
                        assert!(!is_plain(path.as_bytes()), "{path:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn common_characters_are_plain() {
        let plain = "&'()+,-./0123456789:;@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz";
        for byte in 0..=255 {
            let expected = plain.as_bytes().contains(&byte);
            assert_eq!(is_plain(&[b'/', b'a', byte, b'a']), expected, "{byte:#x}");
            let ends = expected && !ENDS.contains(&byte);
            assert_eq!(is_plain(&[b'/', b'a', byte]), ends, "{byte:#x}");
        }
    }
}
