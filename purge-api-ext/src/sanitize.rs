//! Sanitizes foreign text: text from the service, a file or an argument is shown without the token, escaped and
//! shortened.
//!
//! A page that refuses a request often quotes it, and text may contain control sequences for a terminal or commands for
//! a CI system. So messages accept only [`Shown`], which [`Redactor::excerpt`] makes from foreign text, or [`excerpt`]
//! from foreign text that cannot contain a token.

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

/// Makes foreign text safe to show, on one line: escapes whatever a terminal or a CI system would act on.
///
/// CI systems interpret lines of a log as commands if they begin with `::`, or contain `##[` or `##vso[`. So a `::` at
/// the beginning, and every second `#` in a row, is escaped, too.
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

/// Hides the user name and password before a host, which a message must not show.
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
    // A password may contain a space.
    let whole = if is_any_hidden { None } else { hidden(text) };
    Cow::Owned(whole.unwrap_or(words))
}

/// The text with its credentials replaced, if it has any.
fn hidden(text: &str) -> Option<String> {
    let start = text.find("://").map_or(0, |at| at + 3);
    let quotes = text[start..].find(|c: char| !"/\"'`([{<,;".contains(c))?;
    let is_url = start > 0;
    let start = start + quotes;
    let rest = &text[start..];
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    // A password may contain any character, including a slash and an `@`.
    let has_password = authority.split_once(':').is_some_and(|(_, after)| {
        after.contains('@') || !after.bytes().all(|byte| byte.is_ascii_digit())
    });
    let within = if has_password { rest } else { authority };
    let at = within.rfind('@').filter(|_| has_password || is_url)?;
    Some(format!("{}…{}", &text[..start], &rest[at..]))
}

/// A quick check whether [`escape`] has nothing to do.
fn is_harmless(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
        && !bytes.windows(2).any(|pair| pair == b"##")
        && !text.trim_start().starts_with("::")
}

/// Whether [`escape`] leaves a text unchanged.
pub(crate) fn is_shown_as_it_is(text: &str) -> bool {
    is_plain(text) || escape(text) == text
}

