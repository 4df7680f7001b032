//! Sanitizes text that was typed: an argument, the value of a variable, a line of a list, a file name.
//!
//! If a token was pasted into the wrong place, no message that quotes the text shows it.

use std::borrow::Cow;

use std::ffi::OsStr;

use crate::sanitize::{Shown, escaped, excerpt, shown};

/// What is shown in place of a token.
const HIDDEN: &str = "(looks like a token, not shown)";

/// Makes typed text safe to show: [without tokens](without_tokens), [escaped](crate::escape) and truncated.
///
/// ```
/// use purge_api_ext::typed;
///
/// assert_eq!(typed("/index.html\u{7}"), r"/index.html\u{7}");
/// assert_eq!(typed("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"), "(looks like a token, not shown)");
/// assert_eq!(typed("550e8400-e29b-41d4-a716-44665544000"), "550e8400-e29b-41d4-a716-44665544000");
/// ```
#[must_use]
pub fn typed(text: &str) -> String {
    excerpt(&*without_tokens(text)).into_string()
}

/// Like [`typed`], for a message.
pub(crate) fn in_message(text: &str) -> Shown {
    excerpt(&*without_tokens(text))
}

/// The name of a file, like [`typed`] but not truncated.
pub(crate) fn name(name: &OsStr) -> Shown {
    escaped(&without_tokens(&name.to_string_lossy()))
}

/// Removes words that look like a token: a JSON Web Token, or a long word of random letters, digits, `-` and `_`. File
/// names and identifiers remain.
///
/// ```
/// use purge_api_ext::without_tokens;
///
/// let text = without_tokens("--token-command 'echo eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'");
/// assert_eq!(text, "--token-command 'echo (looks like a token, not shown)'");
/// ```
#[must_use]
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    without(text, looks_like_token)
}

/// Like [`without_tokens`], for text in which a long random word may be an identifier of the service: removes only JSON
/// Web Tokens.
#[must_use]
pub fn without_web_tokens(text: &str) -> Cow<'_, str> {
    without(text, is_web_token)
}

/// Why a value cannot be the intended one: an env file, a shell or a CI system has passed it on unprocessed. The value
/// is not shown.
pub(crate) fn unfilled(value: &str) -> Option<Shown> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}');
    let is_variable = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let percent = value.strip_prefix('%').and_then(|value| value.strip_suffix('%'));
    let assigned = value.split_once('=').map(|(name, _)| name.trim_end());
    // The assignment may be an `export` line of a shell script.
    let assigned = assigned.filter(|name| {
        let name = name.strip_prefix("export ").unwrap_or(name).trim_start();
        name.starts_with("PURGE_") && is_variable(name)
    });
    if value.starts_with(is_quote) || value.ends_with(is_quote) {
        return Some("is in quotes: remove them".into());
    }
    if !value.is_empty() && value.bytes().all(|byte| byte == b'*') {
        let why = "is only `*`, with which CI systems mask secrets: set the value itself";
        return Some(why.into());
    }
    if value.starts_with('$') || percent.is_some_and(is_variable) {
        return Some("is the name of a variable that no shell has expanded: set its value".into());
    }
    if value.starts_with(['{', '[']) {
        return Some("is JSON: set the value itself".into());
    }
    assigned.map(|name| shown!("begins with `{name}=`: remove that", name = escaped(name)))
}

