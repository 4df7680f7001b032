//! The rules of a path, byte by byte.

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::{FILE_NAME, PathError, PathErrorKind, PurgePath};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Query {
    Allowed,
    Refused,
}

/// Whether a path breaks no rule, and holds nothing that means more than itself: no wildcard, no escape,
/// and nothing that JSON escapes.
///
/// Nearly all paths are like that, and it takes comparisons that a processor makes for 16 bytes at once.
pub(super) fn is_plain(path: &[u8]) -> bool {
    let [b'/', bytes @ ..] = path else { return false };
    if path.len() > PurgePath::MAX_BYTES || bytes.first() == Some(&b'/') {
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

/// Without branches, so that the compiler finds the vector instructions.
fn is_special(before: u8, byte: u8) -> bool {
    let is_graphic = (b'!'..=b'~').contains(&byte);
    let is_hidden_or_dots = (before == b'/') & (byte == b'.');
    let has_meaning = (byte == b'"')
        | (byte == b'#')
        | (byte == b'%')
        | (byte == b'*')
        | (byte == b'?')
        | (byte == b'\\');
    !is_graphic | is_hidden_or_dots | has_meaning
}

pub(super) fn check(path: &str, query: Query) -> Result<(), PathError> {
    if is_plain(path.as_bytes()) { Ok(()) } else { check_closely(path, query) }
}

/// The rules as they are written down, one after the other.
pub(super) fn check_closely(path: &str, query: Query) -> Result<(), PathError> {
    use PathErrorKind as Kind;

    if path.is_empty() {
        return Err(PathError::new(Kind::Empty, 0, None));
    }
    if path.len() > PurgePath::MAX_BYTES {
        return Err(PathError::new(Kind::TooLong, PurgePath::MAX_BYTES, None));
    }
    if let Some((scheme, rest)) = path.split_once("://")
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    {
        let hint = rest.find('/').map_or("/", |slash| &rest[slash..]);
        return Err(PathError::new(Kind::Url, 0, valid(hint, query)));
    }
    if !path.starts_with('/') {
        return Err(PathError::new(Kind::NoLeadingSlash, 0, valid(&format!("/{path}"), query)));
    }
    if path.starts_with("//") {
        let hint = format!("/{}", path.trim_start_matches('/'));
        return Err(PathError::new(Kind::Host, 0, valid(&hint, query)));
    }

    let bytes = path.as_bytes();
    let mut end_of_path = bytes.len();
    let mut at = 0;
    while at < bytes.len() {
        let kind = match bytes[at] {
            0..=0x1f | 0x7f => Kind::Control,
            b' ' => Kind::Space,
            b'\\' => Kind::Backslash,
            b'#' => Kind::Fragment,
            0x80.. => Kind::NonAscii,
            b'?' if query == Query::Refused => Kind::Query,
            b'%' if !is_escape(&bytes[at..]) => Kind::Escape,
            byte => {
                if byte == b'?' {
                    end_of_path = end_of_path.min(at);
                }
                at += 1;
                continue;
            }
        };
        let character = path[at..].chars().next().map(|c| utf8_percent_encode_char(c, kind));
        return Err(PathError::new(kind, at, character.flatten()));
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
    Ok(())
}

/// Whoever writes what a message says instead gets no second one.
fn valid(instead: &str, query: Query) -> Option<String> {
    check(instead, query).is_ok().then(|| instead.to_owned())
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

/// What to write instead of a character that must be escaped.
fn utf8_percent_encode_char(character: char, kind: PathErrorKind) -> Option<String> {
    match kind {
        PathErrorKind::Escape | PathErrorKind::Control => None,
        PathErrorKind::Backslash => Some("/".to_owned()),
        _ => {
            let mut buffer = [0; 4];
            let text = character.encode_utf8(&mut buffer);
            Some(utf8_percent_encode(text, FILE_NAME).to_string())
        }
    }
}

fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use PathErrorKind as Kind;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_said_to_be_written_is_valid(
            text in "(https?://|//?|)[a-z./ ?#%*\\\\\u{fc}]{0,12}",
        ) {
            for query in [Query::Refused, Query::Allowed] {
                let Err(error) = check(&text, query) else { continue };
                let whole = [Kind::Url, Kind::Host, Kind::NoLeadingSlash].contains(&error.kind());
                let Some(instead) = error.instead().filter(|_| whole) else { continue };
                prop_assert_eq!(check(instead, query), Ok(()), "{}", error);
            }
        }

        #[test]
        fn plain_is_what_breaks_no_rule_and_needs_no_second_look(path in "[/.a\"#%*?\\\\~! \x7f\u{fc}]{0,40}|(/[a-z]{1,9}){0,9}(/?[.%*]?[a-z]{0,3})") {
            let is_valid = check_closely(&path, Query::Refused).is_ok();
            let is_plain = is_plain(path.as_bytes());
            let needs_look = path.contains(['"', '%', '*']) || path.contains("/.");
            prop_assert_eq!(is_plain, is_valid && !needs_look, "{:?}", path);
        }
    }

    #[test]
    fn every_byte_is_looked_at() {
        for length in 1..70 {
            let path = format!("/{}", "a".repeat(length));
            assert!(is_plain(path.as_bytes()), "{path}");
            for at in 1..path.len() {
                for special in ["*", "%", "\"", "?", " ", "\0"] {
                    let mut path = path.clone();
                    path.replace_range(at..=at, special);
                    assert!(!is_plain(path.as_bytes()), "{path:?}");
                }
                if at > 1 {
                    let mut path = path.clone();
                    path.replace_range(at - 1..=at, "/.");
                    assert!(!is_plain(path.as_bytes()), "{path:?}");
                }
            }
        }
    }
}
