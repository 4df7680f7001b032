//! The verdict in one line.

use crate::level::Level;
use crate::message::{Message, word};
use crate::review::Review;

const LEVELS: [Level; 4] = [Level::Breaking, Level::Unclassified, Level::Additive, Level::Docs];

impl Review {
    /// A headline, and the details.
    pub(super) fn verdict(&self) -> (&'static str, Message) {
        let axes = self.axes();
        if self.is_empty() {
            return (
                "No change.",
                Message::new(match self.rust.known {
                    true => {
                        "The description means the same to callers, and its bindings are the same."
                    }
                    false => "The description means the same to callers.",
                }),
            );
        }
        let (old, new) = (word(&self.versions.0), word(&self.versions.1));
        let library = self.library.as_ref().is_some_and(|library| library.fails());
        if self.is_breaking() && self.is_announced() && !library {
            let how = match &self.removal {
                Some(_) => "The document is removed.".to_owned(),
                None => format!("`info.version` rises from {old} to {new}."),
            };
            return ("Breaking, and announced.", Message::new(format!("{how} {axes}")));
        }
        if self.is_breaking() || library {
            let mut advice = Vec::new();
            if self.is_breaking() && !self.is_announced() {
                let raise = || format!("raise the major number of `info.version` ({new})");
                let how = self.removal.as_ref().map(|removal| removal.remedy.clone());
                let how = how.unwrap_or_else(raise);
                advice.push(format!("Keep what callers rely on, or {how}."));
            }
            if let Some(library) = self.library.as_ref().filter(|_| library) {
                advice.push(library.advice());
            }
            return (
                self.broken_axes(library),
                Message::new(format!("{axes} {}", advice.join(" "))),
            );
        }
        (self.peaceful(), Message::new(axes))
    }

    fn broken_axes(&self, library: bool) -> &'static str {
        match (self.count(Level::Breaking) > 0, self.rust.is_breaking(), library) {
            (true, true, true) => "Breaking on the wire, in Rust and in the library.",
            (true, true, false) => "Breaking on the wire and in Rust.",
            (true, false, true) => "Breaking on the wire and in the library.",
            (false, true, true) => "Breaking in Rust and in the library.",
            (true, false, false) => "Breaking on the wire.",
            (false, true, false) => "Breaking in Rust.",
            (false, false, _) => "Breaking in the library.",
        }
    }

    fn peaceful(&self) -> &'static str {
        match self.changes.first().map(|change| change.level) {
            Some(Level::Unclassified) => "A person has to judge this.",
            Some(Level::Docs) if self.rust.is_empty() => "Documentation only.",
            None if self.rust.is_empty() || self.rust.never => "No change to the description.",
            _ => "Additive.",
        }
    }

    fn axes(&self) -> String {
        let counts: Vec<_> = LEVELS
            .iter()
            .filter(|level| self.count(**level) > 0)
            .map(|level| format!("{} {}", self.count(*level), level.name()))
            .collect();
        let wire = if counts.is_empty() { "no change".to_owned() } else { counts.join(", ") };
        let rust = &self.rust;
        let rust = match (&rust.codegen_error, rust.removed.len(), rust.added.len()) {
            (Some(_), ..) if rust.broken => "bindings can no longer be generated".to_owned(),
            _ if !rust.known => "not compared".to_owned(),
            (Some(_), ..) if rust.never => "no bindings before or after".to_owned(),
            (_, 0, 0) => "no change".to_owned(),
            (_, removed, added) => {
                let breaking = rust.breaking.len().saturating_sub(removed);
                let what = if breaking > 0 {
                    format!(" ({breaking} of them breaking)")
                } else {
                    String::new()
                };
                format!("{removed} removed, {added} added{what}")
            }
        };
        let library =
            self.library.as_ref().map(|library| format!(" Library: {}.", library.summary()));
        format!("Wire: {wire}. Rust: {rust}.{}", library.unwrap_or_default())
    }
}
