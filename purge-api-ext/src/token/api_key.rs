//! An API key and its secret, given or in a file.

use purge_api::Token;
use secrecy::{ExposeSecret as _, SecretString};

use super::MAX_BYTES;
use crate::error::{Error, ErrorKind};
use crate::sanitize::{Shown, shown};
use crate::typed;

/// An API key and its secret, neither of which is ever shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiKey {
    /// Of the type of tokens, which is not shown either and has the same characters.
    pub(crate) key: Token,
    pub(crate) secret: Token,
}

impl ApiKey {
    /// Checks a key and a secret.
    pub(super) fn new(key: &SecretString, secret: &SecretString) -> Result<Self, Error> {
        Self::parse(key.expose_secret(), secret.expose_secret())
            .map_err(|why| Error::new(ErrorKind::InvalidInput, why))
    }

    fn parse(key: &str, secret: &str) -> Result<Self, Shown> {
        let parse = |name: &'static str, text: &str| {
            let text = text.trim();
            if text.len() > MAX_BYTES {
                return Err(shown!("{name} is longer than 64 KiB", name = Shown::from(name)));
            }
            if let Some(why) = typed::unfilled(text) {
                return Err(shown!("{name} {why}", name = Shown::from(name), why));
            }
            Token::new(text).map_err(|error| {
                shown!("{name} {why}", name = Shown::from(name), why = error.why())
            })
        };
        Ok(Self { key: parse("the API key", key)?, secret: parse("the API secret", secret)? })
    }

    /// Reads `api-key` and `api-secret` from a text. It may contain only these and comments, so a small part of TOML is
    /// enough: each on a line of its own, as a string without escapes. The error does not quote the text.
    pub(super) fn from_toml(text: &str) -> Result<Self, Shown> {
        let (mut key, mut secret) = (None, None);
        for (number, line) in (1_usize..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let wrong = |why: Shown| shown!("line {number}: {why}", number, why);
            if line.chars().any(|c| c.is_control() && c != '\t') {
                return Err(wrong("it contains control characters".into()));
            }
            let line = line.trim_matches([' ', '\t']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let pair = line.split_once('=').map(|(name, value)| (name.trim_end(), value));
            let (place, value) = match pair {
                Some(("api-key", value)) => (&mut key, value),
                Some(("api-secret", value)) => (&mut secret, value),
                _ => return Err(wrong("write `api-key = \"…\"` and `api-secret = \"…\"`".into())),
            };
            let value = string(value).ok_or_else(|| {
                wrong("write the value in quotes, without quotes or backslashes in it".into())
            })?;
            if place.replace(value).is_some() {
                return Err(wrong("it is set twice".into()));
            }
        }
        let (Some(key), Some(secret)) = (key, secret) else {
            return Err(
                "write `api-key = \"…\"` and `api-secret = \"…\"`, each on its own line".into()
            );
        };
        Self::parse(key, secret)
    }
}

/// The content of a string in TOML that has no escapes, and after which only a comment may follow.
fn string(text: &str) -> Option<&str> {
    let text = text.trim_matches([' ', '\t']);
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = text[1..].split_once(quote)?;
    let rest = rest.trim_start_matches([' ', '\t']);
    let is_plain = |c: char| !c.is_control() && c != '\\';
    let is_comment = rest.is_empty() || rest.starts_with('#');
    (value.chars().all(is_plain) && is_comment).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(key: &ApiKey) -> (&str, &str) {
        (key.key.expose_secret(), key.secret.expose_secret())
    }

    #[test]
    fn two_lines_are_read() {
        for text in [
            "api-key = \"k3y\"\napi-secret = \"s3cret\"\n",
            "# of the panel\r\n\r\napi-secret='s3cret' # secret\r\n  api-key\t=\t'k3y'\r\n",
            "\u{feff}api-key = \"k3y\"\napi-secret = \" s3cret \"",
        ] {
            assert_eq!(shown(&ApiKey::from_toml(text).expect(text)), ("k3y", "s3cret"), "{text:?}");
        }
        for (text, why) in [
            ("", "each on its own line"),
            ("api-key = 'c4nary'", "each on its own line"),
            ("c4nary\nc4nary", "line 1: write `api-key = \"…\"`"),
            ("api_key = 'c4nary'", "line 1: write `api-key"),
            ("\napi-key = c4nary", "line 2: write the value in quotes"),
            ("api-key = \"c4nary\\u0041\"", "line 1: write the value in quotes"),
            ("api-key = \"\"\"c4nary\"\"\"", "line 1: write the value in quotes"),
            ("api-key = 'c4nary' x", "line 1: write the value in quotes"),
            ("api-key = 'c4nary'\napi-key = 'b'", "line 2: it is set twice"),
            ("api-key = ''\napi-secret = 'c4nary'", "the API key is empty"),
            ("api-key = 'a'\napi-secret = '***'", "the API secret is only `*`"),
            ("api-key = 'a'\napi-secret = 'c4nary b'", "the API secret has more than one word"),
            ("{\"api_key\":\"c4nary\"}", "line 1: write `api-key"),
        ] {
            let error = ApiKey::from_toml(text).expect_err(text);
            assert!(error.contains(why), "{text:?}: {error}");
            assert!(!error.contains("c4nary"), "{error}");
        }
    }

    #[test]
    fn unusable_keys_are_refused_without_echo() {
        let check = |key: &str, secret: &str, why: &str| {
            let error = ApiKey::new(&key.into(), &secret.into()).expect_err("unusable");
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidInput, why));
            assert!(!format!("{error:?}").contains("c4nary"), "{error:?}");
        };
        check("", "c4nary", "the API key is empty");
        check("c4nary", " \n", "the API secret is empty");
        check("c4nary", "c4nary b", "the API secret has more than one word");
        check("\"c4nary\"", "a", "the API key is in quotes: remove them");
        let key = ApiKey::new(&" k3y\n".into(), &"s3cret\r\n".into()).expect("a key");
        assert_eq!(shown(&key), ("k3y", "s3cret"));
        assert!(!format!("{key:?}").contains('3'), "{key:?}");
    }

    proptest! {
        /// What is accepted is TOML, and means the same.
        #[test]
        fn accepted_texts_mean_the_same_in_toml(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "api-key", "api-secret", "=", " = ", "\"", "'", "a", "b#c", "# d", "\n", "\r\n", " ", "\t",
                "\\", "\u{e9}", "api-key = \"a\"\n", "api-secret = 'b'\n", "[t]\n", "\u{7f}", "\r",
            ]), 0..12),
        ) {
            let text = pieces.concat();
            if let Ok(read) = ApiKey::from_toml(&text) {
                let table = toml::de::DeTable::parse(&text).expect("TOML");
                let value = |name: &str| {
                    let value = table.get_ref().get(name).expect("it is set").get_ref();
                    value.as_str().expect("a string").trim().to_owned()
                };
                let (key, secret) = shown(&read);
                prop_assert_eq!((key, secret), (&*value("api-key"), &*value("api-secret")));
            }
        }
    }
}
