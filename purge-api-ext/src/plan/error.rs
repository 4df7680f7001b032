use std::fmt;

use crate::error::plural;
use crate::path::{PathError, PurgePath};
use crate::sanitize::{Harmless, escape, excerpt, without_credentials};

/// How many bad paths a message shows.
const SHOWN: usize = 20;

/// The error for paths or options from which no [`Plan`](crate::Plan) can be made.
///
/// Its message is one line, unless there are several bad paths: then the first 20 follow, one per line.
#[derive(Clone, Debug)]
pub struct PlanError(Why);

/// A text in the input of a plan that is not a path.
#[derive(Clone, Debug)]
pub struct BadPath {
    index: usize,
    shown: String,
    error: PathError,
}

#[derive(Clone, Debug)]
enum Why {
    Empty,
    FullPurge(PurgePath),
    Paths { bad: Vec<BadPath>, of: usize },
    Body { path: String, needs: usize, limit: usize },
    NoInventory,
    EmptyInventory,
    InventoryWildcard(String),
    Requests { limit: usize, fewest: usize },
    Extra { requests: usize, needs: usize, limit: usize },
}

impl PlanError {
    pub(super) fn empty() -> Self {
        Self(Why::Empty)
    }

    pub(super) fn full_purge(path: &str) -> Self {
        Self(Why::FullPurge(PurgePath::of_checked(path)))
    }

    /// Some of the texts are not paths.
    pub(super) fn paths(bad: Vec<BadPath>, of: usize) -> Self {
        Self(Why::Paths { bad, of })
    }

    pub(super) fn body(path: &str, needs: usize, limit: usize) -> Self {
        Self(Why::Body { path: path.to_owned(), needs, limit })
    }

    pub(super) fn no_inventory() -> Self {
        Self(Why::NoInventory)
    }

    pub(super) fn empty_inventory() -> Self {
        Self(Why::EmptyInventory)
    }

    pub(super) fn inventory_wildcard(path: &str) -> Self {
        Self(Why::InventoryWildcard(path.to_owned()))
    }

    pub(super) fn requests(limit: usize, fewest: usize) -> Self {
        Self(Why::Requests { limit, fewest })
    }

    pub(super) fn extra(requests: usize, needs: usize, limit: usize) -> Self {
        Self(Why::Extra { requests, needs, limit })
    }

    /// Whether there was no path at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Why::Empty)
    }

    /// The path that would or may purge everything, if that is the reason for the error.
    #[must_use]
    pub fn full_purge_path(&self) -> Option<&PurgePath> {
        match &self.0 {
            Why::FullPurge(path) => Some(path),
            _ => None,
        }
    }

    /// All texts that are not paths, in input order, if that is the reason for the error; otherwise empty.
    ///
    /// ```
    /// use purge_api_ext::{PathErrorKind, Plan};
    ///
    /// let error = Plan::parse(["/a", "/b c", "/c", "d"]).unwrap_err();
    /// let bad: Vec<_> = error.bad_paths().iter().map(|bad| (bad.index(), bad.error().kind())).collect();
    /// assert_eq!(bad, [(1, PathErrorKind::Space), (3, PathErrorKind::NoLeadingSlash)]);
    /// assert_eq!(
    ///     error.to_string(),
    ///     "2 of 4 paths are not valid:\n  \
    ///      path 2, `/b c`: a space, at byte 2: write `%20`\n  \
    ///      path 4, `d`: it does not begin with `/`: write `/d`"
    /// );
    /// ```
    #[must_use]
    pub fn bad_paths(&self) -> &[BadPath] {
        match &self.0 {
            Why::Paths { bad, .. } => bad,
            _ => &[],
        }
    }
}

impl BadPath {
    pub(super) fn new(index: usize, text: &str, error: PathError) -> Self {
        // A path of megabytes would make the message unreadable.
        let shown: String = without_credentials(text).chars().take(200).collect();
        Self { index, shown: escape(&shown), error }
    }

    /// The position of the text in the input, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Why the text is not a path, and how to fix it.
    #[must_use]
    pub fn error(&self) -> &PathError {
        &self.error
    }
}

/// The position, counted from 1, the text without credentials, and the error.
impl fmt::Display for BadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path {}, `{}`: {}", self.index + 1, self.shown, self.error)
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Empty => {
                f.write_str("no paths to purge; give at least one")
            }
            Why::FullPurge(path) => {
                let is_plain = path.as_str()[1..].bytes().all(|byte| byte == b'*');
                let purges = match is_plain {
                    true => "purges the whole resource",
                    false => "may purge the whole resource or nearly all of it",
                };
                write!(f, "`{path}` {purges}, which needs explicit consent")
            }
            Why::Body { path, needs, limit } => {
                let path = excerpt(path);
                write!(
                    f,
                    "`{path}` needs a request body of {needs} bytes, more than the limit of {limit}; \
                     raise the limit"
                )
            }
            Why::NoInventory => f.write_str(
                "extra paths cannot be limited without an inventory to count them in; provide all paths \
                 of the site",
            ),
            Why::EmptyInventory => f.write_str(
                "the inventory is empty; provide all paths of the site, or no inventory",
            ),
            Why::InventoryWildcard(path) => write!(
                f,
                "`{}` in the inventory is a wildcard; write `%2A` if a file name contains a star",
                excerpt(path)
            ),
            Why::Requests { limit, fewest } => write!(
                f,
                "the paths do not fit in {limit} request{}; allow at least {fewest}, or use wider \
                 wildcards",
                plural(*limit)
            ),
            Why::Extra { requests, needs, limit } => write!(
                f,
                "the paths fit in {requests} request{} only if {needs} extra path{} may be purged, \
                 more than the limit of {limit}; raise either limit",
                plural(*requests),
                plural(*needs)
            ),
            Why::Paths { bad, of } => all_bad(f, bad, *of),
        }
    }
}

fn all_bad(f: &mut fmt::Formatter<'_>, bad: &[BadPath], of: usize) -> fmt::Result {
    if let [only] = bad {
        return write!(f, "{only}");
    }
    write!(f, "{} of {of} paths are not valid:", bad.len())?;
    bad.iter().take(SHOWN).try_for_each(|bad| write!(f, "\n  {bad}"))?;
    match bad.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, "\n  and {more} more"),
    }
}

impl std::error::Error for PlanError {}

impl Harmless for PlanError {}

impl From<PlanError> for crate::error::Error {
    fn from(error: PlanError) -> Self {
        Self::invalid_input(&error)
    }
}
