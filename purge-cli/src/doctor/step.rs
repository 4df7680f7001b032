//! The steps of a check. Each depends on the ones before it.

use crate::exit::Exit;

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) ended: Ended,
    /// What it has shown, or why it failed or was left out.
    pub(crate) text: String,
    /// The same for others to read, if hiding names in `text` is not enough.
    pub(crate) public: Option<String>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    Failed(Exit),
    NotChecked,
}

impl Ended {
    /// Its word, in the text and in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Failed(_) => "failed",
            Self::NotChecked => "not checked",
        }
    }
}

impl Step {
    pub(crate) fn well(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, ended: Ended::Well, text: text.into(), public: None }
    }

    pub(crate) fn failed(name: &'static str, exit: Exit, text: impl Into<String>) -> Self {
        Self { name, ended: Ended::Failed(exit), text: text.into(), public: None }
    }

    pub(crate) fn not_checked(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, ended: Ended::NotChecked, text: why.into(), public: None }
    }

    pub(crate) fn for_others(self, text: impl Into<String>) -> Self {
        Self { public: Some(text.into()), ..self }
    }
}
