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

/// The file and the line at the end of a text.
pub(crate) fn place(text: &str) -> Option<(String, Option<usize>)> {
    let (before, last) = text.rsplit_once(' ')?;
    let (file, line) = last.rsplit_once(':')?;
    let line = line.parse().ok().filter(|line| *line > 0)?;
    // A removed item is on no line of the current file.
    let gone = before.ends_with("previously in file");
    Some((file.to_owned(), Some(line).filter(|_| !gone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_at_the_end_of_a_line() {
        let check = |text: &str, file: &str, line: Option<usize>| {
            assert_eq!(place(text), Some((file.to_owned(), line)), "{text}");
        };
        check(
            "a: enum missing: enum a::B, previously in file a/src/lib.rs:3",
            "a/src/lib.rs",
            None,
        );
        check("a: field added: field S.x in a/src/s.rs:12", "a/src/s.rs", Some(12));
        for text in ["", "a: gone", "a: in lib.rs", "a: in lib.rs:x", "a: in lib.rs:0"] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
