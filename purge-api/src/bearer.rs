use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderValue;

/// The bearer token of a [`Client`](crate::Client), which a long run can replace while requests are
/// under way.
///
/// Clones share the token. It is never shown: `Debug` leaves it out, and the header that carries it is
/// marked as sensitive. As long as there is none, requests fail before anything is sent.
///
/// ```
/// let bearer = purge_api::Bearer::new("s3cret")?;
/// assert_eq!(format!("{bearer:?}"), "Bearer(..)");
/// bearer.replace("fresh")?;
/// # Ok::<(), purge_api::InvalidToken>(())
/// ```
#[derive(Clone)]
pub struct Bearer(Arc<RwLock<Option<HeaderValue>>>);

impl Bearer {
    /// Takes a token, without the word `Bearer`.
    ///
    /// # Errors
    ///
    /// When the token is empty, or holds what cannot stand in a header.
    pub fn new(token: &str) -> Result<Self, InvalidToken> {
        Ok(Self(Arc::new(RwLock::new(Some(header(token)?)))))
    }

    /// Begins without a token, for one that is fetched later: see [`Bearer::replace`].
    #[must_use]
    pub fn unset() -> Self {
        Self(Arc::default())
    }

    /// Replaces the token for every request that is sent from now on.
    ///
    /// # Errors
    ///
    /// As [`Bearer::new`]; the old token stays.
    pub fn replace(&self, token: &str) -> Result<(), InvalidToken> {
        let header = header(token)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(header);
        Ok(())
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(..)")
    }
}

fn header(token: &str) -> Result<HeaderValue, InvalidToken> {
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(InvalidToken(()));
    }
    let mut value =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| InvalidToken(()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A token that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidToken(());

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the token is empty or holds a space, a control character or a non-ASCII character; \
             pass the token alone, without `Bearer`",
        )
    }
}

impl std::error::Error for InvalidToken {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_that_cannot_stand_in_a_header_is_refused_without_echo() {
        for token in ["", "a b", "a\r\nb", "a\u{7f}", "gehe\u{ed}m"] {
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
    fn clones_see_the_new_token() {
        let bearer = Bearer::unset();
        let clone = bearer.clone();
        assert_eq!(clone.header(), None);
        bearer.replace("old").expect("a token");
        bearer.replace("new").expect("a token");
        bearer.replace("not a token").expect_err("two words");
        assert_eq!(clone.header().expect("a header"), "Bearer new");
    }
}
