//! The states of operations and paths.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::sanitize::escape;

/// The state of an operation in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OperationState {
    /// It would be sent.
    Planned,
    /// The service accepted it.
    Accepted,
    /// All of its paths are finished.
    Finished,
    /// The service refused it.
    Failed,
    /// It was sent, and it is unknown whether it was applied.
    Unconfirmed,
    /// It never reached the service.
    NotSent,
}

/// The state of a path in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PathState {
    /// It would be sent.
    Planned,
    /// The service accepted it.
    Accepted,
    /// The cached copies are gone.
    Purged,
    /// There was no cached copy.
    NotCached,
    /// It was not finished when waiting ended.
    Pending,
    /// The service refused it.
    Failed,
    /// It was sent, and it is unknown whether it was purged.
    Unconfirmed,
    /// It never reached the service.
    NotSent,
}

impl OperationState {
    pub(super) const ALL: [Self; 6] = [
        Self::Planned,
        Self::Accepted,
        Self::Finished,
        Self::Failed,
        Self::Unconfirmed,
        Self::NotSent,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Accepted => "accepted",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::NotSent => "not sent",
        }
    }
}

impl PathState {
    pub(super) const ALL: [Self; 8] = [
        Self::Planned,
        Self::Accepted,
        Self::Purged,
        Self::NotCached,
        Self::Pending,
        Self::Failed,
        Self::Unconfirmed,
        Self::NotSent,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Accepted => "accepted",
            Self::Purged => "purged",
            Self::NotCached => "not cached",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::NotSent => "not sent",
        }
    }

    /// Whether the path must be purged again: it failed, is unconfirmed, or was not sent.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Unconfirmed | Self::NotSent)
    }
}

/// The error for a string that is not an [`OperationState`] or a [`PathState`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError(String);

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StateError {}

macro_rules! as_text {
    ($($state:ident),*) => {$(
        impl fmt::Display for $state {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.words())
            }
        }

        /// Parses a state as it is displayed (`not sent`), or its name in JSON (`not_sent`).
        impl FromStr for $state {
            type Err = StateError;

            fn from_str(text: &str) -> Result<Self, StateError> {
                let is_it = |state: &Self| state.words().replace(' ', "_") == text.replace(' ', "_");
                Self::ALL.into_iter().find(is_it).ok_or_else(|| unknown(text, &Self::ALL))
            }
        }
    )*};
}

as_text!(OperationState, PathState);

fn unknown(text: &str, all: &[impl fmt::Display]) -> StateError {
    let shown: String = text.chars().take(40).collect();
    let all: Vec<_> = all.iter().map(|state| format!("`{state}`")).collect();
    StateError(format!("`{}` is not a state; use one of {}", escape(&shown), all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_parsed_from_their_text_and_from_their_json_name() {
        fn check<S>(all: &[S])
        where
            S: Copy + fmt::Debug + fmt::Display + PartialEq + Serialize,
            S: FromStr<Err = StateError> + serde::de::DeserializeOwned,
        {
            for &state in all {
                assert_eq!(state.to_string().parse(), Ok(state));
                let json = serde_json::to_value(state).expect("JSON");
                assert_eq!(json.as_str().expect("a text").parse(), Ok(state));
                assert_eq!(serde_json::from_value::<S>(json).expect("a state"), state);
            }
        }
        check(&PathState::ALL);
        check(&OperationState::ALL);
    }

    #[test]
    fn unknown_state_is_refused_with_the_valid_ones() {
        let error = |text: &str| text.parse::<OperationState>().expect_err(text).to_string();
        assert_eq!(
            error("gone\u{1b}"),
            "`gone\\u{1b}` is not a state; use one of `planned`, `accepted`, `finished`, `failed`, \
             `unconfirmed`, `not sent`"
        );
        assert!(error(&"a".repeat(1000)).len() < 200);
        for text in ["", "Planned", "NOT_SENT", "not-sent", " planned"] {
            error(text);
        }
    }
}
