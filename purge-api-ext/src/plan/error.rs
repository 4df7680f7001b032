use std::fmt;

use crate::path::{PathError, PurgePath};
use crate::sanitize::{Harmless, escape, excerpt, without_credentials};

/// Why no [`Plan`](crate::Plan) could be made.
#[derive(Clone, Debug)]
pub struct PlanError(Why);

#[derive(Clone, Debug)]
enum Why {
    Empty,
    FullPurge(PurgePath),
    Path { index: usize, text: String, error: PathError },
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

    pub(super) fn path(index: usize, text: &str, error: PathError) -> Self {
        // A message is read by people; a path of megabytes is not.
        let text = text.chars().take(200).collect();
        Self(Why::Path { index, text, error })
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

    /// The path that would purge everything, or may, when that is the reason.
    #[must_use]
    pub fn full_purge_path(&self) -> Option<&PurgePath> {
        match &self.0 {
            Why::FullPurge(path) => Some(path),
            _ => None,
        }
    }

    /// Which text was not a path, counted from 0, and why, when that is the reason.
    ///
    /// ```
    /// use purge_api_ext::{PathErrorKind, Plan};
    ///
    /// let error = Plan::parse(["/a", "/b c"]).unwrap_err();
    /// let (index, why) = error.path_error().ok_or("another reason")?;
    /// assert_eq!((index, why.kind(), why.position()), (1, PathErrorKind::Space, 2));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn path_error(&self) -> Option<(usize, &PathError)> {
        match &self.0 {
            Why::Path { index, error, .. } => Some((*index, error)),
            _ => None,
        }
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
                    false => "may purge the whole resource, or nearly",
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
                "extra paths cannot be limited without an inventory to count them in; give all paths \
                 of the site",
            ),
            Why::EmptyInventory => f.write_str(
                "the inventory is empty; give all paths of the site, or no inventory at all",
            ),
            Why::InventoryWildcard(path) => write!(
                f,
                "`{}` in the inventory is a wildcard; write `%2A` if the name of a file holds a star",
                excerpt(path)
            ),
            Why::Requests { limit, fewest } => write!(
                f,
                "the paths do not fit in {limit} request{}; allow at least {fewest}, or purge wider \
                 wildcards",
                plural(*limit)
            ),
            Why::Extra { requests, needs, limit } => write!(
                f,
                "the paths fit in {requests} request{} only if {needs} extra path{} may be purged, \
                 more than the limit of {limit}; raise one of the two",
                plural(*requests),
                plural(*needs)
            ),
            Why::Path { index, text, error } => {
                let text = escape(&without_credentials(text));
                write!(f, "path {}, `{text}`: {error}", index + 1)
            }
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl std::error::Error for PlanError {}

impl Harmless for PlanError {}

impl From<PlanError> for crate::error::Error {
    fn from(error: PlanError) -> Self {
        Self::invalid_input(&error)
    }
}
