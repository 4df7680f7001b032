//! Finds a token in any of the encodings in which it may be quoted: JSON, HTML and percent escapes.
//!
//! A page that shows the refused request writes `/` as `\/`, `\u002f`, `&#47;`, `&sol;` or `%2F`, depending on what
//! generated the page. Each byte of a token is recognized in each of these encodings, in any mixture. So is the
//! beginning of a token, since many pages truncate it. If one escape is nested in another, as in `%252F`, the whole
//! text is replaced.

use std::borrow::Cow;

use purge_api::Token;

/// A shorter token is not treated as a secret, since it may occur in any text.
const SHORTEST: usize = 8;
/// How many bytes at its beginning are treated like the token itself.
const BEGINNING: usize = 12;
/// What is shown in place of a token.
const PLACEHOLDER: &str = "[token]";
/// What is shown in place of a text that contains the token under nested escapes.
const HIDDEN: &str = "[text that contains the token]";
/// How many layers of escapes are decoded.
const LAYERS: usize = 4;
/// The characters that escapes begin with.
const ESCAPES: [char; 3] = ['%', '\\', '&'];

/// A token to search for.
#[derive(Clone, Copy)]
pub(super) struct Spelled<'a>(&'a str);

impl<'a> Spelled<'a> {
    pub(super) fn is_secret(token: &Token) -> bool {
        token.expose_secret().len() >= SHORTEST
    }

    pub(super) fn new(token: &'a Token) -> Self {
        Self(token.expose_secret())
    }

    /// Any other secret that is ASCII, however short.
    pub(super) fn of(secret: &'a str) -> Self {
        Self(secret)
    }

    /// The text without the token, if it contains the token.
    pub(super) fn out_of(self, text: &str) -> Option<String> {
        if !text.contains(ESCAPES) && !text.contains(self.beginning()) {
            return None;
        }
        let cleaned = self.replaced(text);
        let mut layer = cleaned.as_deref().unwrap_or(text).to_owned();
        for _ in 0..LAYERS {
            if !layer.contains(ESCAPES) {
                break;
            }
            layer = decoded(&layer).into_owned();
            if layer.contains(self.beginning()) {
                return Some(HIDDEN.to_owned());
            }
        }
        cleaned
    }

    pub(super) fn beginning(self) -> &'a str {
        self.0.get(..self.tell_tale()).unwrap_or(self.0)
    }

    /// How many bytes at the beginning identify the token. The header of a JSON Web Token, before its first dot, is
    /// the same in many tokens, so it identifies none of them.
    fn tell_tale(self) -> usize {
        let header = if self.0.starts_with("eyJ") { self.0.find('.') } else { None };
        header.map_or(BEGINNING, |dot| dot + 2 * BEGINNING)
    }

    fn replaced(self, text: &str) -> Option<String> {
        let mut cleaned = String::new();
        let (mut kept, mut at) = (0, 0);
        while at < text.len() {
            match self.length_at(&text.as_bytes()[at..]) {
                Some(length) => {
                    cleaned.push_str(&text[kept..at]);
                    cleaned.push_str(PLACEHOLDER);
                    at += length;
                    kept = at;
                }
                None => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        if kept == 0 {
            return None;
        }
        cleaned.push_str(&text[kept..]);
        Some(cleaned)
    }

    /// The length of the encoded token, or of its beginning, if the text begins with it. Tokens are ASCII.
    fn length_at(self, text: &[u8]) -> Option<usize> {
        let (first, byte) = (self.0.as_bytes().first()?, text.first()?);
        if first != byte && !b"%\\&".contains(byte) {
            return None;
        }
        // A byte that can begin an escape may also be literal, so there can be two positions to continue from.
        let mut ends = vec![0];
        for (matched, &wanted) in self.0.as_bytes().iter().enumerate() {
            let next = ends.iter().flat_map(|&end| {
                let rest = &text[end..];
                let plain = rest.first().filter(|byte| **byte == wanted).map(|_| end + 1);
                let escaped = unescaped(rest).filter(|(byte, _)| *byte == u32::from(wanted));
                [plain, escaped.map(|(_, length)| end + length)]
            });
            let mut next: Vec<usize> = next.flatten().collect();
            next.sort_unstable();
            next.dedup();
            if next.is_empty() {
                return ends.into_iter().max().filter(|_| matched >= self.tell_tale());
            }
            ends = next;
        }
        ends.into_iter().max()
    }
}

/// The text with one layer of escapes decoded.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(ESCAPES) {
        return text.into();
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let escaped = unescaped(rest.as_bytes())
            .and_then(|(value, length)| char::from_u32(value).map(|c| (c, length)));
        let (character, length) = escaped.unwrap_or((character, character.len_utf8()));
        decoded.push(character);
        rest = &rest[length..];
    }
    decoded.into()
}

/// The character encoded by the escape at the beginning of a text, and the length of the escape.
fn unescaped(text: &[u8]) -> Option<(u32, usize)> {
    match text {
        [b'%', b'u' | b'U', digits @ ..] => number(digits, 16, 4..=4).map(|(value, _)| (value, 6)),
        [b'%', digits @ ..] => number(digits, 16, 2..=2).map(|(value, _)| (value, 3)),
        [b'\\', b'u', b'{', digits @ ..] => {
            let (value, length) = number(digits, 16, 1..=6)?;
            (digits.get(length) == Some(&b'}')).then_some((value, length + 4))
        }
        [b'\\', b'u', digits @ ..] => number(digits, 16, 4..=4).map(|(value, _)| (value, 6)),
        [b'\\', b'x', digits @ ..] => number(digits, 16, 2..=2).map(|(value, _)| (value, 4)),
        [b'\\', digits @ ..] if number(digits, 8, 3..=3).is_some() => {
            number(digits, 8, 3..=3).map(|(value, _)| (value, 4))
        }
        [b'\\', byte, ..] if byte.is_ascii_punctuation() => Some(((*byte).into(), 2)),
        [b'&', b'#', b'x' | b'X', digits @ ..] => reference(digits, 16, 3),
        [b'&', b'#', digits @ ..] => reference(digits, 10, 2),
        [b'&', name @ ..] => NAMED.iter().find_map(|(named, byte)| {
            let rest = name.strip_prefix(*named)?;
            // The semicolon may be missing, as browsers allow.
            let end = usize::from(rest.first() == Some(&b';'));
            Some(((*byte).into(), 1 + named.len() + end))
        }),
        _ => None,
    }
}

