//! Escapes text from elsewhere for printing: a description, a file name or an argument must not move the
//! cursor, start a new line, or send commands to the CI system.

/// Puts a text on one line and escapes what a terminal or a CI system would act on.
pub fn plain(text: &str) -> String {
    escaped(text, |c| c == '\n' || acts(c))
}

/// Like [`plain`], but keeps line feeds, for text whose parts are already escaped. JSON keeps its meaning,
/// because inside strings these are JSON's own escapes.
pub fn lines(text: &str) -> String {
    escaped(text, |c| c != '\n' && acts(c))
}

fn escaped(text: &str, acts: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // GitHub's runner treats `##[error]` as a command anywhere in a line.
            '[' if shown.ends_with("##") => {
                shown.pop();
                shown.push_str("\\u0023[");
            }
            '\n' if acts(c) => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            // All of them are in the Basic Multilingual Plane, so four digits are enough.
            c if acts(c) => shown.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}

/// Whether a character has an effect instead of a shape: control characters, line separators, and
/// characters that change the direction of the surrounding text.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_characters_are_escaped() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected, "{text:?}");
        check("limit → caf\u{e9} `a|b` \\n", "limit → caf\u{e9} `a|b` \\n");
        check("a\n::error::b\r\tc", "a\\n::error::b\\r\\tc");
        check("\u{1b}[31m\u{7f}\u{85}\u{9b}", "\\u001b[31m\\u007f\\u0085\\u009b");
        check("\u{61c}\u{202e}\u{2066}\u{2028}\u{feff}", "\\u061c\\u202e\\u2066\\u2028\\ufeff");
        check("##[error]x ###[a] #[b]", "#\\u0023[error]x ##\\u0023[a] #[b]");
        assert_eq!(lines("a\n\u{1b}b"), "a\n\\u001bb");
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({ "a\u{202e}##[b]": ["\u{9b}\u{1b}\n\t\r\u{7f}", "\\"] });
        let shown = lines(&format!("{value:#}"));
        assert!(!shown.contains(|c| c != '\n' && acts(c)) && !shown.contains("##["), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
    }
}
