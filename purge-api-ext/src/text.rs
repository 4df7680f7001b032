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
