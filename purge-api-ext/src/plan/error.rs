use std::fmt;

use crate::{PathError, PurgePath};

/// Why no [`Plan`](crate::Plan) could be made.
#[derive(Clone, Debug)]
pub struct PlanError(Why);

#[derive(Clone, Debug)]
enum Why {
    Empty,
    FullPurge(PurgePath),
    Path { index: usize, text: String, error: PathError },
}

impl PlanError {
    pub(super) fn empty() -> Self {
        Self(Why::Empty)
    }

    pub(super) fn full_purge(path: &PurgePath) -> Self {
        Self(Why::FullPurge(path.clone()))
    }

    pub(super) fn path(index: usize, text: &str, error: PathError) -> Self {
        // A message is read by people; a path of megabytes is not.
        let text = text.chars().take(200).collect();
        Self(Why::Path { index, text, error })
    }

    /// Whether there was no path at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Why::Empty)
    }

    /// The path that would purge everything, when that is the reason.
    #[must_use]
    pub fn full_purge_path(&self) -> Option<&PurgePath> {
        match &self.0 {
            Why::FullPurge(path) => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Empty => {
                f.write_str("no paths to purge; give at least one, or `/*` for everything")
            }
            Why::FullPurge(path) => {
                write!(f, "`{path}` purges the whole resource, which needs an explicit consent")
            }
            Why::Path { index, text, error } => {
                write!(f, "path {}, `{}`: {error}", index + 1, text.escape_debug())
            }
        }
    }
}

impl std::error::Error for PlanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Why::Path { error, .. } => Some(error),
            _ => None,
        }
    }
}
