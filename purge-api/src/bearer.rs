use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

/// A bearer token that can be sent: one word of visible ASCII characters, without the word `Bearer`.
///
/// Clones share its bytes. It is never shown: `Debug` leaves it out, and the header that carries it is marked as
/// sensitive.
///
/// ```
/// let token = purge_api::Token::new("s3cret")?;
/// assert_eq!(format!("{token:?}"), "Token(..)");
/// # Ok::<(), purge_api::InvalidToken>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token(HeaderValue);

impl Token {
    /// What stands before the token in its header.
    const SCHEME: &str = "Bearer ";

    /// Takes a token, without the word `Bearer`.
    ///
    /// # Errors
    ///
    /// When the token is empty, or holds a byte that a header cannot carry or that ends the token.
    pub fn new(token: &str) -> Result<Self, InvalidToken> {
        let why = if token.is_empty() {
            "is empty"
        } else if token.contains(['\n', '\r']) {
            "has more than one line"
        } else if token.contains([' ', '\t']) {
            "has more than one word"
        } else if !token.is_ascii() {
            "holds characters that are not ASCII"
        } else {
            match HeaderValue::from_str(&format!("{}{token}", Self::SCHEME)) {
                Ok(mut header) => {
                    header.set_sensitive(true);
                    return Ok(Self(header));
                }
                Err(_) => "holds control characters",
            }
        };
        Err(InvalidToken(why))
    }

    /// The token itself. Nothing else shows it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        // The header was made of a text.
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

/// The token of each request of a [`Client`](crate::Client): one that never changes, or the one that a function
/// returns. As long as there is none, requests fail before anything is sent.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use purge_api::{Bearer, Token};
///
/// let fixed = Bearer::new("s3cret")?;
/// assert_eq!(format!("{fixed:?}"), "Bearer(..)");
///
/// // A long run replaces the token while requests are under way.
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
    /// Takes a token that never changes, without the word `Bearer`.
    ///
    /// # Errors
    ///
    /// As [`Token::new`].
    pub fn new(token: &str) -> Result<Self, InvalidToken> {
        Token::new(token).map(|token| Self(Source::Fixed(token)))
    }

    /// Calls a function for the token of each request, right before the request is sent. It must not block.
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

/// A token that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidToken(&'static str);

impl InvalidToken {
    /// What is wrong with the token, as the rest of a sentence: `has more than one word`.
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
    fn token_that_cannot_stand_in_a_header_is_refused_without_echo() {
        for (token, why) in [
            ("", "is empty"),
            ("a b", "has more than one word"),
            ("a\tb", "has more than one word"),
            ("a\r\nb", "has more than one line"),
            ("a\u{7f}", "holds control characters"),
            ("a\0", "holds control characters"),
            ("gehe\u{ed}m", "holds characters that are not ASCII"),
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
    fn every_request_gets_the_token_of_its_time() {
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
