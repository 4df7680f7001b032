//! The rules of a path, byte by byte.

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::{FILE_NAME, PathError, PathErrorKind, PurgePath, hint};
use crate::percent::escaped;

/// Which rules hold, by where a text comes from. Those of structure always do.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Rules {
    /// It may have a query string.
    query: bool,
    /// It may hold an escaped control character, which only the name of a file that has one brings in.
    controls: bool,
    /// It was accepted by an earlier version, which had fewer rules.
    accepted: bool,
}

impl Rules {
    /// A path that somebody wrote.
    pub(super) const PATH: Self = Self { query: false, controls: false, accepted: false };
    pub(super) const QUERY: Self = Self { query: true, ..Self::PATH };
    /// An encoded file name.
    pub(super) const NAME: Self = Self { controls: true, ..Self::PATH };
    /// Any path that a program made, read back.
    pub(super) const ANY: Self = Self { controls: true, ..Self::QUERY };
    /// A path from a journal.
    pub(super) const ACCEPTED: Self = Self { accepted: true, ..Self::ANY };
}

/// What a path ends with that was cut out of a list.
const ENDS: &[u8] = b",;'\"";

/// Whether a path breaks no rule, and holds nothing that means more than itself: no wildcard, no escape,
/// and nothing that JSON escapes.
///
/// Nearly all paths are like that, and it takes comparisons that a processor makes for 16 bytes at once.
pub(super) fn is_plain(path: &[u8]) -> bool {
    let [b'/', bytes @ ..] = path else { return false };
    let is_odd = |ends: &[u8], byte: Option<&u8>| byte.is_some_and(|byte| ends.contains(byte));
    if path.len() > PurgePath::MAX_BYTES
        || is_odd(b"/", bytes.first())
        || is_odd(ENDS, bytes.last())
    {
        return false;
    }
    // Each byte is looked at with the one before it. The last block may overlap the one before it.
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

/// Without branches, so that the compiler finds the vector instructions. One comparison takes neighbours
/// along that are rare and mean nothing: `!` and `$` below, `~` above, `=` among `<`, `>` and `?`.
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

/// The rules as they are written down, one after the other.
pub(super) fn check_closely(path: &str, rules: Rules) -> Result<(), PathError> {
    use PathErrorKind as Kind;

    if path.is_empty() {
        return Err(PathError::new(Kind::Empty, 0, None));
    }
    if path.len() > PurgePath::MAX_BYTES {
        return Err(PathError::new(Kind::TooLong, PurgePath::MAX_BYTES, None));
    }
    // The name of a file was looked at before it was encoded.
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

    let mut at = 1;
    for segment in path[1..end_of_path].split('/') {
        // An escaped slash may be a slash to whoever resolves the segments. Few paths have escapes, and
        // decoding is most of the time that checking millions of them would take.
        let dots = if segment.contains('%') {
            let decoded = percent_decode_str(segment).decode_utf8_lossy();
            decoded.split('/').any(is_dots)
        } else {
            is_dots(segment)
        };
        if dots {
            return Err(PathError::new(Kind::DotSegment, at, None));
        }
        at += segment.len() + 1;
    }
    let last = path.len() - 1;
    if !rules.controls && query.is_none() && ENDS.contains(&path.as_bytes()[last]) {
        return Err(PathError::new(Kind::Trailing, last, encoded(&path[last..])));
    }
    Ok(())
}

/// The rule that a byte breaks where it stands.
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
        // Browsers do not escape these in a query string.
        b'^' | b'`' | b'{' | b'}' if is_unescaped && !in_query => Kind::Unescaped,
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

/// A suggestion that breaks no rule itself.
fn valid(instead: Option<String>, rules: Rules) -> Option<String> {
    instead.filter(|path| check(path, rules).is_ok())
}

/// What to write instead of what begins at a byte.
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

/// Whether nobody sees a character, such as a byte order mark, so that nobody means it.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{85}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The scheme of a URL, and what follows it.
pub(super) fn url(text: &str) -> Option<(&str, &str)> {
    text.split_once("://").filter(|(scheme, _)| {
        scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// Where a drive of Windows is named. Git Bash puts its own folder before an argument that begins with a
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
        fn what_is_said_to_be_written_is_valid(
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
        fn what_is_said_to_be_written_has_no_host(
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
        fn plain_is_what_breaks_no_rule_and_needs_no_second_look(path in "[/.a\"#%*?\\\\~! <>^`{}|,;\x7f\u{fc}]{0,40}|(/[a-z]{1,9}){0,9}(/?[.%*,;]?[a-z]{0,3})|/[Cc1]:/?[a-z]{0,20}") {
            let is_valid = check_closely(&path, Rules::PATH).is_ok();
            let is_plain = is_plain(path.as_bytes());
            let needs_look = path.contains(['!', '$', '%', '*', '=', '|', '~']);
            let needs_look = needs_look || ["/.", ",/", ":/", ";/"].iter().any(|pair| path.contains(pair));
            prop_assert!(!is_plain || is_valid, "{:?}", path);
            prop_assert!(is_plain || !is_valid || needs_look, "{:?}", path);
        }
    }

    #[test]
    fn every_byte_is_looked_at() {
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
