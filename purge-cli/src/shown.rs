//! How messages show what the user has given: an argument, a setting, a line of a list, the name of a file.
//!
//! Any of these may contain a token that was pasted into the wrong place, and characters that a terminal or a CI system
//! would act on.

use std::path::Path;

use purge_api_ext::{escape, typed, without_tokens};

use crate::environment::without_token;

/// A text in a message.
pub(crate) fn shown(text: &str) -> String {
    escape(&redacted(text))
}

/// The beginning of a text that may be long.
pub(crate) fn excerpt(text: &str) -> String {
    typed(&without_token(text))
}

/// The name of a file in a message.
pub(crate) fn file_name(file: &Path) -> String {
    shown(&file.to_string_lossy())
}

/// A text that is not part of a message, such as a member of a JSON object: without tokens, and not escaped.
pub(crate) fn redacted(text: &str) -> String {
    without_tokens(&without_token(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_control_characters_are_not_shown() {
        let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
        let hidden = "(looks like a token, not shown)";
        let text = format!("\u{1b}[2J{token}.html {token}");
        assert_eq!(redacted(&text), format!("\u{1b}[2J{token}.html {hidden}"));
        assert_eq!(shown(&text), format!(r"\u{{1b}}[2J{token}.html {hidden}"));
        assert_eq!(excerpt(&text), shown(&text));
        assert_eq!(file_name(Path::new(&format!("dir/{token}\n"))), format!(r"dir/{hidden}\n"));
    }

    #[test]
    fn only_an_excerpt_is_shortened_and_only_after_tokens_are_removed() {
        let text = format!("{} ghp_16C7e42F292c6912E7710c838347Ae178B4a", "x ".repeat(95));
        assert!(shown(&text).ends_with("not shown)"));
        assert!(excerpt(&text).len() < shown(&text).len() && !excerpt(&text).contains("ghp"));
    }
}
