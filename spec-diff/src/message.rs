//! A message: words of this program, and what it quotes of a document. They are kept apart, so that each
//! output can escape the one and not the other.

use std::fmt;

/// Around a quotation; a quotation itself has neither.
const OPEN: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// What changed, from what to what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message(String);

/// A part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words of this program, which may hold code spans of their own.
    Words(&'a str),
    /// Text of a document, as it is there.
    Quoted(&'a str),
}

impl Message {
    /// Takes a text whose quotations are made by [`quote`].
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn push_words(&mut self, words: &str) {
        self.0.push_str(words);
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

    /// The message with each of its parts shown in some way.
    pub(super) fn shown(&self, show: impl Fn(Piece<'_>) -> String) -> String {
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
pub(super) fn quote(text: &str) -> String {
    let text = text.replace(OPEN, "\\u0002").replace(CLOSE, "\\u0003");
    format!("{OPEN}{text}{CLOSE}")
}

/// As [`quote`], but a plain word or number stays among the words.
pub(super) fn word(text: &str) -> String {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let number = text.starts_with(|c: char| c.is_ascii_digit());
    if plain(text) || (number && text.split(['.', '-', '+']).all(plain)) {
        text.to_owned()
    } else {
        quote(text)
    }
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
    fn only_words_and_numbers_go_without_quotation() {
        for plain in ["200", "query", "1.0.0", "2.0.0-rc.1+5"] {
            assert_eq!(word(plain), plain);
        }
        for other in ["", "a b", "www.example.com", "1..0", "a_b", "1`", "x|y", "-", "2.0\n"] {
            assert_eq!(word(other), quote(other), "{other}");
        }
    }
}
