//! The library axis: the public API that is written by hand, as another program judged it.

/// What breaks the programs that use the libraries of a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    /// What breaks programs, one a line, each with the crate that it belongs to.
    pub breaking: Vec<String>,
    /// Why nobody looked, or where nobody could.
    pub skipped: Option<String>,
    /// The version of the libraries before and after.
    pub versions: (String, String),
    /// Whether the version rises as far as what breaks asks for.
    pub announced: bool,
}

impl Library {
    /// Whether something breaks that the version does not announce.
    #[must_use]
    pub fn fails(&self) -> bool {
        !self.breaking.is_empty() && !self.announced
    }

    pub(crate) fn summary(&self) -> String {
        match (self.breaking.len(), &self.skipped) {
            (0, Some(why)) => format!("not looked at ({why})"),
            (0, None) => "nothing breaks".to_owned(),
            (count, _) => format!("{count} breaking"),
        }
    }

    pub(crate) fn advice(&self) -> String {
        let (old, new) = &self.versions;
        format!(
            "Keep what programs rely on, or raise the version of the crates ({new} after {old})."
        )
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.breaking.iter().cloned()
    }
}
