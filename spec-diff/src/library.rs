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
    /// Whether all that breaks is announced: by a version that rises as far as that asks for, or in another way.
    pub announced: bool,
    /// How to announce it, where that is not a new version.
    pub remedy: Option<String>,
}

impl Library {
    /// Whether something breaks that is not announced.
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
        let raise = || format!("raise the version of the crates ({new} after {old})");
        let remedy = self.remedy.clone().unwrap_or_else(raise);
        format!("Keep what programs rely on, or {remedy}.")
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.breaking.iter().cloned()
    }
}
