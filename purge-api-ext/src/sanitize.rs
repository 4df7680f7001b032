//! The door that foreign text passes: what comes from the service, a file or an argument is shown without
//! the token, escaped and shortened.
//!
//! A page that refuses a request often quotes it, and a message may hold what a terminal or a CI system
//! would obey. So a message takes only [`Shown`], which [`Redactor::excerpt`] makes of a text from outside, or
//! [`excerpt`] where no token can be in it.

mod shown;
mod spelling;

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use memchr::memmem::Finder;
use purge_api::Token;
use serde::{Deserialize, Deserializer};

pub(crate) use self::shown::{Harmless, Shown, harmless, shown};
use self::spelling::Spelled;

/// Makes a text from outside harmless to show: what a terminal or a CI system would obey is escaped,
/// and the text stays on one line.
///
/// CI systems take lines of a log for commands: those that begin with `::`, and those that hold `##[` or
/// `##vso[` anywhere. So a `::` at the beginning, and every second `#` in a row, is escaped, too.
///
/// ```
/// use purge_api_ext::escape;
///
/// assert_eq!(escape("caf\u{e9} \"ok\""), "caf\u{e9} \"ok\"");
/// assert_eq!(escape("\x1b[31mred\n::error::x"), r"\u{1b}[31mred\n::error::x");
/// assert_eq!(escape(" ::error::x"), r" \u{3a}:error::x");
/// assert_eq!(escape("a ##[error]x"), r"a #\u{23}[error]x");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    if is_harmless(text) {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    let start = text.len() - text.trim_start().len();
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        let commands =
            (at == start && text[at..].starts_with("::")) || (before == '#' && character == '#');
        if commands {
            escaped.extend(character.escape_unicode());
        } else if is_obeyed(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
        before = if commands { ' ' } else { character };
    }
    escaped
}

/// Hides the user and the password before a host, which a message must not show.
///
/// ```
/// use purge_api_ext::without_credentials;
///
/// assert_eq!(without_credentials("https://me:secret@example.com/a"), "https://…@example.com/a");
/// assert_eq!(without_credentials("me:secret@example.com/a"), "…@example.com/a");
/// assert_eq!(without_credentials("node_modules/@scope/a@2:b"), "node_modules/@scope/a@2:b");
/// ```
#[must_use]
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return text.into();
    }
    let mut is_any_hidden = false;
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let hidden = hidden(word);
        is_any_hidden |= hidden.is_some();
        hidden.unwrap_or_else(|| word.to_owned())
    });
    let words: String = words.collect();
    // A space may be in a password, too.
    let whole = if is_any_hidden { None } else { hidden(text) };
    Cow::Owned(whole.unwrap_or(words))
}

/// A text whose credentials are replaced, if it has some.
fn hidden(text: &str) -> Option<String> {
    let start = text.find("://").map_or(0, |at| at + 3);
    let quotes = text[start..].find(|c: char| !"/\"'`([{<,;".contains(c))?;
    let is_url = start > 0;
    let start = start + quotes;
    let rest = &text[start..];
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    // A password may hold any character, a slash and an `@` too.
    let has_password = authority.split_once(':').is_some_and(|(_, after)| {
        after.contains('@') || !after.bytes().all(|byte| byte.is_ascii_digit())
    });
    let within = if has_password { rest } else { authority };
    let at = within.rfind('@').filter(|_| has_password || is_url)?;
    Some(format!("{}…{}", &text[..start], &rest[at..]))
}

/// Whether [`escape`] has nothing to do, as far as a quick look tells.
fn is_harmless(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
        && !bytes.windows(2).any(|pair| pair == b"##")
        && !text.trim_start().starts_with("::")
}

/// Whether a text is shown as it is: [`escape`] changes nothing.
pub(crate) fn is_shown_as_it_is(text: &str) -> bool {
    is_plain(text) || escape(text) == text
}

