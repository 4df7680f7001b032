//! Environment variables. White space around a value is dropped, and an empty value counts as unset, because CI
//! systems set a variable to the empty string when they have no value for it.

use std::borrow::Cow;
use std::env;
use std::fmt::Display;
use std::str::FromStr;

/// The token itself.
pub(crate) const TOKEN: &str = "PURGE_TOKEN";
/// An API key and its secret, which are exchanged for a token.
pub(crate) const API_KEY: &str = "PURGE_API_KEY";
pub(crate) const API_SECRET: &str = "PURGE_API_SECRET";
/// The variables whose values are never shown.
pub(crate) const SECRETS: [&str; 3] = [TOKEN, API_KEY, API_SECRET];
pub(crate) const ORGANIZATION: &str = "PURGE_ORGANIZATION";
pub(crate) const RESOURCE: &str = "PURGE_RESOURCE";
pub(crate) const BASE_URL: &str = "PURGE_BASE_URL";
pub(crate) const PROFILE: &str = "PURGE_PROFILE";
#[cfg(feature = "queue")]
pub(crate) mod queue {
    pub(crate) const URL: &str = "PURGE_QUEUE_URL";
    pub(crate) const LANE: &str = "PURGE_QUEUE_LANE";
    pub(crate) const PRODUCER: &str = "PURGE_QUEUE_PRODUCER";
    /// A file with the user and the password.
    pub(crate) const CREDENTIALS: &str = "PURGE_QUEUE_CREDENTIALS";
}

/// The value of a variable.
pub(crate) fn text(name: &str) -> Result<Option<String>, String> {
    let Some(value) = env::var_os(name) else { return Ok(None) };
    let value = value.into_string();
    let value = value.map_err(|_| format!("{name}: the value is not UTF-8"))?;
    Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty()))
}

/// Parses the value of a variable. Errors name the variable.
pub(crate) fn value<T>(name: &str) -> Result<Option<T>, String>
where
    T: FromStr<Err: Display>,
{
    let wrong = |error: T::Err| format!("{name}: {error}");
    text(name)?.map(|text| text.parse().map_err(wrong)).transpose()
}

/// Whether a variable has a value, valid or not.
pub(crate) fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !is_blank(&value.to_string_lossy()))
}

/// Whether a variable is set to an empty value.
pub(crate) fn is_empty(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| is_blank(&value.to_string_lossy()))
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Hides the token and the API key of this environment in a message that repeats what was typed.
pub(crate) fn without_token(text: &str) -> Cow<'_, str> {
    SECRETS.iter().fold(Cow::Borrowed(text), |text, name| {
        let secret = env::var(name).unwrap_or_default();
        match without(&text, secret.trim()) {
            Cow::Borrowed(_) => text,
            Cow::Owned(hidden) => hidden.into(),
        }
    })
}

fn without<'a>(text: &'a str, token: &str) -> Cow<'a, str> {
    /// A shorter value is not a token, and may be part of a word.
    const SHORTEST: usize = 8;

    if token.len() < SHORTEST || !text.contains(token) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(token, "(the token, not shown)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_of_the_environment_is_hidden() {
        let hidden = "no `(the token, not shown)`: (the token, not shown)";
        assert_eq!(without("no `c4nary-x`: c4nary-x", "c4nary-x"), hidden);
        assert_eq!(without("no `c4nary`", "c4nary"), "no `c4nary`");
        assert_eq!(without("no token", ""), "no token");
    }
}
