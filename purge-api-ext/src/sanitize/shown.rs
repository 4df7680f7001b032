//! The only texts that messages may contain.
//!
//! Foreign text, such as the body of a response, the text of a library's error or the name of a file, has a plain
//! string or error type, which is not [`Harmless`]. So the compiler rejects a message that contains it unsanitized. It
//! must first become [`Shown`], by `Redactor::excerpt`, `excerpt` or `escaped` of the parent module, or by
//! `typed::in_message`.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;

/// A text that is safe to show: made of the program's own words and of [`Harmless`] values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Shown(String);

/// A value that messages may contain directly: its `Display` shows no unsanitized foreign text.
pub(crate) trait Harmless: fmt::Display {}

/// Makes a [`Shown`] from a format and its values, each of which must be named and [`Harmless`].
///
/// ```text
/// shown!("the service refused the request ({code}){said}", code, said = said(body))
/// ```
///
/// Values must be listed after the format: `format_args!` captures no variables from a format made by `concat!`.
macro_rules! shown {
    ($format:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::sanitize::Shown::of_harmless(format_args!(
            concat!($format)
            $(, $name = $crate::sanitize::shown!(@ $name $(= $value)?))*
        ))
    };
    (@ $name:ident) => { $crate::sanitize::harmless(&$name) };
    (@ $name:ident = $value:expr) => { $crate::sanitize::harmless(&$value) };
}
pub(crate) use shown;

/// Accepts only [`Harmless`] values, for [`shown!`].
pub(crate) fn harmless<T: Harmless + ?Sized>(value: &T) -> &T {
    value
}

impl Shown {
    /// Only for [`shown!`], which checks the values.
    pub(crate) fn of_harmless(message: fmt::Arguments<'_>) -> Self {
        Self(message.to_string())
    }

    /// A text that the parent module has sanitized.
    pub(super) fn passed(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }

    /// Joins several texts with a separator.
    pub(crate) fn joined(texts: impl IntoIterator<Item: Harmless>, between: &'static str) -> Self {
        let texts: Vec<_> = texts.into_iter().map(|text| text.to_string()).collect();
        Self(texts.join(between))
    }

    /// Prepends `: `, for the end of a message; empty if there is no text.
    pub(crate) fn after_colon(said: Option<Self>) -> Self {
        said.map_or_else(Self::default, |said| shown!(": {said}", said))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Deref for Shown {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Shown {
    fn from(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl Harmless for Shown {}
/// The words of this program, known at compile time.
impl Harmless for &'static str {}
impl<T: Harmless> Harmless for &T {}
impl Harmless for u8 {}
impl Harmless for u16 {}
impl Harmless for u32 {}
impl Harmless for u64 {}
impl Harmless for usize {}
impl Harmless for i32 {}
impl Harmless for std::num::NonZeroU64 {}
impl Harmless for humantime::FormattedDuration {}

#[cfg(test)]
impl Shown {
    /// What someone else may have written into a journal.
    pub(crate) fn hostile(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
impl<T: AsRef<str>> PartialEq<T> for Shown {
    fn eq(&self, other: &T) -> bool {
        self.0 == other.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_made_of_harmless_values() {
        let (code, said) = (503_u16, Shown::after_colon(Some("try later".into())));
        let message = shown!("the service failed ({code:04}){said}", code, said);
        assert_eq!(message, "the service failed (0503): try later");
        assert_eq!(Shown::after_colon(None), "");
        assert_eq!(Shown::joined(["a", "b"], " and "), "a and b");
    }
}
