//! Names that are tokens of a subject: nothing in them needs escaping.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{QueueError, QueueErrorKind};

macro_rules! name {
    ($(#[$docs:meta])* $name:ident, $what:literal, $longest:literal, $allowed:literal, $is:expr) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = QueueError;

            fn from_str(text: &str) -> Result<Self, QueueError> {
                let is_allowed: fn(char) -> bool = $is;
                if (1..=$longest).contains(&text.len()) && text.chars().all(is_allowed) {
                    return Ok(Self(text.into()));
                }
                let shown = purge_api_ext::typed(text);
                let message = format!(
                    concat!("`{}` is not ", $what, ": use 1 to {} characters of ", $allowed),
                    shown, $longest
                );
                Err(QueueError::new(QueueErrorKind::InvalidInput, message))
            }
        }

        impl TryFrom<String> for $name {
            type Error = QueueError;

            fn try_from(text: String) -> Result<Self, QueueError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }
    };
}

name!(
    /// The name of an account's queue: it has one rate, and one worker sends at a time.
    ///
    /// ```
    /// let lane: purge_queue::Lane = "shop".parse()?;
    /// assert!("Shop.eu".parse::<purge_queue::Lane>().is_err());
    /// # Ok::<(), purge_queue::QueueError>(())
    /// ```
    Lane, "a lane", 32, "`a-z`, `0-9` and `-`",
    |c| matches!(c, 'a'..='z' | '0'..='9' | '-')
);
name!(
    /// The name of a program that enqueues, such as `cms`: its quota and its rights are those of this name.
    Producer, "a producer", 32, "`a-z`, `0-9` and `-`",
    |c| matches!(c, 'a'..='z' | '0'..='9' | '-')
);
name!(
    /// The name of what a producer enqueues at once, such as `post-4711-rev-3`: its outcome is kept under this name.
    RequestId, "a request ID", 64, "`A-Z`, `a-z`, `0-9`, `-` and `_`",
    |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
);

impl RequestId {
    /// A new name that nothing else has.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tokens_of_a_subject() {
        for good in ["a", "shop-2", &"x".repeat(32)] {
            assert_eq!(good.parse::<Lane>().expect(good).as_str(), good);
        }
        for bad in ["", "a.b", "a b", "*", ">", "A", "ü", &"x".repeat(33)] {
            let error = bad.parse::<Producer>().expect_err(bad);
            assert!(error.to_string().contains("is not a producer: use 1 to 32"), "{error}");
        }
        assert!("post_4711-Rev".parse::<RequestId>().is_ok());
        assert!("a.1".parse::<RequestId>().is_err());
        assert_ne!(RequestId::random(), RequestId::random());
    }
}