/// Whether a text needs no second look: it has no escapes, nothing that is obeyed, and no space around it.
fn is_plain(text: &str) -> bool {
    // Without branches, so that the compiler finds the vector instructions.
    let is_odd = |byte: u8| {
        let has_meaning = (byte == b'%') | (byte == b'&') | (byte == b'#') | (byte == b'\\');
        !(b' '..=b'~').contains(&byte) | has_meaning
    };
    let is_any_odd = |block: &[u8; 16]| block.iter().fold(false, |any, &byte| any | is_odd(byte));
    let bytes = text.as_bytes();
    // The last block may overlap the one before it.
    let is_any_odd = match bytes.last_chunk::<16>() {
        Some(last) => bytes
            .as_chunks::<16>()
            .0
            .iter()
            .fold(is_any_odd(last), |any, block| any | is_any_odd(block)),
        None => bytes.iter().any(|&byte| is_odd(byte)),
    };
    !is_any_odd && !matches!(bytes, [b' ' | b':', ..] | [.., b' '])
}

/// Whether a terminal obeys a character, or shows what surrounds it differently.
fn is_obeyed(character: char) -> bool {
    // Directional marks reorder the text around them, so that a line reads as another one.
    let reorders = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || reorders || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// How many characters of a message from outside are shown.
const MESSAGE: usize = 200;

/// The beginning of a text or an error from outside in which no token can be, harmless to show.
pub(crate) fn excerpt(said: &(impl Display + ?Sized)) -> Shown {
    beginning(&said.to_string(), MESSAGE)
}

/// All of a text in which no token can be, harmless to show.
pub(crate) fn escaped(text: &str) -> Shown {
    Shown::passed(escape(text))
}

/// A text from a file passes the door like any other, with a limit that no text of a run reaches.
impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const CHARACTERS: usize = 2000;
        let text = escape(&String::deserialize(deserializer)?);
        let end = text.char_indices().nth(CHARACTERS).map_or(text.len(), |(end, _)| end);
        Ok(Self::passed(text[..end].to_owned()))
    }
}

fn beginning(text: &str, characters: usize) -> Shown {
    let text = text.trim();
    Shown::passed(match text.char_indices().nth(characters) {
        None => escape(text),
        Some((end, _)) => escape(&text[..end]) + "…",
    })
}

