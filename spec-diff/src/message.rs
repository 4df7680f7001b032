//! A message: words of this program, and quotations from a document. They are kept separate, so that each output can
//! escape only the quotations.

use std::fmt;

use serde_json::Value;

/// The delimiters of a quotation, which itself contains neither.
const OPEN: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// What changed, from what to what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message(String);

/// A part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words of this program, which may contain code spans of their own.
    Words(&'a str),
    /// Text of a document, verbatim.
    Quoted(&'a str),
}

impl Message {
    /// Takes a text whose quotations are made by [`quote`].
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The parts, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.0.split(OPEN).enumerate().flat_map(|(index, part)| {
            let (quoted, words) = match part.split_once(CLOSE) {
                Some((quoted, words)) if index > 0 => (Some(quoted), words),
                _ => (None, part),
            };
            let words = Some(words).filter(|words| !words.is_empty()).map(Piece::Words);
            quoted.map(Piece::Quoted).into_iter().chain(words)
        })
    }

    /// The message, with each of its parts rendered by `show`.
    pub(crate) fn shown(&self, show: impl Fn(Piece<'_>) -> String) -> String {
        self.pieces().map(show).collect()
    }
}

/// The message for programs: nothing is escaped.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().try_for_each(|piece| match piece {
            Piece::Words(words) => f.write_str(words),
            Piece::Quoted(text) => write!(f, "`{text}`"),
        })
    }
}

/// A text of a document, as a part of a message.
pub(crate) fn quote(text: &str) -> String {
    let text = text.replace(OPEN, "\\u0002").replace(CLOSE, "\\u0003");
    format!("{OPEN}{text}{CLOSE}")
}

/// Like [`quote`], but does not quote a plain word or number.
pub(crate) fn word(text: &str) -> String {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let number = text.starts_with(|c: char| c.is_ascii_digit());
    if plain(text) || (number && text.split(['.', '-', '+']).all(plain)) {
        text.to_owned()
    } else {
        quote(text)
    }
}

/// The maximum length of a value in a message, in characters.
const SHOWN: usize = 80;

/// A value in a message. A long one is shortened to the part around the first difference from the other.
pub(crate) fn between(value: &Value, other: Option<&Value>) -> String {
    let text: Vec<char> = value.to_string().chars().collect();
    if text.len() <= SHOWN {
        return quote(&text.into_iter().collect::<String>());
    }
    let other: Vec<char> = other.map(ToString::to_string).unwrap_or_default().chars().collect();
    let common = text.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let start = if common < SHOWN / 2 { 0 } else { common - SHOWN / 4 };
    let window: String = text.iter().skip(start).take(SHOWN - 2).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if start + SHOWN - 2 < text.len() { "…" } else { "" };
    quote(&format!("{before}{window}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_kept_apart_from_words() {
        let text = format!("`enum` lost {}, then {}", quote("a`|\n\u{2}\u{3}"), quote(""));
        let message = Message::new(text);
        let pieces: Vec<_> = message.pieces().collect();
        assert_eq!(
            pieces,
            [
                Piece::Words("`enum` lost "),
                Piece::Quoted("a`|\n\\u0002\\u0003"),
                Piece::Words(", then "),
                Piece::Quoted(""),
            ]
        );
        assert_eq!(message.to_string(), "`enum` lost `a`|\n\\u0002\\u0003`, then ``");
    }

    #[test]
    fn a_long_value_shows_where_it_differs() {
        let long = |end: &str| Value::from(format!("{}{end}", "x".repeat(200)));
        let (old, new) = (long("A"), long("B"));
        assert!(between(&old, Some(&new)).contains("xA\""), "{}", between(&old, Some(&new)));
        assert!(between(&new, Some(&old)).contains("…xxx"));
        assert!(between(&old, None).contains("\"xxx"));
    }

    #[test]
    fn only_words_and_numbers_are_not_quoted() {
        for plain in ["200", "query", "1.0.0", "2.0.0-rc.1+5"] {
            assert_eq!(word(plain), plain);
        }
        for other in ["", "a b", "www.example.com", "1..0", "a_b", "1`", "x|y", "-", "2.0\n"] {
            assert_eq!(word(other), quote(other), "{other}");
        }
    }
}