fn without(text: &str, is_token: fn(&str) -> bool) -> Cow<'_, str> {
    let (mut shown, mut found) = (String::new(), false);
    let mut rest = text;
    while let Some(start) = rest.find(of_a_token) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !of_a_token(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        shown.push_str(before);
        let starts = [own_start(before, word), 0];
        match starts.into_iter().find(|start| is_token(&word[*start..])) {
            Some(start) => {
                found = true;
                shown.push_str(&word[..start]);
                shown.push_str(HIDDEN);
            }
            None => shown.push_str(word),
        }
        rest = after;
    }
    if !found {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// How much of a word belongs to a preceding option, such as `-o`, or to an escape, such as `\n`.
fn own_start(before: &str, word: &str) -> usize {
    match word.as_bytes() {
        [b'-', b'-', ..] => 2,
        [b'-', option, ..] if option.is_ascii_alphabetic() => 2,
        [b'-' | b'.' | b'_', ..] => 1,
        [b'n' | b'r' | b't', ..] if before.ends_with('\\') => 1,
        _ => 0,
    }
}

/// The characters of a token, without the `/`, `+` and `=` of some Base64 variants: these end a word, and the parts
/// between them still look random.
fn of_a_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

/// Whether a word looks like a token that was put in the wrong place.
pub(crate) fn looks_like_token(word: &str) -> bool {
    is_web_token(word) || is_random(word)
}

/// The header of a JSON Web Token begins with `{"`, which is `eyJ` in Base64.
fn is_web_token(word: &str) -> bool {
    const SHORTEST: usize = 20;
    word.len() >= SHORTEST && word.starts_with("eyJ")
}

/// Whether a word looks random. File names do not: they have an extension or consist of shorter words. Neither do
/// UUIDs, with or without a typo: their parts are short and have letters of one case. Nor do hexadecimal checksums.
fn is_random(word: &str) -> bool {
    const SHORTEST: usize = 32;
    const LONGEST_EXTENSION: usize = 5;
    const SHORTEST_PART: usize = 16;

    let extension = word.rsplit_once('.').map(|(_, extension)| extension);
    if extension.is_some_and(|extension| extension.len() <= LONGEST_EXTENSION) {
        return false;
    }
    word.split('.').any(|part| {
        let has = |kind: fn(&u8) -> bool| part.as_bytes().iter().any(kind);
        part.len() >= SHORTEST
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_uppercase)
            && part.split(['-', '_']).any(|piece| piece.len() >= SHORTEST_PART)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

    #[test]
    fn tokens_are_hidden_anywhere_in_the_text() {
        for token in [
            WEB,
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "hvs.CAESIJ6nWbTrXk2vQ8mZ0yLp4sD7fG1hJ3kM5nB9cV2xR6tY",
            "Bq0xk7jW2n9tYp4s8vLrwZ1c3e5g7i9kAbCdEfGh",
            "Bq0xk7jW2n9tYp4s8v-rwZ1c3e5g7i9k_bCdEfGh",
        ] {
            for (before, after) in [
                ("", ""),
                ("Bearer ", "\n"),
                ("/", ""),
                ("dir/", ""),
                ("https://e.net/", "?x"),
                ("--wait=", ""),
                ("--", ""),
                ("-o", ""),
                ("'", "'"),
                ("{\"token\":\"", "\"}"),
                ("PURGE_TOKEN=", ""),
                ("a\n", ""),
                ("\u{1b}[2J", "\u{fc}"),
            ] {
                let shown = typed(&format!("{before}{token}{after}"));
                assert!(shown.contains(HIDDEN), "{shown}");
                assert!(!shown.contains(&token[4..16]), "{shown}");
            }
        }
        assert_eq!(typed(&format!("--wait={WEB} x")), format!("--wait={HIDDEN} x"));
        assert_eq!(typed(&format!("-o{WEB}")), format!("-o{HIDDEN}"));
        // Tokens are removed before the text is truncated.
        let long = format!("{}{WEB}", "x ".repeat(95));
        assert!(!typed(&long).contains("eyJ"), "{}", typed(&long));
    }

    #[test]
    fn names_and_identifiers_are_shown() {
        for text in [
            "",
            "/",
            "-",
            "eyJ.txt",
            "moneyJar-collection-of-1.html",
            "keyJournal.2024.notes.html",
            "/index.html",
            "550e8400-e29b-41d4-a716-446655440000",
            "550E8400-e29b-41d4-a716-44665544000",
            "550e8400-e29b-41d4-a716-446655440000x",
            "'550e8400-E29B-41d4-a716-446655440000Z'",
            "550e8400e29b41d4a716446655440000",
            "550E8400E29B41D4A716446655440000",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "assets/index-DiwrgTda12BcdEfGhIjKlMnOpQrStUvWx9.js",
            "My-Photo-2024-Summer-Holiday-At-The-Beach-01",
            "/docs/A_Guide_To_Everything_In_42_Chapters_And_More",
            "thisIsALongCamelCaseNameWithoutAnyDigitInIt",
            "https://cdn.example.com:8443/some/long/path/to/a/File2.html?x=1",
            "/caf%C3%A9/\u{fc}ber.png",
            "purge-2024-11-26T03-55-08Z.journal",
        ] {
            assert_eq!(without_tokens(text), text);
        }
    }

    #[test]
    fn identifiers_of_the_service_may_be_random() {
        let id = "Bq0xk7jW2n9tYp4s8vLrwZ1c3e5g7i9kAbCdEfGh";
        let text = format!("to follow them: cdn-purge wait {id}");
        assert_eq!(without_web_tokens(&text), text);
        assert_eq!(without_web_tokens(&format!("a {WEB}")), format!("a {HIDDEN}"));
    }
}
