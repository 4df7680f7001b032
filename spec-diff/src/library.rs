//! The library axis: breaks in hand-written public APIs, as found by another program.

/// The breaks in the libraries of a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    /// The changes that break programs, one per line, each with its crate.
    pub breaking: Vec<String>,
    /// Why the libraries were not compared, or which of them could not be.
    pub skipped: Option<String>,
    /// The version of the libraries before and after.
    pub versions: (String, String),
    /// Whether every break is announced, by a version that rises far enough or in another way.
    pub announced: bool,
    /// How to announce a break, if not by a new version.
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
            (0, Some(why)) => format!("not compared ({why})"),
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