/// A numeric HTML character reference, whose semicolon may be missing.
fn reference(digits: &[u8], radix: u32, before: usize) -> Option<(u32, usize)> {
    let (value, length) = number(digits, radix, 1..=20)?;
    let end = usize::from(digits.get(length) == Some(&b';'));
    Some((value, before + length + end))
}

/// The number at the beginning of a text, and how many digits it has.
fn number(
    text: &[u8],
    radix: u32,
    digits: std::ops::RangeInclusive<usize>,
) -> Option<(u32, usize)> {
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
    let length = text.iter().take(*digits.end()).take_while(is_digit).count();
    let digits = Some(&text[..length]).filter(|_| digits.contains(&length))?;
    let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    Some((value, length))
}

/// The named HTML character references for characters that a token may contain.
const NAMED: [(&[u8], u8); 22] = [
    (b"amp", b'&'),
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"quot", b'"'),
    (b"apos", b'\''),
    (b"sol", b'/'),
    (b"bsol", b'\\'),
    (b"plus", b'+'),
    (b"equals", b'='),
    (b"period", b'.'),
    (b"lowbar", b'_'),
    (b"hyphen", b'-'),
    (b"percnt", b'%'),
    (b"colon", b':'),
    (b"semi", b';'),
    (b"comma", b','),
    (b"num", b'#'),
    (b"excl", b'!'),
    (b"dollar", b'$'),
    (b"commat", b'@'),
    (b"verbar", b'|'),
    (b"ast", b'*'),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "t0k/en+A=%_&x";

    fn cleaned(text: &str) -> String {
        Spelled(TOKEN).out_of(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn every_encoding_of_the_token_is_removed() {
        for spelled in [
            TOKEN,
            r"t0k\/en+A=%_&x",
            r"t0k\u002Fen\u002bA=%_\u0026x",
            "t0k&#47;en&#x2B;A&#x3d;%_&amp;x",
            "t0k&sol;en&plus;A&equals;&percnt;&lowbar;&amp;x",
            "t0k%2Fen%2BA%3D%25_%26x",
            "%74%30k%2fen%2bA%3d%25%5F%26%78",
            r"t0k\x2fen+A=%_&x",
            r"t0k\u{2f}en+A=%_&x",
            "t0k&#000000000047en+A=%_&amp;x",
            "t0k%u002Fen+A=%_&ampx",
            r"t0k\057en+A=%_&x",
        ] {
            assert_eq!(cleaned(&format!("é {spelled}, {spelled}!")), "é [token], [token]!");
        }
        assert_eq!(cleaned("GET /?t=t0k%252Fen%252BA%253D%2525_%2526x"), HIDDEN);
        assert_eq!(cleaned(r#"{"a":"{\"b\":\"t0k\\\/en+A=%_&x\"}"}"#), HIDDEN);
        for cut in ["t0k/en+A=%_&", "t0k%2Fen+A=%_&..."] {
            assert_eq!(
                cleaned(&format!("no {cut}")),
                cleaned(&format!("no {cut}")).replace("t0k", "")
            );
            assert!(cleaned(&format!("no {cut}")).starts_with("no [token]"), "{cut}");
        }
        for other in ["t0k/en", "t0k%2Fen+A=y", "100 % & \\", "%", "&#", "\\u{", "%C3%BC"] {
            assert_eq!(Spelled(TOKEN).out_of(other), None, "{other}");
        }
    }

    fn spell(byte: u8, how: u8) -> String {
        match how {
            0 => char::from(byte).to_string(),
            1 => format!("%{byte:02X}"),
            2 => format!("%{byte:02x}"),
            3 => format!("\\u{byte:04x}"),
            4 => format!("&#{byte};"),
            5 => format!("&#x{byte:X};"),
            _ if byte.is_ascii_punctuation() => format!("\\{}", char::from(byte)),
            _ => format!("\\x{byte:02x}"),
        }
    }

    proptest! {
        #[test]
        fn token_in_any_mixture_of_encodings_is_not_shown(
            token in "[!-~]{8,12}",
            before in "[ -~é]{0,9}",
            how in prop::collection::vec(0_u8..7, 12),
            after in "[ -~é]{0,9}",
        ) {
            let spelled: String = token.bytes().zip(how).map(|(b, how)| spell(b, how)).collect();
            let text = format!("{before}{spelled}{after}");
            let cleaned = Spelled(&token).out_of(&text).expect("the token is in it");
            prop_assert!(!cleaned.contains(&spelled) && !decoded(&cleaned).contains(&token));
        }

        #[test]
        fn text_without_the_token_is_unchanged(text in "([a-z é]|%[0-9A-F]{2}|&#?[a-z0-9]{1,4};?|\\\\.){0,30}") {
            // Made of letters that occur in the texts, but too long to occur by chance.
            prop_assert_eq!(Spelled("zq%41zqzqzqzqzq").out_of(&text), None);
        }
    }
}
