use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

/// A valid bearer token: one word of visible ASCII characters, without the prefix `Bearer`.
///
/// Clones share the same bytes. The token is never printed: `Debug` omits it, and its header is marked as sensitive.
///
/// ```
/// let token = purge_api::Token::new("s3cret")?;
/// assert_eq!(format!("{token:?}"), "Token(..)");
/// # Ok::<(), purge_api::InvalidToken>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token(HeaderValue);

impl Token {
    /// The prefix of the token in its header.
    const SCHEME: &str = "Bearer ";

    /// Checks a token, which is given without the prefix `Bearer`.
    ///
    /// # Errors
    ///
    /// When the token is empty, or has a byte that is not valid in a header or that would end the token.
    pub fn new(token: &str) -> Result<Self, InvalidToken> {
        let why = if token.is_empty() {
            "is empty"
        } else if token.contains(['\n', '\r']) {
            "has more than one line"
        } else if token.contains([' ', '\t']) {
            "has more than one word"
        } else if !token.is_ascii() {
            "contains characters that are not ASCII"
        } else {
            match HeaderValue::from_str(&format!("{}{token}", Self::SCHEME)) {
                Ok(mut header) => {
                    header.set_sensitive(true);
                    return Ok(Self(header));
                }
                Err(_) => "contains control characters",
            }
        };
        Err(InvalidToken(why))
    }

    /// The token itself. No other method exposes it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        // The header was built from a string, so it is valid UTF-8.
        std::str::from_utf8(&self.0.as_bytes()[Self::SCHEME.len()..]).unwrap_or_default()
    }

    pub(crate) fn into_header(self) -> HeaderValue {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The source of the token for each request of a [`Client`](crate::Client): a fixed token, or a function that returns
/// one. While there is no token, requests fail before anything is sent.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use purge_api::{Bearer, Token};
///
/// let fixed = Bearer::new("s3cret")?;
/// assert_eq!(format!("{fixed:?}"), "Bearer(..)");
///
/// // A long-running program replaces the token between requests.
/// let current = Arc::new(Mutex::new(Token::new("s3cret")?));
/// let read = Arc::clone(&current);
/// let bearer = Bearer::from_fn(move || read.lock().ok().map(|token| token.clone()));
/// # let replaced = Token::new("fresh")?;
/// # if let Ok(mut token) = current.lock() { *token = replaced; }
/// # Ok::<(), purge_api::InvalidToken>(())
/// ```
#[derive(Clone)]
pub struct Bearer(Source);

#[derive(Clone)]
enum Source {
    Fixed(Token),
    Function(Arc<dyn Fn() -> Option<Token> + Send + Sync>),
}

impl Bearer {
    /// Uses a fixed token, given without the prefix `Bearer`.
    ///
    /// # Errors
    ///
    /// The same as [`Token::new`].
    pub fn new(token: &str) -> Result<Self, InvalidToken> {
        Token::new(token).map(|token| Self(Source::Fixed(token)))
    }

    /// Calls a function to get the token, right before each request is sent. The function must not block.
    pub fn from_fn(token: impl Fn() -> Option<Token> + Send + Sync + 'static) -> Self {
        Self(Source::Function(Arc::new(token)))
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let token = match &self.0 {
            Source::Fixed(token) => Some(token.clone()),
            Source::Function(token) => token(),
        };
        token.map(Token::into_header)
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(..)")
    }
}

/// The error for a token that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidToken(&'static str);

impl InvalidToken {
    /// What is wrong with the token, as the predicate of a sentence: `has more than one word`.
    #[must_use]
    pub fn why(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token {}; pass the token alone, without `Bearer`", self.0)
    }
}

impl std::error::Error for InvalidToken {}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn invalid_token_is_refused_and_not_echoed() {
        for (token, why) in [
            ("", "is empty"),
            ("a b", "has more than one word"),
            ("a\tb", "has more than one word"),
            ("a\r\nb", "has more than one line"),
            ("a\u{7f}", "contains control characters"),
            ("a\0", "contains control characters"),
            ("gehe\u{ed}m", "contains characters that are not ASCII"),
        ] {
            let error = Token::new(token).expect_err(token);
            assert_eq!(error.why(), why, "{token:?}");
            let error = Bearer::new(token).expect_err(token).to_string();
            assert!(token.is_empty() || !error.contains(token), "{error}");
        }
    }

    #[test]
    fn header_is_sensitive() {
        let header = Bearer::new("s3cret").expect("a token").header().expect("a header");
        assert_eq!(header, "Bearer s3cret");
        assert_eq!(format!("{header:?}"), "Sensitive");
    }

    #[test]
    fn every_request_gets_the_current_token() {
        let current = Arc::new(Mutex::new(None));
        let read = Arc::clone(&current);
        let bearer = Bearer::from_fn(move || read.lock().expect("no panic").clone());
        let clone = bearer.clone();
        assert_eq!(clone.header(), None);
        for text in ["old", "new"] {
            let token = Token::new(text).expect("a token");
            assert_eq!(token.expose_secret(), text);
            *current.lock().expect("no panic") = Some(token);
            assert_eq!(clone.header().expect("a header"), format!("Bearer {text}").as_str());
        }
    }
}