/// Whether a text needs no further checks: it has no escapes, nothing to escape, and no surrounding space.
fn is_plain(text: &str) -> bool {
    // Branch-free, so that the compiler can vectorize it.
    let is_odd = |byte: u8| {
        // With `$`, which has no meaning, these are one range.
        let has_meaning = (b'#'..=b'&').contains(&byte) | (byte == b'\\');
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

/// Whether a terminal acts on a character, or shows the text around it differently because of it.
fn is_obeyed(character: char) -> bool {
    // Directional marks reorder the text around them, so that a line reads differently.
    let reorders = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || reorders || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// How many characters of a foreign message are shown.
const MESSAGE: usize = 200;

/// The beginning of a foreign text or error that cannot contain a token, sanitized.
pub(crate) fn excerpt(said: &(impl Display + ?Sized)) -> Shown {
    beginning(&said.to_string(), MESSAGE)
}

/// A whole text that cannot contain a token, sanitized.
pub(crate) fn escaped(text: &str) -> Shown {
    Shown::passed(escape(text))
}

/// Text from a file is sanitized like any other. The limit is higher than the length of any text of a run.
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

/// The part of a text that is searched for tokens: much more than is ever shown.
fn cut(text: &str) -> &str {
    const BYTES: usize = 64 * 1024;
    let end = (0..=BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

/// Whether a text contains a secret, in any encoding and however short it is.
pub(crate) fn quotes(text: &str, secret: &str) -> bool {
    let is_encoded = || secret.is_ascii() && Spelled::of(secret).out_of(text).is_some();
    !secret.is_empty() && (text.contains(secret) || is_encoded())
}

/// Removes the session's tokens and other secrets from foreign text.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<[Sought]>);

/// A token or another secret, and a searcher for its beginning, built once for all texts.
#[derive(Clone)]
struct Sought {
    token: Token,
    beginning: Finder<'static>,
    /// Whether it is remembered for as long as the redactor is used.
    lasts: bool,
}

impl Sought {
    fn new(token: &Token, lasts: bool) -> Self {
        let beginning = Finder::new(Spelled::new(token).beginning()).into_owned();
        Self { token: token.clone(), beginning, lasts }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(..)")
    }
}

impl Redactor {
    /// How many tokens are remembered: those that were added last. A late response may quote the previous token, but
    /// hardly an older one.
    const TOKENS: usize = 16;

    /// Also removes another token. One that is known already becomes the newest.
    pub(crate) fn with(&self, token: &Token) -> Self {
        self.adding(token, false)
    }

    /// Also removes a secret that does not change, however many tokens follow it.
    pub(crate) fn with_lasting(&self, secret: &Token) -> Self {
        self.adding(secret, true)
    }

    fn adding(&self, secret: &Token, lasts: bool) -> Self {
        let is_it = |sought: &Sought| sought.lasts == lasts && sought.token == *secret;
        if !Spelled::is_secret(secret) || self.0.first().is_some_and(is_it) {
            return self.clone();
        }
        let known = self.0.iter().find(|sought| is_it(sought));
        let newest = known.cloned().unwrap_or_else(|| Sought::new(secret, lasts));
        let others = self.0.iter().filter(|sought| !is_it(sought)).cloned();
        let mut tokens = 0;
        let all = std::iter::once(newest).chain(others).filter(|sought| {
            tokens += usize::from(!sought.lasts);
            sought.lasts || tokens <= Self::TOKENS
        });
        Self(all.collect())
    }

    #[cfg(test)]
    pub(crate) fn new(token: &str) -> Self {
        Self::default().with(&Token::new(token).expect("a token"))
    }

    /// The beginning of a text, without tokens and sanitized.
    pub(crate) fn excerpt(&self, text: &str) -> Shown {
        beginning(&self.clean(cut(text)), MESSAGE)
    }

    /// Whether a text is certain to be shown unchanged, as nearly all texts of records are.
    pub(crate) fn is_shown(&self, text: &str, characters: usize) -> bool {
        text.len() <= characters && is_plain(text) && !self.are_plainly_in(text)
    }

    /// Like [`excerpt`](Self::excerpt), with the given limit of characters.
    pub(crate) fn show(&self, text: String, characters: usize) -> Shown {
        if self.is_shown(&text, characters) {
            return Shown::passed(text);
        }
        beginning(&self.clean(cut(&text)), characters)
    }

    /// Whether a text contains a token.
    pub(crate) fn hides(&self, text: &str) -> bool {
        match is_plain(text) {
            true => self.are_plainly_in(text),
            false => matches!(self.clean(text), Cow::Owned(_)),
        }
    }

    /// Whether a text without escapes contains a token.
    fn are_plainly_in(&self, text: &str) -> bool {
        self.0.iter().any(|sought| sought.beginning.find(text.as_bytes()).is_some())
    }

    /// The text without the tokens, however they are encoded.
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
    fn token_is_removed_before_the_text_is_cut() {
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
    fn earlier_tokens_are_removed_too() {
        let redactor =
            Redactor::new("first-t0ken").with(&Token::new("second-t0ken").expect("a token"));
        assert_eq!(redactor.excerpt("first-t0ken second-t0ken"), "[token] [token]");
        assert!(redactor.hides("first-t0ken") && redactor.hides("a second-t0ken"));
        assert!(!redactor.hides("third-t0ken"));
    }

    #[test]
    fn token_that_is_added_again_becomes_the_newest() {
        let secret = |text: &str| Token::new(text).expect("a secret");
        let mut redactor = Redactor::default();
        for number in 0..Redactor::TOKENS {
            redactor = redactor.with(&secret(&format!("{number:03}-some-t0ken")));
        }
        redactor = redactor.with(&secret("000-some-t0ken")).with(&secret("another-t0ken"));
        assert!(redactor.hides("000-some-t0ken") && redactor.hides("another-t0ken"));
        assert!(!redactor.hides("001-some-t0ken"));
        assert_eq!(redactor.0.len(), Redactor::TOKENS);
    }

    #[test]
    fn lasting_secrets_outlive_any_number_of_tokens() {
        let secret = |text: &str| Token::new(text).expect("a secret");
        let mut redactor = Redactor::default().with_lasting(&secret("the-api-s3cret"));
        for number in 0..100 {
            redactor = redactor.with(&secret(&format!("{number:03}-some-t0ken")));
            redactor = redactor.with_lasting(&secret("the-api-s3cret"));
        }
        assert!(redactor.hides("the-api-s3cret") && redactor.hides("099-some-t0ken"));
        assert!(!redactor.hides("001-some-t0ken"), "old tokens are forgotten");
        assert_eq!(redactor.0.len(), Redactor::TOKENS + 1);
    }

    #[test]
    fn commands_for_terminals_and_ci_systems_are_escaped() {
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
    fn plain_texts_are_shown_like_others() {
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
