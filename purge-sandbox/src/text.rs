//! Text from requests and files, made safe to show.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The longest text that a page shows, in characters.
const LONGEST: usize = 300;

/// Text without characters that control a terminal or reorder the text around them. It stays on one line.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| write_visible(f, character))
    }
}

/// Writes the character, or its code point if it is not visible as itself.
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
    fn control_characters_are_shown_as_code_points() {
        let text = "/caf\u{e9} \u{1b}[31m\n\u{9b}\u{202e}\u{61c}\u{2066}\u{7f}";
        let expected = r"/café \u{1b}[31m\u{a}\u{9b}\u{202e}\u{61c}\u{2066}\u{7f}";
        assert_eq!(Visible(text).to_string(), expected);
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(short(&"é".repeat(LONGEST)), "é".repeat(LONGEST));
        assert_eq!(short(&"é".repeat(LONGEST + 1)), format!("{}…", "é".repeat(LONGEST)));
    }
}
