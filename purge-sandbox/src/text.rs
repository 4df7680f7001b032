//! Texts from requests and files, made harmless to show.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The longest text that a page shows, in characters.
const LONGEST: usize = 300;

/// A text without anything that a terminal obeys or that reorders the text around it. It stays on one line.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| write_visible(f, character))
    }
}

/// Writes the character, or its number if it is not visible as what it is.
pub(crate) fn write_visible(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    let reorders = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    );
    if character.is_control() || reorders {
        write!(f, "{}", character.escape_unicode())
    } else {
        f.write_char(character)
    }
}

/// The beginning of a text that may be as long as a request.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_by_its_number() {
        let text = "/caf\u{e9} \u{1b}[31m\n\u{9b}\u{202e}\u{61c}\u{2066}\u{7f}";
        let expected = r"/café \u{1b}[31m\u{a}\u{9b}\u{202e}\u{61c}\u{2066}\u{7f}";
        assert_eq!(Visible(text).to_string(), expected);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(short(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
        assert_eq!(short(&"é".repeat(LONGEST + 1)), format!("{}…", "é".repeat(LONGEST)));
    }
}
