//! Reading members of a report from JSON.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::sanitize::escape;

pub(super) fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(1),
        other => Err(D::Error::custom(format!(
            "the report has schema {other}, but this version reads only schema 1; use a newer version"
        ))),
    }
}

/// Escapes a message, so that it is safe to print, regardless of who wrote the JSON.
pub(super) fn message<'de, D: Deserializer<'de>, T: From<String>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let message = Option::<String>::deserialize(deserializer)?;
    Ok(message.map(|message| escape(&message).into()))
}

#[cfg(test)]
mod tests;
