use std::borrow::Cow;

use secrecy::{ExposeSecret as _, SecretString};

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
    let mut escaped = String::with_capacity(text.len());
    let start = text.len() - text.trim_start().len();
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        // Directional marks reorder what stands around them, so that a line reads as another one.
        let reorders = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let commands =
            (at == start && text[at..].starts_with("::")) || (before == '#' && character == '#');
        if commands {
            escaped.extend(character.escape_unicode());
        } else if character.is_control()
            || reorders
            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
        {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
        before = if commands { ' ' } else { character };
    }
    escaped
}

/// The beginning of a text from outside, harmless to show.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 200;
    let mut excerpt: String = text.trim().chars().take(CHARACTERS).collect();
    if excerpt.len() < text.trim().len() {
        excerpt.push('…');
    }
    escape(&excerpt)
}

/// Takes the token out of texts from outside: some pages show the request that they refuse.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Option<SecretString>);

impl Redactor {
    /// A word that short is no secret, and may stand in any text.
    const SHORTEST: usize = 8;

    pub(crate) fn new(token: Option<SecretString>) -> Self {
        Self(token.filter(|token| token.expose_secret().len() >= Self::SHORTEST))
    }

    pub(crate) fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.0 {
            Some(token) if text.contains(token.expose_secret()) => {
                text.replace(token.expose_secret(), "[token]").into()
            }
            _ => text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_taken_out() {
        let redactor = Redactor::new(Some("c4nary-t0ken".into()));
        assert_eq!(redactor.clean("Bearer c4nary-t0ken, c4nary-t0ken"), "Bearer [token], [token]");
        assert_eq!(redactor.clean("nothing"), "nothing");
        assert_eq!(Redactor::new(Some("a".into())).clean("a cat"), "a cat");
        assert_eq!(Redactor::default().clean("a cat"), "a cat");
    }

    #[test]
    fn what_is_escaped_is_no_command() {
        let check = |text: &str, expected: &str| assert_eq!(escape(text), expected, "{text:?}");
        check(" \t::warning::x", r" \t\u{3a}:warning::x");
        check("a::b", "a::b");
        check("##[group]", r"#\u{23}[group]");
        check("####[", r"#\u{23}#\u{23}[");
        check("/a#b", "/a#b");
        check("\u{9b}2J", r"\u{9b}2J");
    }
}