/// The part of a text that is looked at: much more than is shown of any.
fn cut(text: &str) -> &str {
    const BYTES: usize = 64 * 1024;
    let end = (0..=BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

/// Takes the tokens of a session out of texts from outside.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<[Sought]>);

/// A token, and the search for its beginning, which is prepared once for all texts.
#[derive(Clone)]
struct Sought {
    token: Token,
    beginning: Finder<'static>,
}

impl Sought {
    fn new(token: &Token) -> Self {
        let beginning = Finder::new(Spelled::new(token).beginning()).into_owned();
        Self { token: token.clone(), beginning }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(..)")
    }
}

impl Redactor {
    /// How many tokens are remembered: an answer may quote the token before the current one, and hardly one
    /// that is older.
    const TOKENS: usize = 8;

    /// Also takes out another token.
    pub(crate) fn with(&self, token: &Token) -> Self {
        let newest = Some(token).filter(|token| Spelled::is_secret(token)).map(Sought::new);
        Self(newest.into_iter().chain(self.0.iter().cloned()).take(Self::TOKENS).collect())
    }

    #[cfg(test)]
    pub(crate) fn new(token: &str) -> Self {
        Self::default().with(&Token::new(token).expect("a token"))
    }

    /// The beginning of a text, without a token and harmless to show.
    pub(crate) fn excerpt(&self, text: &str) -> Shown {
        beginning(&self.clean(cut(text)), MESSAGE)
    }

    /// Whether a text is surely shown as it is, as nearly all texts of records are.
    pub(crate) fn is_shown(&self, text: &str, characters: usize) -> bool {
        text.len() <= characters && is_plain(text) && !self.are_plainly_in(text)
    }

    /// As [`excerpt`](Self::excerpt), with a limit of its own: so many characters.
    pub(crate) fn show(&self, text: String, characters: usize) -> Shown {
        if self.is_shown(&text, characters) {
            return Shown::passed(text);
        }
        beginning(&self.clean(cut(&text)), characters)
    }

    /// Whether a token is in a text.
    pub(crate) fn hides(&self, text: &str) -> bool {
        match is_plain(text) {
            true => self.are_plainly_in(text),
            false => matches!(self.clean(text), Cow::Owned(_)),
        }
    }

    /// Whether a token is in a text that has no escapes.
    fn are_plainly_in(&self, text: &str) -> bool {
        self.0.iter().any(|sought| sought.beginning.find(text.as_bytes()).is_some())
    }

    /// The text without the tokens, in whatever spelling they are there.
    fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.iter().fold(Cow::Borrowed(text), |text, sought| {
            match Spelled::new(&sought.token).out_of(&text) {
                Some(cleaned) => cleaned.into(),
                None => text,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_taken_out_before_the_text_is_cut() {
        let redactor = Redactor::new("c4nary-t0ken");
        assert_eq!(
            redactor.excerpt("Bearer c4nary-t0ken, c4nary-t0ken"),
            "Bearer [token], [token]"
        );
        assert_eq!(redactor.excerpt("nothing"), "nothing");
        let cut = format!("{}c4nary-t0ken", "x".repeat(MESSAGE - 4));
        assert_eq!(redactor.excerpt(&cut), format!("{}[tok…", "x".repeat(MESSAGE - 4)));
        assert_eq!(Redactor::new("a").excerpt("a cat"), "a cat");
        assert_eq!(Redactor::default().excerpt("a cat"), "a cat");
    }

    #[test]
    fn earlier_tokens_are_taken_out_too() {
        let redactor =
            Redactor::new("first-t0ken").with(&Token::new("second-t0ken").expect("a token"));
        assert_eq!(redactor.excerpt("first-t0ken second-t0ken"), "[token] [token]");
        assert!(redactor.hides("first-t0ken") && redactor.hides("a second-t0ken"));
        assert!(!redactor.hides("third-t0ken"));
    }

    #[test]
    fn escaped_texts_are_not_obeyed() {
        let check = |text: &str, expected: &str| assert_eq!(escape(text), expected, "{text:?}");
        check(" \t::warning::x", r" \t\u{3a}:warning::x");
        check(" ::warning::x", r" \u{3a}:warning::x");
        check("a::b", "a::b");
        check("##[group]", r"#\u{23}[group]");
        check("####[", r"#\u{23}#\u{23}[");
        check("/a#b", "/a#b");
        check("\u{9b}2J", r"\u{9b}2J");
        check("a\u{61c}b\u{202e}c\u{2067}", r"a\u{61c}b\u{202e}c\u{2067}");
    }

    #[test]
    fn plain_texts_are_shown_as_others_are() {
        let redactor = Redactor::new("c4nary-t0ken");
        for text in [
            "https://e.com/a/b.html",
            "2025-08-06T11:39:51.000000Z",
            "There is no file in cache.",
            "::error::x",
            " :a",
            "a ",
            "a##b",
            "a%41b",
            "\u{1b}",
            "is c4nary-t0ken known?",
            "is c4nary%2Dt0ken known?",
            "",
        ] {
            assert_eq!(redactor.show(text.to_owned(), MESSAGE), redactor.excerpt(text), "{text:?}");
            assert_eq!(redactor.hides(text), text.contains("c4nary"), "{text:?}");
            assert_eq!(is_shown_as_it_is(text), escape(text) == text, "{text:?}");
        }
        assert_eq!(redactor.show("a".repeat(9), 8), "aaaaaaaa…");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "ü".repeat(MESSAGE);
        assert_eq!(excerpt(&text), text);
        assert_eq!(excerpt(&(text.clone() + "x")), text + "…");
    }
}
