use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sanitize::{Harmless, Shown, excerpt, shown};
use crate::typed;

/// The error for text that is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdError(Shown);

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for IdError {}

impl Harmless for IdError {}

impl From<IdError> for crate::error::Error {
    fn from(error: IdError) -> Self {
        Self::invalid_input(&error)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub(crate) fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Harmless for $name {}

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = IdError;

            fn try_from(text: &str) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let text = text.trim();
                if text.is_empty() {
                    return Err(IdError(concat!("the ", $noun, " is empty").into()));
                }
                if let Some(why) = crate::typed::unfilled(text) {
                    return Err(IdError(shown!("the {noun} {why}", noun = $noun, why)));
                }
                Uuid::parse_str(text).map(Self).map_err(|error| {
                    // The error shows a character of the text unescaped.
                    let (text, why) = (typed::in_message(text), excerpt(&error));
                    IdError(shown!("the {noun} `{text}` is not a UUID: {why}", noun = $noun, text, why))
                })
            }
        }
    };
}

uuid_id! {
    /// The UUID of an organization.
    ///
    /// ```
    /// use purge_api_ext::OrganizationId;
    ///
    /// let id: OrganizationId = "550e8400-e29b-41d4-a716-446655440000".parse()?;
    /// assert_eq!(id.to_string(), "550e8400-e29b-41d4-a716-446655440000");
    /// let uuid = uuid::uuid!("550e8400-e29b-41d4-a716-446655440000");
    /// assert_eq!(id, OrganizationId::from(uuid));
    /// # Ok::<(), purge_api_ext::IdError>(())
    /// ```
    OrganizationId, "organization"
}

uuid_id! {
    /// The UUID of a CDN resource.
    ///
    /// ```
    /// let error = "www".parse::<purge_api_ext::ResourceId>().unwrap_err();
    /// assert!(error.to_string().starts_with("the resource `www` is not a UUID"));
    /// ```
    ResourceId, "resource"
}

/// The identifier of an operation: an opaque string, since its format is not published.
///
/// ```
/// let id: purge_api_ext::OperationId = "0b508058-9c8c-475a-b5e7-0bf9014423b2".parse()?;
/// assert!("".parse::<purge_api_ext::OperationId>().is_err());
/// # Ok::<(), purge_api_ext::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
pub struct OperationId(Box<str>);

impl OperationId {
    /// The longest accepted identifier. All observed identifiers have 36 bytes.
    const MAX_BYTES: usize = 1024;

    fn check(text: &str) -> Result<(), IdError> {
        if text.chars().all(char::is_whitespace) {
            return Err(IdError("the operation ID is empty".into()));
        }
        if text.len() > Self::MAX_BYTES {
            let bytes = text.len();
            return Err(IdError(shown!(
                "the operation ID has {bytes} bytes, more than 1024",
                bytes
            )));
        }
        // It is shown, sent and stored unescaped.
        if !crate::sanitize::is_shown_as_it_is(text) {
            let text = typed::in_message(text);
            return Err(IdError(shown!(
                "the operation ID `{text}` contains control characters",
                text
            )));
        }
        Ok(())
    }

    /// The identifier as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// [`OperationId::check`] has verified that it can be shown unescaped.
impl Harmless for OperationId {}

impl FromStr for OperationId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::check(text).map(|()| Self(text.into()))
    }
}

impl TryFrom<&str> for OperationId {
    type Error = IdError;

    fn try_from(text: &str) -> Result<Self, IdError> {
        text.parse()
    }
}

impl TryFrom<String> for OperationId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::check(&text).map(|()| Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_have_1_to_1024_bytes() {
        let check = |text: &str, expected: &str| {
            assert_eq!(text.parse::<OperationId>().expect_err(expected).to_string(), expected);
        };
        assert_eq!(OperationId::try_from("a"), OperationId::try_from("a".to_owned()));
        check("", "the operation ID is empty");
        check(" \t", "the operation ID is empty");
        check("a\u{1b}[2Jb", r"the operation ID `a\u{1b}[2Jb` contains control characters");
        check("::error::x", r"the operation ID `\u{3a}:error::x` contains control characters");
        check(&"a".repeat(1025), "the operation ID has 1025 bytes, more than 1024");
        assert!("a".repeat(1024).parse::<OperationId>().is_ok());
    }

    #[test]
    fn placeholders_and_quotes_are_named_in_the_error() {
        let check = |text: &str, expected: &str| {
            let error = text.parse::<OrganizationId>().expect_err(text).to_string();
            assert_eq!(error, format!("the organization {expected}"), "{text}");
        };
        const ID: &str = "550e8400-e29b-41d4-a716-446655440000";
        const QUOTES: &str = "is in quotes: remove them";
        check(&format!("\"{ID}\""), QUOTES);
        check(&format!("'{ID}'"), QUOTES);
        check(&format!("\u{201c}{ID}\u{201d}"), QUOTES);
        check(&format!("\"{ID}"), QUOTES);
        check("***", "is only `*`, with which CI systems mask secrets: set the value itself");
        let variable = "is the name of a variable that no shell has expanded: set its value";
        check("$CDN_ORGANIZATION", variable);
        check("${{ secrets.ORGANIZATION }}", variable);
        check("'$CDN_ORGANIZATION'", QUOTES);
        check("%CDN_ORGANIZATION%", variable);
        check(
            &format!("PURGE_ORGANIZATION={ID}"),
            "begins with `PURGE_ORGANIZATION=`: remove that",
        );
        let error = "{\"id\":1}".parse::<ResourceId>().expect_err("JSON").to_string();
        assert_eq!(error, "the resource is JSON: set the value itself");
    }

    #[test]
    fn token_passed_as_an_id_is_not_shown() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        let organization = token.parse::<OrganizationId>().expect_err("a token").to_string();
        let operation = format!("{token}\n").parse::<OperationId>().expect_err("LF").to_string();
        for error in [organization, operation] {
            assert!(error.contains("(looks like a token, not shown)"), "{error}");
            assert!(!error.contains(&token[3..20]), "{error}");
        }
    }

    #[test]
    fn uuids_are_trimmed_and_their_errors_are_escaped() {
        const ID: &str = "550e8400-e29b-41d4-a716-446655440000";
        for text in [ID.to_owned(), format!("{ID}\n"), format!(" \t{ID}\r\n")] {
            let id: ResourceId = text.parse().expect("a UUID");
            assert_eq!(id.to_string(), ID);
            assert_eq!(ResourceId::try_from(text.as_str()), Ok(id));
            assert_eq!(ResourceId::try_from(text), Ok(id));
        }
        let error = |text: &str| text.parse::<OrganizationId>().expect_err(text).to_string();
        assert_eq!(error(" \n"), "the organization is empty");
        // The parser's error quotes the characters it found.
        for evil in ["\u{1b}[31m", "\u{202e}", "a\n::error::x", "::error::x", "##[error]x"] {
            for text in [evil.to_owned(), ID.replace("550e", evil), format!("{ID}{evil}")] {
                let shown = error(&text);
                assert_eq!(crate::sanitize::escape(&shown), shown, "{text:?}");
                assert!(shown.starts_with("the organization `"), "{shown}");
                assert!(shown.contains("` is not a UUID: "), "{shown}");
            }
        }
        assert!(error(&"a".repeat(10_000)).len() < 500);
    }
}
